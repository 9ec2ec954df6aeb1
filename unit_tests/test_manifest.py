"""Guards the connector's shape: each failure names the file to edit."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import jsonschema
import pytest
from airbyte_cdk.models import ConnectorSpecificationSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    get_declarative_component_schema,
    validate_manifest,
)
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from source_bigcommerce import SourceBigcommerce, components
from source_bigcommerce.components import NormalizeConfig
from unit_tests.differences import differences
from unit_tests.streams import B2B, CONFIG, DELETIONS, INSTRUMENTS, RECEIPTS, STREAMS, Expected

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "source_bigcommerce"
SCHEMAS = sorted(PACKAGE.glob("schemas/**/*.json"))
ALL = (*STREAMS, *DELETIONS, RECEIPTS)
NAMES = [row.name for row in ALL]

TEXT = (PACKAGE / "manifest.yaml").read_text()
MANIFEST = safe_load_yaml(TEXT)
STREAMS_TEXT = TEXT.split("\nstreams:\n")[1].split("\n# ---")[0]
SPEC = json.loads((ROOT / "unit_tests/snapshots/spec.json").read_text())
PROPERTIES = SPEC["connectionSpecification"]["properties"]
EDIT = "edit source_bigcommerce/manifest.yaml"


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping within a YAML or JSON value."""
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value:
        if isinstance(child, (dict, list)):
            yield from nodes(child)


def references(value: Any) -> set[str]:
    """The definitions that a part of the manifest refers to."""
    refs = [node["$ref"] for node in nodes(value) if "$ref" in node]
    refs += [
        item
        for node in nodes(value)
        for values in node.values()
        for item in (values if isinstance(values, list) else [values])
        if isinstance(item, str) and item.startswith("#/")
    ]
    return {ref.split("/")[2] for ref in refs}


def test_the_manifest_is_valid_by_the_schema_of_the_framework() -> None:
    """The source itself does not look: that would take a fifth of each start."""
    manifest = SourceBigcommerce().resolved_manifest
    validate_manifest(manifest, get_declarative_component_schema())
    with pytest.raises(jsonschema.ValidationError):
        validate_manifest({**manifest, "streams": "none"}, get_declarative_component_schema())


def entries() -> dict[str, list[str]]:
    """The lines of each stream's entry in the manifest, its comments first."""
    found: dict[str, list[str]] = {}
    without_headings = re.sub(r"^  # -- .* --\n", "", STREAMS_TEXT, flags=re.MULTILINE)
    for block in re.findall(r"((?:  # .*\n)*  - .*\n(?:    .*\n)*)", without_headings + "\n"):
        name = re.search(r"\$parameters:(?:\n      | \{)name: (\w+)", block)
        assert name, f"a stream without a name; {EDIT}:\n{block}"
        found[name[1]] = block.splitlines()
    return found


def source() -> SourceBigcommerce:
    return SourceBigcommerce(config=CONFIG)


# Streams


def test_every_list_of_streams_is_the_same() -> None:
    page = (ROOT / "docs/streams.md").read_text()
    table = re.search(r"^\| *streams? *\|.*\n\|[-:| ]+\|\n((?:\|.*\n?)+)", page, re.M | re.I)
    assert table, "docs/streams.md lacks the table whose first column is `stream`"
    listed = {
        "source_bigcommerce/manifest.yaml": [s["$parameters"]["name"] for s in MANIFEST["streams"]],
        "source_bigcommerce/schemas/": [path.stem for path in PACKAGE.glob("schemas/*.json")],
        "docs/streams.md": re.findall(r"^\| *`(\w+)`", table[1], re.MULTILINE),
    }
    wrong = {file: found for file in listed if (found := differences(listed[file], NAMES))}
    assert not wrong, "these differ from unit_tests/streams.py; edit one of the two"


