"""What a check that succeeds logs beside its answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests.syncs import config_for
from sandbox import Sandbox


@pytest.mark.process
def test_a_check_that_succeeds_warns_of_nothing(tmp_path: Path) -> None:
    with Sandbox(orders=5, customers=2, products=2) as store:
        config = tmp_path / "config.json"
        config.write_text(json.dumps(config_for(store)))
        command = [sys.executable, "main.py", "check", "--config", str(config)]
        root = Path(__file__).parents[1]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    levels = [message["log"]["level"] for message in messages if message["type"] == "LOG"]
    assert set(levels) <= {"INFO", "DEBUG"}
    assert [each["type"] for each in messages if each["type"] != "LOG"] == ["CONNECTION_STATUS"]
