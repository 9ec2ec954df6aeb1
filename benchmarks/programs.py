"""Runs the connector and the hand-written loop as whole processes, and measures them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from airbyte_cdk.models import ConfiguredAirbyteCatalog, ConfiguredAirbyteCatalogSerializer

from integration_tests import sending, syncs
from sandbox.process import Log, StoreProcess

_ROOT = Path(__file__).parent.parent
_FILES = tempfile.TemporaryDirectory(prefix="benchmarks-")
Command = list[str]


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


def connector(streams: Iterable[str], store: StoreProcess, **config: Any) -> Command:
    """The connector's `read` of some streams."""
    catalog = syncs.catalog_of(streams, {})
    return [sys.executable, "-m", "source_bigcommerce", "read", *_files(store, catalog, config)]


def loop(streams: Iterable[str], store: StoreProcess) -> Command:
    """Baseline (a), `benchmarks.plain`; of no streams it is its start."""
    return [sys.executable, "-m", "benchmarks.plain", store.url, *streams]


def destination(store: StoreProcess, **config: Any) -> Command:
    """The destination's `write` of orders."""
    files = _files(store, sending.catalog_of("orders"), config)
    return [sys.executable, "-m", "destination_bigcommerce", "write", *files]


def run(command: Command, given: bytes = b"") -> Run:
    """Runs a program to its end with this input, and counts the records that it prints."""
    with tempfile.TemporaryFile() as stdin:
        stdin.write(given)
        stdin.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, cwd=_ROOT, bufsize=1 << 20
        )
        records, said = 0, b""
        for line in process.stdout or ():
            if line.startswith(b'{"type":"RECORD"'):
                records += 1
            elif b"ERROR" in line:
                said += line[:500]
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        name = " ".join(command[1:4])
        raise RuntimeError(f"{name} ended with {process.returncode}\n{said.decode()}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, records)


def in_turn(
    commands: Mapping[Any, Command], times: int, run: Callable[[Command], Run] = run
) -> dict[Any, Run]:
    """Some runs of each, in turn: what else the machine does meets all of them.

    Gives the median times, and the highest peaks.
    """
    rounds = [{name: run(command) for name, command in commands.items()} for _ in range(times)]
    return {
        name: replace(
            last,
            seconds=median(each[name].seconds for each in rounds),
            processor=median(each[name].processor for each in rounds),
            megabytes=max(each[name].megabytes for each in rounds),
        )
        for name, last in rounds[-1].items()
    }


def file_of(name: str, content: bytes) -> Path:
    """A new file with this content, which goes when this process ends."""
    path = Path(tempfile.mkdtemp(dir=_FILES.name)) / name
    path.write_bytes(content)
    return path


def input_of(records: Iterable[Mapping[str, Any]]) -> bytes:
    """The messages that send these orders, with states between."""
    lines = sending.lines_of(map(dict, records), every=25)
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


def _files(
    store: StoreProcess, catalog: ConfiguredAirbyteCatalog, config: dict[str, Any]
) -> list[str]:
    given = {**store.config, **config}
    files = {"config": given, "catalog": ConfiguredAirbyteCatalogSerializer.dump(catalog)}
    return [f"--{name}={file_of(name, orjson.dumps(content))}" for name, content in files.items()]
