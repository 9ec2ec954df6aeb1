"""Reads stores as measures.yaml says, and prints what is known of each read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import yaml

from benchmarks import programs
from benchmarks.plain import ENDPOINTS, Reader
from benchmarks.programs import Command, Run
from benchmarks.report import Report
from integration_tests.sending import order
from sandbox.process import Log, StoreProcess, store_of

Figures = dict[str, Any]

TABLES: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("measures.yaml").read_text())
# A time in which nothing happened.
_NOTHING = {"start_date": "2010-01-01", "end_date": "2010-01-01"}
_SIZES = ("orders", "customers", "products")
_APP = "an app that takes half"


class Scale(NamedTuple):
    """How much is measured: the part of the rows of each store, and the most runs of a program."""

    part: float
    times: int

    def rows(self, rows: int) -> int:
        return max(250, int(rows * self.part))


@dataclass(frozen=True)
class Reads:
    """Reads of some streams of a store, one for each number of workers: a line of measures.yaml.

    store: how many rows it has, and its other flags.
    options: of the store, once it is warm.
    beside: who else uses it.
    times: how often each is timed, beside the loop; 0 for once, without.
    page_bytes: makes products so heavy that a page of them has so many bytes.
    sent: orders to send to it, in place of a read.
    """

    read: str
    store: Mapping[str, Any]
    streams: tuple[str, ...] = ()
    workers: tuple[int, ...] = (10,)
    config: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    beside: str = ""
    times: int = 0
    page_bytes: int = 0
    sent: int = 0
    at_most: Mapping[str, Any] = field(default_factory=dict)
    at_least: Mapping[str, Any] = field(default_factory=dict)
    than: Mapping[str, tuple[str, float]] = field(default_factory=dict)


def show(part: str, report: Report, scale: Scale) -> None:
    """Prints one table; each bound goes into the report's summary."""
    table = TABLES[part]
    rows = _rows(part, report, scale)
    report.table(table["title"], table["columns"], rows, table.get("note", ""))


def _rows(part: str, report: Report, scale: Scale) -> Iterator[Figures]:
    known: dict[tuple[str, int], Figures] = {}
    for reads in [Reads(**each) for each in TABLES[part]["reads"]]:
        for figures in _figures(reads, scale):
            yield {name: value_of(figures, name) for name in TABLES[part]["columns"]}
            workers = figures["workers"]
            known[reads.read, workers] = figures
            read = f"{part}: {reads.read}, {workers} workers"
            for name, bound in reads.at_most.items():
                of_workers = bound[workers] if isinstance(bound, dict) else bound
                report.must(f"{read}: {name}", value_of(figures, name), "≤", of_workers)
            for name, bound in reads.at_least.items():
                report.must(f"{read}: {name}", value_of(figures, name), "≥", bound)
            for name, (earlier, bound) in reads.than.items():
                ratio = figures[name] / known[earlier, workers][name]
                report.must(f"{read}: {name} ÷ that of {earlier}", ratio, "≤", bound)


def value_of(figures: Figures, name: str) -> Any:
    """That of `requests`, or the ratio of two, `requests ÷ ideal requests`."""
    over, _, under = name.partition(" ÷ ")
    return figures[over] / figures[under] if under else figures[over]


def _figures(reads: Reads, scale: Scale) -> Iterator[Figures]:
    """What is known of each read, by the names of the columns."""
    sizes = {name: scale.rows(reads.store[name]) for name in _SIZES if name in reads.store}
    reads = replace(reads, sent=scale.rows(reads.sent) if reads.sent else 0)
    program = programs.destination if reads.sent else partial(programs.connector, reads.streams)
    with store_of(**{**reads.store, **sizes}) as store:
        if reads.page_bytes:
            _make_heavy(store, reads.page_bytes)
        warming = _run(store, replace(reads, beside=""), programs.loop(reads.streams, store))
        commands: dict[Any, Command] = {
            workers: program(store, num_workers=workers, **reads.config)
            for workers in reads.workers
        }
        if reads.times:
            commands["loop"] = programs.loop(reads.streams, store)
            commands["start of loop"] = programs.loop([], store)
            commands["start"] = programs.connector(["orders"], store, **_NOTHING)
        store.set(**reads.options)
        times = min(max(reads.times, 1), scale.times)
        runs = programs.in_turn(commands, times, partial(_run, store, reads))
    for workers in reads.workers:
        if (records := runs[workers].records) < warming.records:
            raise RuntimeError(f"{reads.read}: {records} of {warming.records} records")
        yield {"read": reads.read, **figures_of(runs, reads, workers, warming)}


