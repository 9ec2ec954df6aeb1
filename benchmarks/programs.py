"""Runs the connector and the hand-written loop as whole processes, and measures them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from airbyte_cdk.models import ConfiguredAirbyteCatalog, ConfiguredAirbyteCatalogSerializer

from integration_tests import sending, syncs
from sandbox.process import Log, Store

_ROOT = Path(__file__).parent.parent
_LONG_AGO = "2010-01-01"
_FILES = tempfile.TemporaryDirectory(prefix="benchmarks-")
Command = list[str]


class Failed(Exception):
    """A program ended with an error, or without all records."""


@dataclass(frozen=True)
class Run:
    """One process from its start to its end.

    processor: seconds of processor time, which other work on the machine disturbs less.
    megabytes: peak resident memory.
    """

    seconds: float
    processor: float
    megabytes: float
    records: int
    log: Log = field(default_factory=list)

    def without(self, start: Run) -> Run:
        """Less what the program takes to find that there is nothing to do."""
        seconds, processor = self.seconds - start.seconds, self.processor - start.processor
        return replace(self, seconds=max(0.01, seconds), processor=max(0.01, processor))


def connector(store: Store, streams: Iterable[str], **config: Any) -> Command:
    """The connector's `read` of some streams."""
    catalog = syncs.catalog_of(streams, {})
    return [sys.executable, "-m", "source_bigcommerce", "read", *_files(store, catalog, config)]


def connector_start(store: Store) -> Command:
    """The connector's `read` of a time in which nothing happened."""
    return connector(store, ["orders"], start_date=_LONG_AGO, end_date=_LONG_AGO)


def loop(store: Store, streams: Iterable[str]) -> Command:
    """Baseline (a), `benchmarks.plain`; of no streams it is its start."""
    return [sys.executable, "-m", "benchmarks.plain", store.url, *streams]


def destination(store: Store, **config: Any) -> Command:
    """The destination's `write` of orders."""
    files = _files(store, sending.catalog_of("orders"), config)
    return [sys.executable, "-m", "destination_bigcommerce", "write", *files]


def run(command: Command, given: bytes = b"") -> Run:
    """Runs a program to its end with this input, and counts the records that it prints."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as stdin:
        stdin.write(given)
        stdin.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=errors, cwd=_ROOT, bufsize=1 << 20
        )
        records, said = 0, list[bytes]()
        for line in process.stdout or ():
            if line.startswith(b'{"type":"RECORD"'):
                records += 1
            elif b"ERROR" in line:
                said.append(line[:500])
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            reason = b"".join([*said, errors.read()[-2000:]]).decode()
            raise Failed(f"{' '.join(command[1:4])} ended with {process.returncode}\n{reason}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, records)


def in_turn(
    commands: Mapping[Any, Command], times: int, run: Callable[[Command], Run] = run
) -> dict[Any, Run]:
    """The medians of some runs of each, in turn: what else the machine does meets all of them."""
    runs: dict[Any, list[Run]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            runs[name].append(run(command))
    return {name: _median(of_name) for name, of_name in runs.items()}


def _median(runs: Sequence[Run]) -> Run:
    """The median times, and the highest peak."""
    return replace(
        runs[0],
        seconds=median(run.seconds for run in runs),
        processor=median(run.processor for run in runs),
        megabytes=max(run.megabytes for run in runs),
    )


def file_of(name: str, content: bytes) -> Path:
    """A new file with this content, which goes when this process ends."""
    path = Path(tempfile.mkdtemp(dir=_FILES.name)) / name
    path.write_bytes(content)
    return path


def _files(store: Store, catalog: ConfiguredAirbyteCatalog, config: dict[str, Any]) -> list[str]:
    files = {
        "config": {**store.config, **config},
        "catalog": ConfiguredAirbyteCatalogSerializer.dump(catalog),
    }
    return [f"--{name}={file_of(name, orjson.dumps(files[name]))}" for name in files]