def test_the_catalogue_says_what_the_table_says() -> None:
    streams = [stream.as_airbyte_stream() for stream in source().streams(CONFIG)]
    contract = [
        (
            stream.name,
            stream.source_defined_primary_key or [],
            [mode.value for mode in stream.supported_sync_modes],
            stream.default_cursor_field or [],
            bool(stream.source_defined_cursor),
        )
        for stream in streams
    ]
    expected = [
        (
            row.name,
            [[key] for key in row.primary_key.split(", ") if key],
            ["full_refresh", "incremental"] if row.cursor else ["full_refresh"],
            [row.cursor] if row.cursor else [],
            bool(row.cursor),
        )
        for row in ALL
    ]
    assert not differences(contract, expected), (
        f"{EDIT}, or unit_tests/streams.py for a change that users should see"
    )


@pytest.mark.parametrize("row", [*STREAMS, *DELETIONS], ids=lambda row: row.name)
def test_each_stream_has_the_endpoint_and_scope_of_the_table(row: Expected) -> None:
    [parameters] = [
        stream["$parameters"]
        for stream in MANIFEST["streams"]
        if stream["$parameters"]["name"] == row.name
    ]
    declared = parameters["endpoint"], parameters["scope"]
    assert declared == (row.endpoint, row.scope), f"{EDIT} ({row.name})"


def is_read_order_by_order(stream: Any) -> bool:
    """Whether a request is made for each row that it finds through the list of orders."""
    rows = list_ = stream["retriever"]
    while "parents" in list_:
        list_ = list_["parents"]
    is_of_orders = list_["$parameters"].get("endpoint") == "v2/orders" and list_ is not rows
    return is_of_orders and not rows["$parameters"].get("embeds")


def test_streams_that_take_a_request_an_order_have_a_start_date_of_their_own() -> None:
    streams = source().resolved_manifest["streams"]
    starts = {
        stream["name"]: stream.get("incremental_sync", {}).get("$parameters", {}).get("start")
        for stream in streams
    }
    by_order = {stream["name"] for stream in streams if is_read_order_by_order(stream)}
    assert {name for name, start in starts.items() if start} == by_order, EDIT
    assert {row.name for row in STREAMS if row.has_own_start} == by_order
    assert {start for start in starts.values() if start} == {"per_order_start_date"}


@pytest.mark.parametrize("name", NAMES)
def test_each_stream_entry_is_short_and_names_its_documentation(name: str) -> None:
    comments = [line for line in entries()[name] if line.startswith("  #")]
    assert len(entries()[name]) - len(comments) <= 12, f"{name} takes over 12 lines; {EDIT}"
    assert comments, f"no documentation address above {name}; {EDIT}"
    address = r"  # https://developer\.bigcommerce\.com/(docs|b2b-edition/apis)/"
    assert re.match(address, comments[-1]), EDIT


def test_stream_entries_take_four_lines_at_the_median() -> None:
    lines = [sum(not line.startswith("  #") for line in entry) for entry in entries().values()]
    assert median(lines) <= 4, f"move what streams share into definitions; {EDIT}"


@pytest.mark.parametrize("name", NAMES)
def test_each_stream_entry_shows_its_name_and_endpoint_first(name: str) -> None:
    base, *rest = [line for line in entries()[name] if not line.startswith("  #")]
    assert base.startswith('  - $ref: "#/definitions/'), f"{EDIT} ({name})"
    head = " ".join(line.strip() for line in rest[:3])
    then = "}" if name == RECEIPTS.name else ",? endpoint: "  # of no endpoint
    assert re.match(rf"\$parameters: (\{{)?name: {name}{then}", head), f"{EDIT} ({name})"


# Definitions


def test_the_manifest_has_one_authenticator_and_one_url() -> None:
    types = [str(node.get("type")) for node in nodes(MANIFEST)]
    assert [kind for kind in types if kind.endswith("Authenticator")] == ["CustomAuthenticator"]
    urls = [key for node in nodes(MANIFEST) for key in node if key in ("url", "url_base")]
    assert urls == ["url"], f"every request goes through one requester; {EDIT}"


