"""What the demo shows beside PyAirbyte's progress."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

console = Console(highlight=False)


def step(title: str) -> None:
    """A heading."""
    console.print(f"\n[bold]{title}[/bold]")


def text(words: str) -> None:
    """Plain words."""
    console.print(escape(words))


def problem(words: str) -> None:
    """A sentence in red."""
    console.print(f"\n[red]{escape(words)}[/red]", soft_wrap=True)


def streams(modes: Mapping[str, str], numbers: Mapping[str, Mapping[str, int]]) -> None:
    """One line per stream: its sync mode, then a number for each heading in `numbers`."""
    rows = [
        [name, mode, *(each[name] for each in numbers.values())] for name, mode in modes.items()
    ]
    table(["stream", "sync mode", *numbers], rows)


def query(sql: str, columns: list[str], rows: Iterable[Iterable[Any]]) -> None:
    """A query and its result."""
    console.print(Syntax(sql, "sql", theme="ansi_dark", background_color="default"))
    table(columns, rows)


def table(headings: list[str], rows: Iterable[Iterable[Any]]) -> None:
    """A table with numbers aligned to the right."""
    shown = [list(row) for row in rows]
    grid = Table(box=SIMPLE_HEAD, pad_edge=False)
    for nth, heading in enumerate(headings):
        is_number = bool(shown) and not isinstance(shown[0][nth], str)
        grid.add_column(heading, justify="right" if is_number else "left")
    for row in shown:
        grid.add_row(*(cell if isinstance(cell, str) else f"{cell:,}" for cell in row))
    console.print(grid)
