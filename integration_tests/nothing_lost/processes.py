"""The connector in a process of its own, as hosts run it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
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

ROOT = Path(__file__).parents[2]


def start(
    folder: Path,
    store: Sandbox,
    names: Iterable[str],
    state: State | None = None,
    flags: Iterable[str] = (),
    catalog: dict[str, Any] | None = None,
    program: tuple[str, ...] = ("-m", "source_bigcommerce"),
    **values: Any,
) -> subprocess.Popen[bytes]:
    """A sync that has just started; its output is in its pipes. The folder is for its files.

    program: what Python runs.
    """
    folder.mkdir(exist_ok=True)
    config = syncs.config_for(store, **values)
    if catalog is None:
        catalog = ConfiguredAirbyteCatalogSerializer.dump(syncs.catalog_of(tuple(names), config))
    files = {"config": config, "catalog": catalog, "state": _state_messages(state or {})}
    command = [sys.executable, *program, "read", *flags]
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.write_bytes(orjson.dumps(content))
        command += [f"--{name}", str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process: subprocess.Popen[bytes]) -> Sync:
    """The output of a sync up to its end; checks that the token is not in it."""
    output, errors = process.communicate()
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