def test_the_manifest_holds_no_schema() -> None:
    streams = {name: part for name, part in MANIFEST.items() if name != "spec"}
    assert not [n for n in nodes(streams) if "schema" in n or "properties" in n], EDIT
    assert {n["type"] for n in nodes(MANIFEST) if str(n.get("type")).endswith("SchemaLoader")} == {
        "JsonFileSchemaLoader",
        "CustomSchemaLoader",
    }, f"schemas are files in source_bigcommerce/schemas/; {EDIT}"


def test_every_definition_is_used() -> None:
    definitions = MANIFEST["definitions"]
    used: set[str] = set()
    found = references([part for name, part in MANIFEST.items() if name != "definitions"])
    while found:
        used |= found
        found = references([definitions[name] for name in found]) - used
    assert definitions.keys() - used == set(), f"{EDIT}: take out what nothing refers to"


def paths(value: Any) -> Iterator[str]:
    """Every reference within a part of the manifest, in either form."""
    for node in nodes(value):
        for child in node.values():
            for item in child if isinstance(child, list) else [child]:
                if isinstance(item, str) and item.startswith("#/"):
                    yield item


def test_references_reach_at_most_two_steps_below_a_definition() -> None:
    deep = {path for path in paths(MANIFEST) if path.count("/") > 4}
    assert not deep, f"give these a definition of their own; {EDIT}"


def derived_from(part: Any) -> set[str]:
    """The definitions that a part of the manifest is made of, however indirectly."""
    made_of, found = set[str](), references(part)
    while found:
        made_of |= found
        found = references([MANIFEST["definitions"][name] for name in found]) - made_of
    return made_of


@pytest.mark.parametrize("stream", MANIFEST["streams"], ids=lambda of: of["$parameters"]["name"])
def test_streams_of_one_version_use_nothing_of_the_other(stream: Any) -> None:
    made_of = derived_from(stream)
    is_of_orders = "orders_retriever" in made_of  # transactions: v3, read through v2
    is_v2 = is_of_orders or stream["$parameters"].get("endpoint", "").startswith("v2/")
    other = "v3_" if is_v2 else "v2_"
    assert not [name for name in made_of if name.startswith(other)], EDIT


def test_the_custom_classes_are_those_that_components_export() -> None:
    declared = {node["class_name"] for node in nodes(MANIFEST) if "class_name" in node}
    exported = {f"source_bigcommerce.components.{name}" for name in components.__all__}
    assert declared == exported, "edit source_bigcommerce/components/__init__.py"


def test_the_versions_are_equal() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    changelog = ROOT / "CHANGELOG.md"
    latest = re.search(r"^## \[(\d.*?)\] - \d{4}-\d\d-\d\d$", changelog.read_text(), re.MULTILINE)
    assert version
    assert latest, "edit CHANGELOG.md: it lacks a heading such as ## [1.2.3] - 2026-01-31"
    assert version[1] == latest[1], "edit CHANGELOG.md or pyproject.toml"


# Schemas


