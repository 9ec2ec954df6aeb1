"""The image, without Docker: the text of the Dockerfile, and its build stage run in a folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENTRYPOINT = "/opt/connector/bin/source-bigcommerce"

Stage = list[tuple[str, str]]
"""Instructions of a stage, with what follows them."""


def stages() -> list[Stage]:
    """The stages of the Dockerfile."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\s*\\\n\s*", " ", text).splitlines()
    found: Stage = [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines if line]
    starts = [number for number, (word, _) in enumerate(found) if word == "FROM"]
    return [found[a:b] for a, b in zip(starts, [*starts[1:], len(found)], strict=True)]


BUILD, FINAL, DESTINATION, DEFAULT = stages()


def only(stage: Stage, word: str) -> str:
    """The text of the only instruction of its kind."""
    [rest] = [rest for each, rest in stage if each == word]
    return rest


def copied() -> list[str]:
    """The files copied from the checkout."""
    return [name for word, rest in BUILD if word == "COPY" for name in rest.split()[:-1]]


def test_the_stages_use_the_same_slim_python() -> None:
    base = only(FINAL, "FROM").removesuffix(" AS source")
    assert only(BUILD, "FROM") == f"{base} AS build"
    assert re.fullmatch(r"python:3\.1[0-3]-slim-\w+", base)


def test_the_image_holds_the_installed_connector_and_no_more() -> None:
    assert only(FINAL, "COPY") == "--from=build /opt/connector /opt/connector"
    assert re.findall(r"(?:^|&& )(\w+)", only(FINAL, "RUN")) == ["groupadd", "useradd"]


def test_the_image_does_not_run_as_root() -> None:
    words = [word for word, _ in FINAL]
    user, group = only(FINAL, "USER").split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert f"--uid {user} " in only(FINAL, "RUN")
    assert f"--gid {group} " in only(FINAL, "RUN")
    assert words.index("USER") > max(words.index(word) for word in ("RUN", "COPY"))


def test_the_entry_point_is_the_command() -> None:
    assert json.loads(only(FINAL, "ENTRYPOINT")) == [ENTRYPOINT]
    assert only(FINAL, "ENV") == f'AIRBYTE_ENTRYPOINT="{ENTRYPOINT}"'


def test_the_image_of_the_destination_differs_only_in_name_and_command() -> None:
    command = "/opt/connector/bin/destination-bigcommerce"
    assert [
        ("FROM", "source AS destination"),
        ("LABEL", 'io.airbyte.name="destination-bigcommerce"'),
        ("ENV", f'AIRBYTE_ENTRYPOINT="{command}"'),
        ("ENTRYPOINT", f'["{command}"]'),
    ] == DESTINATION


def test_the_default_image_is_the_source() -> None:
    assert DEFAULT == [("FROM", "source")]


def test_the_labels_that_airbyte_reads_are_there() -> None:
    labels = dict(re.findall(r'(\S+)="([^"]+)"', only(FINAL, "LABEL")))
    assert set(labels) == {"io.airbyte.name", "io.airbyte.version"}  # values: test_metadata.py


def test_the_build_context_holds_what_is_copied_and_no_more() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    assert {line[1:] for line in patterns if line.startswith("!")} == set(copied())
    assert [line for line in patterns[1:] if line[0] != "!"] == ["**/__pycache__"]
    assert all((ROOT / name).exists() for name in copied())


@pytest.fixture(scope="module")
def opt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in place of /opt, after the steps of the build stage."""
    folder = tmp_path_factory.mktemp("image")
    for name in copied():
        source, target = ROOT / name, folder / "build" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    assert only(BUILD, "WORKDIR") == "/build"
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        # uv is here already, and this environment must not change.
        "PIP_DRY_RUN": "1",
        "UV_PYTHON": sys.executable,
    }
    for word, command in BUILD:
        if word == "RUN":
            for name in ("build", "opt"):
                command = command.replace(f" /{name}/", f" {folder}/{name}/")
            done = subprocess.run(
                ["sh", "-ec", command],
                cwd=folder / "build",
                env={**os.environ, **environment},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
    return folder / "opt"


@pytest.mark.process
def test_the_build_leaves_the_connector_and_no_build_tools(opt: Path) -> None:
    files = {path.name for path in (opt / "connector/bin").iterdir()}
    assert {"source-bigcommerce", "destination-bigcommerce"} <= files
    assert [name for name in files if fnmatch(name, "pip*") or name in ("uv", "hatch")] == []
    [packages] = (opt / "connector/lib").glob("python3.*/site-packages")
    assert (packages / "source_bigcommerce/manifest.yaml").is_file()
    assert (packages / "destination_bigcommerce/order.yaml").is_file()
    installed = {path.name for path in packages.iterdir()}
    assert not {"sandbox", "demo", "unit_tests", "pytest", "hatchling", "pip", "uv"} & installed


@pytest.mark.process
def test_the_build_leaves_compiled_code(opt: Path) -> None:
    # The user of the image may not write there, and would compile it at every start.
    compiled = opt.glob("connector/lib/*/site-packages/source_bigcommerce/__pycache__/source.*.pyc")
    assert len(list(compiled)) == 1


@pytest.mark.process
def test_the_entry_point_prints_the_spec(opt: Path, tmp_path: Path) -> None:
    command = ENTRYPOINT.replace("/opt", str(opt))
    done = subprocess.run(
        [command, "spec"], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    [spec] = [each["spec"] for each in messages if each["type"] == "SPEC"]
    assert spec["connectionSpecification"]["title"] == "BigCommerce"


@pytest.mark.process
def test_only_the_left_out_packages_are_missing(opt: Path) -> None:
    [step] = [rest for word, rest in BUILD if word == "RUN" and "left-out" in rest]
    [named] = re.findall(r"printf '[^']*' ([\w\s-]+) >", step)
    uv, python = Path(sys.executable).with_name("uv"), opt / "connector/bin/python"
    command = [str(uv), "pip", "check", "--python", str(python)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    missing = re.findall(r"requires `([\w-]+)[^`]*`, but it's not installed", done.stderr)
    assert sorted(missing) == sorted(named.split())
    assert f"Found {len(missing)} incompatibilities" in done.stderr


@pytest.mark.process
def test_the_installed_size_is_a_third_of_what_the_framework_brings(opt: Path) -> None:
    files = [path for path in opt.rglob("*") if path.is_file() and not path.is_symlink()]
    # 97 MB when it was last measured, and 292 MB with what is left out.
    assert sum(path.stat().st_size for path in files) < 150e6
