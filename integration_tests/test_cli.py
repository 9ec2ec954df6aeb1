"""The command, as hosts run it: exit codes, what it prints, and bad input."""

from __future__ import annotations

import json
import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import FailureType, Status

from integration_tests.conftest import Command
from integration_tests.syncs import catalog_of, config_for, sync
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components.messages import UNREACHABLE

ROOT = Path(__file__).parents[1]
COMMANDS = {
    "main.py": [sys.executable, "main.py"],
    "source-bigcommerce": [str(Path(sys.executable).with_name("source-bigcommerce"))],
}
TOKEN = "sandbox-token"

Message = dict[str, Any]


@dataclass
class Ran:
    """Exit code and output of a command."""

    code: int
    stdout: str
    stderr: str

    def of(self, kind: str) -> list[Message]:
        """The messages of a kind; every line of the output must be a message."""
        messages = [json.loads(line) for line in self.stdout.splitlines()]
        key = {"CONNECTION_STATUS": "connectionStatus"}.get(kind, kind.lower())
        return [message[key] for message in messages if message["type"] == kind]

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Failure type and message of each error."""
        traces = [trace["error"] for trace in self.of("TRACE") if trace["type"] == "ERROR"]
        return [(error["failure_type"], error["message"]) for error in traces]


def run(*args: object, command: str = "main.py") -> Ran:
    words = [*COMMANDS[command], *map(str, args)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    output = done.stdout + done.stderr
    assert TOKEN not in output, f"the token is in the output: {output}"
    return Ran(done.returncode, done.stdout, done.stderr)


def ran(command: Command, *args: object) -> Ran:
    """Runs in this process, because a new one takes a second to start."""
    code, stdout, stderr = command(*args)
    assert TOKEN not in stdout + stderr
    return Ran(code, stdout, stderr)


@pytest.fixture(scope="module")
def small() -> Iterator[Sandbox]:
    with Sandbox(orders=3, customers=3, products=3) as store:
        yield store


class Files:
    """Files of a test: `files(config={...})` gives the options of the command line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, **contents: Any) -> list[object]:
        options: list[object] = []
        for name, content in contents.items():
            path = self._folder / f"{name}.json"
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            options += [f"--{name}", path]
        return options


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def catalog(store: Sandbox, *names: str) -> Message:
    streams = catalog_of(names, config_for(store)).streams
    return {
        "streams": [
            {
                "stream": {
                    "name": each.stream.name,
                    "json_schema": {},
                    "supported_sync_modes": ["full_refresh", "incremental"],
                },
                "sync_mode": each.sync_mode.value,
                "destination_sync_mode": "append",
            }
            for each in streams
        ]
    }


# What works


@pytest.mark.process
@pytest.mark.parametrize("command", COMMANDS)
def test_spec_prints_the_form(command: str) -> None:
    ran = run("spec", command=command)
    assert ran.code == 0
    [spec] = ran.of("SPEC")
    assert spec["connectionSpecification"]["title"] == "BigCommerce"


@pytest.mark.process
def test_check_succeeds_if_the_store_answers_and_warns_of_nothing(
    small: Sandbox, files: Files
) -> None:
    ran = run("check", *files(config=config_for(small)), command="source-bigcommerce")
    assert (ran.code, ran.of("CONNECTION_STATUS")) == (0, [{"status": "SUCCEEDED"}])
    assert {log["level"] for log in ran.of("LOG")} <= {"INFO", "DEBUG"}
    assert len(ran.stdout.splitlines()) == len(ran.of("LOG")) + 1


@pytest.mark.process
def test_discover_prints_every_stream(small: Sandbox, files: Files) -> None:
    ran = run("discover", *files(config=config_for(small)), command="source-bigcommerce")
    [found] = ran.of("CATALOG")
    assert ran.code == 0
    assert {"orders", "order_products", "store"} <= {stream["name"] for stream in found["streams"]}


@pytest.mark.process
@pytest.mark.parametrize("command", COMMANDS)
def test_read_prints_records_and_state(small: Sandbox, files: Files, command: str) -> None:
    config = config_for(small, start_date="2020-01-01")
    options = files(config=config, catalog=catalog(small, "orders", "store"), state=[])
    ran = run("read", "--debug", *options, command=command)
    assert (ran.code, ran.errors) == (0, [])
    records = [record["data"] for record in ran.of("RECORD")]
    assert sorted(row["id"] for row in records if "status_id" in row) == sorted(
        row["id"] for row in small.rows("orders")
    )
    *_, last = [s["stream"] for s in ran.of("STATE") if "orders" in str(s["stream"])]
    since = {"since": "2020-01-01T00:00:00Z"}
    assert last["stream_state"] == {"date_modified": max(_dates(records)), **since}


def _dates(rows: list[Message]) -> list[str]:
    return [row["date_modified"] for row in rows if "date_modified" in row]


