"""Rows that are read through their parents, without the API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components import ChildRows
from source_bigcommerce.components.messages import NO_ACCESS, REPLY_UNKNOWN
from source_bigcommerce.components.sync import Sync

WINDOW = StreamSlice(
    partition={},
    cursor_slice={"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-01-31T00:00:00Z"},
)
PARENTS = [{"id": n, "date_modified": f"Wed, 0{n} Jan 2024 00:00:00 +0000"} for n in (1, 2, 3)]


class Rows:
    """A retriever whose rows are a function of the slice; keeps the slices."""

    def __init__(self, answer: Callable[[StreamSlice], Any]) -> None:
        self.slices: list[StreamSlice] = []
        self.key, self.date, self.drops_late = "id", "date_modified", False
        self._answer = answer
        self.record_selector = self

    def pages(self, stream_slice: StreamSlice) -> Iterator[Any]:
        self.slices.append(stream_slice)
        yield self._answer(stream_slice)


class Selector:
    """Marks the rows that it made records of."""

    def filter_and_transform(self, rows: Any, *_: Any) -> Iterator[Record]:
        for row in rows:
            yield Record({**row, "transformed": True}, "children")


def child_rows(
    children: Callable[[StreamSlice], Any],
    parents: list[dict[str, Any]] | None = None,
    page_size: int = 2,
    key: str = "id",
    date: str = "date_modified",
    **options: Any,
) -> ChildRows:
    config = {"num_workers": 3, "page_size": page_size}
    of_parents = Rows(lambda _: parents or PARENTS)
    of_parents.key, of_parents.date = key, date
    return ChildRows(
        parents=cast(Any, of_parents),
        children=cast(Any, Rows(children)),
        record_selector=cast(Any, Selector()),
        config=config,
        parameters={},
        **{"parent_key": "order_id", "name": "children", "api_budget": Sync(config), **options},
    )


def of_parent(window: StreamSlice) -> list[dict[str, Any]]:
    return [{"id": 10 * window["order_id"]}, {"id": 10 * window["order_id"] + 1}]


def test_children_arrive_in_the_order_of_their_parents_with_id_and_date() -> None:
    retriever = child_rows(of_parent, parent_date="order_date_modified")
    found = list(retriever.read_records({}, WINDOW))
    assert [record.data for record in found] == [
        {
            "id": 10 * n + i,
            "transformed": True,
            "order_id": n,
            "order_date_modified": f"2024-01-0{n}T00:00:00Z",
        }
        for n in (1, 2, 3)
        for i in (0, 1)
    ]
    assert {(record.stream_name, record.associated_slice) for record in found} == {
        ("children", WINDOW)
    }
    # Each request knows the parent and the window.
    slices = cast(Rows, cast(object, retriever.children)).slices
    assert sorted((each["order_id"], each["start_time"]) for each in slices) == [
        (n, "2024-01-01T00:00:00Z") for n in (1, 2, 3)
    ]


def test_children_that_name_their_parent_keep_the_name() -> None:
    retriever = child_rows(lambda _: [{"id": 1, "order_id": "7"}], PARENTS[:1])
    assert [record.data for record in retriever.read_records({}, WINDOW)] == [
        {"id": 1, "order_id": "7", "transformed": True}
    ]


def test_children_hold_the_further_fields_of_their_parents() -> None:
    def of_cart(window: StreamSlice) -> list[dict[str, Any]]:
        return [{"id": window["cart_id"]}, {"id": "own", "cart_id": "c"}]

    parents: list[Any] = [{"id": 1, "cart_id": "a"}, {"id": 2, "cart_id": "7.00"}]
    read = child_rows(of_cart, parents, parent_fields=["cart_id"]).read_records({}, WINDOW)
    assert [(record["order_id"], record["id"], record["cart_id"]) for record in read] == [
        *((1, "a", "a"), (1, "own", "c")),
        *((2, 7, 7), (2, "own", "c")),
    ]


def test_children_can_be_parents_themselves() -> None:
    addresses = child_rows(of_parent, PARENTS[:2], key="id", parent_date="order_date_modified")
    addresses.key, addresses.date = "id", "order_date_modified"

    def of_address(window: StreamSlice) -> list[dict[str, Any]]:
        return [{"id": f"{window['order_id']}/{window['address_id']}"}]

    quotes = child_rows(
        of_address, parent_key="address_id", parent_fields=["order_id"], parent_date="changed"
    )
    quotes.parents = addresses
    found = [record.data for record in quotes.read_records({}, WINDOW)]
    assert [(row["id"], row["order_id"], row["address_id"], row["changed"]) for row in found] == [
        ("1/10", 1, 10, "2024-01-01T00:00:00Z"),
        ("1/11", 1, 11, "2024-01-01T00:00:00Z"),
        ("2/20", 2, 20, "2024-01-02T00:00:00Z"),
        ("2/21", 2, 21, "2024-01-02T00:00:00Z"),
    ]


def test_parents_that_say_they_have_no_children_are_not_asked() -> None:
    parents: list[Any] = [{"id": 1, "cart_id": None}, {"id": 2, "cart_id": ""}, {"id": 3}]
    parents += [{"id": 4, "cart_id": []}, {"id": 5, "cart_id": "a"}]
    retriever = child_rows(of_parent, parents, only_with="cart_id")
    found = [record["id"] for record in retriever.read_records({}, WINDOW)]
    assert found == [30, 31, 50, 51]


def test_a_parent_without_a_further_field_is_an_error() -> None:
    retriever = child_rows(of_parent, [{"id": 1}], parent_fields=["cart_id"], only_with="cart_id")
    with pytest.raises(AirbyteTracedException) as caught:
        list(retriever.read_records({}, WINDOW))
    assert "a row without cart_id has children" in str(caught.value.internal_message)


def test_embedded_children_cost_no_request_and_are_transformed_alike() -> None:
    parents: list[Any] = [{"id": 1, "images": [{"id": 5}]}, {"id": 2, "images": []}, {"id": 3}]
    retriever = child_rows(of_parent, parents, embeds="images")
    assert [record.data for record in retriever.read_records({}, WINDOW)] == [
        {"id": 5, "transformed": True, "order_id": 1},
        {"id": 30, "transformed": True, "order_id": 3},
        {"id": 31, "transformed": True, "order_id": 3},
    ]


def test_children_are_asked_for_at_once_if_workers_are_free() -> None:
    together = threading.Barrier(3, timeout=60)

    def wait(_: StreamSlice) -> list[dict[str, Any]]:
        together.wait()
        return []

    assert list(child_rows(wait).read_records({}, WINDOW)) == []


def numbered(taken: list[int], third: threading.Event) -> Iterator[dict[str, Any]]:
    for number in range(1, 10):
        taken.append(number)
        if number == 3:
            third.set()
        yield {"id": number, "images": [{"id": 10 * number}]}


def test_parents_are_read_one_page_ahead_of_their_children() -> None:
    taken: list[int] = []
    third = threading.Event()

    def wait(window: StreamSlice) -> list[dict[str, Any]]:
        assert third.wait(60)
        return of_parent(window)

    next(child_rows(wait, cast(Any, numbered(taken, third))).read_records({}, WINDOW))
    assert taken == [1, 2, 3]


def test_parents_with_embedded_children_are_not_held_in_memory() -> None:
    taken: list[int] = []
    parents = cast(Any, numbered(taken, threading.Event()))
    next(child_rows(of_parent, parents, embeds="images").read_records({}, WINDOW))
    assert taken == [1]


def test_a_window_ends_with_the_error_of_one_parents_children() -> None:
    def fail(window: StreamSlice) -> list[dict[str, Any]]:
        if window["order_id"] == 2:
            raise ValueError("of parent 2")
        return of_parent(window)

    records = child_rows(fail).read_records({}, WINDOW)
    assert [next(records).data["id"] for _ in range(2)] == [10, 11]
    with pytest.raises(ValueError, match="of parent 2"):
        next(records)


def test_parents_are_closed_although_somebody_keeps_the_error_of_their_children() -> None:
    """The framework keeps it until the sync ends, and an open list holds memory."""
    retriever, closed = child_rows(lambda _: 1 / 0), []

    def pages(_: StreamSlice) -> Iterator[Any]:
        try:
            while True:
                yield PARENTS
        finally:
            closed.append(True)

    cast(Any, retriever.parents).pages = pages
    with pytest.raises(ZeroDivisionError) as kept:
        list(retriever.read_records({}, WINDOW))
    assert closed == [True]
    assert kept.value.__traceback__


def test_children_whose_list_may_be_cut_are_asked_for() -> None:
    parents = [{"id": n, "images": [{"id": i} for i in range(n)]} for n in (9, 10, 11)]
    retriever = child_rows(of_parent, parents, embeds="images")
    found = [record.data for record in retriever.read_records({}, WINDOW)]
    assert [row["id"] for row in found if row["order_id"] == 10] == [100, 101]
    assert len(found) == 9 + 2 + 11


def test_children_get_whole_ids_if_theirs_are_text_or_null() -> None:
    parents = [{"id": "7", "images": [{"id": None, "name": "a"}, {"id": None, "order_id": None}]}]
    retriever = child_rows(of_parent, parents, embeds="images")
    first, second = (record.data for record in retriever.read_records({}, WINDOW))
    assert first["order_id"] == second["order_id"] == 7
    assert first["id"] < 0
    assert second["id"] not in (None, first["id"])


@pytest.mark.parametrize(
    ("name", "parent_key", "named"),
    [
        ("price_list_records", "price_list_id", "price list records of price list 1"),
        ("b2b_quotes", "quoteId", "b2b quotes of quote 1"),
        ("b2b_companies", "salesStaffId", "b2b companies of sales staff 1"),
    ],
)
def test_rows_of_a_parent_that_are_not_all_sent_are_an_error_that_names_it(
    name: str, parent_key: str, named: str
) -> None:
    def fail(window: StreamSlice) -> list[dict[str, Any]]:
        raise REPLY_UNKNOWN.error("page 2 is missing")

    retriever = child_rows(fail)
    retriever.parent_key, retriever.name = parent_key, name
    with pytest.raises(AirbyteTracedException, match=named) as raised:
        list(retriever.read_records({}, WINDOW))
    assert raised.value.failure_type == FailureType.system_error
    assert "page 2 is missing" in str(raised.value.internal_message)


def test_a_window_ends_with_the_error_of_a_refused_token() -> None:
    def fail(window: StreamSlice) -> list[dict[str, Any]]:
        raise NO_ACCESS.error()

    with pytest.raises(AirbyteTracedException, match="opens none of the streams"):
        list(child_rows(fail).read_records({}, WINDOW))


def test_children_that_changed_after_the_window_wait_for_the_next_sync() -> None:
    dates = ("2024-01-31T00:00:00Z", "2024-01-31T00:00:01Z", None)
    rows = [{"id": n, "date_modified": date} for n, date in enumerate(dates)]
    read = child_rows(lambda _: rows, PARENTS[:1], drops_late=True).read_records({}, WINDOW)
    assert [record.data["id"] for record in read] == [0, 2]


def test_children_of_several_parents_come_once_whatever_their_ids_are() -> None:
    ids: list[Any] = ["a", {"a": 1}, [1], "a", {"a": 1}]
    rows = [{"id": each} for each in ids]
    read = child_rows(lambda _: rows, PARENTS[:1], once=True).read_records({}, WINDOW)
    assert [record.data["id"] for record in read] == ["a", {"a": 1}, [1]]


# What the manifest says of parents


def test_parents_give_a_key_that_is_no_id_to_their_children_and_to_the_address() -> None:
    asked: list[Any] = []

    def child(window: StreamSlice) -> list[dict[str, Any]]:
        asked.append((window["theme_uuid"], window["style"]))
        return [{"id": 1}, {"id": 2, "theme_uuid": "other"}]

    retriever = child_rows(
        child,
        [{"uuid": "7f/../a", "style": 3, "id": None}],
        key="uuid",
        parent_key="theme_uuid",
        parent_fields=["style"],
    )
    found = [record.data["theme_uuid"] for record in retriever.read_records({}, WINDOW)]
    assert found == ["7f/../a", "other"]
    assert asked == [("7f%2F..%2Fa", 3)]


def test_parents_give_a_date_of_another_name_to_their_children() -> None:
    parents = [{"id": 1, "updated_at": "2024-01-05T06:07:08Z", "date_modified": "2020-01-01"}]
    retriever = child_rows(of_parent, parents, date="updated_at", parent_date="changed")
    dates = {record.data["changed"] for record in retriever.read_records({}, WINDOW)}
    assert dates == {"2024-01-05T06:07:08Z"}


def test_a_parent_without_a_key_is_an_error_that_names_the_field() -> None:
    records = child_rows(of_parent, [{"id": 1}], key="uuid").read_records({}, WINDOW)
    with pytest.raises(AirbyteTracedException) as raised:
        list(records)
    assert raised.value.internal_message == "a row without uuid has children"


def test_a_parent_without_a_field_of_the_address_is_an_error() -> None:
    records = child_rows(of_parent, [{"id": 1, "style": None}], parent_fields=["style"])
    with pytest.raises(AirbyteTracedException) as raised:
        list(records.read_records({}, WINDOW))
    assert raised.value.internal_message == "a row without style has children"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"key": ""}, "the parents of children lack `key`"),
        ({"date": "", "parent_date": "changed"}, "the parents of children lack `date`"),
        ({"likely_empty": {"total": 0}, "copied": ["a"]}, "children cannot have `likely_empty`"),
        ({"embeds": "line_itmes"}, "children embeds line_itmes, none of line_items, shipping_"),
        ({"embeds": "line_items"}, "children needs `embeds_at_most` for"),
        ({"embeds": "fees", "embeds_at_most": 50}, "children needs `embeds_at_most` for"),
    ],
)
def test_a_manifest_that_lacks_what_children_need_fails_at_the_start(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=f"^manifest.yaml: {words}"):
        child_rows(of_parent, **options)


def test_children_get_the_fields_that_are_copied_where_they_lack_them() -> None:
    parents = [{"id": 1, "company": "North", "rep": "Sam"}, {"id": 2, "company": "South"}]
    retriever = child_rows(
        lambda window: [{"id": 5, "rep": "Kim"}], parents, copied=["company", "rep"]
    )
    found = [record.data for record in retriever.read_records({}, WINDOW)]
    assert [(row["order_id"], row["company"], row["rep"]) for row in found] == [
        (1, "North", "Kim"),
        (2, "South", "Kim"),
    ]


def test_children_that_several_parents_have_come_once() -> None:
    parents = [{"id": 1}, {"id": 2}]
    for once, ids in ((True, [7, 8]), (False, [7, 8, 7, 8])):
        retriever = child_rows(lambda window: [{"id": 7}, {"id": 8}], parents, once=once)
        assert [record.data["id"] for record in retriever.read_records({}, WINDOW)] == ids


def test_children_without_ids_get_some() -> None:
    retriever = child_rows(lambda window: [{"a": 1}, {"a": 1}], [{"id": 1}], has_ids=False)
    ids = [record.data["id"] for record in retriever.read_records({}, WINDOW)]
    assert len(set(ids)) == 2
    assert max(ids) < 0


def test_parents_that_changed_after_the_window_wait_for_the_next_sync() -> None:
    end = WINDOW["end_time"]
    parents = [{"id": 1, "date_modified": end}, {"id": 2, "date_modified": "2099-01-01T00:00:00Z"}]
    for drops_late, ids in ((True, [1]), (False, [1, 2])):
        retriever = child_rows(lambda window: [{"id": 5}], parents)
        retriever.parents.drops_late = drops_late
        found = [record.data["order_id"] for record in retriever.read_records({}, WINDOW)]
        assert found == ids


def test_a_parent_with_many_pages_of_children_is_not_held_in_memory() -> None:
    asked: list[int] = []

    class Pages(Rows):
        def pages(self, stream_slice: StreamSlice) -> Iterator[Any]:
            for number in range(100):
                asked.append(number)
                yield [{"id": None, "name": "twice"}, {"id": number}]

    retriever = child_rows(of_parent, PARENTS[:1])
    retriever.children = cast(Any, Pages(of_parent))
    records = retriever.read_records({}, WINDOW)
    first = next(iter(records))
    assert len(asked) == 10
    rows = [first.data, *(record.data for record in records)]
    assert len(asked) == 100
    assert len(rows) == len({row["id"] for row in rows}) == 200
