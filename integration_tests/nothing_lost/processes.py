"""The connector in a process of its own, as hosts run it."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalogSerializer,
)

from integration_tests import syncs
from integration_tests.nothing_lost.completeness import TOKEN
from integration_tests.syncs import State, Sync
from sandbox import Sandbox
from source_bigcommerce.run import run

# Its processes are forks of one that has imported everything, which takes some two seconds.
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__])


class Process:
    """`source-bigcommerce` with these arguments, as it is once Python has started."""

    def __init__(self, *arguments: str) -> None:
        (out, its_out), (err, its_err) = _FORKING.Pipe(False), _FORKING.Pipe(False)
        self._process = _FORKING.Process(target=_run, args=(arguments, its_out, its_err))
        self._process.start()
        its_out.close()
        its_err.close()
        self.stdout, self.stderr = (os.fdopen(os.dup(end.fileno()), "rb") for end in (out, err))

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        """The exit code; of a killed process, -9."""
        self._process.join()
        return int(self._process.exitcode or 0)


def _run(arguments: tuple[str, ...], *pipes: Connection) -> None:
    for number, pipe in enumerate(pipes, start=1):
        os.dup2(pipe.fileno(), number)
        pipe.close()
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    sys.argv[1:] = arguments
    run()


def start(
    folder: Path,
    store: Sandbox,
    names: Iterable[str],
    state: State | None = None,
    catalog: dict[str, Any] | None = None,
    **values: Any,
) -> Process:
    """A sync that has just started; its output is in its pipes. The folder is for its files."""
    return Process("read", *files(folder, store, names, state, catalog, **values))


def files(
    folder: Path,
    store: Sandbox,
    names: Iterable[str],
    state: State | None = None,
    catalog: dict[str, Any] | None = None,
    **values: Any,
) -> list[str]:
    """The options of a sync, with the files that they name."""
    folder.mkdir(exist_ok=True)
    config = syncs.config_for(store, **values)
    if catalog is None:
        catalog = ConfiguredAirbyteCatalogSerializer.dump(syncs.catalog_of(tuple(names), config))
    contents = {"config": config, "catalog": catalog, "state": _state_messages(state or {})}
    options = []
    for name, content in contents.items():
        path = folder / f"{name}.json"
        path.write_bytes(orjson.dumps(content))
        options += [f"--{name}", str(path)]
    return options


def ended(process: Process) -> Sync:
    """The output of a sync up to its end; checks that the token is not in it."""
    with process.stdout, process.stderr:
        output, errors = process.stdout.read(), process.stderr.read()
    process.wait()
    assert TOKEN.encode() not in output + errors
    return parsed(output)


def parsed(output: bytes) -> Sync:
    """The messages of an output, without a last line that is cut off."""
    messages = []
    for line in output.splitlines(keepends=True):
        if line.endswith(b"\n") and line.startswith(b"{"):
            messages.append(_message(line))
    return Sync([message for message in messages if message])


def _message(line: bytes) -> AirbyteMessage | None:
    content = orjson.loads(line)
    return None if content["type"] == "DEBUG" else AirbyteMessageSerializer.load(content)


def _state_messages(state: State) -> list[dict[str, Any]]:
    return [
        {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": name}, "stream_state": stream_state},
        }
        for name, stream_state in state.items()
    ]
