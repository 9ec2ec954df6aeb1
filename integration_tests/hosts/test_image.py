"""The image, built and run, if there is a Docker engine that has its base."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.hosts.environments import ROOT, run
from integration_tests.syncs import config_for
from sandbox import Sandbox

pytestmark = pytest.mark.hosts
TAG = "source-bigcommerce:tested"


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    bases = (line.split()[1] for line in (ROOT / "Dockerfile").open() if line.startswith("FROM "))
    [base] = {each for each in bases if ":" in each}  # the others are stages
    for need, command in {
        "a docker command": ["docker", "--version"],
        "a Docker engine": ["docker", "info"],
        f"the image {base}": ["docker", "image", "inspect", base],
    }.items():
        if not shutil.which("docker") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip(f"The image was not built and not run: there is not {need}.")
    run("docker", "build", "--pull=false", "--tag", TAG, ROOT, cwd=ROOT)
    yield TAG
    run("docker", "image", "rm", TAG, cwd=ROOT)


def test_the_image_checks_a_store_as_airbyte_runs_it(image: str, tmp_path: Path) -> None:
    with Sandbox(orders=5, customers=2, products=2, host="host.docker.internal") as store:
        config = tmp_path / "config.json"
        config.write_text(json.dumps(config_for(store)))
        os.chmod(tmp_path, 0o755)
        printed = run(
            *("docker", "run", "--rm", "--read-only", "--cap-drop=ALL"),
            "--add-host=host.docker.internal:host-gateway",
            *("--volume", f"{tmp_path}:/secrets:ro", image, "check"),
            *("--config", "/secrets/config.json"),
            cwd=tmp_path,
        )
        assert store.log != []
    [status] = [
        message["connectionStatus"]
        for message in map(json.loads, printed.splitlines())
        if message["type"] == "CONNECTION_STATUS"
    ]
    assert status["status"] == "SUCCEEDED"
