"""`kill -9` at any moment of a sync; the next one continues from the last printed state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from airbyte_cdk.models import AirbyteMessage

from integration_tests.nothing_lost import processes
from integration_tests.nothing_lost.completeness import (
    ALL,
    TOKEN,
    assert_complete,
    assert_states_true,
    completed,
    make_store,
    whole_history,
)
from integration_tests.syncs import State, Sync, sync
from sandbox import Sandbox

pytestmark = pytest.mark.process

SETTINGS = whole_history(page_size=20, num_workers=6)
KILLS = 5
DELETIONS = ("deleted_orders", "deleted_customers", "deleted_brands", "deleted_categories")
# Enough full-refresh rows that no sync can end before it is killed: its pipe is full by then.
SIZES = {"orders": 200, "brands": 150, "categories": 150, "pages": 150}


# Four stores, five kills each: twenty moments.
@pytest.mark.parametrize("seed", range(4))
def test_a_sync_that_is_killed_again_and_again_loses_nothing(seed: int, tmp_path: Path) -> None:
    moments = Random(seed)
    with make_store(seed=seed, latency_ms=3, **SIZES) as store:
        runs: list[Sync] = []
        state: State = sync(store, *DELETIONS, **SETTINGS).state
        gone = {name: _deleted(store, name.removeprefix("deleted_"), moments) for name in DELETIONS}
        for kill in range(KILLS):
            # The first kill may come before anything is printed. The more has been read, the
            # less remains.
            run = _killed(tmp_path, store, state, moments.randint(0, 900 // (kill + 1)))
            assert_states_true(store, run.messages, *runs)
            state = {**state, **run.state}
            runs.append(Sync(list(_acknowledged(run))))
        last = _finished(tmp_path, store, state)
        assert last.errors == []
        assert completed(last) == {*ALL, *DELETIONS}
        assert_states_true(store, last.messages, *runs)
        assert_complete(store, ALL, *runs, last)
        for name, keys in gone.items():
            told = [row["id"] for run in [*runs, last] for row in run.records.get(name, [])]
            assert sorted(told) == keys


def _killed(folder: Path, store: Sandbox, state: State, lines: int) -> Sync:
    """The messages of a sync that is killed after so many lines."""
    process = processes.start(folder, store, (*ALL, *DELETIONS), state, **SETTINGS)
    with process.stdout as stdout, process.stderr as stderr:
        output = b"".join(stdout.readline() for _ in range(lines))
        process.kill()
        rest, errors = stdout.read(), stderr.read()
    assert process.wait() == -9, "it was to die in the middle, not to end before"
    assert TOKEN.encode() not in output + rest + errors
    return processes.parsed(output + rest)


def _finished(folder: Path, store: Sandbox, state: State) -> Sync:
    return processes.ended(processes.start(folder, store, (*ALL, *DELETIONS), state, **SETTINGS))


def _deleted(store: Sandbox, of: str, chance: Random) -> list[int]:
    """Deletes some rows; gives their ids."""
    key = "category_id" if of == "categories" else "id"
    gone = sorted(chance.sample([row[key] for row in store.rows(of)], 4))
    for each in gone:
        store.delete(of, each)
    return gone


def _acknowledged(run: Sync) -> Iterator[AirbyteMessage]:
    """Drops the records after the last state of their stream, as a destination may."""
    last = {}
    for place, message in enumerate(run.messages):
        if message.state and message.state.stream:
            last[message.state.stream.stream_descriptor.name] = place
    for place, message in enumerate(run.messages):
        if message.record and place > last.get(message.record.stream, -1):
            continue
        yield message
