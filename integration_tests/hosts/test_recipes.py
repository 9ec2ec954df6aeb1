"""The recipes of docs/hosts.md, run as printed, in an empty folder."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections import Counter
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.utils.datetime_helpers import ab_datetime_parse as parse

from integration_tests.hosts.environments import ROOT, environment, run, snippet, wheel
from integration_tests.syncs import config_for
from sandbox import Sandbox

pytestmark = pytest.mark.hosts
PAGE = "docs/hosts.md"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment with the connector, PyAirbyte and dlt."""
    folder = tmp_path_factory.mktemp("recipes")
    packages = (wheel(folder), f"airbyte=={version('airbyte')}", "dlt[duckdb]>=1.20")
    return environment(folder / "environment", *packages)


@pytest.fixture
def folder(tmp_path: Path, store: Sandbox) -> Path:
    """A folder with nothing but the configuration, where the recipes have it."""
    empty = tmp_path / "empty"
    (empty / "secrets").mkdir(parents=True)
    (empty / "secrets/config.json").write_text(json.dumps(config_for(store)))
    return empty


def ids(store: Sandbox, stream: str) -> set[int]:
    return {row["id"] for row in store.rows(stream)}


def edit(store: Sandbox) -> int:
    """Edits an order, later than the look-back; returns its id."""
    store.clock.advance(3600)
    edited = min(ids(store, "orders"))
    store.edit("orders", edited, {"status_id": 2, "staff_notes": "sent twice"})
    return edited


def ask(programs: Path, folder: Path, database: str, sql: str) -> list[Any]:
    """Rows of a DuckDB file, read by the version of DuckDB that wrote it."""
    code = (
        "import duckdb, json, sys\n"
        "with duckdb.connect(sys.argv[1], read_only=True) as database:\n"
        "    print(json.dumps(database.sql(sys.argv[2]).fetchall()))"
    )
    rows: list[Any] = json.loads(run(programs / "python", "-c", code, database, sql, cwd=folder))
    return rows


def test_the_shell_commands_read_everything_then_what_changed(
    programs: Path, folder: Path, store: Sandbox
) -> None:
    (folder / "catalog.json").write_text(snippet(PAGE, "A shell", "json"))
    commands = snippet(PAGE, "A shell", "sh")
    first, second = commands.rsplit("source-bigcommerce read", 1)
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    environ = {**os.environ, "PATH": path}
    run("bash", "-euc", first, cwd=folder, env=environ)
    edited = edit(store)
    run("bash", "-euc", f"source-bigcommerce read{second}", cwd=folder, env=environ)

    def read(name: str, stream: str) -> set[int]:
        lines = map(json.loads, (folder / name).read_text().splitlines())
        records = [line["record"] for line in lines if line["type"] == "RECORD"]
        return {each["data"]["id"] for each in records if each["stream"] == stream}

    assert read("rows.jsonl", "orders") == ids(store, "orders")
    assert edited in read("new.jsonl", "orders")
    assert len(read("new.jsonl", "orders")) < len(ids(store, "orders")) / 2
    assert read("new.jsonl", "brands") == read("rows.jsonl", "brands") == ids(store, "brands")


def test_the_code_for_pyairbyte_reads_everything_then_what_changed(
    programs: Path, folder: Path, store: Sandbox
) -> None:
    (folder / "sync.py").write_text(snippet(PAGE, "PyAirbyte", "python"))
    run(programs / "python", "sync.py", cwd=folder)
    asked = {entry.operation for entry in store.log}
    assert "orders.list" in asked
    assert "brands.list" not in asked  # one that the code does not select
    [database] = folder.glob("cache/**/*.duckdb")
    for stream in ("orders", "customers", "products"):
        rows = ask(programs, folder, str(database), f"SELECT id FROM main.{stream}")
        assert {row[0] for row in rows} == ids(store, stream)
    edited = edit(store)
    store.log.clear()
    run(programs / "python", "sync.py", cwd=folder)
    sql = f"SELECT status_id, staff_notes FROM main.orders WHERE id = {edited}"
    assert ask(programs, folder, str(database), sql) == [[2, "sent twice"]]


