"""What connector-acceptance-test, Airbyte's older suite, demands of its file and of schemas.

It is not on PyPI and needs Docker. Its rules are those of version 3.9.0, see
https://github.com/airbytehq/airbyte/tree/master/airbyte-integrations/bases/connector-acceptance-test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from integration_tests.syncs import config_for
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce

Entry = dict[str, Any]
Sections = dict[str, dict[str, Any]]

FILE = Path(__file__).parents[1] / "acceptance-test-config.yml"
SECTIONS = ("spec", "connection", "discovery", "basic_read", "full_refresh", "incremental")
EVERYWHERE = {"config_path", "timeout_seconds", "deployment_mode"}
KEYS = {
    "spec": {"spec_path", "backward_compatibility_tests_config", "auth_default_method"},
    "connection": {"status"},
    "discovery": {"backward_compatibility_tests_config", "validate_primary_keys_data_type"},
    "basic_read": {
        "configured_catalog_path",
        "empty_streams",
        "expect_records",
        "validate_schema",
        "validate_stream_statuses",
        "validate_state_messages",
        "validate_primary_keys_data_type",
        "fail_on_extra_columns",
        "validate_data_points",
        "expect_trace_message_on_failure",
        "file_types",
        "client_container_config",
    },
    "full_refresh": {"configured_catalog_path", "ignored_fields", "client_container_config"},
    "incremental": {
        "configured_catalog_path",
        "future_state",
        "skip_comprehensive_incremental_tests",
        "client_container_config",
    },
}


def sections() -> Sections:
    """The sections of our file; the suite reads a list of pairs as a mapping."""
    read: Sections = yaml.safe_load(FILE.read_text())["acceptance_tests"]
    return {
        name: {**section, "tests": [dict(test) for test in section["tests"]]}
        for name, section in read.items()
    }


def problems(of: Sections) -> Iterator[str]:
    """The faults that the suite finds at high strictness."""
    yield from (f"{name} is missing" for name in SECTIONS if not of.get(name, {}).get("tests"))
    for name, section in of.items():
        for test in section.get("tests", ()):
            yield from (f"{name}: {key}" for key in set(test) - EVERYWHERE - KEYS[name])
    for test in of.get("basic_read", {}).get("tests", ()):
        if "configured_catalog_path" in test:
            yield "basic_read has a catalog of its own"
        expected = test.get("expect_records", {})
        if bool(expected.get("path")) == bool(expected.get("bypass_reason")):
            yield "basic_read has neither records nor a reason, or both"
        if not all(stream.get("bypass_reason") for stream in test.get("empty_streams", ())):
            yield "an empty stream has no reason"
        if not test.get("validate_schema", True):
            yield "basic_read looks at no schema"
    for test in of.get("incremental", {}).get("tests", ()):
        state = test.get("future_state", {})
        if not state.get("future_state_path") and not state.get("bypass_reason"):
            yield "incremental has neither a state in the future nor a reason"


def test_the_older_suite_accepts_the_file() -> None:
    assert yaml.safe_load(FILE.read_text())["test_strictness_level"] == "high"
    assert list(problems(sections())) == []


CATALOG = "integration_tests/configured_catalog.json"
BREAKS: dict[str, Callable[[Sections], object]] = {
    "spec is missing": lambda of: of.pop("spec"),
    "discovery: configured_catalog_path": lambda of: of["discovery"]["tests"][0].update(
        configured_catalog_path=CATALOG
    ),
    "basic_read has a catalog of its own": lambda of: of["basic_read"]["tests"][0].update(
        configured_catalog_path=CATALOG
    ),
    "basic_read has neither records nor a reason, or both": lambda of: of["basic_read"]["tests"][
        0
    ].pop("expect_records"),
    "an empty stream has no reason": lambda of: of["basic_read"]["tests"][0].update(
        empty_streams=[{"name": "pages"}]
    ),
    "basic_read looks at no schema": lambda of: of["basic_read"]["tests"][0].update(
        validate_schema=False
    ),
    "incremental has neither a state in the future nor a reason": lambda of: of["incremental"][
        "tests"
    ][0].pop("future_state"),
}


@pytest.mark.parametrize("problem", BREAKS)
def test_the_older_suite_refuses_a_broken_file(problem: str) -> None:
    broken = deepcopy(sections())
    BREAKS[problem](broken)
    assert list(problems(broken)) == [problem]


def words(schema: Any) -> Iterator[tuple[str, Any]]:
    """Each key of a schema with its value, including the names of fields."""
    if isinstance(schema, list):
        for each in schema:
            yield from words(each)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            yield key, value
            yield from words(value)


def test_the_schemas_hold_no_word_that_the_older_suite_refuses() -> None:
    """It takes a field for a keyword if its parent has more types than `object`, as ours has."""
    with Sandbox(orders=1, customers=1, products=1) as store:
        config = config_for(store)
        streams = SourceBigcommerce(config=config).streams(config)
        schemas = {each.name: each.as_airbyte_stream().json_schema for each in streams}
    assert len(schemas) > 80
    for name, schema in schemas.items():
        found = list(words(schema))
        assert {key for key, _ in found} & {"not", "allOf", "$ref"} == set(), name
        assert all(value is True for key, value in found if key == "additionalProperties"), name
