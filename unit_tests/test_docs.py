"""What the user's page says of the streams is what they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from unit_tests.streams import DELETIONS, STREAMS, Expected
from unit_tests.test_options import BY_CHANNEL, BY_CHANNELS, ORDERS, PRODUCTS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/bigcommerce.md").read_text()
README = (ROOT / "README.md").read_text()
SPEC = json.loads((ROOT / "unit_tests/snapshots/spec.json").read_text())
FORM = SPEC["connectionSpecification"]["properties"]
REQUIRED = SPEC["connectionSpecification"]["required"]
SUITE = ROOT / "integration_tests/nothing_lost"
RELATION = re.compile(r"^ {4}(\w+) \|\|--(?:o\{|\|\|) (\w+) : (\w+)$", re.MULTILINE)


def table(text: str) -> dict[str, list[str]]:
    """The cells of the stream table, by stream."""
    rows = re.findall(r"^\| `(\w+)` \| (`/v\d/.*) \|$", text, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in rows}


@pytest.mark.parametrize("text", [PAGE, README], ids=["docs/bigcommerce.md", "README.md"])
@pytest.mark.parametrize("row", [*STREAMS, *DELETIONS], ids=lambda row: row.name)
def test_stream_when_looked_up_is_described_as_it_is(row: Expected, text: str) -> None:
    keys = [f"`{key}`" for key in row.primary_key.split(", ") if key]
    assert table(text)[row.name][:4] == [
        f"`/{row.endpoint.split('?')[0]}`",
        ", ".join(keys) or "one row",
        f"incremental, `{row.cursor}`" if row.cursor else "full refresh",
        f"`{row.scope}`",
    ]


def test_page_when_read_lists_each_stream_once_with_its_cost() -> None:
    assert sorted(table(PAGE)) == sorted(row.name for row in (*STREAMS, *DELETIONS))
    assert all(cells[4].strip() for cells in table(PAGE).values())


@pytest.mark.parametrize(("parent", "child", "field"), RELATION.findall(PAGE))
def test_relation_when_drawn_is_a_field_of_the_schema(parent: str, child: str, field: str) -> None:
    assert {parent, child} <= {row.name for row in STREAMS}
    assert field in ResourceSchemaLoader("source_bigcommerce").get_schema(child)["properties"]


def test_relations_when_a_stream_is_read_through_another_draw_it() -> None:
    drawn = {(child, field) for _, child, field in RELATION.findall(PAGE)}
    parents = {
        (row.name, match[1]) for row in STREAMS if (match := re.search(r"\{(\w+)\}", row.endpoint))
    }
    assert parents <= drawn


# The form


def test_form_when_described_has_every_field_with_its_limits() -> None:
    section = PAGE.split("\n## Fill in the form\n")[1].split("\n## ")[0]
    described = re.findall(r"^\| ([^|]+) \| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    shown = {name: field for name, field in FORM.items() if not field.get("airbyte_hidden")}
    assert [(title, name) for title, name, _ in described] == [
        (field["title"], name) for name, field in shown.items()
    ]
    for _, name, text in described:
        field = shown[name]
        if field["type"] == "integer":
            limits = f"{field['minimum']} to {field['maximum']}, otherwise {field['default']}."
            assert text.endswith(limits)
        assert (name in REQUIRED) != ("Optional." in text or "therwise" in text)


def test_readme_when_it_lists_the_configuration_has_every_key_with_its_default() -> None:
    section = README.split("\n## Configuration\n")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", section, re.MULTILINE)
    assert [key for key, _ in listed] == list(FORM)
    for key, default in listed:
        field = FORM[key]
        if isinstance(field.get("default"), (int, str)) and field["type"] != "boolean":
            assert default.strip("`") == str(field["default"])


def test_scopes_when_listed_are_those_of_the_streams() -> None:
    listed = re.findall(r"^ {3}\| [^|`]+ \| `(store_\w+)` \| [^|]+ \|$", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted({row.scope for row in STREAMS})


def test_channels_when_described_name_the_streams_that_filter_by_them() -> None:
    section = PAGE.split("\n### Channels and hidden products\n")[1].split("\n### ")[0]
    by_api, by_one, by_listing = re.findall(r"^\| [a-z].* \| (`.*) \|$", section, re.MULTILINE)
    through_products = {row for row in BY_CHANNELS["channel_id:in"] if row in PRODUCTS}
    lists = set().union(*BY_CHANNELS.values()) - through_products
    assert set(re.findall(r"`(\w+)`", by_api)) == lists | {"products", "product_images"}
    ones = BY_CHANNEL["channel_id"] - ORDERS
    assert set(re.findall(r"`(\w+)`", by_one)) == ones | {
        "orders",
        "order_products",
        "transactions",
    }
    assert by_listing == "`channel_listings`"


def promises() -> dict[str, list[tuple[str, str]]]:
    """File and test names, by promise."""
    section = PAGE.split("\n## What is promised\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.*\.\)?) \| (`.*`) \|$", section, re.MULTILINE)
    return {promise: re.findall(r"`(\w+\.py)::(\w+)`", tests) for promise, tests in rows}


@pytest.mark.parametrize("promise", promises())
def test_promise_when_made_names_tests_that_exist(promise: str) -> None:
    assert promises()[promise] != []
    for file, test in promises()[promise]:
        assert f"\ndef {test}(" in (SUITE / file).read_text()


def test_promises_when_a_test_of_them_exists_name_it() -> None:
    named = {test for tests in promises().values() for test in tests}
    there = {
        (path.name, test)
        for path in SUITE.glob("test_*.py")
        for test in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    # These show that the tests themselves are right.
    assert there - named == {
        ("test_edits.py", "test_a_page_boundary_is_where_the_tests_take_it_to_be"),
        ("test_order_list_failure.py", "test_the_frameworks_router_loses_an_order"),
    }
