"""The command `probe`, in this process, against a sandbox store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteConnectionStatus, Status
from jsonschema import Draft7Validator

from integration_tests.conftest import Command
from integration_tests.syncs import LOGGER, config_for
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce, __version__
from source_bigcommerce.probe import command as probe_command
from source_bigcommerce.probe.assumptions import ASSUMPTIONS
from source_bigcommerce.probe.report import SCHEMA

pytestmark = pytest.mark.thorough

SIZES: dict[str, Any] = {"orders": 40, "customers": 20, "products": 15, "categories": 20}
NAMES = [each.id for each in ASSUMPTIONS]


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with Sandbox(**SIZES, store_hash="zq9hash", access_token="zq9token") as store:
        yield store


def files(folder: Path, config: dict[str, Any]) -> list[object]:
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    return ["--config", path, "--report", folder / "report.json"]


def report_in(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "report.json").read_text())
    Draft7Validator(SCHEMA).validate(document)
    return document


def assert_within_bounds(store: Sandbox) -> None:
    assert {entry.method for entry in store.log} == {"GET"}
    assert 0 < len(store.log) <= 120


def test_a_probe_prints_a_table_and_writes_a_report(
    command: Command, tmp_path: Path, store: Sandbox
) -> None:
    code, output, errors = command("probe", *files(tmp_path, config_for(store)))
    assert (code, errors) == (0, "")
    document = report_in(tmp_path)
    assert [each["id"] for each in document["assumptions"]] == NAMES
    assert document["connector_version"] == __version__
    assert document["requests"] == len(store.log)
    assert_within_bounds(store)
    verdicts = Counter(each["verdict"] for each in document["assumptions"])
    counts = ", ".join(
        f"{verdicts[each]} {each}" for each in ("holds", "does not hold", "cannot tell")
    )
    assert f"\n{counts}.\n{len(store.log)} requests.\n" in output
    assert "verdict         assumption" in output
    assert max(map(len, output.splitlines())) < 160
    # Whether colons are encoded is one of the questions.
    dates = [entry for entry in store.log if "date_modified" in entry.raw_query]
    for family in ("/v2/", "/v3/"):
        queries = [entry.raw_query for entry in dates if family in entry.path]
        assert {"%3A" in query.partition("=")[2] for query in queries} == {True, False}
    for secret in ("zq9hash", "zq9token"):
        assert secret not in json.dumps(document)
        assert secret not in output.replace(str(tmp_path), "")


def test_a_probe_takes_a_quarter_of_the_quota_at_most(command: Command, tmp_path: Path) -> None:
    with Sandbox(**SIZES, quota=100, window_ms=400) as store:
        began = store.surface.quota._window_start
        code, output, errors = command(
            "probe", *files(tmp_path, config_for(store, quota_share=100))
        )
        windows = Counter(int((entry.started - began) / 0.4) for entry in store.log)
    assert code == 0
    assert "25% of the quota of 100 requests" in errors
    assert "quota of 100 requests" not in output
    # One may be counted on the other side of an edge.
    assert max(windows.values()) <= 26
    assert [entry for entry in store.log if entry.status == 429] == []
    assert_within_bounds(store)


def test_rate_limits_of_another_app_are_waited_for(
    command: Command, tmp_path: Path, store: Sandbox
) -> None:
    limits = {
        "X-Rate-Limit-Requests-Quota": "1000000000",
        "X-Rate-Limit-Requests-Left": "0",
        "X-Rate-Limit-Time-Window-Ms": "30000",
        "X-Rate-Limit-Time-Reset-Ms": "50",
    }
    for at in (1, 5, 9):
        store.faults.add("*", "rate_limit", at=at, headers=limits)
    code, _, _ = command("probe", *files(tmp_path, config_for(store)))
    assert (code, store.faults.pending()) == (0, [])
    limited = [entry for entry in store.log if entry.status == 429]
    assert len(limited) == 3
    document = report_in(tmp_path)
    assert document["requests"] == len(store.log)
    assert "answered 429" not in json.dumps(document)
    found = {each["id"]: each for each in document["assumptions"]}
    assert found["limited_replies_say_when"]["seen"] == {
        "headers": ["x-rate-limit-time-reset-ms"],
        "left": 0,
    }
    assert_within_bounds(store)


def test_temporary_faults_are_tried_again_and_count(
    command: Command, tmp_path: Path, store: Sandbox
) -> None:
    store.faults.add("brands.list", "status", status=503)
    store.faults.add("orders.list", "reset")
    code, _, _ = command("probe", *files(tmp_path, config_for(store)))
    assert (code, store.faults.pending()) == (0, [])
    verdicts = {each["id"]: each["verdict"] for each in report_in(tmp_path)["assumptions"]}
    assert verdicts["orders_ascend"] == verdicts["brands_ascend"] == "holds"
    assert_within_bounds(store)


def test_retries_are_among_the_requests_that_a_probe_may_send(
    command: Command, tmp_path: Path, store: Sandbox
) -> None:
    store.faults.add("*", "status", status=503, times=None, at=30)
    code, output, _ = command("probe", *files(tmp_path, config_for(store)))
    assert code == 0
    assert len(store.log) == report_in(tmp_path)["requests"] == 120
    assert "no request was left" in output


REFUSED: dict[str, dict[str, Any]] = {
    "a wrong token": {"access_token": "other"},
    "another store": {"store_hash": "other"},
    "no address": {"api_url": "http://shop.example"},
    "no hash": {"store_hash": ""},
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_the_check_refuses_is_refused_in_its_words(
    command: Command, tmp_path: Path, store: Sandbox, wrong: str
) -> None:
    config = {**config_for(store), **REFUSED[wrong]}
    code, output, errors = command("probe", *files(tmp_path, config))
    assert (code, output) == (1, "")
    assert errors.splitlines()[-1] == SourceBigcommerce().check(LOGGER, config).message


def test_an_address_where_nobody_answers_is_left_to_the_check(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = AirbyteConnectionStatus(status=Status.FAILED, message="Nobody answers.")
    monkeypatch.setattr(SourceBigcommerce, "check", lambda *_: failed)
    config = {"store_hash": "any", "access_token": "any", "api_url": "http://127.0.0.1:9"}
    code, output, errors = command("probe", *files(tmp_path, config))
    assert (code, output, errors) == (1, "", "Nobody answers.\n")


def test_a_token_of_few_scopes_tells_what_it_can(command: Command, tmp_path: Path) -> None:
    with Sandbox(**SIZES, scopes={"store_inventory"}) as store:
        code, _, _ = command("probe", *files(tmp_path, config_for(store)))
        assert_within_bounds(store)
    assert code == 0
    found = {each["id"]: each for each in report_in(tmp_path)["assumptions"]}
    assert found["scopes_are_there"]["verdict"] == "does not hold"
    assert found["orders_ascend"]["seen"] == {
        "why": "the scope store_v2_orders_read_only is missing"
    }


def test_an_interrupted_probe_tells_what_it_knows(
    command: Command, tmp_path: Path, store: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = probe_command.Asker.send

    def interrupted(self: probe_command.Asker, path: str, query: str) -> Any:
        if self.sent == 12:
            raise KeyboardInterrupt
        return send(self, path, query)

    monkeypatch.setattr(probe_command.Asker, "send", interrupted)
    code, output, _ = command("probe", *files(tmp_path, config_for(store)))
    assert code == 130
    known = [each["id"] for each in report_in(tmp_path)["assumptions"]]
    assert known == NAMES[: len(known)]
    assert 5 < len(known) < len(NAMES)
    assert "12 requests." in output


def test_a_file_that_cannot_be_written_is_told_before_the_first_request(
    command: Command, tmp_path: Path, store: Sandbox
) -> None:
    options = files(tmp_path, config_for(store))[:2]
    code, output, errors = command("probe", *options, "--report", tmp_path / "no" / "report.json")
    assert (code, output) == (2, "")
    assert "report.json cannot be written: No such file or directory" in errors
    assert store.log == []


def test_a_misused_probe_says_how_it_is_used(command: Command) -> None:
    code, output, errors = command("probe")
    assert (code, output) == (2, "")
    assert errors.startswith("usage: source-bigcommerce probe [-h] --config CONFIG")
