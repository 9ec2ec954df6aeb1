"""Rows of several parents by one request, without the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, cast

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components import BatchRows
from source_bigcommerce.components.error_handler import ParameterRefused
from source_bigcommerce.components.messages import (
    GIVEN_UP,
    LIST_UNPROVED,
    REQUEST_REFUSED,
    TOKEN_REFUSED,
)
from source_bigcommerce.components.sync import Sync

WINDOW = StreamSlice(
    partition={},
    cursor_slice={"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-01-31T00:00:00Z"},
)
Row = dict[str, Any]
Answer = Callable[[list[int]], list[list[Row]]]


class Rows:
    """Parents, or a store that answers lists of keys; keeps what it was asked for."""

    key, date, drops_late = "id", "date_modified", False

    def __init__(self, pages: Callable[[StreamSlice], list[list[Row]]]) -> None:
        self._pages = pages
        self.is_closed = False

    def pages(self, window: StreamSlice) -> Iterator[list[Row]]:
        try:
            yield from self._pages(window)
        finally:
            self.is_closed = True


class Selector:
    def filter_and_transform(self, rows: Any, *_: Any) -> Iterator[Record]:
        for row in rows:
            yield Record(dict(row), "children")


class Store:
    """Products 1 to `count`, read in batches, and the keys of each request.

    One worker, so that requests have an order.
    """

    def __init__(self, answer: Answer, count: int = 20, batch: int = 8, **options: Any) -> None:
        self.asked: list[list[int]] = []
        self._answer = answer
        config = {"num_workers": 1, "page_size": 250}
        dates = {n: f"2024-01-{1 + n % 28:02}T00:00:00Z" for n in range(1, count + 1)}
        self.products = [{"id": n, "date_modified": date} for n, date in dates.items()]
        self.parents = Rows(lambda _: [self.products[:9], self.products[9:]])
        self.sync = Sync(config)
        self.rows = BatchRows(
            parents=cast(Any, self.parents),
            children=cast(Any, Rows(self._asked_for)),
            record_selector=cast(Any, Selector()),
            config=config,
            parameters={},
            **{
                "parent_key": "product_id",
                "parent_date": "changed",
                "name": "tax_values",
                "batch": batch,
                "api_budget": self.sync,
                **options,
            },
        )

    def _asked_for(self, window: StreamSlice) -> list[list[Row]]:
        keys = [int(key) for key in window.partition["product_id"].split(",")]
        self.asked.append(keys)
        return self._answer(keys)

    def read(self) -> list[Row]:
        return [dict(record.data) for record in self.rows.read_records({}, WINDOW)]

    @property
    def sizes(self) -> list[int]:
        return [len(keys) for keys in self.asked]


def own(keys: list[int]) -> list[list[Row]]:
    """A row of each product that is asked for."""
    return [[{"product_id": key} for key in keys]]


def of_some(*having: int) -> Answer:
    return lambda keys: [[{"product_id": key} for key in keys if key in having]]


def ids(rows: list[Row]) -> list[int]:
    return [row["product_id"] for row in rows]


def refused(status: int = 422) -> ParameterRefused:
    kind = FailureType.transient_error if status >= 500 else REQUEST_REFUSED.failure_type
    return ParameterRefused("refused", REQUEST_REFUSED.message(status=status), kind)


def test_children_come_in_batches_in_order_with_the_dates_of_their_parents() -> None:
    store = Store(own)
    assert store.read() == [
        {"product_id": row["id"], "changed": row["date_modified"]} for row in store.products
    ]
    assert store.asked == [[*range(1, 9)], [*range(9, 17)], [*range(17, 21)]]


def test_children_belong_to_the_window_and_the_stream() -> None:
    for record in Store(own).rows.read_records({}, WINDOW):
        assert (record.stream_name, record.associated_slice) == ("tax_values", WINDOW)


def test_children_whose_parent_is_text_belong_to_it() -> None:
    store = Store(lambda keys: [[{"product_id": str(key)} for key in keys]], count=2)
    assert ids(store.read()) == [1, 2]


def test_the_next_request_ends_with_a_witness_for_parents_without_rows() -> None:
    store = Store(of_some(2, 5, 17))
    assert ids(store.read()) == [2, 5, 17]
    # Behind the second batch stands a product that has rows: it comes, so the store reads all keys.
    assert store.asked == [[*range(1, 9)], [*range(9, 17), 5], [*range(17, 21)]]


def test_the_last_batch_is_repeated_with_a_witness_at_its_end() -> None:
    store = Store(of_some(2), count=8)
    assert ids(store.read()) == [2]
    assert store.asked == [[*range(1, 9)], [1, *range(3, 9), 2]]


@pytest.mark.parametrize("most", [1, 2, 5])
def test_a_store_of_one_batch_that_reads_only_the_first_keys_is_read_whole(most: int) -> None:
    store = Store(lambda keys: of_some(1, 4, 6)(keys[:most]), count=7)
    assert ids(store.read()) == [1, 4, 6]


def test_nothing_is_asked_again_where_no_parent_has_rows() -> None:
    store = Store(of_some())
    assert store.read() == []
    assert store.sizes == [8, 8, 4]


# Where the keys that are read never have a row, as with one product of twenty, nothing can show it.
@pytest.mark.parametrize("most", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("having", [range(1, 21), (3, 8, 12, 17, 20), (1, 16)], ids=str)
def test_a_store_that_reads_only_the_first_keys_is_read_whole(most: int, having: Any) -> None:
    """Without a word: the replies look like those of parents without rows."""
    store = Store(lambda keys: of_some(*having)(keys[:most]))
    assert sorted(ids(store.read())) == sorted(having)


@pytest.mark.parametrize("most", [1, 3, 5])
def test_a_store_that_refuses_many_keys_gets_fewer_from_then_on(most: int) -> None:
    def answer(keys: list[int]) -> list[list[Row]]:
        if len(keys) > most:
            raise refused()
        return own(keys)

    store = Store(answer, count=40)
    assert ids(store.read()) == [*range(1, 41)]
    assert max(store.sizes[-5:]) <= most
    # The batches that were under way by then: two, each asked for by 8, 4, 4, 2, 2, 2, 2 at most.
    assert sum(size > most for size in store.sizes) <= 14


@pytest.mark.parametrize("status", [404, 422])
def test_one_refused_parent_does_not_shrink_later_requests(status: int) -> None:
    def answer(keys: list[int]) -> list[list[Row]]:
        if 3 in keys and len(keys) > 1:
            raise refused(status)
        return [[]] if keys == [3] else own(keys)

    store = Store(answer)
    assert ids(store.read()) == [n for n in range(1, 21) if n != 3]
    assert store.sizes[-2:] == [9, 4]  # one of them to show that all keys are read


def test_a_refused_parent_of_a_short_last_batch_does_not_shrink_later_requests() -> None:
    def answer(keys: list[int]) -> list[list[Row]]:
        if 10 in keys and len(keys) > 1:
            raise refused()
        return own(keys)

    store = Store(answer, count=10)
    assert [ids(store.read()), ids(store.read())] == [[*range(1, 11)]] * 2
    assert store.sizes == [8, 2, 1, 1] * 2


def test_a_reply_that_fails_once_does_not_shrink_later_requests() -> None:
    fails = iter([True])

    def answer(keys: list[int]) -> list[list[Row]]:
        if next(fails, False):
            raise refused(500)
        return own(keys)

    store = Store(answer)
    assert ids(store.read()) == [*range(1, 21)]
    # Behind the second batch stands a product that has rows.
    assert store.sizes == [8, 4, 4, 9, 4]


def test_a_parent_that_is_refused_by_itself_is_named() -> None:
    def answer(keys: list[int]) -> list[list[Row]]:
        if 11 in keys:
            raise refused() if len(keys) > 1 else REQUEST_REFUSED.error(status=422)
        return own(keys)

    with pytest.raises(AirbyteTracedException) as caught:
        Store(answer).read()
    assert caught.value.message
    assert caught.value.message.startswith(
        "BigCommerce does not send all tax values of product 11."
    )


def test_a_list_that_lacks_rows_is_asked_for_in_parts_and_its_parent_is_named() -> None:
    def answer(keys: list[int]) -> list[list[Row]]:
        if 11 in keys:
            raise LIST_UNPROVED.error("page 2 is counted and empty")
        return own(keys)

    with pytest.raises(AirbyteTracedException, match="product 11") as caught:
        Store(answer).read()
    assert "page 2 is counted" in str(caught.value.internal_message)


@pytest.mark.parametrize("problem", [TOKEN_REFUSED, GIVEN_UP])
def test_an_error_of_the_token_or_the_connection_is_not_about_a_parent(problem: Any) -> None:
    def answer(keys: list[int]) -> list[list[Row]]:
        raise problem.error(answered="answered 503", tries=6)

    store = Store(answer)
    with pytest.raises(AirbyteTracedException) as caught:
        store.read()
    assert caught.value.failure_type == problem.failure_type
    assert set(store.sizes) <= {8, 4}  # the batches, and none of them again in parts
    assert len(store.asked) <= 3


def test_rows_of_parents_that_were_not_asked_for_are_doubted() -> None:
    """Of another reply, perhaps: the same parents are asked for in parts."""
    fails = iter([True])

    def answer(keys: list[int]) -> list[list[Row]]:
        return own([101, 102]) if next(fails, False) else own(keys)

    assert ids(Store(answer).read()) == [*range(1, 21)]


def test_a_store_that_ignores_the_list_of_keys_is_read_whole() -> None:
    store = Store(lambda _: own([*range(1, 31)]))
    assert ids(store.read()) == [*range(1, 21)]


def test_a_parent_is_named_if_only_rows_of_others_come() -> None:
    with pytest.raises(AirbyteTracedException, match=re.escape("product 1.")) as caught:
        Store(lambda _: own([101])).read()
    assert "{101}" in str(caught.value.internal_message)


def test_rows_that_do_not_say_whose_they_are_are_asked_for_one_by_one() -> None:
    store = Store(lambda keys: [[{"value": key} for key in keys]], count=3)
    assert [(row["product_id"], row["value"]) for row in store.read()] == [(1, 1), (2, 2), (3, 3)]


def test_a_parent_without_its_key_is_an_error() -> None:
    store = Store(own)
    del store.products[4]["id"]
    with pytest.raises(AirbyteTracedException) as caught:
        store.read()
    assert caught.value.internal_message == "a row without id has tax_values"
    assert store.parents.is_closed  # the error, which lives on, does not keep them


def test_parents_that_changed_after_the_window_wait_for_the_next_sync() -> None:
    store = Store(own)
    store.parents.drops_late = True
    store.products[1]["date_modified"] = "2024-02-01T00:00:00Z"
    assert 2 not in ids(store.read())


def test_a_list_of_many_pages_is_held_once_and_then_asked_for_half_as_many() -> None:
    def answer(keys: list[int]) -> list[list[Row]]:
        return [[{"product_id": key, "page": number} for key in keys] for number in range(11)]

    store = Store(answer, count=48)
    assert len(store.read()) == 48 * 11
    assert store.sizes[0] == 8
    assert store.sizes[-1] < 8


def test_a_check_asks_for_one_parent() -> None:
    store = Store(own)
    store.sync.most_parents = 1
    assert ids(store.read()) == [1]
    assert store.asked == [[1]]


def test_the_connector_builder_gets_as_many_batches_as_it_shows() -> None:
    store = Store(own)
    store.sync.most_pages = 2
    assert ids(store.read()) == [*range(1, 17)]


def test_a_reader_that_stops_closes_the_list_of_parents() -> None:
    store = Store(own)
    records = cast(Any, store.rows.read_records({}, WINDOW))
    next(records)
    records.close()
    assert store.parents.is_closed


def test_an_error_of_children_frees_the_parents_and_cancels_what_is_left_to_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store(own)
    asked: list[Future[Any]] = []

    def submit(function: Callable[..., Any], *args: Any) -> Future[Any]:
        asked.append(Future())
        if len(asked) == 2:
            asked[0].set_exception(TOKEN_REFUSED.error())
        return asked[-1]

    monkeypatch.setattr(store.sync, "submit", submit)
    with pytest.raises(AirbyteTracedException) as caught:
        store.read()
    assert caught.value.__traceback__  # it lives on
    assert store.parents.is_closed
    assert asked[1].cancelled()


@pytest.mark.parametrize("field", ["key", "date"])
def test_parents_without_what_is_needed_are_a_fault_of_the_manifest(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rows, field, "")
    with pytest.raises(ValueError, match=f"the parents of tax_values lack `{field}`"):
        Store(own)


def test_parents_without_rows_count_as_read() -> None:
    dates: dict[StreamSlice, str] = {}
    window = StreamSlice(
        partition={}, cursor_slice=WINDOW.cursor_slice, extra_fields={"parents": dates}
    )
    assert len(list(Store(of_some(1)).rows.read_records({}, window))) == 1
    assert dates == {window: "2024-01-21T00:00:00Z"}