# What does not work is told in one sentence, never by a traceback alone


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


# Field of the form and its value: the failure type of read, and how the sentence begins.
BAD = {
    "wrong token": (
        {"access_token": "other"},
        "config_error",
        "BigCommerce does not accept the access token for this store. Paste the Access token",
    ),
    "wrong hash": (
        {"store_hash": "other"},
        "config_error",
        "BigCommerce does not know this store, or its plan does not have /v2/orders. Check the "
        "Store hash",
    ),
    "no hash": (
        {"store_hash": "https://shop.example"},
        "config_error",
        'Store hash "https://shop.example" holds no store hash. Type the part after stores/',
    ),
    "malformed date": (
        {"start_date": "31.01.2024"},
        "config_error",
        'Start date "31.01.2024" is not a date. Type a date such as 2024-01-31',
    ),
    "unknown key type": (
        {"num_workers": "many"},
        "config_error",
        'Workers is "many". Type a whole number from 1 to 40.',
    ),
    "unsafe address": (
        {"api_url": "http://shop.example"},
        "config_error",
        'API address "http://shop.example" is not an https address. Leave it at https://api.big',
    ),
}


@pytest.mark.parametrize(("values", "failure", "sentence"), BAD.values(), ids=BAD.keys())
def test_bad_input_fails_in_words_that_name_the_field(
    small: Sandbox, files: Files, command: Command, values: Message, failure: str, sentence: str
) -> None:
    config = files(config={**config_for(small, num_workers=1), **values})
    of_orders = files(catalog=catalog(small, "orders"))
    check, read = ran(command, "check", *config), ran(command, "read", *config, *of_orders)
    [status] = check.of("CONNECTION_STATUS")
    assert (check.code, status["status"]) == (0, "FAILED")
    assert status["message"].startswith(sentence.replace("v2/orders", "v3/customers"))
    assert "Traceback" not in check.stdout + check.stderr
    assert read.code == 1
    assert {kind for kind, message in read.errors if message.startswith(sentence)} == {failure}
    assert read.of("RECORD") == []


def test_an_unreachable_host_is_named(small: Sandbox) -> None:
    """Runs in this process: the command would try for half a minute."""
    address = f"http://127.0.0.1:{_free_port()}"
    config = config_for(small, api_url=address)
    status = SourceBigcommerce(config=config).check(logging.getLogger("airbyte"), config)
    assert (status.status, status.message) == (Status.FAILED, UNREACHABLE.message(address=address))
    read = sync(small, "orders", failing=True, tries=2, num_workers=1, api_url=address)
    kinds = {error.failure_type for error in read.errors if error.stream_descriptor}
    assert kinds == {FailureType.transient_error}
    assert UNREACHABLE.message(address=address) in {error.message for error in read.errors}


def test_a_missing_scope_is_named_and_the_other_streams_are_read(
    files: Files, command: Command
) -> None:
    with Sandbox(orders=3, customers=3, scopes=["store_v2_orders"]) as store:
        options = files(config=config_for(store), catalog=catalog(store, "orders", "customers"))
        read = ran(command, "read", *options)
    assert read.code == 1
    assert len(read.of("RECORD")) == 3
    sentence = "The access token lacks the scope store_v2_customers_read_only, or the Store hash"
    kinds = {kind for kind, message in read.errors if message.startswith(sentence)}
    assert kinds == {"config_error"}


def test_a_command_after_two_dashes_is_the_same(command: Command) -> None:
    # As tap-airbyte-wrapper starts an image.
    spec = ran(command, "--", "spec")
    assert (spec.code, len(spec.of("SPEC"))) == (0, 1)


@pytest.mark.process
@pytest.mark.parametrize("command", COMMANDS)
def test_an_interrupted_read_ends_at_once_and_silently(command: str, files: Files) -> None:
    with Sandbox(orders=300, latency_ms=100) as store:
        config = config_for(store, num_workers=2)  # some 15 seconds of transactions
        options = files(config=config, catalog=catalog(store, "transactions"))
        reading = subprocess.Popen(
            [*COMMANDS[command], "read", *map(str, options)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A process in the background of a shell inherits that interrupts are ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert reading.stdout
        first = next(line for line in reading.stdout if '"RECORD"' in line)
        interrupted = time.monotonic()
        reading.send_signal(signal.SIGINT)
        stdout, stderr = reading.communicate(timeout=120)
        asked = len(store.requests("transactions.list"))
    assert reading.returncode == 130
    assert time.monotonic() - interrupted < 5
    assert asked < 200
    assert stderr == ""
    printed = [json.loads(line) for line in (first + stdout).splitlines()]
    traces = [message["trace"]["type"] for message in printed if message["type"] == "TRACE"]
    assert "ERROR" not in traces
