"""The surroundings of a sync do not change it: its folder, its neighbours, unknown keys."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path
from typing import Any

import orjson
import pytest
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalogSerializer,
)
from airbyte_cdk.models import Status as CheckStatus

from integration_tests.nothing_lost.completeness import TOKEN, assert_complete, make_store
from integration_tests.syncs import Sync, catalog_of, config_for, sync
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
LOGGER = logging.getLogger("airbyte")


def hostile(folder: Path, thief: Sandbox) -> None:
    """Fills the folder with files of all our names; the manifest sends the token to a thief."""
    manifest = (ROOT / "source_bigcommerce/manifest.yaml").read_text()
    contents = {
        ".yaml": manifest.replace("{{ config['api_url'] }}", thief.url).replace("title:", "x:"),
        ".json": '{"type": "object", "properties": {"hostile": {"type": "string"}}}',
        ".py": "raise SystemExit('hostile')",
    }
    names = {path.relative_to(ROOT) for path in (ROOT / "source_bigcommerce").rglob("*.*")}
    names |= {path.relative_to(ROOT) for path in ROOT.glob("*.*") if path.is_file()}
    names |= {name.relative_to("source_bigcommerce") for name in names if len(name.parts) > 1}
    names |= {Path(name) for name in ("spec.yaml", "spec.json", "secrets/config.json", ".env")}
    for name in names:
        if name.suffix != ".pyc":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(contents.get(name.suffix, "hostile"))


@pytest.mark.process
def test_the_working_directory_is_not_searched_for_our_files(tmp_path: Path) -> None:
    def run(command: str, *options: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), command, *options],
            cwd=tmp_path / "here",
            capture_output=True,
            check=True,
            timeout=300,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return [line for line in lines if line["type"] not in ("LOG", "TRACE")]

    names = ("brands", "store", "orders")
    with make_store() as store, make_store() as thief:
        hostile(tmp_path / "here", thief)
        config = config_for(store)
        catalog = ConfiguredAirbyteCatalogSerializer.dump(catalog_of(names, config))
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "catalog.json").write_text(json.dumps(catalog))
        of_config = ("--config", str(tmp_path / "config.json"))
        with ThreadPoolExecutor(2) as pool:
            spec, check, discover, read = (
                pool.submit(run, *words)
                for words in (
                    ("spec",),
                    ("check", *of_config),
                    ("discover", *of_config),
                    ("read", *of_config, "--catalog", str(tmp_path / "catalog.json")),
                )
            )
        [told] = spec.result()
        form = told["spec"]["connectionSpecification"]
        assert (
            form
            == json.loads((ROOT / "unit_tests/snapshots/spec.json").read_text())[
                "connectionSpecification"
            ]
        )
        assert check.result()[-1]["connectionStatus"]["status"] == "SUCCEEDED"
        [found] = discover.result()
        assert [stream["name"] for stream in found["catalog"]["streams"]] == [
            stream.name for stream in SourceBigcommerce(config=config).streams(config)
        ]
        assert "hostile" not in json.dumps(found)
        records = [line["record"] for line in read.result() if line["type"] == "RECORD"]
        assert {record["stream"] for record in records} == set(names)
        for name in ("brands", "orders"):
            came = {r["data"]["id"] for r in records if r["stream"] == name}
            assert came == {row["id"] for row in store.rows(name)}
        assert thief.log == []


def printed(messages: Iterable[AirbyteMessage]) -> Sync:
    """The messages as they are printed."""
    dumped = [orjson.dumps(AirbyteMessageSerializer.dump(message)) for message in messages]
    return Sync([AirbyteMessageSerializer.load(orjson.loads(line)) for line in dumped])


# Neighbours


def test_sources_of_one_store_and_of_two_in_one_process_share_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Reads all three in turns, message by message; one of the stores has a quota of 3."""
    sizes = {"brands": 60, "categories": 60, "customers": 60}
    with make_store(**sizes) as one, make_store(**sizes, quota=3, window_ms=1000) as other:
        asked = [(one, "brands", 2), (one, "customers", 3), (other, "categories", 4)]
        sources, reads = [], []
        for store, name, workers in asked:
            config = config_for(store, num_workers=workers, page_size=10)
            source = SourceBigcommerce(config=config, catalog=catalog_of((name,), config))
            sources.append(source)
            reads.append(source.read(LOGGER, config, catalog_of((name,), config)))
        came: list[list[AirbyteMessage]] = [[], [], []]
        with caplog.at_level(logging.INFO, "airbyte"):
            for turn in zip_longest(*reads):
                for messages, message in zip(came, turn, strict=True):
                    messages += [message] if message else []
        for (store, name, workers), messages, source in zip(asked, came, sources, strict=True):
            result = printed(messages)
            assert_complete(store, [name], result)
            estimates = [m.trace.estimate for m in messages if m.trace and m.trace.estimate]
            assert {(each.name, each.row_estimate) for each in estimates} == {(name, 60)}
            # Streams with dates ask for the store's time.
            asked_for = len(store.requests(f"{name}.list")) + (name == "customers")
            [line] = [
                record.getMessage()
                for record in caplog.records
                if record.getMessage().startswith("Progress:")
                and f"; {name} " in record.getMessage()
            ]
            assert line.startswith(f"Progress: 60 records, {asked_for} requests in")
            assert source._sync._workers._max_workers == workers
        [of_three] = {line for line in said(caplog, "Progress:") if "of 3 requests left" in line}
        assert "; categories 60 of about 60; " in of_three
        assert said(caplog, "Waiting")


