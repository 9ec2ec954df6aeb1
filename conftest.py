"""For all tests: the same drawn examples, quick sources, and no process without its mark."""

from __future__ import annotations

import gc
import pickle
import subprocess
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Any

import pytest
from airbyte_cdk.sources.declarative import concurrent_declarative_source
from airbyte_cdk.sources.declarative.parsers import model_to_component_factory
from airbyte_cdk.sources.declarative.schema import JsonFileSchemaLoader
from airbyte_cdk.sources.utils import schema_helpers
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from pydantic.v1 import BaseModel

from source_bigcommerce import SourceBigcommerce

# Airbyte's own command runs its suite in an environment without hypothesis.
with suppress(ImportError):
    from hypothesis import settings

    # The same examples in each run, and no deadline; --hypothesis-profile names another.
    settings.load_profile("ci")


@pytest.fixture(autouse=True)
def _no_process_without_a_mark(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make quick` leaves out the tests that start processes: those are marked."""
    marks = {mark.name for mark in request.node.iter_markers()}
    if not marks & {"process", "hosts", "image_tests"}:
        monkeypatch.setattr(subprocess, "Popen", _refused)


def _refused(*_: Any, **__: Any) -> None:
    pytest.fail("this test starts a process: mark it with pytest.mark.process")


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Three workers on two cores, with `-n auto`: a third of the tests' time is waiting."""
    return (yield) * 3 // 2


def pytest_collection_finish() -> None:
    """What is imported and collected stays to the end, so the garbage collector can skip it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _quick_start() -> Iterator[None]:
    """Does once what each source would do again, to the same end.

    Else a source takes half a second, and a second more for all streams.
    """
    manifest = SourceBigcommerce().resolved_manifest
    before = pickle.dumps(manifest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SourceBigcommerce, "_read_and_parse_yaml_file", lambda *_: {})
        patch.setattr(SourceBigcommerce, "_pre_process_manifest", lambda *_: manifest)
        patch.setattr(schema_helpers, "validate", _validate)
        for module, name in (
            (concurrent_declarative_source, "get_declarative_component_schema"),
            (model_to_component_factory, "TypeTransformer"),
            (model_to_component_factory, "get_type_hints"),
            (model_to_component_factory.inspect, "getfullargspec"),
        ):
            patch.setattr(module, name, cache(getattr(module, name)))
        patch.setattr(BaseModel, "parse_obj", classmethod(_parsed))
        load = partial(_schema, JsonFileSchemaLoader.get_json_schema, {})
        patch.setattr(JsonFileSchemaLoader, "get_json_schema", lambda self: load(self))
        patch.setattr(concurrent_declarative_source, "deepcopy", _copied)
        yield
    assert pickle.dumps(manifest) == before, "a source changed the manifest, which all share"


def _schema(load: Callable[[Any], Any], schemas: dict[str, bytes], loader: Any) -> Any:
    path = loader._get_json_filepath()
    if path not in schemas:
        schemas[path] = pickle.dumps(load(loader))
    return pickle.loads(schemas[path])


def _parsed(kind: type[BaseModel], part: Mapping[str, Any]) -> Any:
    return pickle.loads(_pickled(kind, pickle.dumps(part)))


@cache
def _pickled(kind: type[BaseModel], part: bytes) -> bytes:
    return pickle.dumps(kind(**pickle.loads(part)))


def _copied(part: Any) -> Any:
    return pickle.loads(pickle.dumps(part))


def _validate(instance: Any, schema: Mapping[str, Any]) -> None:
    """Like that of jsonschema, but for the check of the schema itself."""
    if error := best_match(validator_for(schema)(schema).iter_errors(instance)):
        raise error
