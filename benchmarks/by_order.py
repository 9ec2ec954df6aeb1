"""What a request for one order costs: the limit of speed on plans without a quota."""

from __future__ import annotations

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.scale import Scale
from benchmarks.speed import Taken
from benchmarks.store import Store

_STREAM = "transactions"
# Of the processor, on the machine that the goal was set on; the ratio holds on any.
_MILLISECONDS, _RATIO = 2.0, 2.0 / 1.3


def measure(report: Report, scale: Scale) -> None:
    """Prints the processor time of a request for the transactions of one order."""
    report.title("A request for one order")
    with Store(orders=scale.by_order, cache_mb=1024) as store:
        commands = {
            "(a)": programs.plain(store, [_STREAM]),
            "start of (a)": programs.plain_start(store),
            "connector": programs.connector(store, [_STREAM]),
            "start of connector": programs.connector_start(store),
        }
        programs.run(commands["(a)"])  # warms the store
        runs = programs.interleaved(commands, scale.times, store)
    milliseconds = {}
    for name in ("(a)", "connector"):
        taken = Taken.of(runs[name], Taken.of(runs[f"start of {name}"]))
        milliseconds[name] = 1000 * taken.processor / runs[name][0].requests
    report.table(
        ["", "requests", "ms of processor each"],
        [[name, runs[name][0].requests, each] for name, each in milliseconds.items()],
    )
    name = "a request for one order: ms of processor"
    report.at_most(name, milliseconds["connector"], _MILLISECONDS)
    report.at_most(f"{name} ÷ (a)", milliseconds["connector"] / milliseconds["(a)"], _RATIO)
