"""For every test of the suite: nothing waits longer than it must, and no token is printed."""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from functools import cache
from types import SimpleNamespace
from typing import Any

import backoff._sync
import pytest
import requests
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, ConfiguredAirbyteCatalog
from airbyte_cdk.sources.declarative import concurrent_declarative_source
from airbyte_cdk.sources.declarative.retrievers import page_size_reducer
from airbyte_cdk.sources.streams.http import rate_limiting

from integration_tests import syncs
from integration_tests.nothing_lost.completeness import TOKEN
from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import budget, config, pagination
from source_bigcommerce.components.error_handler import ErrorHandler

_READ_TIMEOUT = 60
_SHORT_READ_TIMEOUT = 0.3


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Lets back-off take no time; holds how long each wait would have been."""
    asked: list[float] = []

    def sleep(seconds: float) -> None:
        asked.append(seconds)
        time.sleep(min(seconds, 0.001))

    for module in (rate_limiting, page_size_reducer, backoff._sync, pagination):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep))
    return asked


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits a moment only where the connector would wait its minute for a reply."""
    send = requests.adapters.HTTPAdapter.send

    def send_soon(self: Any, request: Any, **options: Any) -> requests.Response:
        connect, read = options["timeout"]
        assert read == _READ_TIMEOUT, "without a time-out a hang is for ever"
        return send(self, request, **{**options, "timeout": (connect, _SHORT_READ_TIMEOUT)})

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send_soon)
    monkeypatch.setattr(budget, "_FIRST_REPLY_WAIT", _SHORT_READ_TIMEOUT)


@pytest.fixture(autouse=True)
def _each_test_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process remembers of a store that did not answer must not outlive the store."""
    monkeypatch.setattr(ErrorHandler, "_unreachable", set())


@pytest.fixture(autouse=True)
def _quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does what is the same for each sync only once: a catalog, the check of the manifest.

    Builds the streams that are asked for, where a sync builds all, for half a second each time.
    """
    monkeypatch.setattr(SourceBigcommerce, "read", _read_with_few_streams)
    monkeypatch.setattr(SourceBigcommerce, "_pre_process_manifest", _resolved)
    monkeypatch.setattr(syncs, "catalog_of", _remembered(syncs.catalog_of))
    monkeypatch.setattr(
        concurrent_declarative_source, "get_declarative_component_schema", _MANIFEST_SCHEMA
    )
    monkeypatch.setattr(concurrent_declarative_source, "validate_manifest", lambda *_: None)


_READ = SourceBigcommerce.read


def _read_with_few_streams(
    self: SourceBigcommerce, logger: logging.Logger, config: Any, catalog: Any, state: Any = None
) -> Iterator[AirbyteMessage]:
    asked = {configured.stream.name for configured in catalog.streams}
    streams = self.resolved_manifest["streams"]
    streams[:] = [stream for stream in streams if stream["$parameters"]["name"] in asked]
    yield from _READ(self, logger, config, catalog, state)


_RESOLVE = SourceBigcommerce._pre_process_manifest
_RESOLVED: list[bytes] = []


def _resolved(self: SourceBigcommerce, manifest: dict[str, Any]) -> dict[str, Any]:
    if not _RESOLVED:
        _RESOLVED.append(pickle.dumps(_RESOLVE(self, manifest)))
    resolved: dict[str, Any] = pickle.loads(_RESOLVED[0])
    return resolved


_MANIFEST_SCHEMA = cache(concurrent_declarative_source.get_declarative_component_schema)
_CATALOGS: dict[tuple[str, ...], ConfiguredAirbyteCatalog] = {}


def _remembered(make: Callable[..., ConfiguredAirbyteCatalog]) -> Callable[..., Any]:
    def catalog_of(names: tuple[str, ...], config: Any) -> ConfiguredAirbyteCatalog:
        if names not in _CATALOGS:
            _CATALOGS[names] = make(names, config)
        return _CATALOGS[names]

    return catalog_of


@pytest.fixture(autouse=True)
def _no_token_is_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """Searches messages, logs (before the framework blacks out secrets), stdout and stderr."""
    leaks: list[str] = []

    def search(text: str) -> None:
        if TOKEN in text:
            leaks.append(text[:500])

    run = AirbyteEntrypoint.run

    def run_and_search(self: AirbyteEntrypoint, arguments: Any) -> Iterator[str]:
        for message in run(self, arguments):
            search(message)
            yield message

    monkeypatch.setattr(AirbyteEntrypoint, "run", run_and_search)
    formatter = logging.Formatter()
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: search(formatter.format(record)))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
    output = capfd.readouterr()
    search(output.out)
    search(output.err)
    assert leaks == []


SetClock = Callable[[int], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Sets the clock of the connector, in Unix seconds; the store has its own."""

    def set_to(seconds: int) -> None:
        class Stopped(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Stopped:
                return cls.fromtimestamp(seconds, tz)

        monkeypatch.setattr(config, "datetime", Stopped)

    return set_to
