"""What differs between two lists, so that a failing test prints that and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any


def differences(found: Iterable[Any], expected: Iterable[Any]) -> list[str]:
    """`+ item` for each item that is too many, `- item` for each that is missing; in any order."""
    have, want = Counter(map(str, found)), Counter(map(str, expected))
    return [f"+ {item}" for item in (have - want).elements()] + [
        f"- {item}" for item in (want - have).elements()
    ]
