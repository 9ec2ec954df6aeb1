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

    def must(self, name: str, value: float, sign: str, bound: float) -> None:
        """A bound that is reached up to (≤) or from (≥) this value on."""
        is_reached = value <= bound if sign == "≤" else value >= bound
        told = {"must be": f"{sign} {_shown(bound)}", "is": value}
        self._bounds.append({"": name, **told, "reached": "yes" if is_reached else "**no**"})

    def summary(self) -> bool:
        """Prints all bounds; True when each was reached."""
        self.table("Must reach", ("", "must be", "is", "reached"), self._bounds)
        return all(bound["reached"] == "yes" for bound in self._bounds)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
