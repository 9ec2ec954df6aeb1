"""Prints tables, and what must be reached beside what was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Row = Mapping[str, object]


class Report:
    """Prints what is measured as it comes; `summary` prints all that must be reached."""

    def __init__(self) -> None:
        self._bounds: list[dict[str, object]] = []

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Row], note: str = ""
    ) -> None:
        """A Markdown table, each row as soon as it is there; the first column is text."""
        print(f"\n### {title}\n\n| {' | '.join(columns)} |")
        print(f"|---|{'---:|' * (len(columns) - 1)}", flush=True)
        for row in rows:
            cells = [_shown(row.get(column, "")) for column in columns]
            print(f"| {' | '.join(cells)} |", flush=True)
        if note:
            print(f"\n{note}", flush=True)

    def at_least(self, name: str, value: float, bound: float) -> None:
        """A bound that is reached from `bound` on."""
        self._bound(name, f"≥ {_shown(bound)}", value, value >= bound)

    def at_most(self, name: str, value: float, bound: float) -> None:
        """A bound that is reached up to `bound`."""
        self._bound(name, f"≤ {_shown(bound)}", value, value <= bound)

    def summary(self) -> bool:
        """Prints all bounds; True when each was reached."""
        self.table("Must reach", ("", "must be", "is", "reached"), self._bounds)
        return all(bound["reached"] == "yes" for bound in self._bounds)

    def _bound(self, name: str, must: str, value: float, is_reached: bool) -> None:
        reached = "yes" if is_reached else "**no**"
        self._bounds.append({"": name, "must be": must, "is": value, "reached": reached})


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
