"""Airbyte's own commands for developers, `airbyte-cdk`, in a checkout.

The environment has neither hypothesis nor the packages that the image leaves out; the framework's
tests pass without them. A script that runs the installed command stands in for Docker.
"""

from __future__ import annotations

import json
import os
import re
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import pytest

from integration_tests.hosts.environments import ROOT, UV, checkout, environment, run
from integration_tests.syncs import config_for
from sandbox import Sandbox

pytestmark = pytest.mark.hosts

# docker run --rm [-v FILE:PATH[:rw]] [-e NAME=VALUE] IMAGE WORDS; builds are only written down.
DOCKER = r"""#!/usr/bin/env python3
import os, sys
words = sys.argv[1:]
with open(os.environ["DOCKER_LOG"], "a") as log:
    log.write(" ".join(words) + "\n")
if words[0] != "run":
    sys.exit()
words, files = words[1:], {}
while words[0].startswith("-"):
    option = words.pop(0)
    if option == "-v":
        file, path = words.pop(0).split(":")[:2]
        files[path] = file
    elif option == "-e":
        words.pop(0)
words.pop(0)
command = os.environ["CONNECTOR"]
os.execv(command, [command, *(files.get(word, word) for word in words)])
"""


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cdk")
    dockerfile = (ROOT / "Dockerfile").read_text()
    [left_out] = re.findall(r"printf '[^']*' ([\w\s-]+) >", dockerfile)
    overrides = folder / "left-out.txt"
    overrides.write_text("".join(f"{name}; python_version < '3'\n" for name in left_out.split()))
    packages = (f"airbyte-cdk[dev]=={version('airbyte-cdk')}", checkout(folder))
    return environment(folder / "environment", "--overrides", overrides, *packages)


@pytest.fixture
def clone(tmp_path: Path, store: Sandbox) -> Path:
    """A checkout with configurations of a sandbox store."""
    folder = checkout(tmp_path)
    (folder / "secrets").mkdir()
    (folder / "secrets/config.json").write_text(json.dumps(config_for(store)))
    invalid = folder / "integration_tests/invalid_config.json"
    config = {**json.loads(invalid.read_text()), "api_url": store.url}
    invalid.write_text(json.dumps(config))
    return folder


def results(folder: Path) -> dict[str, str]:
    """How each test ended, from the report that the command writes."""
    [report] = folder.glob("build/test-results/*.xml")
    return {
        case.attrib["name"]: next((part.tag for part in case if part.tag != "system-out"), "passed")
        for case in ElementTree.parse(report).iter("testcase")
    }


def passed(folder: Path) -> set[str]:
    ended = results(folder)
    assert set(ended.values()) <= {"passed", "skipped"}
    return {name for name, how in ended.items() if how == "passed"}


def test_the_connector_test_passes(bin_folder: Path, clone: Path) -> None:
    list_of_packages = run(UV, "pip", "list", "--python", bin_folder / "python", cwd=clone)
    assert not re.search(r"^(hypothesis|pandas|numpy|grpcio|nltk) ", list_of_packages, re.MULTILINE)
    run(bin_folder / "airbyte-cdk", "connector", "test", cwd=clone)
    assert passed(clone) == {
        "test_spec",
        "test_check['config' Test Scenario]",
        "test_check['invalid_config' Test Scenario]",
        "test_config_matches_spec['sample_config' Test Scenario]",
        "test_discover['config' Test Scenario]",
        "test_basic_read['config' Test Scenario]",
        "test_fail_read_with_bad_catalog['config' Test Scenario]",
    }


def test_the_connector_test_skips_tests_whose_secrets_are_missing(
    bin_folder: Path, clone: Path
) -> None:
    (clone / "secrets/config.json").unlink()
    # With Docker, it would build the image in Airbyte's way, with a file from GitHub.
    folders = os.environ["PATH"].split(os.pathsep)
    path = os.pathsep.join(each for each in folders if not (Path(each) / "docker").exists())
    env = {**os.environ, "PATH": path}
    run(bin_folder / "airbyte-cdk", "connector", "test", "--no-creds", cwd=clone, env=env)
    assert passed(clone) == {
        "test_spec",
        "test_check['invalid_config' Test Scenario]",
        "test_config_matches_spec['sample_config' Test Scenario]",
    }


def test_the_image_commands_build_with_our_dockerfile_and_pass(
    bin_folder: Path, clone: Path, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER)
    (programs / "docker").chmod(0o755)
    log = tmp_path / "docker.log"
    env = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "DOCKER_LOG": str(log),
        "CONNECTOR": str(bin_folder / "source-bigcommerce"),
    }
    command = bin_folder / "airbyte-cdk"
    run(command, "image", "build", "--dockerfile", "Dockerfile", cwd=clone, env=env)
    [build] = [line for line in log.read_text().splitlines() if line.startswith("buildx build")]
    assert "--file Dockerfile " in build
    assert "-t source-bigcommerce:dev-" in build

    run(command, "image", "test", "--image", "source-bigcommerce:dev", cwd=clone, env=env)
    assert {name.split("[")[0] for name in passed(clone)} == {
        "test_docker_image_build_and_spec",
        "test_docker_image_build_and_check",
        "test_docker_image_build_and_config_matches_spec",
        "test_docker_image_build_and_discover",
    }  # it reads only when told to
