"""`python -m benchmarks`: prints the tables of docs/bigcommerce.md and what must be reached."""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks import latency, memory, quota, speed, startup
from benchmarks.report import Report

_PARTS = ("start", "speed", "latency", "quota", "memory")


def main() -> None:
    arguments = _arguments()
    report = Report()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    quick = arguments.quick
    if quick:
        print("Quick: shows that it runs; the times say nothing.")
    if "start" in arguments.only:
        startup.measure(report, times=3 if quick else 9)
    if "speed" in arguments.only:
        sizes = speed.Sizes(large=100_000, line_orders=40_000, small=4_000, times=3)
        if quick:
            sizes = speed.Sizes(large=10_000, line_orders=4_000, small=500, times=1)
        speed.measure(report, sizes)
    if "latency" in arguments.only:
        latency.measure(report, orders=300 if quick else 3000, seconds_each=2 if quick else 15)
    if "quota" in arguments.only:
        quota.measure(report, orders=250 if quick else 1500)
    if arguments.full and "memory" in arguments.only:
        memory.measure(report, arguments.few, arguments.many, arguments.parents)
    sys.exit(0 if report.summary() or quick else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="The connector beside hand-written clients, on the sandbox.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--quick", action="store_true", help="small stores, to see that it runs; misses targets"
    )
    parser.add_argument("--full", action="store_true", help="also peak memory (half an hour)")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=_PARTS,
        default=list(_PARTS),
        metavar="PART",
        help="%(choices)s",
    )
    parser.add_argument("--few", type=int, default=100_000, help="orders of the small store")
    parser.add_argument("--many", type=int, default=1_000_000, help="orders of the large store")
    parser.add_argument("--parents", type=int, default=200_000, help="orders with transactions")
    return parser.parse_args()


if __name__ == "__main__":
    main()
