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
        {"started": at, "ended": at + 1, "status": 200, "user_agent": name}
        for at, name in enumerate(user_agents)
    ]
    return Run(seconds=2, processor=1, megabytes=100, records=10, log=log)


def figures_of(group: Reads) -> set[str]:
    """The figures that `_figures` gives for one read."""
    common = {"read", "workers", "records", "peak MB", "ideal requests", "requests ÷ ideal"}
    app = (reads._APP,) if group.beside == "app" else ()
    runs = {**dict.fromkeys(("loop", "start of loop", "start", 10), run_of("us", *app))}
    of_kind = reads._of_log(runs[10], group, 10) if group.options else reads._of_times(runs, 10)
    return common | set(group.store) | of_kind.keys()


@pytest.mark.parametrize("part", TABLES)
def test_columns_and_bounds_are_figures(part: str) -> None:
    groups = GROUPS[part]
    columns, known = set(TABLES[part]["columns"]), set[str]()
    for group in groups:
        figures = figures_of(group)
        assert group.at_most.keys() | group.at_least.keys() | group.than.keys() <= figures
        known |= figures
    assert columns <= known


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
    found = reads._of_log(run_of("us", "us", reads._APP, "us"), group, 10)
    # Half of 150 requests in 3 s; 3 of ours in 4 s.
    assert (found["ideal requests/s"], found["requests/s"], found["requests"]) == (25, 0.75, 3)
    assert (found["seconds"], found["ideal"], found["429s of the app"]) == (4, 0.12, "0 of 1")


def test_figures_leave_out_the_start() -> None:
    slow, start = run_of("us", "us"), Run(1, 0.5, 90, 0)
    found = reads._of_times({10: slow, "start": start, "loop": slow, "start of loop": start}, 10)
    assert (found["records/s"], found["ms a request"], found["ratio"]) == (10, 250, 1)
