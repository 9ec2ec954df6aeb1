"""Four processes read one store at once and share its quota; none starves or is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from integration_tests.nothing_lost import processes
from integration_tests.nothing_lost.completeness import assert_complete, completed, make_store

pytestmark = [pytest.mark.process, pytest.mark.alone]

NAMES = ("customers", "orders", "order_products", "transactions", "products")
EDGES = (
    "2021-03-01T00:00:00Z",
    "2022-06-01T00:00:00Z",
    "2023-09-01T00:00:00Z",
    "2024-12-01T00:00:00Z",
    "2026-03-01T00:00:00Z",
)
QUOTA, WINDOW_MS = 60, 1000


def test_four_processes_share_a_small_quota(tmp_path: Path) -> None:
    with make_store(orders=400, quota=QUOTA, window_ms=WINDOW_MS, latency_ms=5) as store:
        syncs = [
            processes.start(
                tmp_path / start,
                store,
                NAMES,
                start_date=start,
                end_date=end,
                num_workers=5,
                page_size=20,
            )
            for start, end in itertools.pairwise(EDGES)
        ]
        reads = [processes.ended(sync) for sync in syncs]

        assert [read.errors for read in reads] == [[], [], [], []]
        assert [completed(read) for read in reads] == [set(NAMES)] * 4
        assert_complete(store, NAMES, *reads)
        # The quota was scarce: the processes used up window after window. Each of the four may
        # ask too much at the edge of a window, but seldom does.
        asked = len(store.log)
        assert asked > 7 * QUOTA
        assert store.surface.quota.refused < asked / 20