def figures_of(runs: Mapping[Any, Run], reads: Reads, workers: int, warming: Run) -> Figures:
    """What a read with so many workers shows. Start-up is excluded, but for `whole seconds`."""
    run = runs[workers]
    app = [entry for entry in run.log if entry["user_agent"] == _APP]
    ours = [entry for entry in run.log if entry["user_agent"] != _APP]
    figures: Figures = {
        "workers": workers,
        "records": run.records,
        "requests": len(ours),
        "ideal requests": least(warming.log, reads.streams),
        "sent": reads.sent,
        "peak MB": round(run.megabytes),
    }
    if reads.times:
        loop = runs["loop"].without(runs["start of loop"])
        for whose, each in {"": run.without(runs["start"]), " of (a)": loop}.items():
            figures[f"records/s{whose}"] = each.records / each.seconds
            figures[f"seconds a request{whose}"] = each.seconds / len(each.log)
            figures[f"ms a request{whose}"] = 1000 * each.processor / len(each.log)
    if reads.options:
        ideal = _allowed(reads, workers)
        seconds = max(entry["ended"] for entry in ours) - min(entry["started"] for entry in ours)
        figures |= {
            "requests/s": len(ours) / seconds,
            "ideal requests/s": ideal,
            "seconds": seconds,
            "ideal seconds": len(ours) / ideal,
            "whole seconds": run.seconds,
            "429s": sum(entry["status"] == 429 for entry in ours),
            "429s of the app": sum(entry["status"] == 429 for entry in app),
            "requests of the app": len(app),
        }
    return figures


def least(log: Log, streams: Iterable[str]) -> int:
    """The fewest requests: the loop's, with one list of orders for all streams that need it."""
    lists = [entry for entry in log if entry["operation"] == "orders.list"]
    readers = sum("orders" in ENDPOINTS[name].path for name in streams)
    return len(log) - len(lists) + len(lists) // max(1, readers)


def _allowed(reads: Reads, workers: int) -> float:
    """Requests per second that the latency, or else the quota, allows."""
    options = reads.options
    if "latency_ms" in options:
        return float(workers * 1000 / options["latency_ms"])
    rate = options["quota"] * 1000 / options["window_ms"]
    return float(rate / 2 if reads.beside == "app" else rate)


def _run(store: StoreProcess, reads: Reads, command: Command) -> Run:
    """One run, and the requests of all that use the store meanwhile."""
    ended, keys = threading.Event(), (f"PO-{number}" for number in range(reads.sent))

    def ask_at_a_steady_rate() -> None:
        with Reader(store.url).session as session:
            session.headers["User-Agent"] = _APP
            while not ended.wait(1 / _allowed(reads, workers=1)):
                session.get(f"{store.url}/stores/sandbox/v2/store", timeout=10)

    others: dict[str, Callable[[], object]] = {
        "": lambda: None,
        "app": ask_at_a_steady_rate,
        "connector": partial(programs.run, command),
    }
    store.log()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(others[reads.beside])
        try:
            run = programs.run(command, programs.input_of(map(order, keys)))
        finally:
            ended.set()
        other.result()
    return replace(run, log=store.log())


def _make_heavy(store: StoreProcess, page_bytes: int) -> None:
    """Gives each product so many variants that 250 products have so many bytes."""
    products = [row for rows in Reader(store.url).pages("products") for row in rows]
    variant = products[0]["variants"][0]
    number = page_bytes // 250 // len(orjson.dumps(variant))
    variants = [{**variant, "id": key} for key in range(1, number + 1)]
    for each in products:
        dates = {"date_modified": each["date_modified"]}
        store.edit("products", each["id"], variants=variants, **dates)
