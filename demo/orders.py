"""`python -m demo.orders`: a file of purchase orders becomes orders of a sandbox store, twice."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from demo import SIZE, report
from sandbox.process import StoreProcess, store_of

FILE = Path(__file__).with_name("purchase_orders.csv")
_STREAM = "purchase_orders"
_ADDRESS = (
    *("first_name", "last_name", "street_1", "city", "state", "zip", "country", "country_iso2"),
    "email",
)
Row = dict[str, Any]


def main() -> int:
    """Sends the file twice, reads the orders back, and compares; returns the exit code."""
    began = time.monotonic()
    records = [order_of(row) for row in csv.DictReader(FILE.read_text().splitlines())]
    report.step(f"A store opens on this machine; {FILE.name} has {len(records)} purchase orders")
    with store_of(**SIZE, now="real") as store, TemporaryDirectory(prefix="demo-orders-") as folder:
        # The sandbox shows an order at once. A real store gets more time: see the form.
        config = {**store.config, "customer": "create", "patience_seconds": 1}
        table = []
        for time_of_sending in ("1st sync", "2nd sync"):
            before = store.count("orders")
            code, told = send(config, records, Path(folder))
            if code:
                report.problem(told)
                return code
            table.append([time_of_sending, *numbers_in(told), store.count("orders") - before])
        report.table(["", "created", "already there", "more orders in the store"], table)
        report.step("The source reads them back")
        different = compared(records, read_back(store, Path(folder)))
    report.table(
        ["", "number"],
        [["purchase orders", len(records)], ["came back as sent", len(records) - len(different)]],
    )
    for key in different:
        report.problem(f"{key} is not what was sent.")
    report.text(f"Done in {time.monotonic() - began:.0f} seconds.")
    return 1 if different else 0


def order_of(row: Mapping[str, str]) -> Row:
    """A record of the destination: `2 x SKU-90; 1 x SKU-95` becomes two lines."""
    items = [item.split(" x ") for item in row["items"].split("; ")]
    return {
        "external_order_id": row["po_number"],
        "billing_address": {name: row[name] for name in _ADDRESS},
        "products": [{"sku": sku, "quantity": int(quantity)} for quantity, sku in items],
        "staff_notes": row["notes"] or None,
        "status_id": 11,
    }


def send(config: Row, records: Iterable[Row], folder: Path) -> tuple[int, str]:
    """The exit code of the destination's `write`, and its last line about the orders."""
    lines = [
        {"type": "RECORD", "record": {"stream": _STREAM, "data": record, "emitted_at": 0}}
        for record in records
    ]
    catalog = {"streams": [configured(_STREAM)]}
    done = run("destination_bigcommerce", "write", config, catalog, folder, lines)
    logs = [each["log"]["message"] for each in messages_in(done.stdout) if each["type"] == "LOG"]
    return done.returncode, next((log for log in logs if log.startswith("Orders: ")), done.stderr)


def numbers_in(told: str) -> tuple[int, int]:
    """The numbers of `Orders: 50 created, 3 already there.`"""
    parts = [part.split(" ", 1) for part in told.removeprefix("Orders: ").strip(".").split(", ")]
    counts = {kind: int(number) for number, kind in parts}
    return counts.get("created", 0), counts.get("already there", 0)


def read_back(store: StoreProcess, folder: Path) -> dict[str, Row]:
    """The orders that have a key, by key, as the source reads them, with their `lines`."""
    names = ("orders", "order_products")
    catalog = {"streams": [configured(name) for name in names]}
    config = {**store.config, "start_date": "10 minutes ago"}
    done = run("source_bigcommerce", "read", config, catalog, folder)
    records = [each["record"] for each in messages_in(done.stdout) if each["type"] == "RECORD"]
    rows: dict[str, list[Row]] = {name: [] for name in names}
    for record in records:
        rows[record["stream"]].append(record["data"])
    orders = {row["id"]: {**row, "lines": []} for row in rows["orders"]}
    for line in rows["order_products"]:
        orders[line["order_id"]]["lines"].append(line)
    return {str(row["external_order_id"]): row for row in orders.values()}


def compared(records: Iterable[Row], orders: Mapping[str, Row]) -> list[str]:
    """The keys of records that came back differently."""
    return [
        record["external_order_id"]
        for record in records
        if _as_sent(orders.get(record["external_order_id"], {})) != record
    ]


def _as_sent(order: Row) -> Row:
    """The record of an order, as far as the order tells."""
    if not order:
        return {}
    lines = [{"sku": line["sku"], "quantity": line["quantity"]} for line in order["lines"]]
    return {
        "external_order_id": order["external_order_id"],
        "billing_address": {name: order["billing_address"][name] for name in _ADDRESS},
        "products": lines,
        "staff_notes": order["staff_notes"] or None,
        "status_id": order["status_id"],
    }


def configured(name: str) -> Row:
    """A stream of a catalog, with full refresh and append."""
    stream = {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    modes = {"sync_mode": "full_refresh", "destination_sync_mode": "append"}
    return {"stream": stream, **modes}


def run(
    module: str,
    command: str,
    config: Row,
    catalog: Row,
    folder: Path,
    lines: Iterable[Row] = (),
) -> subprocess.CompletedProcess[str]:
    """Runs a connector's command as a host does, with messages on its standard input."""
    arguments = []
    for name, content in {"config": config, "catalog": catalog}.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        arguments += [f"--{name}", str(path)]
    given = "".join(json.dumps(line) + "\n" for line in lines)
    words = [sys.executable, "-m", module, command, *arguments]
    return subprocess.run(words, input=given, capture_output=True, text=True, check=False)


def messages_in(output: str) -> list[Row]:
    return [json.loads(line) for line in output.splitlines()]


if __name__ == "__main__":
    sys.exit(main())
