"""Environments for other programs, the wheel of this checkout, and the snippets of our pages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = str(Path(sys.executable).with_name("uv"))
# What a copy of the checkout leaves out.
_NOT_OURS = ("secrets", "build", "dist", "*.duckdb*", "__pycache__", "[.]*", "*.egg-info")


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a command prints; fails with its output if the command fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
    return done.stdout


def checkout(folder: Path) -> Path:
    """A copy of this checkout, in a folder with the name that the CDK wants."""
    copy = folder / "source-bigcommerce"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*_NOT_OURS))
    return copy


def environment(folder: Path, *packages: str | Path, python: str = sys.executable) -> Path:
    """The folder of commands of a new environment with these packages."""
    run(UV, "venv", "--quiet", "--python", python, folder, cwd=folder.parent)
    command = (UV, "pip", "install", "--quiet", "--python", folder / "bin/python")
    run(*command, *packages, cwd=folder.parent)
    return folder / "bin"


def wheel(folder: Path) -> Path:
    """The wheel of this checkout."""
    run(UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT, cwd=ROOT)
    [path] = folder.glob("*.whl")
    return path


def snippet(page: str, heading: str, kind: str, nth: int = 0) -> str:
    """A block of code as a page prints it: the nth of a kind below a heading."""
    text = (ROOT / page).read_text()
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    section = re.split(r"^#", section, flags=re.MULTILINE)[0] if kind != "python" else section
    block = re.compile(rf"^ *```{kind}\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    return [match[1] for match in block.finditer(section)][nth]
