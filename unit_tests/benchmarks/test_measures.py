"""What measures.yaml names is there, so that no typing error shows after half an hour."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import reads
from benchmarks.programs import Run
from benchmarks.reads import TABLES, Reads

GROUPS = {part: [Reads(**each) for each in table["reads"]] for part, table in TABLES.items()}


def run_of(*user_agents: str) -> Run:
    log: list[dict[str, Any]] = [
        {"started": at, "ended": at + 1, "status": 200, "user_agent": name, "operation": ""}
        for at, name in enumerate(user_agents)
    ]
    return Run(seconds=2, processor=1, megabytes=100, records=10, log=log)


def figures_of(group: Reads, run: Run) -> dict[str, Any]:
    """The figures of one read whose runs are all the same."""
    start = Run(1, 0.5, 90, 0)
    runs = {10: run, "loop": run, "start": start, "start of loop": start}
    return reads.figures_of(runs, group, 10, run)


@pytest.mark.parametrize("part", TABLES)
def test_columns_and_bounds_are_figures(part: str) -> None:
    for group in GROUPS[part]:
        figures = {"read": group.read, **figures_of(group, run_of("us", reads._APP))}
        assert group.than.keys() <= figures.keys()
        for name in [*TABLES[part]["columns"], *group.at_most, *group.at_least]:
            assert {*name.split(" ÷ ")} <= figures.keys()


@pytest.mark.parametrize("part", TABLES)
def test_bounds_are_there_for_each_number_of_workers(part: str) -> None:
    done: dict[str, set[int]] = {}
    for group in GROUPS[part]:
        for bound in group.at_most.values():
            assert not isinstance(bound, dict) or bound.keys() >= set(group.workers)
        for earlier, _ in group.than.values():
            assert done[earlier] >= set(group.workers)
        done[group.read] = done.get(group.read, set()) | set(group.workers)


def test_figures_follow_from_the_log() -> None:
    [group] = [each for each in GROUPS["quota"] if each.beside == "app" and not each.config]
    found = figures_of(group, run_of("us", "us", reads._APP, "us"))
    # Half of 150 requests in 2 s; 3 of ours in 4 s.
    assert (found["ideal requests/s"], found["requests/s"], found["requests"]) == (37.5, 0.75, 3)
    assert (found["seconds"], found["ideal seconds"], found["requests of the app"]) == (4, 0.08, 1)
    assert reads.value_of(found, "seconds ÷ ideal seconds") == 50


def test_figures_leave_out_the_start() -> None:
    found = figures_of(GROUPS["speed"][0], run_of("us", "us"))
    assert (found["records/s"], found["ms a request"]) == (10, 250)
    assert reads.value_of(found, "records/s ÷ records/s of (a)") == 1


def test_memory_is_measured_without_the_loop() -> None:
    [first, *_] = GROUPS["memory"]
    assert reads.figures_of({10: run_of("us")}, first, 10, run_of("us"))["peak MB"] == 100
