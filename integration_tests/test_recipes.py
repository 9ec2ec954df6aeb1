"""The SQL of docs/recipes.md, run on DuckDB against what syncs of a sandbox store printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from integration_tests.hosts.environments import snippet
from integration_tests.syncs import Sync, sync
from sandbox import Sandbox

pytestmark = pytest.mark.thorough

PAGE = "docs/recipes.md"
HISTORY = "Keep every version of an order"
CHANGE = "Change over from another connector"
STREAMS = ("orders", "order_products", "sync_receipts")
# Columns that a table has although no record of a store that counts its rows has them.
NULL = {"sync_receipts": {"reason", "rows_counted"}}
Database = duckdb.DuckDBPyConnection


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with Sandbox(orders=40, customers=5, products=5) as store:
        yield store


@pytest.fixture
def database() -> Iterator[Database]:
    with duckdb.connect() as database:
        database.execute(
            "CREATE SCHEMA bigcommerce; CREATE SCHEMA theirs; SET schema = 'bigcommerce'"
        )
        yield database


def append(database: Database, read: Sync, at: int, schema: str = "bigcommerce") -> None:
    """Adds the records of a sync to the tables, as a destination does in the mode Append."""
    for stream, records in read.records.items():
        lines = [{**record, "_airbyte_extracted_at": at} for record in records]
        table = f"{schema}.{stream}"
        names = sorted({name for line in lines for name in line} | NULL.get(stream, set()))
        known = {
            row[0]
            for row in database.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = ? "
                "AND table_name = ?",
                [schema, stream],
            ).fetchall()
        }
        for name in names:
            kind = _type(next((line[name] for line in lines if line.get(name) is not None), ""))
            if not known:
                database.execute(f'CREATE TABLE {table} ("{name}" {kind})')
                known = {name}
            elif name not in known:
                database.execute(f'ALTER TABLE {table} ADD COLUMN "{name}" {kind}')
        quoted = ", ".join(f'"{name}"' for name in names)
        places = ", ".join("?" for _ in names)
        values = [[_value(line.get(name)) for name in names] for line in lines]
        database.executemany(f"INSERT INTO {table} ({quoted}) VALUES ({places})", values)


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "BOOLEAN"
    return {int: "BIGINT", float: "DOUBLE"}.get(type(value), "VARCHAR")


def _value(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def rows(database: Database, heading: str, nth: int = 0, **values: Any) -> list[Any]:
    sql = snippet(PAGE, heading, "sql", nth)
    return database.execute(sql, values or None).fetchall()


def test_the_versions_of_an_order_are_kept_each_once(store: Sandbox, database: Database) -> None:
    key = min(row["id"] for row in store.rows("orders"))
    was = {row["id"]: row["status"] for row in store.rows("orders")}
    first = sync(store, "orders")
    append(database, first, 1)
    state, steps = first.state, []
    for at, status in enumerate(("Packed", "Handed over"), 2):
        store.clock.advance(3600)
        store.edit("orders", key, {"status": status})
        read = sync(store, "orders", state=state)
        state = read.state
        append(database, read, at)
        append(database, read, at + 10)  # the look-back brings it again
        [edited] = [row for row in read.records["orders"] if row["id"] == key]
        steps.append((edited["date_modified"], status))
    rows(database, HISTORY)
    assert rows(database, HISTORY, 2) == [
        (key, was[key], "Packed", steps[0][0]),
        (key, "Packed", "Handed over", steps[1][0]),
    ]
    then = {row[0]: row[1] for row in rows(database, HISTORY, 1, moment=steps[0][0])}
    assert then == {**was, key: "Packed"}
    now = database.execute(
        f"SELECT id, status FROM ({snippet(PAGE, HISTORY, 'sql', 3)})"
    ).fetchall()
    assert dict(now) == {**was, key: "Handed over"}
    assert len(now) == len(was)


def test_the_comparison_finds_what_the_other_connector_lacks_and_what_this_one_lacks(
    store: Sandbox, database: Database
) -> None:
    read = sync(store, *STREAMS)
    append(database, read, 1)
    append(database, read, 1, "theirs")
    assert rows(database, CHANGE, 1) == rows(database, CHANGE, 2) == []
    keys = sorted(row["id"] for row in store.rows("orders"))
    lacking, gone = keys[3], 999_999
    day = next(row["date_created"] for row in read.records["orders"] if row["id"] == lacking)[:10]
    database.execute(f"DELETE FROM theirs.orders WHERE id = {lacking}")
    database.execute(
        f"INSERT INTO theirs.orders (id, date_created) VALUES ({gone}, '1999-01-01T00:00:00Z')"
    )
    by_day = {row[0]: row[1:] for row in rows(database, CHANGE, 1)}
    assert by_day.keys() == {"1999-01-01", day}
    assert by_day["1999-01-01"] == (1, None)
    assert (by_day[day][0] or 0) + 1 == by_day[day][1]
    assert sorted(rows(database, CHANGE, 2)) == [(lacking, "only here"), (gone, "only there")]


def test_the_receipts_show_the_streams_that_are_not_whole(
    store: Sandbox, database: Database
) -> None:
    append(database, sync(store, *STREAMS), 1)
    assert rows(database, CHANGE) == []
    store.clock.advance(60)
    append(database, sync(store, "gift_certificates", "sync_receipts", page_size=2), 2)
    assert rows(database, CHANGE) == [
        (
            "gift_certificates",
            "not proved",
            "the store does not count its rows",
            len(store.rows("gift_certificates")),
            None,
        )
    ]


def test_the_view_with_a_name_of_fivetran_has_the_lines(store: Sandbox, database: Database) -> None:
    append(database, sync(store, *STREAMS), 1)
    rows(database, "From Fivetran")
    [(lines, total)] = database.execute(
        "SELECT count(*), sum(total_inc_tax_as_double) FROM theirs.order_product "
        "WHERE NOT _fivetran_deleted"
    ).fetchall()
    there = store.rows("order_products")
    assert lines == len(there)
    assert total == pytest.approx(sum(float(row["total_inc_tax"]) for row in there))


def test_the_lines_of_stitch_are_counted_in_their_orders(
    store: Sandbox, database: Database
) -> None:
    append(database, sync(store, *STREAMS), 1)
    database.execute(
        "CREATE TABLE theirs.orders AS SELECT line.order_id AS id, list(line.id) AS products "
        "FROM bigcommerce.order_products AS line GROUP BY 1"
    )
    assert rows(database, "From Stitch or Qlik") == []
    key, count = database.execute(
        "SELECT order_id, count(*) FROM bigcommerce.order_products GROUP BY 1 LIMIT 1"
    ).fetchall()[0]
    database.execute(f"DELETE FROM bigcommerce.order_products WHERE order_id = {key}")
    assert rows(database, "From Stitch or Qlik") == [(key, count, 0)]


def test_the_columns_that_keboola_flattened_are_those_of_flattened_records(
    store: Sandbox, database: Database
) -> None:
    append(database, sync(store, "orders", flatten_records=True), 1)
    database.execute("CREATE TABLE theirs.orders AS SELECT * FROM bigcommerce.orders")
    database.execute('ALTER TABLE theirs.orders RENAME "billing_address_city" TO "city"')
    assert rows(database, "From Keboola") == [
        ("billing_address_city", "bigcommerce"),
        ("city", "theirs"),
    ]
