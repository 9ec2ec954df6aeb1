"""`python -m benchmarks`: prints the tables of docs/performance.md and what must be reached."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial

from benchmarks import programs, sending
from benchmarks.reads import TABLES, Scale, show
from benchmarks.report import Report


def main() -> None:
    parts: dict[str, Callable[[Report, Scale], None]] = {"start": _start}
    parts |= {name: partial(show, name) for name in TABLES}
    parts["ordeal"] = sending.ordeal
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="The connector beside a hand-written loop, on the sandbox.",
    )
    parser.add_argument("--quick", action="store_true", help="small stores, to see that it runs")
    parser.add_argument(
        "--only", nargs="+", choices=parts, default=list(parts), metavar="PART", help="%(choices)s"
    )
    arguments = parser.parse_args()

    report, scale = Report(), Scale(0.05, 1) if arguments.quick else Scale(1, 5)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    for part in arguments.only:
        parts[part](report, scale)
    sys.exit(0 if report.summary() or arguments.quick else 1)


def _start(report: Report, scale: Scale) -> None:
    """What `spec` takes to start, beside the framework that it must load."""
    commands = {
        "import airbyte_cdk": [sys.executable, "-c", "import airbyte_cdk"],
        "source-bigcommerce spec": [sys.executable, "-m", "source_bigcommerce", "spec"],
    }
    runs = programs.in_turn(commands, 2 * scale.times)
    rows = [
        {"": name, "seconds": run.seconds, "processor seconds": run.processor}
        for name, run in runs.items()
    ]
    report.table("Start-up", list(rows[0]), rows)
    # Nothing but the processor is at work, and other programs disturb its time less.
    alone, spec = (run.processor for run in runs.values())
    report.must("start: processor seconds of `spec` ÷ those of the import", spec / alone, "≤", 1.1)


if __name__ == "__main__":
    main()
