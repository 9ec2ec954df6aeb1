"""For every test of the suite: nothing waits longer than needed, and no token is printed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Any

import pytest
import requests
from airbyte_cdk.entrypoint import AirbyteEntrypoint

from integration_tests.nothing_lost.completeness import TOKEN
from source_bigcommerce.components import budget, moments

_READ_TIMEOUT = 60
_SHORT_READ_TIMEOUT = 0.3


@pytest.fixture(autouse=True)
def _no_test_waits(waits: list[float]) -> None:
    """Back-off takes no time in any of these tests."""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits only a moment for a reply, in place of the connector's minute."""
    send = requests.adapters.HTTPAdapter.send

    def send_soon(self: Any, request: Any, **options: Any) -> requests.Response:
        connect, read = options["timeout"]
        assert read == _READ_TIMEOUT, "without a time-out a hang is for ever"
        return send(self, request, **{**options, "timeout": (connect, _SHORT_READ_TIMEOUT)})

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send_soon)
    monkeypatch.setattr(budget, "FIRST_REPLY_WAIT", _SHORT_READ_TIMEOUT)


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
    """Sets the clock of the connector, in Unix seconds; the store's clock is another."""

    def set_to(seconds: int) -> None:
        class Stopped(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Stopped:
                return cls.fromtimestamp(seconds, tz)

        monkeypatch.setattr(moments, "datetime", Stopped)

    return set_to
