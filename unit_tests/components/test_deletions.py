"""Deletions that a store of the test's own makes between and within syncs, and what is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any, cast

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import StreamSlice
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from source_bigcommerce.components.deletion_state import Memory, when
from source_bigcommerce.components.deletions import Deletions
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.known_ids import KnownIds
from source_bigcommerce.components.page import Page
from source_bigcommerce.components.sync import Sync
from unit_tests.replies import reply

EXAMPLES = int(os.environ.get("HISTORIES", "60"))
PAGE = 10
NOW = "2026-03-01T00:00:00Z"
CONFIG = {"page_size": PAGE, "skip_hidden_products": False, "channel_ids": []}
Row = dict[str, Any]


class Store:
    """Rows with ids that rise with their dates of creation, if `is_rising`.

    races: what happens after each of the next requests.
    counts: what the store makes of a total.
    cap: the most rows in a reply, whatever is asked for.
    """

    def __init__(self, size: int, is_rising: bool = True) -> None:
        self.rows: dict[int, Row] = {}
        self.is_rising = is_rising
        self.requests = 0
        self.races: list[Callable[[], None]] = []
        self.counts: Callable[[int], Any] = lambda total: total
        self.cap = 10**6
        for _ in range(size):
            self.insert()
        self.hidden: set[int] = set()

    def insert(self) -> None:
        key = max([*self.rows, getattr(self, "last", 0)]) + 1
        self.last = key
        date = key * 7 if self.is_rising else key * 7919 % 1000
        self.rows[key] = {"id": key, "date_created": iso(1_700_000_000 + date)}

    def answer(self, asked: Mapping[str, Any], shown: set[int]) -> Page:
        self.requests += 1
        rows = [row for key, row in sorted(self.rows.items()) if key in shown and fits(row, asked)]
        limit, page = min(asked.get("limit", PAGE), self.cap), asked.get("page", 1)
        part = rows[(page - 1) * limit : page * limit]
        total = self.counts(len(rows))
        meta = {"pagination": {"total": total}} if total is not None else {}
        body = {"data": [dict(row) for row in part], "meta": meta}
        if self.races:
            self.races.pop()()
        return Page.of(reply(200, body, path="v3/x"), limit, PAGE, int)


def iso(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def fits(row: Row, asked: Mapping[str, Any]) -> bool:
    tests: dict[str, Callable[[Any], bool]] = {
        "id:min": lambda low: bool(row["id"] >= low),
        "id:max": lambda high: bool(row["id"] <= high),
        "date_created:min": lambda low: bool(row["date_created"] >= low),
        "date_created:max": lambda high: bool(row["date_created"] <= high),
        "id:in": lambda ids: row["id"] in map(int, ids.split(",")),
    }
    return all(tests[name](value) for name, value in asked.items() if name in tests)


class List:
    """In place of Rows: a list of the store, without what is hidden if it `filters`."""

    def __init__(self, store: Store, filters: bool, is_counted: bool = False) -> None:
        self.store, self.filters = store, filters
        self.counter = object() if is_counted else None

    def _shown(self) -> set[int]:
        return set(self.store.rows) - (self.store.hidden if self.filters else set())

    def ask(self, _: StreamSlice, asked: Mapping[str, Any]) -> Page:
        return self.store.answer(asked, self._shown())

    def counted(self, _: StreamSlice, **asked: Any) -> int | None:
        return self.store.answer(asked, self._shown()).total

    def listed(self, _: StreamSlice) -> Iterator[list[Row]]:
        # As Rows reads: whatever is there all the time comes.
        last = 0
        while True:
            page = self.store.answer({"id:min": last + 1}, self._shown())
            if not page.rows:
                return
            yield [dict(row) for row in page.rows]
            last = page.rows[-1]["id"]


KINDS: dict[str, dict[str, Any]] = {
    "by id": {"low": "id:min", "high": "id:max", "ids_in": "id:in"},
    "by date": {
        "low": "date_created:min",
        "high": "date_created:max",
        "created": "date_created",
        "ids_in": "id:in",
    },
    "whole": {"ids_in": "id:in"},
    "by id, asked for in ranges": {"low": "id:min", "high": "id:max"},
}


class Syncs:
    """Syncs of one stream of deletions, and the state that each of them saved."""

    def __init__(
        self, store: Store, kind: str = "by id", is_counted: bool = False, **config: Any
    ) -> None:
        self.store, self.sync = store, Sync()
        self.deletions = Deletions(
            cast(Any, List(store, filters=True, is_counted=is_counted)),
            cast(Any, List(store, filters=False)),
            cast(Any, SimpleNamespace()),
            {**CONFIG, **config},
            {},
            name="deleted_products",
            api_budget=self.sync,
            **KINDS[kind],
        )
        self.states: list[Memory] = [Memory(NOW)]
        self.tells_again = False

    def run(self, since: int = -1, until: int | None = None) -> list[Row]:
        """Reads from a state, as far as that many rows: then the sync is killed."""
        known = self.states[since]
        ids = None if known.ids is None else KnownIds.load(known.ids.dump())
        memory = replace(known, tells_again=self.tells_again, ids=ids)
        window = StreamSlice(partition={}, cursor_slice={}, extra_fields={"memory": memory})
        told: list[Row] = []
        for record in self.deletions.read_records({}, window):
            if until is not None and len(told) == until:
                return told
            told.append(dict(cast(Any, record).data))
        self.states.append(memory)
        return told

    @property
    def doubts(self) -> str:
        [row] = [row for row in self.sync.receipts.rows() if row["stream"] == "deleted_products"]
        return row["reason"] or ""


@pytest.mark.parametrize("kind", KINDS)
def test_deletions_of_known_ids_are_reported_once(kind: str) -> None:
    store = Store(95)
    syncs = Syncs(store, kind)
    assert syncs.run() == []
    for key in (1, 40, 41, 95):
        del store.rows[key]
    store.insert()
    assert syncs.run() == [
        {"id": key, "last_seen_at": NOW, "found_deleted_at": NOW, "reason": "deleted"}
        for key in (1, 40, 41, 95)
    ]
    assert syncs.run() == []
    del store.rows[96]
    assert [row["id"] for row in syncs.run()] == [96]


def test_no_deletions_cost_a_page_of_new_ids_and_a_count() -> None:
    for kind, is_counted in (("by id", False), ("by date", False), ("by id", True)):
        store = Store(95)
        syncs = Syncs(store, kind, is_counted)
        syncs.run()
        store.requests = 0
        assert syncs.run() == []
        assert store.requests == 2


def test_ids_that_do_not_rise_with_their_dates_are_compared_as_a_whole() -> None:
    store = Store(95, is_rising=False)
    syncs = Syncs(store, "by date")
    syncs.run()
    assert len(syncs.states[-1].ids.marks) < 3 if syncs.states[-1].ids else False
    del store.rows[40]
    assert [row["id"] for row in syncs.run()] == [40]


def test_a_row_that_comes_with_an_early_date_into_an_empty_list_is_learnt() -> None:
    store = Store(1)
    syncs = Syncs(store, "by date")
    syncs.run()
    del store.rows[1]
    assert [row["id"] for row in syncs.run()] == [1]
    store.insert()
    store.rows[2]["date_created"] = iso(1_700_000_000)
    assert syncs.run() == []
    del store.rows[2]
    assert [row["id"] for row in syncs.run()] == [2]


@pytest.mark.parametrize("like", [0, 48])  # one is only counted, the other one shown too
def test_dates_are_not_relied_on_once_a_row_came_with_an_early_one(like: int) -> None:
    store = Store(95)
    syncs = Syncs(store, "by date")
    syncs.run()
    store.insert()
    store.rows[96]["date_created"] = iso(1_700_000_000 + like * 7)
    assert syncs.run() == []
    del store.rows[35]  # 96 is counted in its place
    assert [row["id"] for row in syncs.run()] == [35]


def test_a_row_that_the_form_leaves_out_is_hidden_and_not_deleted() -> None:
    store = Store(95)
    syncs = Syncs(store, skip_hidden_products=True)
    syncs.run()
    store.hidden = {30, 31}
    del store.rows[50]
    told = {row["id"]: row["reason"] for row in syncs.run()}
    assert told == {30: "hidden", 31: "hidden", 50: "deleted"}
    store.hidden = set()
    assert syncs.run() == []
    store.hidden = {30}
    assert [row["id"] for row in syncs.run()] == [30]


def test_a_hidden_row_that_is_deleted_later_is_reported_again() -> None:
    store = Store(95)
    syncs = Syncs(store, skip_hidden_products=True)
    syncs.run()
    store.hidden = {30, 31, 32}
    assert [row["reason"] for row in syncs.run()] == ["hidden"] * 3
    assert syncs.run() == []
    del store.rows[30]
    store.hidden = {31}
    assert [(row["id"], row["reason"]) for row in syncs.run()] == [(30, "deleted")]
    del store.rows[31], store.rows[32]
    told = [(row["id"], row["reason"]) for row in syncs.run()]
    assert told == [(31, "deleted"), (32, "deleted")]
    assert syncs.run() == []


def test_a_row_that_is_hidden_as_another_is_shown_is_reported_with_the_next_sync() -> None:
    store = Store(95)
    syncs = Syncs(store, skip_hidden_products=True)
    syncs.run()
    store.hidden = {30}
    syncs.run()
    store.hidden = {50}  # as many rows as before are counted
    assert syncs.run() == []
    assert [row["id"] for row in syncs.run()] == [50]


def test_hidden_rows_cost_a_request_a_page() -> None:
    store = Store(95)
    syncs = Syncs(store, skip_hidden_products=True)
    syncs.run()
    store.hidden = {30, 31, 32}
    syncs.run()
    store.requests = 0
    assert syncs.run() == []
    assert store.requests == 4  # new ids, the count, and whether the three are there, but hidden


def test_a_row_that_came_back_is_not_reported_again() -> None:
    store = Store(95)
    syncs = Syncs(store)
    syncs.tells_again = True
    syncs.run()
    gone = {key: store.rows.pop(key) for key in (40, 41)}
    assert [row["id"] for row in syncs.run()] == [40, 41]
    store.rows[40] = gone[40]
    assert [row["id"] for row in syncs.run()] == [41]
    assert syncs.run() == []


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        (lambda total: None, "does not count its rows"),
        (lambda total: -1, "does not count its rows"),
        (lambda total: "many", "does not count its rows"),
        (lambda total: total // 2, "fewer rows than it sends"),
        (lambda total: min(total, PAGE), "the rows of a page"),
    ],
)
def test_nonsensical_counts_report_no_deletions_and_say_why(
    counts: Callable[[int], Any], why: str
) -> None:
    store = Store(19)
    syncs = Syncs(store)
    syncs.run()
    before = syncs.states[-1].seen_at
    store.counts = counts
    del store.rows[4]
    if why == "the rows of a page":
        store.counts = lambda total: 1 if total else 0
        why = "fewer rows than it sends"
    assert syncs.run() == []
    assert why in syncs.doubts
    assert syncs.states[-1].seen_at == before
    store.counts = lambda total: total
    assert [row["id"] for row in syncs.run()] == [4]


def test_deletions_are_not_reported_if_the_store_answers_nothing_for_ids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store(95)
    syncs = Syncs(store)
    syncs.run()
    del store.rows[4]
    everything = syncs.deletions.everything
    nothing = Page.of(reply(200, {"data": [], "meta": {}}, path="v3/x"), PAGE, PAGE, int)
    with monkeypatch.context() as patch:
        patch.setattr(everything, "ask", lambda *_: nothing)
        assert syncs.run() == []
    assert "does not show rows that it has" in syncs.doubts
    with monkeypatch.context() as patch:
        patch.setattr(everything, "ask", lambda window, asked: store.answer({}, set(store.rows)))
        assert syncs.run() == []
    assert "ignores the ids" in syncs.doubts
    assert [row["id"] for row in syncs.run()] == [4]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("counts", [lambda total: min(total, 3), lambda total: max(3, total // 2)])
def test_rows_that_come_on_shorter_pages_than_asked_for_are_not_reported(
    kind: str, counts: Callable[[int], Any]
) -> None:
    store = Store(95)
    syncs = Syncs(store, kind)
    syncs.run()
    for key in (40, 93, 95):
        del store.rows[key]
    store.counts, store.cap = counts, 3
    assert {row["id"] for row in syncs.run()} <= {40, 93, 95}


def test_deletions_are_not_reported_if_the_store_refuses_to_be_asked_for_ids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store(95)
    syncs = Syncs(store)
    syncs.run()
    del store.rows[4]

    def refuse(*_: Any) -> None:
        raise ParameterRefused("422", "no such filter", FailureType.config_error)

    monkeypatch.setattr(syncs.deletions.everything, "ask", refuse)
    assert syncs.run() == []
    assert "refuses to be asked for ids" in syncs.doubts


def test_ids_that_are_no_numbers_are_not_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    syncs = Syncs(Store(5), "whole")
    monkeypatch.setattr(syncs.deletions.listed, "listed", lambda _: iter([[{"id": "7f0c"}]]))
    assert syncs.run() == []
    assert syncs.states[-1].ids is None
    assert "ids that are no numbers" in syncs.doubts


def test_the_deletion_of_everything_is_reported() -> None:
    store = Store(25)
    syncs = Syncs(store)
    syncs.run()
    store.rows.clear()
    assert [row["id"] for row in syncs.run()] == list(range(1, 26))
    assert syncs.run() == []


CHANGES = st.lists(
    st.tuples(st.sampled_from(["delete", "insert", "edit"]), st.integers(0, 200)), max_size=6
)
SYNCS = st.fixed_dictionaries(
    {
        "before": CHANGES,
        "within": CHANGES,
        # Which state it goes on from, counted from the last one, and after how many rows it dies.
        "since": st.sampled_from([1, 1, 1, 2, 3]),
        "until": st.none() | st.integers(0, 3),
        "lag": st.sampled_from([0, 0, 0, 1, -1, 3]),
    }
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    size=st.sampled_from([0, 1, 9, 10, 11, 60, 200]),
    kind=st.sampled_from(list(KINDS)),
    is_counted=st.booleans(),
    is_rising=st.booleans(),
    steps=st.lists(SYNCS, min_size=1, max_size=6),
)
def test_deletions_of_any_history_are_all_reported_and_none_is_made_up(
    size: int, kind: str, is_counted: bool, is_rising: bool, steps: list[dict[str, Any]]
) -> None:
    store = Store(size, is_rising)
    syncs = Syncs(store, kind, is_counted and kind != "by date")
    gone: list[int] = []

    def change(what: str, which: int) -> None:
        keys = sorted(store.rows)
        if what == "insert" or not keys:
            store.insert()
        elif what == "delete":
            gone.append(keys[which % len(keys)])
            del store.rows[gone[-1]]

    told: list[int] = []

    def run(since: int, until: int | None, is_quiet: bool) -> None:
        ids = syncs.states[since].ids
        rows = [row["id"] for row in syncs.run(since, until)]
        told.extend(rows)
        assert not store.rows.keys() & set(rows), "it is there"
        if is_quiet and until is None:
            assert set(rows) == set(ids or ()) - store.rows.keys(), "each one that is gone"

    is_straight = True
    for step in steps:
        for what, which in step["before"]:
            change(what, which)
        store.races = [lambda c=c: change(*c) for c in step["within"]]  # type: ignore[misc]
        lag = step["lag"]
        store.counts = lambda total, lag=lag: max(0, total + lag)  # type: ignore[misc]
        since = max(-step["since"], -len(syncs.states))
        is_straight = is_straight and since == -1 and step["until"] is None
        run(since, step["until"], is_quiet=not step["within"] and not lag)
    store.races, store.counts = [], lambda total: total
    for _ in range(3):
        run(-1, None, is_quiet=True)
    known = syncs.states[-1].ids
    assert known is not None
    assert set(known) == set(store.rows), "what is known in the end is what is there"
    if is_straight:
        assert len(told) == len(set(told)), "told twice"


def test_dates_are_read_as_seconds() -> None:
    assert when("2026-03-01T00:00:00Z") == when("2026-03-01T00:00:00+00:00") == 1_772_323_200
    assert when(None) is when("soon") is None
