"""When the order list holds all rows of an order, and when the order must be asked."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_bigcommerce.components.embedded import (
    consignments,
    line_items,
    shipping_addresses,
)

LINK = {"url": "https://api.bigcommerce.com/stores/x/v2/orders/7/products", "resource": "/orders/7"}
WARNING = {"message": "Not all line items of this consignment are returned with this response"}


def lines(*ids: int, quantity: int = 1) -> list[dict[str, Any]]:
    return [{"id": number, "quantity": quantity} for number in ids]


def order(items_total: Any = 4, **places: Any) -> dict[str, Any]:
    """An order of four lines, one in each of the four places, but for what is given."""
    whole: dict[str, Any] = {
        "pickups": [{"id": 1, "line_items": lines(3)}],
        "shipping": [{"id": 2, "line_items": lines(4)}],
        "downloads": [{"line_items": lines(1)}],
        "email": {"gift_certificates": [{"line_items": lines(2)}]},
    }
    return {"id": 7, "items_total": items_total, "consignments": {**whole, **places}}


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
}


@pytest.mark.parametrize(("whole", "ids"), WHOLE)
def test_line_items_when_all_are_embedded_are_taken_from_every_place_in_order(
    whole: dict[str, Any], ids: list[int]
) -> None:
    for row in (whole, array_form(whole)):
        items = line_items(row)
        assert items is not None
        assert [item["id"] for item in items] == ids


@pytest.mark.parametrize("cut", CUT.values(), ids=CUT.keys())
def test_line_items_when_they_may_not_be_all_are_asked_for(cut: dict[str, Any]) -> None:
    assert line_items(cut) is None
    if isinstance(cut.get("consignments"), dict):
        assert line_items(array_form(cut)) is None


QUANTITIES = st.lists(st.integers(min_value=1, max_value=9), max_size=60)
PLACES = st.sampled_from(["pickups", "shipping", "downloads", "gift_certificates"])


@given(st.lists(st.tuples(PLACES, QUANTITIES), max_size=6), st.booleans(), st.data())
def test_line_items_when_spread_and_cut_in_any_way_are_all_of_them_or_asked_for(
    drawn: list[tuple[str, list[int]]], as_array: bool, data: st.DataObject
) -> None:
    """The cut is the API's: 50 lines a consignment; or any line is left out without a word."""
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
    row: dict[str, Any] = {"items_total": sum(item["quantity"] for item in every)}
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
def test_line_items_when_the_reply_has_any_shape_are_a_list_or_asked_for(
    sent: Any, items_total: Any
) -> None:
    row = {"id": 7, "consignments": sent, "items_total": items_total}
    assert line_items(row) in (None, [])


# The other rows that come with the orders

COSTS = {"base_cost": 5, "cost_tax": 0.41, "cost_inc_tax": "5.41", "handling_cost_tax": None}
COSTS_AS_TEXT = {**COSTS, "base_cost": "5.0000", "cost_tax": "0.4100"}


def test_addresses_when_embedded_are_the_shipping_consignments_with_costs_as_text() -> None:
    sent = {"id": 2, "street_1": "1 Main St", **COSTS, "line_items": lines(1)}
    address = {"id": 2, "street_1": "1 Main St", **COSTS_AS_TEXT, "order_id": 7}
    for row in (order(shipping=[sent]), array_form(order(shipping=[sent]))):
        assert shipping_addresses(row) == [address]
    assert shipping_addresses(order(shipping=[])) == []


@pytest.mark.parametrize("quotes", [None, [], {"url": None}, {"url": "https://x.example/quotes"}])
def test_address_when_its_quotes_are_no_known_link_has_them_as_they_came(quotes: Any) -> None:
    [address] = shipping_addresses(order(shipping=[{"id": 2, "shipping_quotes": quotes}])) or []
    assert address["shipping_quotes"] == quotes


def test_address_when_embedded_links_to_its_quotes_as_its_own_endpoint_does() -> None:
    # Both as in the examples of the API's documentation.
    api = "https://api.bigcommerce.com/stores/x/v2"
    sent, own = "/consignments/shipping/64/shipping_quotes", "/shippingaddresses/64/shippingquotes"
    quotes = {"url": f"{api}/orders/163{sent}", "resource": f"/orders/163{sent}"}
    [address] = shipping_addresses(order(shipping=[{"id": 64, "shipping_quotes": quotes}])) or []
    assert address["shipping_quotes"] == {
        "url": f"{api}/orders/163{own}",
        "resource": f"/orders/163{own}",
    }
    assert quotes["resource"].endswith(sent)  # the order is another stream's


def test_consignments_when_embedded_are_one_row() -> None:
    row = order()
    assert consignments(row) == consignments(array_form(row)) == [row["consignments"]]
    assert consignments({**row, "consignments": [row["consignments"]] * 2}) is None


@pytest.mark.parametrize("name", [name for name in CUT if name.startswith("c:")])
def test_addresses_and_consignments_when_they_are_not_there_are_asked_for(name: str) -> None:
    assert shipping_addresses(CUT[name]) is None
    assert consignments(CUT[name]) is None


@pytest.mark.parametrize("sent", [LINK, [LINK], [5], "text"])
def test_addresses_when_they_are_links_are_asked_for(sent: Any) -> None:
    assert shipping_addresses(order(shipping=sent)) is None
