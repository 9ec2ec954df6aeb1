"""What the probe finds about an assumption."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["holds", "does not hold", "cannot tell"]


@dataclass(frozen=True)
class Finding:
    """seen: structure only. Its texts are our words, and names of fields, streams and headers."""

    verdict: Verdict
    seen: Mapping[str, Any] = field(default_factory=dict)


def found(holds: bool, **seen: Any) -> Finding:
    return Finding("holds" if holds else "does not hold", seen)
