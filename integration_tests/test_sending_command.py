"""The destination's command line: its input, output and exit code."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from destination_bigcommerce import run
from integration_tests.conftest import Command as InProcess
from integration_tests.sending import Row, catalog_of, config_of, keys_in, lines_of, order
from sandbox import Sandbox

TOKEN = "a-token-nobody-guesses"
Command = Callable[..., tuple[int, list[Row]]]


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with Sandbox(orders=30, customers=5, products=5, access_token=TOKEN) as opened:
        yield opened


@pytest.fixture
def files(store: Sandbox, tmp_path: Path) -> list[str]:
    """The options of `write`."""
    catalog = ConfiguredAirbyteCatalogSerializer.dump(catalog_of("orders"))
    (tmp_path / "config.json").write_text(json.dumps(config_of(store)))
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    return ["--config", f"{tmp_path}/config.json", "--catalog", f"{tmp_path}/catalog.json"]


@pytest.fixture
def command(in_process: InProcess, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs it in this process; returns exit code and messages; the token is in no output."""

    def run_command(*args: str, given: bytes = b"") -> tuple[int, list[Row]]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        code, out, err = in_process(run.run, *args)
        assert TOKEN not in out + err
        return code, [json.loads(line) for line in out.splitlines()]

    return run_command


def text_of(messages: Iterable[Row]) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def states_in(messages: Iterable[Row]) -> list[int]:
    states = [each["state"]["stream"] for each in messages if each["type"] == "STATE"]
    return [int(state["stream_state"]["number"]) for state in states]


def errors_in(messages: Iterable[Row]) -> list[str]:
    return [each["trace"]["error"]["message"] for each in messages if each["type"] == "TRACE"]


def test_the_form_of_the_destination_has_the_shared_fields_and_its_own(command: Command) -> None:
    code, messages = command("spec")
    [spec] = [each["spec"] for each in messages if each["type"] == "SPEC"]
    form = spec["connectionSpecification"]["properties"]
    assert code == 0
    assert sorted(form, key=lambda key: int(form[key]["order"])) == [
        *("store_hash", "access_token", "streams", "customer", "on_rejected", "rejected_path"),
        *("default_status_id", "default_channel_id", "external_source", "dry_run"),
        *("num_workers", "quota_share", "patience_seconds", "api_url"),
    ]
    assert all({"title", "description", "group"} <= field.keys() for field in form.values())
    assert form["access_token"]["airbyte_secret"] is True
    assert spec["supported_destination_sync_modes"] == ["append"]


def test_the_check_succeeds_or_says_why_not(
    command: Command, files: list[str], tmp_path: Path
) -> None:
    code, [status] = command("check", *files[:2])
    assert (code, status["connectionStatus"]) == (0, {"status": "SUCCEEDED"})
    (tmp_path / "config.json").write_text(json.dumps({"store_hash": "a"}))
    code, [status] = command("check", *files[:2])
    assert (code, status["connectionStatus"]["status"]) == (0, "FAILED")
    assert status["connectionStatus"]["message"].startswith("Access token is missing.")


def test_a_write_passes_on_the_states(command: Command, files: list[str], store: Sandbox) -> None:
    given = text_of(lines_of(map(order, ["PO-1", "PO-2", "PO-3"]), every=2))
    code, messages = command("write", *files, given=given)
    assert (code, states_in(messages), errors_in(messages)) == (0, [2, 3], [])
    assert sorted(keys_in(store)) == ["PO-1", "PO-2", "PO-3"]


def test_a_state_comes_back_with_the_number_that_the_platform_put_into_it(
    command: Command, files: list[str]
) -> None:
    state = next(line for line in lines_of([order("PO-1")], every=1) if line["type"] == "STATE")
    state["state"] |= {"id": 7, "sourceStats": {"recordCount": 1.0}}
    code, messages = command("write", *files, given=text_of([state]))
    assert (code, [each for each in messages if each["type"] == "STATE"]) == (0, [state])


