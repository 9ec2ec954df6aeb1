"""Prints tables, and what must be reached beside what was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass
class Report:
    """Everything printed so far; `summary` repeats the targets at the end."""

    targets: list[str] = field(default_factory=list)

    def title(self, text: str) -> None:
        print(f"\n### {text}\n", flush=True)

    def note(self, text: str) -> None:
        print(f"\n{text}", flush=True)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A Markdown table, each row as soon as it is there; the first column is text."""
        print(f"| {' | '.join(headers)} |")
        print(f"|---|{'---:|' * (len(headers) - 1)}")
        for row in rows:
            print(f"| {' | '.join(_shown(value) for value in row)} |", flush=True)

    def at_least(self, name: str, value: float, bound: float) -> None:
        """A target that is reached from `bound` on."""
        self._target(name, value, "≥", bound, value >= bound)

    def at_most(self, name: str, value: float, bound: float) -> None:
        """A target that is reached up to `bound`."""
        self._target(name, value, "≤", bound, value <= bound)

    def summary(self) -> bool:
        """Prints all targets; True when each was reached."""
        self.title("Must reach")
        print("\n".join(self.targets), flush=True)
        return not any("MISSED" in target for target in self.targets)

    def _target(self, name: str, value: float, sign: str, bound: float, reached: bool) -> None:
        verdict = "OK" if reached else "MISSED"
        self.targets.append(
            f"- {verdict}: {name}: {_shown(value)} (must be {sign} {_shown(bound)})"
        )


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