def said(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    return [line for record in caplog.records if words in (line := record.getMessage())]


def test_a_store_that_is_down_takes_no_tries_of_another_source(waits: list[float]) -> None:
    with make_store() as store:
        down = sync(store, "brands", "categories", api_url="http://127.0.0.1:1", failing=True)
        assert len(down.errors) > 1
        store.faults.add("brands.list", "reset", times=3)
        read = sync(store, "brands")
        assert read.errors == []
        assert_complete(store, ["brands"], read)


# Arguments of the methods


def test_a_source_made_without_arguments_reads_what_its_methods_are_given() -> None:
    with make_store() as store, make_store(orders=40) as other:
        config, catalog = config_for(store), catalog_of(("orders",), config_for(store))
        source = SourceBigcommerce()
        assert source.check(LOGGER, config).status == CheckStatus.SUCCEEDED
        assert {stream.name for stream in source.discover(LOGGER, config).streams} >= {"orders"}
        first = printed(source.read(LOGGER, config, catalog))
        assert_complete(store, ["orders"], first)
        # Then another store, and from a state.
        again = printed(source.read(LOGGER, config, catalog))
        assert_complete(store, ["orders"], again)
        configured = SourceBigcommerce(catalog=catalog, config=config)
        for _ in range(2):
            assert_complete(store, ["orders"], printed(configured.read(LOGGER, config, catalog)))
        elsewhere = printed(source.read(LOGGER, config_for(other), catalog))
        assert_complete(other, ["orders"], elsewhere)
        states = [m.state for m in first.messages if m.state]
        newest = [m for m in states if m.stream][-1:]
        rest = printed(source.read(LOGGER, config, catalog, newest))
        assert 0 < len(rest.records["orders"]) < 10


def test_a_source_made_without_arguments_fails_its_check_in_words() -> None:
    for config in ({}, {"store_hash": "abc123"}, {"store_hash": "x y", "access_token": TOKEN}):
        status = SourceBigcommerce().check(LOGGER, config)
        assert status.status == CheckStatus.FAILED
        assert str(status.message).startswith(("Store hash ", "Access token "))


# Unknown keys

INTERNAL: dict[str, Any] = {
    "max_parents": 1,
    "max_tries": 1,
    "window": "P1D",
    "reads_everything": False,
    "page": 7,
    "name": "evil",
    "_limit": 1,
    "__injected_declarative_manifest": {"streams": []},
    "__injected_components_py": "raise SystemExit('hostile')",
    "__injected_components_py_checksums": {},
}


def test_keys_that_are_not_in_the_form_have_no_effect(waits: list[float]) -> None:
    with make_store() as store:
        plain, more = config_for(store), config_for(store, **INTERNAL)
        assert (
            SourceBigcommerce(config=more)._config.keys()
            == SourceBigcommerce(config=plain)._config.keys()
        )
        store.faults.add("brands.list", "status", status=503, times=2)
        read = sync(store, "orders", "transactions", "brands", **INTERNAL)
        assert read.errors == []
        assert_complete(store, ["orders", "transactions", "brands"], read)


def test_the_check_does_not_mention_what_it_overrides(caplog: pytest.LogCaptureFixture) -> None:
    with make_store() as store, caplog.at_level(logging.INFO):
        config = config_for(store)
        status = SourceBigcommerce(config=config).check(LOGGER, config).status
    assert (status, said(caplog, "verrid")) == (CheckStatus.SUCCEEDED, [])