def test_a_write_without_records_succeeds(command: Command, files: list[str]) -> None:
    assert command("write", *files)[0] == 0


def test_a_write_with_a_rejected_order_ends_with_an_error(
    command: Command, files: list[str]
) -> None:
    given = text_of(lines_of([order("PO-1"), order("PO-2", id=5)]))
    code, messages = command("write", *files, given=given)
    assert (code, states_in(messages)) == (1, [2])
    [error] = errors_in(messages)
    assert error.startswith("1 of 2 orders were rejected, the first of them PO-2: id: is not a")


def test_lines_that_are_cut_or_too_long_are_rejected(
    command: Command, files: list[str], store: Sandbox
) -> None:
    given = text_of(lines_of([order("PO-1")], every=1))
    cut, long = given.splitlines()[0][:-9] + b"\n", b'{"type": "RECORD", "' + b"x" * 17_000_000
    code, messages = command("write", *files, given=cut + b"warning: words\n" + given + long)
    assert (code, states_in(messages)) == (1, [1])
    logs = [each["log"]["message"] for each in messages if each["type"] == "LOG"]
    reasons = [json.loads(log)["reason"] for log in logs if log.startswith("{")]
    assert reasons == [
        "line 1 is no message: JSONDecodeError",
        "line 5 is longer than 16 megabytes",
    ]
    assert any("Line 2 of the input is no message." in log for log in logs)
    assert keys_in(store) == ["PO-1"]


def test_a_write_reports_a_wrong_token_and_never_prints_it(
    command: Command, files: list[str], store: Sandbox
) -> None:
    store.options.access_token = "another"
    code, messages = command("write", *files, given=text_of(lines_of([order("PO-1")])))
    assert code == 1
    assert errors_in(messages)[0].startswith("BigCommerce does not accept the access token")


@pytest.mark.parametrize(
    ("args", "code"), [(["--version"], 0), ([], 2), (["nonsense"], 2), (["write"], 2)]
)
def test_a_misused_command_says_how_it_is_used(
    in_process: InProcess, args: list[str], code: int
) -> None:
    left, out, err = in_process(run.run, *args)
    assert left == code
    assert "destination-bigcommerce" in (err if code else out)


def begun(files: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "destination_bigcommerce", "write", *files]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)


@pytest.mark.process
def test_a_killed_process_continues_from_the_last_state(files: list[str], store: Sandbox) -> None:
    store.options.latency_ms = 20
    store.options.lookup_lag = 0.5
    keys, last, kills = [f"PO-{number}" for number in range(300)], 0, 0
    while last < len(keys):
        process = begun(files)
        assert process.stdin
        assert process.stdout
        process.stdin.write(text_of(lines_of(map(order, keys[last:]))))
        process.stdin.close()
        for line in process.stdout:
            if b'"STATE"' in line:
                last_of_this = states_in([json.loads(line)])[0]
                if kills < 1 and last_of_this >= 100:
                    process.kill()
                    break
        else:
            assert process.wait() == 0
        process.wait()
        last += last_of_this
        kills += 1
    assert kills == 2
    assert sorted(keys_in(store)) == sorted(keys)


@pytest.mark.process
def test_a_terminated_or_unread_process_ends_at_once(files: list[str]) -> None:
    terminated, unread = begun(files), begun(files)
    first = text_of(lines_of([order("PO-1")]))
    for process in (terminated, unread):
        assert process.stdin
        assert process.stdout
        process.stdin.write(first)
        process.stdin.flush()
        assert any(b'"STATE"' in line for line in iter(process.stdout.readline, b""))
    terminated.send_signal(signal.SIGTERM)
    assert unread.stdout
    unread.stdout.close()
    started = time.monotonic()
    assert terminated.wait(60) == -signal.SIGTERM
    assert unread.wait(60) == 141
    assert time.monotonic() - started < 5
    _: Any = [each.stdin and each.stdin.close() for each in (terminated, unread)]
