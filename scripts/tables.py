"""Writes a table into a page of the docs, between its marks."""

from __future__ import annotations

from pathlib import Path


def write(page: Path, begin: str, table: str, end: str) -> None:
    """Puts the table in place of what stands between two lines of the page."""
    before, rest = page.read_text().split(begin)
    after = rest.split(end)[1]
    page.write_text(f"{before}{begin}{table}{end}{after}")
