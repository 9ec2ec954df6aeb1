"""Nonsensical input is refused in plain words; the token goes nowhere but to the store."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer, FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from integration_tests import syncs
from integration_tests.conftest import Command
from integration_tests.nothing_lost import processes
from integration_tests.nothing_lost.completeness import (
    ALL,
    NOW,
    START,
    TOKEN,
    assert_complete,
    completed,
    make_store,
)
from integration_tests.syncs import Row, State, Sync, config_for, sync
from source_bigcommerce import SourceBigcommerce, run

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
WORDS: list[Any] = [
    "\x00\x1b[2J\x7f",
    "a\nb\r\nX-Evil: 1",
    "x" * 1_000_000,
    "{{ config['access_token'] }}",
    "../../etc/passwd",
    "\U0001f4a5 \u202e",
    "-1",
]
OTHER_TYPES: list[Any] = [0, -1, 10**30, 1.5, True, False, [], ["a"], {}, {"a": 1}, [[[]]]]
FORM: Mapping[str, Any] = safe_load_yaml((ROOT / "source_bigcommerce/manifest.yaml").read_text())[
    "spec"
]["connection_specification"]["properties"]

# A field counts only beside these.
NEEDED = {"hash_salt": {"personal_data": "hash"}}


def _wrong(key: str) -> list[Any]:
    """Values that the form refuses for this key."""
    kind = FORM[key]["type"]
    values = [*WORDS, *OTHER_TYPES]
    if kind == "integer":
        return [value for value in values if isinstance(value, bool) or value not in (0, 1)]
    if kind == "boolean":
        return [value for value in values if not isinstance(value, bool)]
    if key == "hash_salt":
        return [value for value in values if not isinstance(value, str) or len(value.strip()) < 8]
    return [value for value in values if kind != "array" or value != []]


@pytest.mark.parametrize("key", FORM)
def test_a_config_with_wrong_values_is_refused_by_the_name_of_the_field(key: str) -> None:
    with make_store(orders=0) as store:
        refused = 0
        for value in _wrong(key):
            config = config_for(store, **{**NEEDED.get(key, {}), key: value})
            try:
                SourceBigcommerce(config=config)
            except AirbyteTracedException as error:
                refused += 1
                assert error.failure_type == FailureType.config_error, (key, value)
                assert error.message
                assert error.message.startswith(FORM[key]["title"]), (key, value)
                assert error.message.isprintable()
                assert len(error.message) < 400
        assert refused >= len(_wrong(key)) - 3, "all but what might be meant"
        assert store.log == []


@pytest.mark.parametrize(
    "config",
    [{"store_hash": "abc"}, {"access_token": TOKEN}, {"store_hash": None, "access_token": 5}],
    ids=len,
)
@pytest.mark.parametrize("command", ["check", "discover", "read"])
def test_missing_input_is_reported_as_the_protocol_demands(
    command: str, config: dict[str, Any], printed: Callable[..., tuple[int, Sync]]
) -> None:
    status, output = printed(command, config=config, catalog={"streams": []})
    _assert_refused(command, status, output)


@pytest.mark.parametrize(
    "files",
    [
        {"catalog": b"{nope"},
        {"catalog": b""},
        {"catalog": []},
        {"catalog": {"streams": [{"stream": {"name": 5}}]}},
        {"state": b"{nope"},
        {"state": b""},
        {"state": 5},
        {"state": [5]},
        {"state": {"orders": {"date_modified": "2020"}}},
        {"state": [{"type": "LEGACY", "data": {}}]},
        {"state": [{"type": "STREAM", "stream": {"stream_descriptor": {}, "stream_state": [1]}}]},
        {"config": b'{"access_token": "%s", ' % TOKEN.encode()},
        {"config": [TOKEN]},
        {"config": TOKEN},
        {"config": {"store_hash": "abc", "access_token": [TOKEN]}},
        {"config": {"store_hash": "abc", "access_token": {TOKEN: TOKEN}}},
        {"config": {"store_hash": "abc", "access_token": f"{TOKEN} {TOKEN}"}},
    ],
    ids=str,
)
def test_files_of_another_form_are_refused(
    files: dict[str, Any], printed: Callable[..., tuple[int, Sync]]
) -> None:
    given = {"config": {"store_hash": "abc", "access_token": TOKEN}, "catalog": {"streams": []}}
    status, output = printed("read", **{**given, **files})
    _assert_refused("read", status, output)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.bigcommerce.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com",
        "http://example.com#127.0.0.1",
        "http://2130706433.example.com",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "api.bigcommerce.com",
        "//api.bigcommerce.com",
        "https://",
        "https://api.bigcommerce.com?x=",
        "https://api.bigcommerce.com#",
        # Some parsers of addresses end the host at a backslash; others take it for part of a name.
        "http://example.com\\@127.0.0.1",
        "https://example.com\\@api.bigcommerce.com",
        "https://api.bigcommerce.com\r\nX-Evil: 1",
        "https://api%00.bigcommerce.com",
        "https://api.bigcommerce.com;x=y",
        " http://example.com",
    ],
)
def test_an_unsafe_address_is_refused(url: str) -> None:
    config = {"store_hash": "abc", "access_token": TOKEN, "api_url": url}
    with pytest.raises(AirbyteTracedException) as raised:
        SourceBigcommerce(config=config)
    assert str(raised.value.message).startswith("API address")
    assert raised.value.failure_type == FailureType.config_error


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", ["orders", "store", "transactions"])
def test_a_redirect_to_another_host_is_not_followed(name: str, status: int) -> None:
    with make_store(orders=30) as store, make_store(orders=30) as elsewhere:
        operation = "store.get" if name == "store" else f"{name}.list"
        target = f"{elsewhere.url}/stores/{elsewhere.store_hash}/v2/store"
        fault = store.faults.add(
            operation, "status", status=status, headers={"Location": target}, times=None
        )
        read = sync(store, name, failing=True, start_date=START, end_date=NOW)
        assert fault.fired > 0
        assert elsewhere.log == []
        assert completed(read) == set()
        assert "redirect" in read.errors[0].message
        assert read.errors[0].failure_type == FailureType.config_error


@pytest.mark.process
def test_a_stream_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with make_store(orders=10) as store:
        config = config_for(store, start_date=START, end_date=NOW)
        catalog = ConfiguredAirbyteCatalogSerializer.dump(syncs.catalog_of(ALL, config))
        unknown = orjson.loads(orjson.dumps(catalog["streams"][0]))
        unknown["stream"]["name"] = "no_such_stream"
        catalog["streams"].insert(0, unknown)
        process = processes.start(
            tmp_path, store, ALL, catalog=catalog, start_date=START, end_date=NOW
        )
        read = processes.ended(process)
        assert process.wait() == 1
        assert completed(read) == set(ALL)
        assert_complete(store, ALL, read)
        assert "no_such_stream" in read.errors[0].message
        assert read.errors[0].failure_type == FailureType.config_error


def test_a_state_of_other_streams_is_ignored() -> None:
    with make_store(orders=20) as store:
        state: State = {"no_such_stream": {"a": [1, {"b": None}]}, "orders": {"a": "b"}}
        read = sync(store, "orders", state=state, start_date=START, end_date=NOW)
        assert read.errors == []
        assert_complete(store, ["orders"], read)


WITHOUT_BACK_OFF = """
import types
import backoff._sync
from airbyte_cdk.sources.streams.http import rate_limiting
backoff._sync.time = rate_limiting.time = types.SimpleNamespace(sleep=lambda seconds: None)
from source_bigcommerce.run import run
run()
"""


# The token is sent without the blanks around it, so this form must not be shown.
@pytest.mark.process
@pytest.mark.parametrize(("way", "token"), [("flag", TOKEN), ("environment", f" {TOKEN}\n")])
def test_logs_at_debug_level_do_not_show_the_token(
    token: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "environment":
        monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    with make_store(orders=30, customers=20, products=10, window_ms=500) as store:
        store.faults.add("orders.list", "rate_limit")
        store.faults.add("customers.list", "reset")
        store.faults.add("products.list", "html")
        store.faults.add("brands.list", "status", status=401, times=None)
        store.faults.add("pages.list", "status", status=403, times=None)
        store.faults.add("channels.list", "status", status=422, times=None)
        flags = ["--debug"] if way == "flag" else []
        values: Row = {"access_token": token, "start_date": START, "end_date": NOW}
        files = processes.files(tmp_path, store, ALL, **values)
        command = [sys.executable, "-c", WITHOUT_BACK_OFF, "read", *flags, *files]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        assert store.faults.pending() == []
        assert done.returncode == 1
        assert b"Making outbound API request" in done.stdout
        assert TOKEN.encode() not in done.stdout + done.stderr
        failed = {"brands", "pages", "channels"}
        assert completed(processes.parsed(done.stdout)) == set(ALL) - failed


@pytest.fixture
def printed(tmp_path: Path, in_process: Command) -> Callable[..., tuple[int, Sync]]:
    """Runs a command in this process; gives its exit code and what it printed."""

    def run_command(command: str, **files: Any) -> tuple[int, Sync]:
        arguments = [command]
        for name, content in files.items():
            if name == "config" or command == "read":
                path = tmp_path / f"{name}.json"
                path.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
                arguments += [f"--{name}", str(path)]
        code, out, err = in_process(run.run, *arguments)
        assert TOKEN not in out + err
        assert "Traceback" not in err
        return code, processes.parsed(out.encode())

    return run_command


def _assert_refused(command: str, status: int, output: Sync) -> None:
    """In words for a person; for `check`, as its answer."""
    if command == "check":
        (result,) = [message.connectionStatus for message in output.messages]
        assert status == 0
        assert result
        assert str(result.status).endswith("FAILED")
        message = result.message
    else:
        (error,) = output.errors
        assert status == 1
        assert error.failure_type == FailureType.config_error
        message = error.message
    assert message
    assert message.endswith(".")
    assert len(message) < 400
