"""How the command is used: without arguments, for its version, with files that cannot be read."""

from __future__ import annotations

import builtins
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integration_tests.conftest import Command
from integration_tests.test_cli import COMMANDS, ROOT
from source_bigcommerce import __version__

USAGE = "usage: source-bigcommerce [-h] {spec,check,discover,read} ..."
FORMS = {**COMMANDS, "-m": [sys.executable, "-m", "source_bigcommerce"]}
CONFIG = {"store_hash": "abc123", "access_token": "sandbox-token"}
CATALOG: dict[str, Any] = {"streams": []}


@pytest.mark.process
@pytest.mark.parametrize("form", FORMS)
def test_the_command_without_arguments_says_how_it_is_used(form: str) -> None:
    done = subprocess.run(
        FORMS[form], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(USAGE)
    assert "reads the source and outputs messages" in done.stderr


def test_a_misused_command_says_how_it_is_used(command: Command) -> None:
    code, output, errors = command("read", "--config", "c.json")
    assert (code, output) == (2, "")
    assert errors.startswith("usage: source-bigcommerce read [-h]")
    assert "the following arguments are required: --catalog" in errors
    assert command("reed")[0] == 2


def test_the_version_is_that_of_the_distribution(command: Command) -> None:
    assert command("--version") == (0, f"source-bigcommerce {__version__}\n", "")
    declared = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert declared
    assert declared[1] == __version__


NAMES = ["config", "catalog", "state"]


def files(folder: Path, spoilt: str, content: bytes | None) -> list[object]:
    """Options that name files, one of them broken or missing."""
    options: list[object] = []
    for name, sound in (("config", CONFIG), ("catalog", CATALOG), ("state", [])):
        path = folder / f"{name}.json"
        if name != spoilt:
            path.write_text(json.dumps(sound))
        elif content is not None:
            path.write_bytes(content)
        options += [f"--{name}", path]
    return options


def failed(output: str) -> tuple[str, str]:
    [trace] = [json.loads(line)["trace"]["error"] for line in output.splitlines()]
    assert "sandbox-token" not in output
    return trace["failure_type"], trace["message"]


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(command: Command, tmp_path: Path, name: str) -> None:
    code, output, _ = command("read", *files(tmp_path, name, None))
    kind = {"config": "configuration"}.get(name, name)
    assert (code, failed(output)) == (
        1,
        (
            "config_error",
            f"There is no {kind} file {tmp_path / name}.json. Correct the path after --{name}; in "
            "Docker it is a path inside the container.",
        ),
    )
    assert command("read", *files(tmp_path, name, None)[:-1], tmp_path / "config.json/x")[0] == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_forbidden_file_is_an_error_that_names_the_user(
    command: Command, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = builtins.open

    def refuse(path: Any, *args: Any, **kwargs: Any) -> Any:
        if str(path).endswith(f"{name}.json"):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **kwargs)

    options = files(tmp_path, "", None)
    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    code, output, _ = command("read", *options)
    kind = {"config": "configuration"}.get(name, name)
    assert (code, failed(output)) == (
        1,
        (
            "config_error",
            f"The {kind} file {tmp_path / name}.json may not be read by the user who runs this "
            "(1000). Give this user the right to read it, or run as its owner: docker run --user.",
        ),
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b'{"access_token": "sandbox-token",\n oops}', "see line 2, column 2"),
        (b"", "see line 1, column 1"),
        (b'{"access_token": "sandbox-token", "a": "\xff"}', "it is not UTF-8"),
    ],
)
def test_a_file_that_is_not_json_is_named_with_the_place(
    command: Command, tmp_path: Path, name: str, content: bytes, where: str
) -> None:
    code, output, _ = command("read", *files(tmp_path, name, content))
    kind = {"config": "configuration"}.get(name, name)
    assert (code, failed(output)) == (
        1,
        (
            "config_error",
            f"The {kind} file {tmp_path / name}.json is not JSON: {where}. Correct it, or save it "
            "again as JSON in UTF-8.",
        ),
    )


def test_a_folder_in_place_of_a_file_is_named(command: Command, tmp_path: Path) -> None:
    """Docker makes a folder if a file to be mounted is missing."""
    code, output, _ = command("discover", "--config", tmp_path)
    assert code == 1
    assert failed(output)[1].startswith(f"The file {tmp_path} cannot be read as configuration.")


def test_check_reports_a_missing_file_as_the_protocol_demands(
    command: Command, tmp_path: Path
) -> None:
    code, output, _ = command("check", "--config", tmp_path / "config.json")
    status = json.loads(output)["connectionStatus"]
    assert (code, status["status"]) == (0, "FAILED")
    assert status["message"].startswith(f"There is no configuration file {tmp_path}/config.json.")