def test_the_code_for_dlt_loads_everything_then_what_changed(
    programs: Path, folder: Path, store: Sandbox
) -> None:
    (folder / "load.py").write_text(snippet(PAGE, "dlt", "python"))
    run(programs / "python", "load.py", cwd=folder)

    def rows(sql: str) -> list[Any]:
        return ask(programs, folder, "bigcommerce.duckdb", sql)

    [[dataset]] = rows(
        "SELECT DISTINCT table_schema FROM information_schema.tables "
        "WHERE table_name = 'orders' AND table_schema NOT LIKE '%staging'"
    )
    streams = ("orders", "customers", "products", "brands")
    for stream in streams:
        assert {row[0] for row in rows(f"SELECT id FROM {dataset}.{stream}")} == ids(store, stream)
    [[lines]] = rows(f"SELECT count(*) FROM {dataset}.order_products")
    assert lines > 0

    edited = edit(store)
    store.insert("orders", {"line_count": 2})
    run(programs / "python", "load.py", cwd=folder)
    for stream in streams:
        found = [row[0] for row in rows(f"SELECT id FROM {dataset}.{stream}")]
        assert sorted(found) == sorted(ids(store, stream))  # each once
    sql = f"SELECT status_id, staff_notes FROM {dataset}.orders WHERE id = {edited}"
    assert rows(sql) == [[2, "sent twice"]]
    assert rows(f"SELECT count(*) FROM {dataset}.order_products") == [[lines + 2]]


def test_the_mcp_server_reads_the_store(
    programs: Path, folder: Path, store: Sandbox, tmp_path: Path
) -> None:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    printed = snippet(PAGE, "The MCP server", "json").replace(
        "/path/to/environment/bin", str(programs)
    )
    [server] = json.loads(printed)["mcpServers"].values()
    given = {"BIGCOMMERCE_ACCESS_TOKEN": store.access_token, "HOME": str(tmp_path)}
    given |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    config = {
        **json.loads(snippet(PAGE, "The MCP server", "json", 1)),
        "store_hash": store.store_hash,
        "api_url": store.url,
    }

    printed_calls = json.loads(snippet("docs/recipes.md", "Let an agent ask the store", "json"))

    async def ask_all() -> dict[str, Any]:
        parameters = StdioServerParameters(
            command=server["command"], env={**server["env"], **given}, cwd=folder
        )
        answers: dict[str, Any] = {}
        async with stdio_client(parameters) as (source, sink), ClientSession(source, sink) as asked:
            await asked.initialize()
            named = {"source_connector_name": "source-bigcommerce", "config": config}
            calls = [
                ("validate_connector_config", {"connector_name": "source-bigcommerce"}),
                ("list_source_streams", named),
                *[(call["tool"], call["arguments"]) for call in printed_calls],
            ]
            for tool, arguments in calls:
                if "sql_query" not in arguments:
                    arguments = {**arguments, "config": config}
                answer = await asked.call_tool(tool, arguments)
                assert not answer.isError, (tool, answer.content)
                answers[tool] = (answer.structuredContent or {}).get("result")
        return answers

    answers = asyncio.run(ask_all())
    assert answers["validate_connector_config"][0] is True, answers
    assert len(answers["list_source_streams"]) > 80
    found = {row["id"] for row in answers["read_source_stream_records"]}
    assert found == ids(store, "order_statuses")
    sold = Counter[str]()
    for line in store.rows("order_products"):
        sold[line["name"]] += line["quantity"]
    asked = answers["run_sql_query"]
    assert [row["sold"] for row in asked] == [count for _, count in sold.most_common(5)]


def test_the_singer_commands_pass_states_on(
    programs: Path, folder: Path, store: Sandbox, tmp_path: Path
) -> None:
    target = environment(tmp_path / "environment", "target-jsonl")
    (folder / "scripts").symlink_to(ROOT / "scripts")
    # `python` is that of the connector, as the page says.
    path = os.pathsep.join((str(programs), str(target), os.environ["PATH"]))
    store.log.clear()
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", snippet(PAGE, "Singer targets", "sh")],
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
    )
    state = json.loads((folder / "state.json").read_text())
    assert "date_modified" in state["bookmarks"]["orders"]
    # The second run began at the bookmark of the first one, less the look-back.
    lists = [dict(entry.pairs) for entry in store.log if entry.operation == "orders.list"]
    begins = [asked["min_date_modified"] for asked in lists if "min_date_modified" in asked]
    newest = parse(state["bookmarks"]["orders"]["date_modified"])
    assert any(timedelta() <= newest - parse(at) <= timedelta(minutes=20) for at in begins), begins
    assert len((folder / "catalog.json").read_text()) > 1000
