"""`python -m benchmarks`: prints the tables of docs/performance.md and what must be reached."""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks import by_order, latency, memory, quota, sending, speed, startup
from benchmarks.report import Report
from benchmarks.scale import FULL, QUICK

_PARTS = {
    "start": startup.measure,
    "speed": speed.measure,
    "by-order": by_order.measure,
    "latency": latency.measure,
    "quota": quota.measure,
    "memory": memory.measure,
    "sending": sending.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="The connector beside hand-written clients, on the sandbox. Takes 20 minutes.",
    )
    parser.add_argument(
        "--quick", action="store_true", help="two minutes: small stores, to see that it runs"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=_PARTS,
        default=list(_PARTS),
        metavar="PART",
        help="%(choices)s",
    )
    arguments = parser.parse_args()

    report = Report()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    if arguments.quick:
        print("Quick: it shows that everything runs; most of the time is start-up.")
    for part in arguments.only:
        _PARTS[part](report, QUICK if arguments.quick else FULL)
    sys.exit(0 if report.summary() or arguments.quick else 1)


if __name__ == "__main__":
    main()
