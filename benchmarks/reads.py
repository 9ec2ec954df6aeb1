"""Reads stores as measures.yaml says, and prints what is known of each read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import requests
import yaml

from benchmarks import programs
from benchmarks.plain import Reader
from benchmarks.programs import Command, Run
from benchmarks.report import Report
from benchmarks.requests_needed import OF_ORDERS, order_pages
from sandbox.process import Log, Store, store_of

Figures = dict[str, Any]

TABLES: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("measures.yaml").read_text())
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

    store: how many rows it has.
    flags: its other flags.
    options: of the store, once it is warm.
    beside: who else uses it.
    times: how often each is timed.
    page_bytes: makes products so heavy that a page of them has so many bytes.
    """

    read: str
    streams: list[str]
    store: Mapping[str, int]
    flags: Mapping[str, Any] = field(default_factory=dict)
    workers: tuple[int, ...] = (10,)
    config: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    beside: str = ""
    times: int = 1
    page_bytes: int = 0
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
            yield figures
            workers = figures["workers"]
            known[reads.read, workers] = figures
            name = f"{part}: {reads.read}, {workers} workers"
            for figure, bound in reads.at_most.items():
                of_workers = bound[workers] if isinstance(bound, dict) else bound
                report.at_most(f"{name}: {figure}", figures[figure], of_workers)
            for figure, bound in reads.at_least.items():
                report.at_least(f"{name}: {figure}", figures[figure], bound)
            for figure, (earlier, bound) in reads.than.items():
                ratio = figures[figure] / known[earlier, workers][figure]
                report.at_most(f"{name}: {figure} ÷ {earlier}", ratio, bound)


def _figures(reads: Reads, scale: Scale) -> Iterator[Figures]:
    """What is known of each read, by the names of the columns."""
    rows = {name: scale.rows(number) for name, number in reads.store.items()}
    flags = {**rows, **reads.flags}
    with store_of(**flags) as store:
        if reads.page_bytes:
            _make_heavy(store, reads.page_bytes)
        warming = _run(store, replace(reads, beside=""), programs.loop(store, reads.streams))
        # It reads the list of orders once for each stream that needs it.
        again = max(0, sum(name in OF_ORDERS for name in reads.streams) - 1)
        ideal = len(warming.log) - again * order_pages(flags.get("orders", 0))
        commands: dict[Any, Command] = {
            workers: programs.connector(store, reads.streams, num_workers=workers, **reads.config)
            for workers in reads.workers
        }
        if not reads.options:
            commands["loop"] = programs.loop(store, reads.streams)
            commands["start of loop"] = programs.loop(store, [])
            commands["start"] = programs.connector_start(store)
        store.set(**reads.options)
        times = min(reads.times, scale.times)
        runs = programs.in_turn(commands, times, partial(_run, store, reads))
    for workers in reads.workers:
        run = runs[workers]
        if run.records < warming.records:
            raise programs.Failed(f"{reads.read}: {run.records} of {warming.records} records")
        figures = {**flags, "read": reads.read, "workers": workers, "records": run.records}
        figures |= {"ideal requests": ideal, "peak MB": round(run.megabytes)}
        figures |= _of_log(run, reads, workers) if reads.options else _of_times(runs, workers)
        yield {**figures, "requests ÷ ideal": figures["requests"] / ideal}


def _of_times(runs: Mapping[Any, Run], workers: int) -> Figures:
    """Figures of a read that nothing holds back, beside the loop's; both without their start."""
    run, loop = runs[workers].without(runs["start"]), runs["loop"].without(runs["start of loop"])
    number = len(run.log)
    of_loop = 1000 * loop.processor / len(loop.log)
    return {
        "requests": number,
        "records/s": round(run.records / run.seconds),
        "records/s of (a)": round(loop.records / loop.seconds),
        "ratio": loop.seconds / run.seconds,
        "ratio by processor": loop.processor / run.processor,
        "seconds a request": run.seconds / number,
        "ms a request": 1000 * run.processor / number,
        "ms of (a)": of_loop,
        "ms ÷ (a)": 1000 * run.processor / number / of_loop,
    }


def _of_log(run: Run, reads: Reads, workers: int) -> Figures:
    """Figures of a read that the store's latency or quota holds back: the store's log has them."""
    app = [entry for entry in run.log if entry["user_agent"] == _APP]
    ours = [entry for entry in run.log if entry["user_agent"] != _APP]
    rate = per_second(ours)
    allowed = _quota_rate(reads) or workers * 1000 / reads.options["latency_ms"]
    ideal = len(ours) / allowed
    figures = {
        "requests": len(ours),
        "requests/s": rate,
        "ideal requests/s": allowed,
        "requests/s ÷ ideal": rate / allowed,
        "seconds": len(ours) / rate,
        "whole seconds": run.seconds,
        "ideal": ideal,
        "seconds ÷ ideal": allowed / rate,
        "whole seconds ÷ ideal": run.seconds / ideal,
        "429s": refused(ours),
        "429s ÷ requests": refused(ours) / len(ours),
    }
    if app:
        figures["429s of the app"] = f"{refused(app)} of {len(app)}"
        figures["429s ÷ requests of the app"] = refused(app) / len(app)
    return figures


def _quota_rate(reads: Reads) -> float:
    """Requests per second that the quota leaves, 0 without a quota."""
    if "quota" not in reads.options:
        return 0
    rate = reads.options["quota"] * 1000 / reads.options["window_ms"]
    return float(rate / 2 if reads.beside == "app" else rate)


def _run(store: Store, reads: Reads, command: Command) -> Run:
    """One run, and the requests of all that use the store meanwhile."""
    ended = threading.Event()

    def ask_at_a_steady_rate() -> None:
        headers = {"X-Auth-Token": "sandbox-token", "Accept": "application/json"}
        with requests.Session() as session:
            session.headers.update({**headers, "User-Agent": _APP})
            while not ended.wait(1 / _quota_rate(reads)):
                session.get(f"{store.url}/stores/sandbox/v2/store", timeout=10)

    others: dict[str, Callable[[], object]] = {
        "": lambda: None,
        "app": ask_at_a_steady_rate,
        "connector": lambda: programs.run(command),
    }
    store.log()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(others[reads.beside])
        try:
            run = programs.run(command)
        finally:
            ended.set()
        other.result()
    return replace(run, log=store.log())


def _make_heavy(store: Store, page_bytes: int) -> None:
    """Gives each product so many variants that 250 products have so many bytes."""
    products = [row for rows in Reader(store.url).pages("products") for row in rows]
    variant = products[0]["variants"][0]
    number = page_bytes // 250 // len(orjson.dumps(variant))
    variants = [{**variant, "id": key} for key in range(1, number + 1)]
    for each in products:
        dates = {"date_modified": each["date_modified"]}
        store.edit("products", each["id"], variants=variants, **dates)


def refused(log: Log) -> int:
    """How many requests were answered 429."""
    return sum(entry["status"] == 429 for entry in log)


def per_second(log: Log) -> float:
    """Requests per second from the first request to the last reply."""
    started = min(entry["started"] for entry in log)
    return len(log) / float(max(entry["ended"] for entry in log) - started)
