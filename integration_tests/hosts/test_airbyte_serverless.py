"""airbyte-serverless, in an environment of its own, runs the installed command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from integration_tests.syncs import config_for
from sandbox import Sandbox

BIN = Path(sys.executable).parent

# A destination of a few lines, in place of BigQuery: rows and states as JSON.
SYNC = """
import json, sys
import yaml
from airbyte_serverless.destinations import BaseDestination
from airbyte_serverless.sources import Source

class Lines(BaseDestination):
    written = []
    def _write(self, record_type, records):
        self.written += [[record_type, json.loads(each["_airbyte_data"])] for each in records]

connection, state = json.load(sys.stdin)
destination = Lines()
destination.load(Source(**yaml.safe_load(connection)["source"]).extract(state=state))
sys.stdout.write("\\n" + json.dumps(destination.written))
"""


def sync(python: Path, connection: str, state: object) -> list[tuple[str, dict[str, Any]]]:
    """What a sync writes: the table and the row."""
    done = subprocess.run(
        [python, "-c", SYNC],
        input=json.dumps([connection, state]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [(table, row) for table, row in json.loads(done.stdout.splitlines()[-1])]


@pytest.mark.hosts
def test_airbyte_serverless_reads_everything_then_what_changed(
    store: Sandbox, tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    python = environment / "bin/python"
    steps: list[tuple[str | Path, ...]] = [
        ("venv", "--python", sys.executable, environment),
        ("pip", "install", "--python", python, "airbyte-serverless>=0.37"),
    ]
    for words in steps:
        subprocess.run([str(BIN / "uv"), *map(str, words), "--quiet"], check=True, cwd=tmp_path)

    abs_command = [str(environment / "bin/abs"), "create", "shop"]
    options = ["--source", str(BIN / "source-bigcommerce"), "--destination", "print"]
    subprocess.run([*abs_command, *options], check=True, cwd=tmp_path, capture_output=True)
    template = (tmp_path / "connections/shop.yaml").read_text()
    assert "access_token:" in template  # the form, made from our spec
    assert "store_hash:" in template

    connection = yaml.safe_load(template)
    connection["source"] |= {"config": config_for(store), "streams": "orders,brands"}
    first = sync(python, yaml.safe_dump(connection), None)
    orders = sorted(row["id"] for table, row in first if table == "_airbyte_raw_orders")
    assert orders == sorted(row["id"] for row in store.rows("orders"))

    states = [row for table, row in first if table == "_airbyte_states"]
    state = list(
        {json.dumps(each["stream"]["stream_descriptor"]): each for each in states}.values()
    )
    store.clock.advance(3600)
    edited = min(orders)
    store.edit("orders", edited, {"status_id": 2})
    second = sync(python, yaml.safe_dump(connection), state)
    again = {row["id"]: row["status_id"] for table, row in second if table == "_airbyte_raw_orders"}
    assert again.pop(edited) == 2
    assert len(again) == 1  # the newest row of the first sync, which the look-back brings again
