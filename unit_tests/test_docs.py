"""The pages say what the streams, the form and the tests are, and their links lead somewhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from unit_tests.differences import differences
from unit_tests.streams import B2B, DELETIONS, RECEIPTS, STREAMS, Expected
from unit_tests.test_options import BY_CHANNEL, BY_CHANNELS, ORDERS, PRODUCTS

ROOT = Path(__file__).parents[1]
USING = (ROOT / "docs/bigcommerce.md").read_text()
STREAMS_PAGE = (ROOT / "docs/streams.md").read_text()
PROMISES = (ROOT / "docs/promises.md").read_text()
README = (ROOT / "README.md").read_text()
SPEC = json.loads((ROOT / "unit_tests/snapshots/spec.json").read_text())
FORM = SPEC["connectionSpecification"]["properties"]
REQUIRED = SPEC["connectionSpecification"]["required"]
FOLDERS = ("unit_tests", "integration_tests")
SUITE = ROOT / "integration_tests/nothing_lost"
NAMES = [row.name for row in (*STREAMS, *DELETIONS, RECEIPTS)]
RELATION = re.compile(r"^ {4}(\w+) \|\|--(?:o\{|\|\|) (\w+) : (\w+)$", re.MULTILINE)
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "sandbox/*.md", ".github/**/*.md")
    for path in ROOT.glob(pattern)
)


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its level or above."""
    level, _, _ = heading.partition(" ")
    [found] = re.findall(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return str(found)


# Streams

TABLE = section(STREAMS_PAGE, "## Table of the streams")


def table() -> dict[str, list[str]]:
    """The cells of the stream table, by stream."""
    rows = re.findall(r"^\| `(\w+)` \| (`/(?:v\d|api)/.*) \|$", STREAMS_PAGE, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in rows}


@pytest.mark.parametrize("row", [*STREAMS, *DELETIONS], ids=lambda row: row.name)
def test_the_table_describes_each_stream_as_it_is(row: Expected) -> None:
    keys = [f"`{key}`" for key in row.primary_key.split(", ") if key]
    assert table()[row.name][:4] == [
        f"`/{row.endpoint.split('?')[0]}`",
        ", ".join(keys) or "one row",
        (f"incremental, `{row.cursor}`" if row.cursor else "full refresh")
        + ", own start" * row.has_own_start,
        f"`{row.scope}`",
    ], "edit docs/streams.md"


def test_the_table_lists_each_stream_once_with_its_cost() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", STREAMS_PAGE, re.MULTILINE)
    assert not differences(rows, NAMES), "edit the table in docs/streams.md"
    assert [name for name, cells in table().items() if not cells[4].strip()] == []


def test_the_page_names_the_fields_that_make_an_order_seem_to_have_no_rows() -> None:
    text = section(STREAMS_PAGE, "## Orders that seem to have no rows")
    described = re.findall(r"^\| [a-z].*`(\w+)`.* \| `(\w+)` \|$", text, re.MULTILINE)
    manifest = yaml.safe_load((ROOT / "source_bigcommerce/manifest.yaml").read_text())
    fields = [
        (field, stream["$parameters"]["name"])
        for stream in manifest["streams"]
        if isinstance(retriever := stream.get("retriever"), dict)
        for field in retriever.get("likely_empty", {})
    ]
    assert sorted(described) == sorted(fields), "edit docs/streams.md"


def test_the_readme_counts_the_streams_of_each_area_and_names_some() -> None:
    text = section(README, "## Streams")
    rows = re.findall(r"^\| ([A-Z][^|]*) \| (\d+) \| (`.*`) \|$", text, re.MULTILINE)
    areas = {area: re.findall(r"`(\w+)`", examples) for area, _, examples in rows}
    area_of = dict(re.findall(r"^\| `(\w+)` \| .* \| ([A-Z][^|]*) \|$", TABLE, re.MULTILINE))
    assert not differences(area_of, NAMES), "edit the areas in docs/streams.md"
    assert {area: int(count) for area, count, _ in rows} == Counter(area_of.values())
    assert len(rows) == 10
    assert all(2 <= len(examples) <= 4 for examples in areas.values())
    for area, examples in areas.items():
        assert {area_of.get(example) for example in examples} == {area}, "edit README.md"
    assert len(re.findall(r"docs/streams\.md#table-of-the-streams", text)) == 1


@pytest.mark.parametrize("text", [README, STREAMS_PAGE], ids=["README.md", "docs/streams.md"])
def test_the_pages_tell_the_number_of_streams(text: str) -> None:
    assert re.findall(r"(\d+) streams", text)[:1] == [str(len(NAMES))], "edit the number"


def test_each_stream_that_is_read_whole_has_one_reason() -> None:
    reasons = section(STREAMS_PAGE, "## Why a stream is not incremental")
    listed = [
        stream
        for streams in re.findall(r"^\| [A-Z].* \| (`.*`) \|$", reasons, re.MULTILINE)
        for stream in re.findall(r"`(\w+)`", streams)
    ]
    read_whole = [row.name for row in STREAMS if not row.cursor]
    assert not differences(listed, read_whole), "edit the reasons in docs/streams.md"


@pytest.mark.parametrize(("parent", "child", "field"), RELATION.findall(STREAMS_PAGE))
def test_each_relation_is_a_field_of_the_schema(parent: str, child: str, field: str) -> None:
    assert {parent, child} <= {row.name for row in STREAMS}
    assert field in ResourceSchemaLoader("source_bigcommerce").get_schema(child)["properties"]


def test_each_parent_stands_in_the_diagram() -> None:
    drawn = {(child, field) for _, child, field in RELATION.findall(STREAMS_PAGE)}
    parents = {
        (row.name, match[1]) for row in STREAMS if (match := re.search(r"\{(\w+)\}", row.endpoint))
    }
    assert parents - drawn == set(), "edit the diagram in docs/streams.md"


# The form


def test_the_page_describes_every_field_of_the_form_with_its_limits() -> None:
    described = re.findall(
        r"^\| ([^|]+) \| `(\w+)` \| (.*) \|$", section(USING, "## Fill in the form"), re.MULTILINE
    )
    assert [(title, name) for title, name, _ in described] == [
        (field["title"], name) for name, field in FORM.items()
    ], "edit the table of the form in docs/bigcommerce.md"
    for _, name, text in described:
        field = FORM[name]
        if field["type"] == "integer":
            limits = f"{field['minimum']} to {field['maximum']}, default {field['default']}."
            assert text.endswith(limits)
        elif isinstance(field.get("default"), str):
            assert text.endswith(f"default `{field['default']}`.")
        assert (name in REQUIRED) != ("Optional." in text or "efault" in text)
        assert ("the form does not show it" in text) == bool(field.get("airbyte_hidden"))


def test_the_listed_scopes_are_those_of_the_streams() -> None:
    listed = re.findall(r"^ {3}\| [^|`]+ \| `(store_\w+)` \| [^|]+ \|$", USING, re.MULTILINE)
    scopes = {row.scope for row in STREAMS} - {B2B}
    assert not differences(listed, scopes), "edit the list of scopes in docs/bigcommerce.md"
    assert f"scope **{B2B}**" in USING, "edit docs/bigcommerce.md"


def test_the_page_names_the_streams_that_filter_by_channel() -> None:
    by_api, by_one, by_listing = re.findall(
        r"^\| [a-z].* \| (`.*) \|$",
        section(USING, "### Channels and hidden products"),
        re.MULTILINE,
    )
    through_products = {row for row in BY_CHANNELS["channel_id:in"] if row in PRODUCTS}
    lists = set().union(*BY_CHANNELS.values()) - through_products
    assert set(re.findall(r"`(\w+)`", by_api)) == lists | {"products", "product_images"}
    ones = BY_CHANNEL["channel_id"] - ORDERS
    assert set(re.findall(r"`(\w+)`", by_one)) == ones | {
        "orders",
        "order_products",
        "transactions",
    }
    through_channels = {row.name for row in STREAMS if "{channel_id}" in row.endpoint}
    assert set(re.findall(r"`(\w+)`", by_listing)) == through_channels


def promises() -> dict[str, list[tuple[str, str]]]:
    """File and test names, by promise."""
    rows = re.findall(
        r"^\| (.*\.\)?) \| (`.*`) \|$", section(PROMISES, "## What is promised"), re.MULTILINE
    )
    return {promise: re.findall(r"`(\w+\.py)::(\w+)`", tests) for promise, tests in rows}


@pytest.mark.parametrize("promise", promises())
def test_each_promise_names_tests_that_exist(promise: str) -> None:
    assert promises()[promise] != []
    for file, test in promises()[promise]:
        assert f"\ndef {test}(" in (SUITE / file).read_text()


def test_the_promises_name_every_test_of_them() -> None:
    named = {test for tests in promises().values() for test in tests}
    there = {
        (path.name, test)
        for path in SUITE.glob("test_*.py")
        for test in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    # These show that the tests themselves are right.
    assert there - named == {
        ("test_edits.py", "test_page_boundaries_are_where_the_tests_assume_them"),
        ("test_order_list_failure.py", "test_the_router_of_the_framework_loses_an_order"),
    }


# Links


def headings(page: Path) -> list[str]:
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(page)
    }


def links(page: Path) -> list[tuple[Path, str]]:
    """File and anchor of each link of a page to a file."""
    found = re.findall(r"\]\((?!\w+:)([^)#]*)#?([^)]*)\)", page.read_text())
    return [((page.parent / file).resolve() if file else page, anchor) for file, anchor in found]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_each_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for file, anchor in links(page):
        assert file.exists(), f"{page.name} links to {file}, which is not there"
        if anchor:
            assert anchor in anchors(file), f"{page.name} links to {file.name}#{anchor}"


def test_the_index_links_every_page() -> None:
    index = ROOT / "docs/README.md"
    linked = {file for file, _ in links(index)}
    assert set((ROOT / "docs").glob("*.md")) - linked == {index}, "add the page to docs/README.md"
    assert index in {file for file, _ in links(ROOT / "README.md")}


def test_the_contents_of_a_page_are_its_headings_in_order() -> None:
    for page in PAGES:
        contents = re.findall(r"^- \[(.+)\]\(#.+\)$", page.read_text(), re.MULTILINE)
        titles = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
        assert not contents or contents == titles, f"edit the contents of {page.name}"


def test_no_heading_stands_twice_on_a_page() -> None:
    for page in PAGES:
        twice = [heading for heading, count in Counter(headings(page)).items() if count > 1]
        # Each version of the changelog has these.
        repeated = {"Added", "Changed", "Fixed"} if page.name == "CHANGELOG.md" else set[str]()
        assert set(twice) <= repeated, f"edit the headings of {page.name}"


def test_each_table_of_the_benchmarks_has_a_heading() -> None:
    measures = yaml.safe_load((ROOT / "benchmarks/measures.yaml").read_text())
    titles = {each["title"] for each in measures.values()}
    assert titles - set(headings(ROOT / "docs/performance.md")) == set(), (
        "edit the headings of docs/performance.md"
    )


# Contributing


def test_the_guide_names_tests_and_bases_that_exist() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    surprises = section(guide, "## Surprises of the API")
    for surprise in re.split(r"^- ", surprises, flags=re.MULTILINE)[1:]:
        assert "*Undone:*" in surprise, f"say in CONTRIBUTING.md what breaks: {surprise}"
    tests = {path.name for folder in FOLDERS for path in (ROOT / folder).rglob("test_*.py")}
    named = set(re.findall(r"`(?:\w+/)*(test_\w+\.py)`", guide))
    assert named - tests == set(), "edit CONTRIBUTING.md"
    bases = {
        base
        for row in re.findall(r"^ {3}\| .* \| (`.*) \|$", guide, re.MULTILINE)
        for base in re.findall(r"`(\w+_stream|stream)`", row)
    }
    manifest = (ROOT / "source_bigcommerce/manifest.yaml").read_text()
    assert bases - set(re.findall(r"^  (\w+):", manifest, re.MULTILINE)) == set(), (
        "edit the table of bases in CONTRIBUTING.md"
    )


def test_the_code_of_the_sandbox_page_runs_as_printed() -> None:
    text = (ROOT / "sandbox/README.md").read_text()
    [code] = re.findall(r"^```python\n(import .*?)^```$", text, re.MULTILINE | re.DOTALL)
    exec(code, {})
