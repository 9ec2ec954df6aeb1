"""PyAirbyte, into DuckDB as in the demo, and into PostgreSQL; each of them twice."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar

import pytest

from integration_tests.syncs import config_for, sync
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce

pytestmark = pytest.mark.process

STREAMS = ("customers", "orders", "order_products", "products", "brands")
# Stream: a column that holds an object or a list.
SEVERAL_TYPES = {"coupons": "restricted_to", "product_modifiers": "config", "store": "logo"}


@dataclass
class Changes:
    """The changes of a store between two syncs."""

    edited: int
    inserted: int
    deleted: int


def change(store: Sandbox) -> Changes:
    """An edited order, a new order and a deleted brand."""
    # Later than the look-back, so that the second sync begins after the first one's rows.
    store.clock.advance(3600)
    edited = min(row["id"] for row in store.rows("orders"))
    store.edit("orders", edited, {"status_id": 2, "staff_notes": "sent twice"})
    inserted = store.insert("orders", {"line_count": 2})
    deleted = min(row["id"] for row in store.rows("brands"))
    store.delete("brands", deleted)
    return Changes(edited, inserted, deleted)


def ids(store: Sandbox, stream: str) -> list[int]:
    return sorted(row["id"] for row in store.rows(stream))


# DuckDB

DUCKDB_TYPES = {
    "id": "BIGINT",
    "status_id": "BIGINT",
    "date_modified": "TIMESTAMP",
    "total_inc_tax": "VARCHAR",
    "is_deleted": "BOOLEAN",
    "billing_address": "JSON",
    "consignments": "JSON",
}


def test_duckdb_holds_each_row_once_and_current_after_two_syncs(
    store: Sandbox, tmp_path: Path
) -> None:
    from demo.warehouse import Warehouse

    warehouse = Warehouse(config_for(store), tmp_path / "store.duckdb", tmp_path, STREAMS)
    first = warehouse.sync()
    assert first == warehouse.rows()
    for stream in ("customers", "orders", "products", "brands"):
        assert sorted(warehouse.ids(f"SELECT id FROM {stream}")) == ids(store, stream)
    lines = first["order_products"]

    changes = change(store)
    second = warehouse.sync()
    # The two orders, and the newest row of the first sync, which the look-back brings again.
    assert second["orders"] == 3
    assert second["customers"] == second["products"] == 1
    assert second["brands"] == first["brands"] - 1  # a full refresh
    for stream in ("customers", "orders", "products", "brands"):
        assert sorted(warehouse.ids(f"SELECT id FROM {stream}")) == ids(store, stream)
    assert warehouse.rows()["order_products"] == lines + 2
    query = f"SELECT status_id, staff_notes FROM orders WHERE id = {changes.edited}"
    assert warehouse.ask(query)[1] == [(2, "sent twice")]

    described = warehouse.ask("DESCRIBE orders")[1]
    types = {row[0]: row[1] for row in described}
    assert {name: types[name] for name in DUCKDB_TYPES} == DUCKDB_TYPES


@pytest.mark.hosts
def test_duckdb_holds_every_stream_after_two_syncs(store: Sandbox, tmp_path: Path) -> None:
    from demo.warehouse import Warehouse

    names = [
        each.name for each in SourceBigcommerce(config=config_for(store)).streams(config_for(store))
    ]
    assert len(names) > 80
    warehouse = Warehouse(config_for(store), tmp_path / "store.duckdb", tmp_path)
    first: dict[str, int] = {}
    for turn in range(2):
        if turn:
            change(store)
        warehouse.sync()
        read = sync(store, *names).records
        counts = {name: len(rows) for name, rows in read.items()}
        # The first sync learns which rows there are; the brand is gone in the second one.
        counts |= {name: 0 for name in names if name.startswith("deleted_")}
        counts["deleted_brands"] = turn
        # Rows that belonged to the deleted brand stay.
        gone = first.get("brand_metafields", 0) - counts["brand_metafields"]
        first, stay = first or counts, {"brand_metafields": max(gone, 0)}
        assert warehouse.rows() == {
            name: count + stay.get(name, 0) for name, count in counts.items()
        }
        for name in (*STREAMS, "transactions", "order_taxes", "product_variants", "coupons"):
            expected = sorted(row["id"] for row in read[name])
            assert sorted(warehouse.ids(f"SELECT id FROM {name}")) == expected


# PostgreSQL


@pytest.fixture
def postgres_port() -> Iterator[int]:
    """Port of a PostgreSQL server for this test; everyone on this machine may connect."""
    programs = [*os.environ["PATH"].split(os.pathsep), *map(str, _debian_folders())]
    initdb = shutil.which("initdb", path=os.pathsep.join(programs))
    assert initdb, "This test needs PostgreSQL's initdb and postgres: install PostgreSQL."
    home = Path(mkdtemp(prefix="postgres-"))
    options: dict[str, Any] = {"cwd": home, "stdout": subprocess.DEVNULL}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        options["user"] = "nobody"
        shutil.chown(home, "nobody")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    data = home / "data"
    subprocess.run(
        [initdb, "--pgdata", data, "--auth", "trust", "--username", "sync", "--no-sync"],
        check=True,
        **options,
    )
    settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": home, "fsync": "off"}
    words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    server = subprocess.Popen(
        [Path(initdb).with_name("postgres"), "-D", data, "-p", str(port), *words],
        stderr=subprocess.DEVNULL,
        **options,
    )
    try:
        _wait_for(port)
        yield port
    finally:
        server.send_signal(2)  # ends connections, unlike SIGTERM
        server.wait(timeout=20)
        shutil.rmtree(home)


def _debian_folders() -> list[Path]:
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("PostgreSQL did not start.")


POSTGRES_TYPES = {
    "id": "bigint",
    "status_id": "bigint",
    "date_modified": "timestamp without time zone",
    "total_inc_tax": "character varying",
    "is_deleted": "boolean",
    "billing_address": "json",
    "consignments": "json",
}


@pytest.mark.hosts
def test_postgres_holds_each_row_once_and_current_after_two_syncs(
    store: Sandbox, postgres_port: int, tmp_path: Path
) -> None:
    import airbyte
    from airbyte._processors.sql.postgres import PostgresSqlProcessor
    from airbyte.caches import PostgresCache
    from sqlalchemy import text

    from demo.warehouse import _Types

    class Processor(PostgresSqlProcessor):
        type_converter_class = _Types

    class Postgres(PostgresCache):
        _sql_processor_class: ClassVar[Any] = Processor

    cache = Postgres(
        host="127.0.0.1",
        port=postgres_port,
        username="sync",
        password="any",
        database="postgres",
        schema_name="public",
        cache_dir=tmp_path,
    )

    def ask(sql: str) -> list[Any]:
        with cache.get_sql_engine().connect() as connection:
            return list(connection.execute(text(sql)).fetchall())

    source = airbyte.get_source(
        "source-bigcommerce",
        local_executable=Path(sys.executable).with_name("source-bigcommerce"),
        install_if_missing=False,
        config=config_for(store),
    )
    source.select_streams([*STREAMS, *SEVERAL_TYPES])
    try:
        first = source.read(cache=cache)
        for stream in ("customers", "orders", "products", "brands"):
            assert [row[0] for row in ask(f"SELECT id FROM {stream} ORDER BY id")] == ids(
                store, stream
            )
        for stream, column in SEVERAL_TYPES.items():
            kinds = {row[0] for row in ask(f"SELECT json_typeof({column}) FROM {stream}")}
            assert kinds <= {"object", "array"}
            assert "object" in kinds or stream == "store"
        changes = change(store)
        source.select_streams(list(STREAMS))
        second = source.read(cache=cache)
        # Not the brands: PyAirbyte alone keeps rows that a full refresh no longer brings.
        for stream in ("customers", "orders", "products"):
            assert [row[0] for row in ask(f"SELECT id FROM {stream} ORDER BY id")] == ids(
                store, stream
            )
        assert second.processed_records < first.processed_records / 10
        query = f"SELECT status_id, staff_notes FROM orders WHERE id = {changes.edited}"
        assert [tuple(row) for row in ask(query)] == [(2, "sent twice")]
        assert ask("SELECT count(*) - count(DISTINCT id) FROM order_products")[0][0] == 0
        types = dict(
            ask(
                "SELECT column_name, data_type FROM information_schema.columns "
                "WHERE table_name = 'orders'"
            )
        )
        assert {name: types[name] for name in POSTGRES_TYPES} == POSTGRES_TYPES
    finally:
        cache.get_sql_engine().dispose()
