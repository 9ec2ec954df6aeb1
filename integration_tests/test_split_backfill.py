"""The script that splits a backfill: nothing is left out, and nothing is read by two parts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from runpy import run_path
from typing import Any
from unittest.mock import patch

import pytest

from integration_tests.syncs import Row, config_for, sync
from sandbox import Sandbox

ROOT = Path(__file__).parents[1]
CONFIG = {"store_hash": "abc123", "access_token": "t0ken"}
DATED = {"customers": "date_modified", "orders": "date_modified", "products": "date_modified"}


def split(folder: Path, config: Row, *words: str) -> list[Row]:
    """What the script prints."""
    done = run(folder, config, *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(folder: Path, config: Row, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the script in this process."""
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    command, code = ["split_backfill.py", str(path), *words], 0
    with (
        patch.object(sys, "argv", command),
        redirect_stdout(StringIO()) as stdout,
        redirect_stderr(StringIO()) as stderr,
    ):
        try:
            run_path(str(ROOT / "scripts/split_backfill.py"), run_name="__main__")
        except SystemExit as left:
            code = int(str(left.code))
    return subprocess.CompletedProcess(command, code, stdout.getvalue(), stderr.getvalue())


def test_the_parts_touch_and_do_not_overlap(tmp_path: Path) -> None:
    dates = {"start_date": "2020-01-01", "end_date": "2020-01-04T23:59:59Z", "page_size": 50}
    parts = split(tmp_path, {**CONFIG, **dates}, "2")
    common = {**CONFIG, "page_size": 50}
    assert parts == [
        {**common, "start_date": "2020-01-01T00:00:00Z", "end_date": "2020-01-02T23:59:58Z"},
        {**common, "start_date": "2020-01-02T23:59:59Z", "end_date": "2020-01-04T23:59:59Z"},
    ]


@pytest.mark.parametrize(
    ("typed", "starts"),
    [
        ("2019-01-01", ["2019-01-01T00:00:00Z", "2020-01-02T00:00:00Z", "2020-01-03T00:00:00Z"]),
        (
            "2020-01-02T06:00",
            ["2020-01-01T23:59:59Z", "2020-01-02T06:00:00Z", "2020-01-03T00:00:00Z"],
        ),
        (
            "2020-01-03T06:00",
            ["2020-01-01T23:59:59Z", "2020-01-02T23:59:59Z", "2020-01-03T06:00:00Z"],
        ),
    ],
)
def test_a_start_of_streams_read_order_by_order_is_split_with_the_dates(
    typed: str, starts: list[str], tmp_path: Path
) -> None:
    dates = {"start_date": "2020-01-01", "end_date": "2020-01-04T00:00:00Z"}
    parts = split(tmp_path, {**CONFIG, **dates, "per_order_start_date": typed}, "3")
    assert [part["per_order_start_date"] for part in parts] == starts


def test_the_parts_are_as_open_as_the_config(tmp_path: Path) -> None:
    first, middle, last = split(tmp_path, CONFIG, "3", "--since", "2020-01-01")
    assert "start_date" not in first
    assert first["end_date"] < middle["start_date"] < middle["end_date"] < last["start_date"]
    assert "end_date" not in last


def test_the_parts_do_not_move_if_the_start_is_in_words(tmp_path: Path) -> None:
    parts = split(tmp_path, {**CONFIG, "start_date": "30 days ago"}, "2")
    dates = [part[key] for part in parts for key in ("start_date", "end_date") if key in part]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", date) for date in dates)
    assert dates == sorted(dates)
    assert len(dates) == 3


@pytest.mark.parametrize(
    ("config", "words", "sentence"),
    [
        (
            {"start_date": "2024-01-01"},
            ["2", "--since", "2020-01-01"],
            "Leave --since out: the configuration has a start date.\n",
        ),
        ({}, ["4"], "Name a date with --since: the configuration has no start date.\n"),
        ({"start_date": "2020-01-01"}, ["1"], "Two parts are the fewest.\n"),
        (
            {"start_date": "2020-01-01T00:00:00Z", "end_date": "2020-01-01T00:01:00Z"},
            ["2"],
            "The time from the start date to the end date is too short to split.\n",
        ),
        (
            {"start_date": "once"},
            ["2"],
            'Start date "once" is not a date. Type a date such as 2024-01-31, or words such as 30 '
            "days ago.\n",
        ),
    ],
    ids=["two starts", "no start", "one part", "a minute", "no date"],
)
def test_a_config_that_cannot_be_split_is_refused_in_words(
    tmp_path: Path, config: dict[str, Any], words: list[str], sentence: str
) -> None:
    done = run(tmp_path, {**CONFIG, **config}, *words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


def test_the_parts_together_bring_every_row_once(tmp_path: Path) -> None:
    with Sandbox(orders=300, customers=120, products=60) as store:
        parts = split(tmp_path, config_for(store), "3", "--since", "2021-03-01")
        rows: dict[str, Counter[int]] = {name: Counter() for name in DATED}
        for part in parts:
            records = sync(store, *DATED, **part).records
            for name in DATED:
                rows[name].update(row["id"] for row in records.get(name, []))
        for name in DATED:
            assert rows[name] == Counter(row["id"] for row in store.rows(name))
