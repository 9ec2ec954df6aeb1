"""The report of a probe: structure only, no values of rows, no name, hash or token."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import zip_longest
from textwrap import wrap
from typing import Any

from jsonschema import Draft7Validator

from source_bigcommerce import __version__
from source_bigcommerce.probe.assumptions import ASSUMPTIONS, Assumption
from source_bigcommerce.probe.finding import Finding
from source_bigcommerce.probe.store import CannotTell, Store

SCHEMA = json.loads(files("source_bigcommerce.probe").joinpath("report.schema.json").read_text())
_WIDTHS = (14, 40, 32, 36)
_HEADINGS = ("verdict", "assumption", "seen", "if it does not hold")


@dataclass(frozen=True)
class Line:
    assumption: Assumption
    finding: Finding


def lines(store: Store, assumptions: Iterable[Assumption] = ASSUMPTIONS) -> Iterator[Line]:
    """The findings, one assumption after the other."""
    for each in assumptions:
        try:
            finding = each.look(store)
        except CannotTell as reason:
            finding = Finding("cannot tell", {"why": str(reason)})
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            # A row of a shape that nobody has seen. The error is not shown: it may hold values.
            finding = Finding("cannot tell", {"why": "the replies have another shape"})
        yield Line(each, finding)


def report(found: Iterable[Line], requests: int) -> dict[str, Any]:
    """The report as it is written to a file.

    Raises ValueError if it does not have the form of report.schema.json, which allows no text but
    words in lower case.
    """
    document = {
        "connector_version": __version__,
        "requests": requests,
        "assumptions": [
            {
                "id": line.assumption.id,
                "statement": line.assumption.statement,
                "verdict": line.finding.verdict,
                "seen": dict(line.finding.seen),
            }
            for line in found
        ],
    }
    for error in Draft7Validator(SCHEMA).iter_errors(document):
        where = "/".join(str(step) for step in error.absolute_path)
        raise ValueError(f"the report is not in its form at {where}")
    return document


def table(found: Iterable[Line]) -> str:
    """The report for people: assumptions that do not hold come first."""
    found = list(found)
    parts = [_row(_HEADINGS), "-" * (sum(_WIDTHS) + 2 * len(_WIDTHS) - 2)]
    for verdict in ("does not hold", "cannot tell", "holds"):
        for line in found:
            if line.finding.verdict == verdict:
                parts.append(_row(_cells(line)))
    counts = {
        verdict: sum(line.finding.verdict == verdict for line in found)
        for verdict in ("holds", "does not hold", "cannot tell")
    }
    parts.append(", ".join(f"{count} {verdict}" for verdict, count in counts.items()) + ".")
    return "\n".join(parts)


def _cells(line: Line) -> tuple[str, ...]:
    assumption, finding = line.assumption, line.finding
    seen = str(finding.seen.get("why", "")) or _told(finding.seen)
    means = "" if finding.verdict == "holds" else assumption.consequence
    return finding.verdict, f"{assumption.statement} ({assumption.id})", seen, means


def _told(seen: Any) -> str:
    """What was seen as text, such as `rows: 3, ours: right`; long lists are cut."""
    if isinstance(seen, dict):
        return ", ".join(
            f"{name.replace('_', ' ')}: {_told(value)}" for name, value in seen.items()
        )
    if isinstance(seen, list):
        return ", ".join(map(_told, seen[:5])) + (" ..." if len(seen) > 5 else "") or "none"
    if isinstance(seen, bool):
        return "yes" if seen else "no"
    return str(seen)


def _row(cells: tuple[str, ...]) -> str:
    columns = [wrap(cell, width) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)]
    rows = zip_longest(*columns, fillvalue="")
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, _WIDTHS, strict=True)).rstrip()
        for row in rows
    )
