"""Prints tables, and what must be reached beside what was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass
class Report:
    """What is printed as it is measured; `summary` prints all that must be reached at the end."""

    targets: list[list[object]] = field(default_factory=list)

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
        self._target(name, value, f"≥ {_shown(bound)}", value >= bound)

    def at_most(self, name: str, value: float, bound: float) -> None:
        """A target that is reached up to `bound`."""
        self._target(name, value, f"≤ {_shown(bound)}", value <= bound)

    def summary(self) -> bool:
        """Prints all targets; True when each was reached."""
        self.title("Must reach")
        self.table(["", "must be", "is", "reached"], self.targets)
        return all(reached == "yes" for *_, reached in self.targets)

    def _target(self, name: str, value: float, bound: str, is_reached: bool) -> None:
        self.targets.append([name, bound, value, "yes" if is_reached else "**no**"])


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
