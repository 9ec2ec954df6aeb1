"""`python -m demo`: a sandbox store into DuckDB, twice. With `--config`: a real store."""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NoReturn

from demo import SIZE, report
from sandbox.process import StoreProcess, store_of

if TYPE_CHECKING:
    from demo.warehouse import Warehouse

HERE = Path(__file__).parent

REVENUE = """\
SELECT strftime(date_created, '%Y-%m') AS month,
       count(*) AS orders,
       sum(total_inc_tax::DECIMAL(18, 2)) AS revenue,
       default_currency_code AS currency
FROM orders
WHERE status_id NOT IN (0, 5, 6)  -- incomplete, cancelled, declined
  AND date_created >= date_trunc('month', now()::TIMESTAMP) - INTERVAL 11 MONTHS
GROUP BY month, currency
ORDER BY month, currency"""


RECEIPTS = "sync_receipts"
RECEIPT = f"""\
SELECT stream, verdict, rows_delivered AS delivered,
       coalesce(rows_counted::TEXT, '-') AS counted,
       windows_proved AS proved, requests, seconds::DECIMAL(9, 1) AS seconds
FROM {RECEIPTS}
ORDER BY stream"""


# The main streams of a store; all of them would take too long for a demo.
SHOWN = (
    "customers",
    "orders",
    "order_products",
    "transactions",
    "products",
    "brands",
    "categories",
    "channels",
    "pages",
    "store",
)


def main() -> int:
    """Runs the command line; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--config", type=Path, help="of a real store: a JSON file")
    parser.add_argument("--streams", nargs="*", default=[], help="only these; default: all")
    arguments = parser.parse_args()

    stopped: list[int] = []

    def stop(number: int, _: object) -> NoReturn:
        stopped.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        with TemporaryDirectory(prefix="source-bigcommerce-") as folder:
            _keep_to_itself(Path(folder))
            if arguments.config:
                return copy_store(arguments.config, Path(folder), arguments.streams)
            return show(Path(folder))
    except BaseException as error:
        # PyAirbyte turns an interrupt into errors of its own, so the signal counts.
        if not stopped:
            if type(error).__name__ != "AirbyteConnectorFailedError":
                raise
            # PyAirbyte printed the reason.
            report.problem("The sync failed. The next one goes on from the last that did not.")
            return 1
    # PyAirbyte's progress leaves the screen only when the error is garbage-collected.
    gc.collect()
    report.problem("Stopped. Nothing is left running.")
    return 128 + stopped[0]


def show(folder: Path) -> int:
    """The demo: sync, change the store, sync again. Takes a folder for temporary files."""
    began = time.monotonic()
    report.step("A store opens on this machine, with {orders:,} orders".format(**SIZE))
    with store_of(**SIZE, now="real") as store:
        from demo.warehouse import Warehouse

        path = HERE / "store.duckdb"
        for old in HERE.glob(f"{path.name}*"):
            old.unlink()
        warehouse = Warehouse(store.config, path, folder, (*SHOWN, RECEIPTS))

        report.step("First sync: everything")
        first = warehouse.sync()
        report.step("Meanwhile, in the store")
        report.text(change(store, warehouse))
        report.step("Second sync: what changed")
        second = warehouse.sync()

        in_table = warehouse.rows()
        shown = {name: mode for name, mode in warehouse.modes.items() if name != RECEIPTS}
        in_store = {stream: store.count(stream) for stream in shown}
    report.streams(
        shown,
        {"1st sync": first, "2nd sync": second, "table": in_table, "store": in_store},
    )
    report.text(
        "Each sync begins 10 minutes before the newest row that it knows, so that it misses no row "
        "that was saved late. Rows of these minutes arrive again, and the table holds each once."
    )
    report.step("Is it all there? The receipt of the second sync")
    report.query(RECEIPT, *warehouse.ask(RECEIPT))
    report.step(f"Revenue by month, from {os.path.relpath(path)}")
    report.query(REVENUE, *warehouse.ask(REVENUE))
    report.text(f"Done in {time.monotonic() - began:.0f} seconds.")
    return 0


def change(store: StoreProcess, warehouse: Warehouse) -> str:
    """Edits some rows of the store; gives a sentence that says which."""
    orders = warehouse.ids("SELECT id FROM orders WHERE status_id = 11 ORDER BY id DESC LIMIT 3")
    for order in orders:
        store.edit("orders", order, status_id=2)
    new = store.insert("orders", line_count=4)
    customer = warehouse.ids("SELECT max(id) FROM customers")[0]
    store.edit("customers", customer, company="Fern & Daughters")
    product = warehouse.ids("SELECT max(id) FROM products")[0]
    store.edit("products", product, price=19.5)
    shipped = ", ".join(map(str, orders))
    return (
        f"Orders {shipped} are shipped, order {new} comes in with 4 lines, customer {customer} "
        f"has a company now, product {product} a new price."
    )


def copy_store(config_path: Path, folder: Path, streams: list[str]) -> int:
    """Copies a real store; from the second time on, only what changed.

    Takes the connector's configuration, a folder for temporary files and the streams (none: all).
    """
    from demo.warehouse import Warehouse, check

    try:
        config = json.loads(config_path.read_text())
    except (OSError, ValueError) as error:
        report.problem(f"{config_path} cannot be read as JSON: {error}")
        return 1
    report.step("Checking the connection")
    is_fine, message = check(config_path)
    if not is_fine:
        report.problem(message)
        return 1
    if message:
        report.text(message)
        if not streams:
            report.problem(
                "Give the API account the scopes, or name the streams that you want: "
                f"make sync CONFIG={config_path} STREAMS='orders customers'"
            )
            return 1

    # One file for each store, because its state fits no other store.
    path = HERE / f"bigcommerce_{store_hash(config)}.duckdb"
    report.step("Syncing what changed" if path.exists() else "First sync: everything")
    try:
        warehouse = Warehouse(config, path, folder, streams)
    except ValueError as error:
        report.problem(str(error))
        return 1
    came = warehouse.sync()
    report.streams(warehouse.modes, {"this sync": came, "table": warehouse.rows()})
    if "orders" in came:
        report.step(f"Revenue by month, from {os.path.relpath(path)}")
        report.query(REVENUE, *warehouse.ask(REVENUE))
    return 0


def store_hash(config: Mapping[str, Any]) -> str:
    """The bare store hash of a configuration that the connector accepts."""
    from source_bigcommerce.components import NormalizeConfig

    plain = dict(config)
    NormalizeConfig().transform(plain)
    return str(plain["store_hash"])


def _keep_to_itself(folder: Path) -> None:
    """Sets what PyAirbyte reads on import: no network, no traces outside the folder.

    PyAirbyte's temporary files hold the access token, and every user of the machine can read them
    in their usual place. Nobody else can read the folder.
    """
    os.environ.update(
        AIRBYTE_OFFLINE_MODE="1",
        DO_NOT_TRACK="1",
        AIRBYTE_LOGGING_ROOT=str(folder / "logs"),
        AIRBYTE_TEMP_DIR=str(folder),
        AIRBYTE_PROJECT_DIR=str(folder),
    )
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = f"127.0.0.1,{os.environ.get(name, '')}"


if __name__ == "__main__":
    sys.exit(main())
