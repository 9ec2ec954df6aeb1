#!/usr/bin/env python3
"""The connector as a Singer tap, for targets of Singer and Meltano, without Docker.

    singer_tap.py --config CONFIG.json --discover > catalog.json
    singer_tap.py --config CONFIG.json [--catalog catalog.json] [--state state.json] | target-jsonl

Runs the command `source-bigcommerce` of the same environment with the same configuration, and
prints its messages as Singer messages. Without a catalog, or with one that selects nothing, it
reads all streams. A bookmark is the connector's whole state of a stream, so no row is lost if the
state is more than one date. It needs nothing but Python. See docs/hosts.md.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

COMMAND = Path(sys.executable).with_name("source-bigcommerce")

Json = dict[str, Any]


def main() -> int:
    """Does what the command line says; returns the exit status of the connector."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--discover", action="store_true")
    parser.add_argument("--catalog", "--properties")
    parser.add_argument("--state")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        tap = Tap(asked.config, Path(folder))
        if asked.discover:
            print(json.dumps({"streams": [_entry(each) for each in tap.streams()]}, indent=2))
        else:
            bookmarks = _load(asked.state).get("bookmarks", {})
            for message in tap.sync(_selected(_load(asked.catalog)), bookmarks):
                print(json.dumps(message), flush=message["type"] == "STATE")
    return tap.status


class Tap:
    """Runs the connector; `status` is the exit status of its last command."""

    def __init__(self, config: str, folder: Path) -> None:
        self._config, self._folder = config, folder
        self.status = 0

    def streams(self) -> list[Json]:
        """The catalog that the connector discovers."""
        catalogs = [each["catalog"] for each in self._run("discover") if each["type"] == "CATALOG"]
        return [stream for catalog in catalogs for stream in catalog["streams"]]

    def sync(self, selected: set[str], bookmarks: Json) -> Iterator[Json]:
        """Singer's messages of the selected streams, or of all."""
        streams = [each for each in self.streams() if not selected or each["name"] in selected]
        for stream in streams:
            yield {
                "type": "SCHEMA",
                "stream": stream["name"],
                "schema": stream["json_schema"],
                "key_properties": _keys(stream),
                "bookmark_properties": stream.get("default_cursor_field", []),
            }
        catalog = {"streams": [_configured(stream) for stream in streams]}
        state = [_state(name, bookmark) for name, bookmark in bookmarks.items()]
        files = ("--catalog", self._file("catalog", catalog), "--state", self._file("state", state))
        current = dict(bookmarks)
        for message in self._run("read", *files):
            if message["type"] == "RECORD":
                record = message["record"]
                yield {"type": "RECORD", "stream": record["stream"], "record": record["data"]}
            elif message["type"] == "STATE":
                of_stream = message["state"]["stream"]
                current[of_stream["stream_descriptor"]["name"]] = of_stream["stream_state"]
                yield {"type": "STATE", "value": {"bookmarks": current}}

    def _run(self, *words: str) -> Iterator[Json]:
        """The messages of a command; its log goes to stderr."""
        command = [str(COMMAND), *words, "--config", self._config]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                message = json.loads(line)
                if message["type"] in ("LOG", "TRACE"):
                    print(_said(message), file=sys.stderr, flush=True)
                yield message
        self.status = process.returncode

    def _file(self, name: str, content: Any) -> str:
        path = self._folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return str(path)


def _load(path: str | None) -> Json:
    loaded: Json = json.loads(Path(path).read_text() or "{}") if path else {}
    return loaded


def _keys(stream: Json) -> list[str]:
    return [path[0] for path in stream.get("source_defined_primary_key", [])]


def _configured(stream: Json) -> Json:
    is_incremental = "incremental" in stream["supported_sync_modes"]
    return {
        "stream": stream,
        "sync_mode": "incremental" if is_incremental else "full_refresh",
        "destination_sync_mode": "append",
    }


def _state(name: str, bookmark: Json) -> Json:
    return {
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": name}, "stream_state": bookmark},
    }


def _entry(stream: Json) -> Json:
    """A stream of a Singer catalog."""
    keys, cursor = _keys(stream), stream.get("default_cursor_field", [])
    about: Json = {
        "inclusion": "available",
        "table-key-properties": keys,
        "forced-replication-method": "INCREMENTAL" if cursor else "FULL_TABLE",
        "valid-replication-keys": cursor,
    }
    fields = [
        {
            "breadcrumb": ["properties", name],
            "metadata": {"inclusion": "automatic" if name in (*keys, *cursor) else "available"},
        }
        for name in stream["json_schema"]["properties"]
    ]
    return {
        "tap_stream_id": stream["name"],
        "stream": stream["name"],
        "schema": stream["json_schema"],
        "key_properties": keys,
        "metadata": [{"breadcrumb": [], "metadata": about}, *fields],
    }


def _selected(catalog: Json) -> set[str]:
    """Names of the streams that a Singer catalog selects."""
    return {
        stream["tap_stream_id"]
        for stream in catalog.get("streams", ())
        for part in stream.get("metadata", ())
        if not part["breadcrumb"] and part["metadata"].get("selected")
    }


def _said(message: Json) -> str:
    with suppress(KeyError, TypeError):
        said = message.get("log") or message["trace"]["error"]
        return f"{said.get('level', 'ERROR')} {said['message']}"
    return json.dumps(message)


if __name__ == "__main__":
    sys.exit(main())
