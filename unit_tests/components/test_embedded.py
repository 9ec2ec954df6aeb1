"""When the order list holds all rows of an order, and when the order needs a request."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_bigcommerce.components import embedded
from source_bigcommerce.components.embedded import (
    consignments,
    fees,
    reviews,
    shipping_addresses,
    uncounted,
)

LINK = {"url": "https://api.bigcommerce.com/stores/x/v2/orders/7/products", "resource": "/orders/7"}
WARNING = {"message": "Not all line items of this consignment are returned with this response"}


def line_items(order: dict[str, Any]) -> Any:
    return embedded.line_items(order, at_most=50)


def lines(*ids: int, quantity: int = 1) -> list[dict[str, Any]]:
    return [{"id": number, "quantity": quantity} for number in ids]


def order(items_total: Any = 4, **places: Any) -> dict[str, Any]:
    """An order of four lines, one in each of the four places, with the given changes."""
    whole: dict[str, Any] = {
        "pickups": [{"id": 1, "line_items": lines(3)}],
        "shipping": [{"id": 2, "line_items": lines(4)}],
        "downloads": [{"line_items": lines(1)}],
        "email": {"gift_certificates": [{"line_items": lines(2)}]},
    }
    consignments = {**whole, **places}
    addresses = len(consignments["shipping"] or [])
    counts = {"items_total": items_total, "shipping_address_count": addresses}
    return {"id": 7, **counts, "consignments": consignments}


def array_form(row: dict[str, Any]) -> dict[str, Any]:
    """The same order as the API sends it without `consignment_structure`."""
    return {**row, "consignments": [row["consignments"]]}


def shipping(*items: Any, total: Any = None, **more: Any) -> dict[str, Any]:
    """An order with one consignment of these lines."""
    count = len(items) if total is None else total
    empty: dict[str, Any] = {"pickups": [], "downloads": [], "email": {"gift_certificates": []}}
    return order(count, **empty, shipping=[{"line_items": list(items), **more}])


WHOLE = [
    (order(), [1, 2, 3, 4]),
    (order("4"), [1, 2, 3, 4]),
    (order(5, shipping=[{"line_items": lines(9)}, {"line_items": lines(8)}]), [1, 2, 3, 8, 9]),
    # A lone consignment without its list.
    (order(downloads={"line_items": lines(1)}), [1, 2, 3, 4]),
    (order(3, email={"gift_certificates": []}), [1, 3, 4]),
    (order(3, email=[]), [1, 3, 4]),
    (order(3, email=None), [1, 3, 4]),
    (order(3, pickups=None), [1, 2, 4]),
    (shipping(*lines(5, quantity=3), total=3), [5]),
    (shipping(*lines(*range(1, 50))), list(range(1, 50))),
    # Lines without a quantity, ids and counts as text, lines that belong to other lines.
    (shipping({"id": 5, "quantity": 0}, *lines(6), total=1, items_total="1"), [5, 6]),
    (shipping({"id": "10", "quantity": "1"}, *lines(9), total="2"), [9, "10"]),
    (shipping(*lines(1), {"id": 2, "quantity": 0, "parent_order_product_id": 1}, total=1), [1, 2]),
    # No lines, and none counted.
    (shipping(), []),
]

# By the letters of the fact sheet, section 4.1.
CUT: dict[str, dict[str, Any]] = {
    "a: a warning beside the lines": shipping(*lines(1), __warning__=WARNING),
    "a: a warning among the lines": shipping(*lines(1), {"__warning__": WARNING}, total=1),
    "a: a warning beside the consignments": order(__warning__=WARNING),
    "a: a warning in a line": shipping({"id": 1, "quantity": 1, "__warning__": WARNING}),
    "b: as many lines as the cap": shipping(*lines(*range(50))),
    "b: more lines than the cap": shipping(*lines(*range(51))),
    "c: no consignments": {"id": 7, "items_total": 0},
    "c: null": {"id": 7, "items_total": 0, "consignments": None},
    "c: an empty list": {"id": 7, "items_total": 0, "consignments": []},
    "c: an empty object": {"id": 7, "items_total": 0, "consignments": {}},
    "c: a link": {"id": 7, "items_total": 0, "consignments": LINK},
    "c: a text": {"id": 7, "items_total": 0, "consignments": "/orders/7/consignments"},
    "d: links for lines": shipping(LINK, total=0),
    "d: a link for the lines": order(0, shipping=[{"line_items": LINK}]),
    "d: a link for a consignment": order(0, shipping=[LINK]),
    "d: no lines in a consignment": order(3, shipping=[{"id": 2}]),
    "d: null for the lines": order(3, shipping=[{"line_items": None}]),
    "d: a number for a line": shipping(5, total=0),
    "d: a line without an id": shipping({"quantity": 1}),
    "e: fewer than counted": order(5),
    "e: more than counted": order(3),
    "e: quantities unlike the count": shipping(*lines(1, quantity=2), total=1),
    "e: no count": order(None),
    "e: a count that is no number": order("some"),
    "e: a line without a quantity": shipping({"id": 1}),
    "e: a line with a quantity that is no number": shipping({"id": 1, "quantity": ""}),
    "f: no lines": shipping(total=2),
    "g: a line twice, another not": shipping(*lines(1, 1), total=2),
    "g: a line twice, once as text": shipping(*lines(1), {"id": "1", "quantity": 1}),
    "g: a line in two consignments": order(2, pickups=[], downloads=[{"line_items": lines(4)}]),
    "h: fewer than its consignment counts": shipping(*lines(1), items_total=2),
    "h: a consignment of another's lines": order(
        3,
        pickups=[],
        shipping=[{"line_items": lines(4), "items_total": 0}],
    ),
    "i: the line that another one belongs to": shipping(
        {"id": 2, "quantity": 1, "parent_order_product_id": 1}
    ),
    "j: an id that is no number": shipping({"id": "a", "quantity": 1}),
    "j: null for an id": shipping({"id": None, "quantity": 1}),
    "j: an object for the line that another one belongs to": shipping(
        {"id": 2, "quantity": 1, "parent_order_product_id": {"id": 1}}
    ),
}


@pytest.mark.parametrize(("whole", "ids"), WHOLE)
def test_embedded_line_items_are_taken_from_every_place_in_order(
    whole: dict[str, Any], ids: list[int]
) -> None:
    for row in (whole, array_form(whole)):
        items = line_items(row)
        assert items is not None
        assert [item["id"] for item in items] == ids


@pytest.mark.parametrize("cut", CUT.values(), ids=CUT.keys())
def test_line_items_that_may_be_incomplete_are_asked_for(cut: dict[str, Any]) -> None:
    assert line_items(cut) is None
    if isinstance(cut.get("consignments"), dict):
        assert line_items(array_form(cut)) is None


QUANTITIES = st.lists(st.integers(min_value=1, max_value=9), max_size=60)
PLACES = st.sampled_from(["pickups", "shipping", "downloads", "gift_certificates"])


@given(st.lists(st.tuples(PLACES, QUANTITIES), max_size=6), st.booleans(), st.data())
def test_line_items_cut_in_any_way_are_complete_or_asked_for(
    drawn: list[tuple[str, list[int]]], as_array: bool, data: st.DataObject
) -> None:
    """The API cuts at 50 lines per consignment, or silently leaves out any line."""
    sent: dict[str, Any] = {"pickups": [], "shipping": [], "downloads": [], "email": {}}
    sent["email"]["gift_certificates"] = []
    ids = iter(range(1, 1000))
    every = []
    for place, quantities in drawn:
        items = [{"id": next(ids), "quantity": quantity} for quantity in quantities]
        every += items
        where = sent["email"] if place == "gift_certificates" else sent
        where[place].append({"line_items": items[:50]})
    lost = data.draw(st.sampled_from([None, *every])) if every else None
    row: dict[str, Any] = {"id": 7, "items_total": sum(item["quantity"] for item in every)}
    row["consignments"] = _without(sent, lost)
    found = line_items(array_form(row) if as_array else row)
    is_cut = any(len(quantities) >= 50 for _, quantities in drawn)
    if lost or is_cut:
        assert found is None or found == every
    else:
        assert found == every


def _without(sent: dict[str, Any], lost: dict[str, Any] | None) -> dict[str, Any]:
    sent = deepcopy(sent)
    places = [*sent["pickups"], *sent["shipping"], *sent["downloads"]]
    for consignment in [*places, *sent["email"]["gift_certificates"]]:
        consignment["line_items"] = [item for item in consignment["line_items"] if item != lost]
    return sent


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["shipping", "pickups", "email", "gift_certificates", "line_items", "id"]
            )
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_line_items_of_any_shape_are_a_list_or_asked_for(sent: Any, items_total: Any) -> None:
    row = {"id": 7, "consignments": sent, "items_total": items_total}
    assert line_items(row) in (None, [])


# The other rows that come with the orders

COSTS = {"base_cost": 5, "cost_tax": 0.41, "cost_inc_tax": "5.41", "handling_cost_tax": None}
COSTS_AS_TEXT = {**COSTS, "base_cost": "5.0000", "cost_tax": "0.4100"}


def test_embedded_addresses_are_the_shipping_consignments_with_costs_as_text() -> None:
    sent = {"id": 2, "street_1": "1 Main St", **COSTS, "line_items": lines(1)}
    address = {"id": 2, "street_1": "1 Main St", **COSTS_AS_TEXT, "order_id": 7}
    for row in (order(shipping=[sent]), array_form(order(shipping=[sent]))):
        assert shipping_addresses(row) == [address]
    assert shipping_addresses(order(shipping=[])) == []


@pytest.mark.parametrize("quotes", [None, [], {"url": None}, {"url": "https://x.example/quotes"}])
def test_an_address_keeps_quotes_that_are_no_known_link(quotes: Any) -> None:
    [address] = shipping_addresses(order(shipping=[{"id": 2, "shipping_quotes": quotes}])) or []
    assert address["shipping_quotes"] == quotes


def test_an_embedded_address_has_the_same_link_to_its_quotes_as_a_listed_one() -> None:
    # The first as in the API's documentation, the other as stores send it.
    api = "https://api.bigcommerce.com/stores/x/v2"
    sent, own = (
        "/consignments/shipping/64/shipping_quotes",
        "/shipping_addresses/64/shipping_quotes",
    )
    quotes = {"url": f"{api}/orders/163{sent}", "resource": f"/orders/163{sent}"}
    [address] = shipping_addresses(order(shipping=[{"id": 64, "shipping_quotes": quotes}])) or []
    assert address["shipping_quotes"] == {
        "url": f"{api}/orders/163{own}",
        "resource": f"/orders/163{own}",
    }
    assert quotes["resource"].endswith(sent)  # the order is another stream's


def test_embedded_consignments_are_one_row() -> None:
    row = order()
    assert consignments(row) == consignments(array_form(row)) == [row["consignments"]]
    twice = {**row, "consignments": [row["consignments"]] * 2, "shipping_address_count": 2}
    assert consignments(twice) is None


@pytest.mark.parametrize("name", [name for name in CUT if name.startswith("c:")])
def test_missing_addresses_and_consignments_are_asked_for(name: str) -> None:
    assert shipping_addresses(CUT[name]) is None
    assert consignments(CUT[name]) is None


@pytest.mark.parametrize("sent", [LINK, [LINK], [5], "text"])
def test_addresses_that_are_links_are_asked_for(sent: Any) -> None:
    assert shipping_addresses(order(shipping=sent)) is None


TWO = {"shipping": [{"id": 1}, {"id": 2}]}


@pytest.mark.parametrize(
    ("count", "sent", "are_all"),
    [
        (2, TWO, True),
        ("2", TWO, True),
        (0, {"shipping": []}, True),
        (0, {"pickups": [{"id": 1}]}, True),
        (3, TWO, False),
        (1, TWO, False),
        (1, {"shipping": []}, False),
        (None, TWO, False),
        ("two", TWO, False),
        (2, {"shipping": [{"id": 1}, {"id": 1}]}, False),
        (2, {"shipping": [{"id": 1}, {"id": "1"}]}, False),
        (2, {**TWO, "__warning__": WARNING}, False),
        (2, {"shipping": [{"id": 1}, {"id": 2, "__warning__": WARNING}]}, False),
    ],
)
def test_addresses_and_consignments_are_asked_for_unless_their_number_is_right(
    count: Any, sent: dict[str, Any], are_all: bool
) -> None:
    row = {"id": 7, "shipping_address_count": count, "consignments": sent}
    for shape in (row, array_form(row)):
        assert (shipping_addresses(shape) is not None) is are_all
        assert (consignments(shape) is not None) is are_all


def test_addresses_that_the_order_does_not_count_are_asked_for() -> None:
    assert shipping_addresses({"id": 7, "consignments": TWO}) is None


def test_addresses_in_two_groups_are_counted_together() -> None:
    groups = [{"shipping": [{"id": 1}]}, {"shipping": [{"id": 2}]}]
    row = {"id": 7, "shipping_address_count": 2, "consignments": groups}
    assert [address["id"] for address in shipping_addresses(row) or []] == [1, 2]
    assert shipping_addresses({**row, "shipping_address_count": 1}) is None


@pytest.mark.parametrize("count", [0, 1, 9, 11, 24, 33, 51])
def test_uncounted_rows_are_taken_if_no_cut_is_likely(count: int) -> None:
    rows = lines(*range(count))
    assert uncounted(rows) == fees({"fees": rows}) == rows


@pytest.mark.parametrize(
    "rows",
    [
        *(lines(*range(count)) for count in (10, 20, 25, 50, 100, 250)),
        None,
        LINK,
        [LINK],
        [5],
        lines(1, 1),
        [{"id": [1]}],
        [*lines(1), {"id": 2, "__warning__": WARNING}],
    ],
)
def test_uncounted_rows_that_may_be_cut_are_asked_for(rows: Any) -> None:
    assert uncounted(rows) is None
    assert fees({"fees": rows}) is None


def test_rows_without_ids_are_taken() -> None:
    assert uncounted([{"id": None}, {"id": None}]) == [{"id": None}, {"id": None}]


@pytest.mark.parametrize(("count", "are_all"), [(2, True), (1, True), (None, True), (3, False)])
def test_reviews_are_asked_for_if_the_product_counts_more(count: Any, are_all: bool) -> None:
    assert (reviews({"reviews": lines(1, 2), "reviews_count": count}) is not None) is are_all
    assert reviews({"reviews_count": 0}) is None
