"""Stores to sync from."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import backoff._sync
import pytest
from airbyte_cdk.sources.declarative.retrievers import page_size_reducer
from airbyte_cdk.sources.streams.http import rate_limiting

from sandbox import Sandbox
from source_bigcommerce import run
from source_bigcommerce.components import backward
from source_bigcommerce.components import sync as own_sync
from source_bigcommerce.components.budget import Limit

# A little more than a page of most rows, so that reading ends on a second page.
SIZES: dict[str, Any] = {
    "orders": 260,
    "customers": 255,
    "products": 120,
    "brands": 260,
    "categories": 255,
}


@pytest.fixture(scope="session", autouse=True)
def _b2b_minutes_are_short() -> Iterator[None]:
    """Nobody waits for minutes: the documented limit of B2B Edition has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own_sync, "B2B_LIMIT", Limit(150, 0.5))
        yield


@pytest.fixture(scope="module")
def shared_store() -> Iterator[Sandbox]:
    """A store that tests only read from."""
    with Sandbox(**SIZES) as store:
        yield store


@pytest.fixture
def store() -> Iterator[Sandbox]:
    """A store of the test's own, to change."""
    with Sandbox(**SIZES) as store:
        yield store


@pytest.fixture(autouse=True)
def _empty_log(request: pytest.FixtureRequest) -> None:
    """Clears the log, so that it holds the requests of one test only."""
    if "shared_store" in request.fixturenames:
        request.getfixturevalue("shared_store").log.clear()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Makes back-off take no time; holds how long each wait would have been."""
    asked: list[float] = []

    def sleep(seconds: float) -> None:
        asked.append(seconds)
        time.sleep(min(seconds, 0.001))

    for module in (rate_limiting, page_size_reducer, backoff._sync, backward):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep))
    return asked


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def in_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Runs a command's entry point in this process, with these arguments of the command line.

    Returns exit code, standard output and standard error.
    """
    terminate, raises, hook = (
        signal.getsignal(signal.SIGTERM),
        logging.raiseExceptions,
        sys.excepthook,
    )

    def run_entry_point(entry_point: Callable[[], None], *args: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["anything.py", *map(str, args)])
        # A thread that an earlier test left hanging would end the whole run.
        monkeypatch.setattr(os, "_exit", sys.exit)
        with pytest.raises(SystemExit) as left:
            entry_point()
        output = capfd.readouterr()
        return int(str(left.value.code)), output.out, output.err

    yield run_entry_point
    signal.signal(signal.SIGTERM, terminate)
    logging.raiseExceptions, sys.excepthook = raises, hook


@pytest.fixture
def command(in_process: Command) -> Command:
    """Runs `source-bigcommerce` in this process; see `in_process`."""
    return partial(in_process, run.run)
