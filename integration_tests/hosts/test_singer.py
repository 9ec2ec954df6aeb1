"""Singer targets that validate each record, fed by scripts/singer_tap.py."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from integration_tests.hosts.environments import ROOT, environment, run, wheel
from integration_tests.syncs import config_for
from sandbox import Sandbox

pytestmark = pytest.mark.hosts
KEYS = {"orders": "id", "order_products": "id", "customers": "id", "products": "id", "brands": "id"}


@pytest.fixture(scope="module")
def tap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the connector alone."""
    folder = tmp_path_factory.mktemp("tap")
    return environment(folder / "environment", wheel(folder)) / "python"


def pipe(
    folder: Path, tap: list[str | Path], target: list[str | Path]
) -> tuple[str, subprocess.CompletedProcess[str]]:
    """The output of the tap, and the target that read it."""
    printed = run(*tap, cwd=folder)
    words = [str(word) for word in target]
    return printed, subprocess.run(
        words, cwd=folder, input=printed, capture_output=True, text=True, check=False
    )


def bookmarks(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The bookmarks of the last state that a target returned."""
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return dict(last["bookmarks"])


def test_target_jsonl_accepts_every_stream_then_gets_what_changed(
    tap: Path, store: Sandbox, tmp_path: Path
) -> None:
    target = environment(tmp_path / "environment", "target-jsonl") / "target-jsonl"
    (tmp_path / "config.json").write_text(json.dumps(config_for(store)))
    (tmp_path / "target.json").write_text('{"do_timestamp_file": false}')
    command: list[str | Path] = [tap, ROOT / "scripts/singer_tap.py", "--config", "config.json"]
    printed, done = pipe(tmp_path, command, [target, "--config", "target.json"])
    assert done.returncode == 0, done.stderr[-3000:]
    sent = [json.loads(line) for line in printed.splitlines()]
    assert len({each["stream"] for each in sent if each["type"] == "SCHEMA"}) > 80
    counted = Counter(each["stream"] for each in sent if each["type"] == "RECORD")
    for name, count in counted.items():
        assert len((tmp_path / f"{name}.jsonl").read_text().splitlines()) == count
    for name, key in KEYS.items():
        rows = map(json.loads, (tmp_path / f"{name}.jsonl").read_text().splitlines())
        if name != "order_products":
            assert {row[key] for row in rows} == {row["id"] for row in store.rows(name)}

    (tmp_path / "state.json").write_text(json.dumps({"bookmarks": bookmarks(done)}))
    catalog = json.loads(run(*command, "--discover", cwd=tmp_path))
    for stream in catalog["streams"]:
        stream["metadata"][0]["metadata"]["selected"] = stream["stream"] == "orders"
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    store.clock.advance(3600)
    edited = min(row["id"] for row in store.rows("orders"))
    store.edit("orders", edited, {"status_id": 2})
    again = [*command, "--catalog", "catalog.json", "--state", "state.json"]
    printed, done = pipe(tmp_path, again, [target, "--config", "target.json"])
    assert done.returncode == 0, done.stderr[-3000:]
    records = [each for each in map(json.loads, printed.splitlines()) if each["type"] == "RECORD"]
    assert {each["stream"] for each in records} == {"orders"}
    by_id = {each["record"]["id"]: each["record"] for each in records}
    assert by_id.pop(edited)["status_id"] == 2
    assert len(by_id) == 1  # the newest row of the first sync, which the look-back brings again


def test_target_csv_accepts_every_stream(tap: Path, store: Sandbox, tmp_path: Path) -> None:
    target = environment(tmp_path / "environment", "meltanolabs-target-csv") / "target-csv"
    (tmp_path / "config.json").write_text(json.dumps(config_for(store)))
    (tmp_path / "target.json").write_text('{"output_path": "rows"}')
    (tmp_path / "rows").mkdir()
    command: list[str | Path] = [tap, ROOT / "scripts/singer_tap.py", "--config", "config.json"]
    _, done = pipe(tmp_path, command, [target, "--config", "target.json"])
    assert done.returncode == 0, done.stderr[-3000:]
    assert set(bookmarks(done)) >= {"orders", "customers", "products"}
    for name in ("orders", "brands"):
        [path] = (tmp_path / "rows").glob(f"{name}*")
        with path.open(newline="") as file:
            ids = {int(row["id"]) for row in csv.DictReader(file)}
        assert ids == {row["id"] for row in store.rows(name)}


def test_the_tap_fails_if_the_connector_fails(tap: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"store_hash": "abc123"}')
    script = shutil.copy(ROOT / "scripts/singer_tap.py", tmp_path)
    done = subprocess.run(
        [tap, script, "--config", "config.json"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "access token" in done.stderr.lower()
