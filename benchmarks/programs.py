"""Runs the connector and the hand-written clients as whole processes, and measures them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from benchmarks.store import Store
from integration_tests.syncs import catalog_of

_ROOT = Path(__file__).parent.parent
_LONG_AGO = "2010-01-01"
Command = list[str]


@dataclass(frozen=True)
class Run:
    """One process from its start to its end.

    processor: seconds of processor time, which other work on the machine disturbs less.
    megabytes: peak resident memory.
    log: the store's log of it, where one was asked for.
    """

    seconds: float
    processor: float
    megabytes: float
    records: Counter[str]
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return len(self.log)


class Failed(Exception):
    """A program ended with an error, or without all records."""


def connector(store: Store, streams: Sequence[str], **config: Any) -> Command:
    """The connector's `read` of some streams."""
    config = {
        "store_hash": "sandbox",
        "access_token": "sandbox-token",
        "api_url": store.url,
        **config,
    }
    files = {"config": orjson.dumps(config), "catalog": _catalog(tuple(streams))}
    arguments = [part for name in files for part in (f"--{name}", _file(name, files[name]))]
    return [sys.executable, "-m", "source_bigcommerce", "read", *arguments]


def plain(store: Store, streams: Sequence[str], until: str = "") -> Command:
    """Baseline (a), `benchmarks.plain`."""
    return [sys.executable, "-m", "benchmarks.plain", "--until", until, store.url, *streams]


def connector_start(store: Store) -> Command:
    """The connector's `read` of a time in which nothing happened."""
    return connector(store, ["orders"], start_date=_LONG_AGO, end_date=_LONG_AGO)


def plain_start(store: Store) -> Command:
    """The same of baseline (a)."""
    return plain(store, ["orders"], until=_LONG_AGO)


def run(command: Command, store: Store | None = None) -> Run:
    """Runs a program with its output in a file, as a pipe's reader would compete with it.

    store: counts the records, and keeps the store's log; None spares the time for both.
    """
    if store:
        store.forget()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=errors, cwd=_ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        records: Counter[str] = Counter()
        if process.returncode or store:
            output.seek(0)
            for line in output:
                if line.startswith(b'{"type":"RECORD"'):
                    records[_stream_of(line)] += 1
                elif process.returncode and b"ERROR" in line:
                    print(line[:500].decode(), file=sys.stderr)
        if process.returncode:
            errors.seek(0)
            reason = errors.read()[-2000:].decode()
            raise Failed(f"{' '.join(command[1:4])} ended with {process.returncode}\n{reason}")
    log = store.requests() if store else []
    processor = usage.ru_utime + usage.ru_stime
    return Run(seconds, processor, usage.ru_maxrss / 1024, records, log)


def run_counting(command: Command) -> Run:
    """Runs a program whose output is too large to keep: counts its records as they come."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=_ROOT)
    assert process.stdout is not None
    started = time.monotonic()
    number, rest = 0, b""
    while chunk := process.stdout.read1(1 << 20):  # type: ignore[attr-defined]
        text = rest + chunk
        rest = text[-15:]
        number += text.count(b'{"type":"RECORD"') - rest.count(b'{"type":"RECORD"')
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"{' '.join(command[1:4])} ended with {process.returncode}")
    seconds, processor = time.monotonic() - started, usage.ru_utime + usage.ru_stime
    return Run(seconds, processor, usage.ru_maxrss / 1024, Counter({"all": number}))


def interleaved(
    commands: dict[str, Command], times: int, store: Store | None = None
) -> dict[str, list[Run]]:
    """Runs programs in turn, so that what else the machine does meets all of them.

    store: given for the first run of each.
    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            runs[name].append(run(command, None if runs[name] else store))
    return runs


def seconds(runs: list[Run]) -> float:
    """The median."""
    return median(run.seconds for run in runs)


def processor(runs: list[Run]) -> float:
    """The median of the processor time."""
    return median(run.processor for run in runs)


def megabytes(runs: list[Run]) -> float:
    """The highest peak."""
    return max(run.megabytes for run in runs)


_BEFORE_STREAM = len('{"type":"RECORD","record":{"stream":"')


def _stream_of(line: bytes) -> str:
    return line[_BEFORE_STREAM : line.index(b'"', _BEFORE_STREAM)].decode()


@cache
def _catalog(streams: tuple[str, ...]) -> bytes:
    config = {"store_hash": "sandbox", "access_token": "sandbox-token"}
    return orjson.dumps(ConfiguredAirbyteCatalogSerializer.dump(catalog_of(streams, config)))


_FILES = tempfile.TemporaryDirectory(prefix="benchmarks-")


def _file(name: str, content: bytes) -> str:
    number = len(list(Path(_FILES.name).iterdir()))
    path = Path(_FILES.name) / f"{name}-{number}.json"
    path.write_bytes(content)
    return str(path)
