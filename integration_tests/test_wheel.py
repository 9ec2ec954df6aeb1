"""The wheel and the sdist: their content, and the connector installed from the wheel alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from integration_tests.syncs import config_for
from sandbox import Sandbox

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[1]
UV = str(Path(sys.executable).with_name("uv"))
VERSIONS = ("3.10", "3.11", "3.12", "3.13")
NAME = "source-bigcommerce"

Message = dict[str, Any]


def run(*command: object, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a command prints, in a folder from which the checkout cannot be imported."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return str(done.stdout)


@cache
def pythons() -> dict[str, str]:
    """The interpreters on the path that start, by version, and the one that runs this.

    Those of pyenv, too, because its commands on the path may start none.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [*os.environ["PATH"].split(os.pathsep), *map(str, pyenv.glob("versions/*/bin"))]
    found: dict[str, str] = {}
    for version in VERSIONS:
        paths = (shutil.which(f"python{version}", path=folder) for folder in folders)
        for path in filter(None, paths):
            command = [path, "-c", "import sys; print(sys.executable)"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                found.setdefault(version, done.stdout.strip())
    return {**found, ".".join(map(str, sys.version_info[:2])): sys.executable}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(UV, "build", "--quiet", "--python", sys.executable, "--out-dir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    [path] = dist.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def shared_store() -> Iterator[Sandbox]:
    with Sandbox(orders=20, customers=5, products=5) as store:
        yield store


def package_files() -> set[str]:
    """The files of the two packages in the checkout."""
    return {
        path.relative_to(ROOT).as_posix()
        for package in ("source_bigcommerce", "destination_bigcommerce")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }


def test_the_wheel_holds_the_package_and_no_more(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {"source_bigcommerce/manifest.yaml", "source_bigcommerce/schemas/orders.json"} < names
    assert names == package_files()


def test_the_sdist_holds_what_a_build_needs_and_no_more(dist: Path) -> None:
    [path] = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    extra = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "PKG-INFO", ".gitignore"}
    assert names == package_files() | extra


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(
            version, marks=() if pythons()[version] == sys.executable else pytest.mark.hosts
        )
        for version in sorted(pythons())
    ],
)
def test_the_wheel_installed_alone_does_everything(
    wheel: Path, shared_store: Sandbox, tmp_path: Path, version: str
) -> None:
    environment = tmp_path / "environment"
    run(UV, "venv", "--quiet", "--python", pythons()[version], environment, cwd=tmp_path)
    python = environment / "bin/python"
    assert version in run(python, "--version", cwd=tmp_path)
    run(UV, "pip", "install", "--quiet", "--python", python, wheel, cwd=tmp_path)
    run(UV, "pip", "check", "--python", python, cwd=tmp_path)

    command = environment / "bin" / NAME
    (tmp_path / "config.json").write_text(json.dumps(config_for(shared_store)))
    config = ("--config", "config.json")

    def messages(*words: str) -> list[Message]:
        return [json.loads(line) for line in run(command, *words, cwd=tmp_path).splitlines()]

    [spec] = [each["spec"] for each in messages("spec") if each["type"] == "SPEC"]
    assert spec["connectionSpecification"]["required"] == ["store_hash", "access_token"]
    checked = messages("check", *config)
    [status] = [each for each in checked if each["type"] == "CONNECTION_STATUS"]
    assert status["connectionStatus"] == {"status": "SUCCEEDED"}
    [catalog] = [each["catalog"] for each in messages("discover", *config) if "catalog" in each]
    streams = [
        {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
        for stream in catalog["streams"]
    ]
    (tmp_path / "catalog.json").write_text(json.dumps({"streams": streams}))
    read = messages("read", *config, "--catalog", "catalog.json")
    records = [each["record"] for each in read if each["type"] == "RECORD"]
    for name in ("customers", "orders", "products"):
        ids = {record["data"]["id"] for record in records if record["stream"] == name}
        assert ids == {row["id"] for row in shared_store.rows(name)}
    # A store so small has no rows for some streams.
    found = {record["stream"] for record in records}
    assert {"categories", "order_products", "pages", "product_variants", "store"} < found


def test_the_command_prints_the_spec_without_being_installed(wheel: Path, tmp_path: Path) -> None:
    # As `pipx run source-bigcommerce spec` will once the package is published.
    printed = run(
        UV,
        *("tool", "run", "--quiet", "--python", sys.executable, "--from", wheel, NAME, "spec"),
        cwd=tmp_path,
        env={**os.environ, "UV_TOOL_DIR": str(tmp_path / "tools")},
    )
    assert [json.loads(line)["type"] for line in printed.splitlines()].count("SPEC") == 1
