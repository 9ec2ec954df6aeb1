"""The list of assumptions, and the pages that show it."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import yaml

from source_bigcommerce.probe import headers, orders
from source_bigcommerce.probe.assumptions import ASSUMPTIONS
from source_bigcommerce.probe.report import SCHEMA, report
from source_bigcommerce.probe.streams import PARENTS, streams
from unit_tests.streams import STREAMS

ROOT = Path(__file__).parents[2]
# No request that only reads decides these.
CLOSED = [each for each in ASSUMPTIONS if each.look in (headers.beyond, orders.undated)]


def test_the_page_has_the_table_of_the_list() -> None:
    script = runpy.run_path(str(ROOT / "scripts/assumptions.py"))
    page = script["PAGE"].read_text()
    shown = page.split(script["BEGIN"])[1].split(script["END"])[0]
    assert shown == script["table"](), "run make assumptions"
    example = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert set(json.loads(example[0])) == set(report([], 0))


def test_the_readme_says_how_many_questions_a_probe_settles() -> None:
    readme = (ROOT / "README.md").read_text()
    settled = re.findall(r"this command settles (\d+) open\s+questions", readme)
    assert settled == [str(len(ASSUMPTIONS) - len(CLOSED))], "edit README.md"


def test_each_assumption_is_one_sentence_with_an_id_of_its_own() -> None:
    names = [each.id for each in ASSUMPTIONS]
    assert len(set(names)) == len(names)
    for each in ASSUMPTIONS:
        assert re.fullmatch(r"[^.]*[^ ].*\.", each.statement), each.id
        assert each.statement.count(". ") == 0, each.id
        assert all((each.leans, each.test, each.consequence)), each.id
        assert "|" not in "".join((each.statement, each.leans, each.test, each.consequence))
    pattern = SCHEMA["properties"]["assumptions"]["items"]["properties"]["id"]["pattern"]
    assert [name for name in names if not re.fullmatch(pattern, name)] == []


def test_the_probe_knows_each_stream_of_the_store_and_its_parent() -> None:
    known = {each.name: each for each in streams()}
    of_the_store = [
        row
        for row in STREAMS
        if re.match(r"v\d/", row.endpoint) and not row.name.startswith("deleted_")
    ]
    assert set(known) == {row.name for row in of_the_store}
    assert {each.parent for each in known.values()} <= {"", *PARENTS}
    for name, key in PARENTS.values():
        if name in known:
            assert key in known[name].properties, name


def test_both_forms_of_issues_ask_for_the_report() -> None:
    for name in ("store_report", "bug_report"):
        form = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{name}.yml").read_text())
        assert "report" in [part.get("id") for part in form["body"]]
        assert "source-bigcommerce probe --config" in json.dumps(form)