def fields(path: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema and those of its fields and items, each with the path to it."""
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from fields(f"{path}.{name}", field)
    if "items" in schema:
        yield from fields(f"{path}[]", schema["items"])


@pytest.mark.parametrize("row", ALL, ids=NAMES)
def test_each_schema_is_draft_07_nullable_and_open(row: Expected) -> None:
    schema = ResourceSchemaLoader("source_bigcommerce").get_schema(row.name)
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    names = [*row.primary_key.split(", "), row.cursor or ""]
    assert {name for name in names if name} <= schema["properties"].keys()
    (_, top), *below = fields(f"source_bigcommerce/schemas/{row.name}.json", schema)
    assert top["type"] == "object"
    assert [path for path, field in below if "null" not in field.get("type", ["null"])] == []
    closed = [
        path
        for path, field in [(row.name, top), *below]
        if "object" in field.get("type", []) and field.get("additionalProperties") is not True
    ]
    assert closed == []


def test_the_schemas_repeat_nothing_of_ten_lines() -> None:
    """One line is one field, as the files are written."""
    parts = Counter(
        json.dumps(node, sort_keys=True)
        for path in SCHEMAS
        for node in nodes(json.loads(path.read_text()))
        if sum(1 for _ in nodes(node)) >= 10
    )
    twice = [part[:200] for part, count in parts.items() if count > 1]
    assert not twice, "move these into source_bigcommerce/schemas/shared/ and refer to them"


# Spec


def test_the_spec_equals_its_snapshot() -> None:
    spec = SourceBigcommerce().spec(None)  # type: ignore[arg-type]  # the logger is not used
    dumped = ConnectorSpecificationSerializer.dump(spec)
    printed = {key: dumped[key] for key in SPEC}
    assert printed == SPEC, "edit unit_tests/snapshots/spec.json if users should see the change"


def test_each_field_of_the_form_has_an_order_of_its_own() -> None:
    assert [field["order"] for field in PROPERTIES.values()] == list(range(len(PROPERTIES))), EDIT


def test_each_field_of_the_form_is_in_a_group_in_their_order() -> None:
    groups = [group["id"] for group in SPEC["connectionSpecification"]["groups"]]
    assert list(dict.fromkeys(field["group"] for field in PROPERTIES.values())) == groups, EDIT
    described = [
        name for name, field in PROPERTIES.items() if field["title"] and field["description"]
    ]
    assert described == list(PROPERTIES), EDIT


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_field_with_a_pattern_has_words_for_it_and_examples_that_fit(name: str) -> None:
    field = PROPERTIES[name]
    assert ("pattern" in field) == ("pattern_descriptor" in field), EDIT
    for value in [*field.get("examples", []), *([field["default"]] if "default" in field else [])]:
        jsonschema.validate(value, field)
        NormalizeConfig().transform({"store_hash": "abc123", "access_token": "t", name: value})


def test_the_consent_is_for_every_scope_but_those_that_few_want() -> None:
    asked = SPEC["advanced_auth"]["oauth_config_specification"][
        "oauth_connector_input_specification"
    ]["scope"].split()
    # By which name an app asks for B2B Edition is not documented, and few want saved cards.
    not_asked = {B2B, INSTRUMENTS}
    assert sorted(asked) == sorted({row.scope for row in STREAMS} - not_asked), EDIT


def test_the_spec_marks_its_secrets() -> None:
    marked = {name for name, field in PROPERTIES.items() if field.get("airbyte_secret")}
    secret = {name for name in PROPERTIES if re.search("token|secret|password|salt", name)}
    assert marked == secret == {"access_token", "hash_salt"}, EDIT


def test_an_empty_form_gets_the_defaults_of_the_spec() -> None:
    config: dict[str, Any] = {"store_hash": "abc123", "access_token": "t"}
    NormalizeConfig().transform(config)
    defaults = {key: field["default"] for key, field in PROPERTIES.items() if "default" in field}
    filled_in = {key: value for key, value in config.items() if key in PROPERTIES}
    filled_in = {key: value for key, value in filled_in.items() if not key.endswith("_date")}
    assert filled_in == {"store_hash": "abc123", "access_token": "t", **defaults}, (
        "edit source_bigcommerce/manifest.yaml (spec) or components/config.py"
    )


@pytest.mark.parametrize("key", [key for key, f in PROPERTIES.items() if f["type"] == "integer"])
def test_values_beyond_the_bounds_of_the_spec_are_refused(key: str) -> None:
    lowest, highest = PROPERTIES[key]["minimum"], PROPERTIES[key]["maximum"]
    for value in (lowest, highest):
        config = {**CONFIG, key: value}
        NormalizeConfig().transform(config)
        assert config[key] == value
    for value in (lowest - 1, highest + 1):
        with pytest.raises(AirbyteTracedException, match=f"from {lowest} to {highest}"):
            NormalizeConfig().transform({**CONFIG, key: value})
