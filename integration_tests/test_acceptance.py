"""Airbyte's acceptance tests, against a sandbox store, and their files.

`python -m integration_tests.test_acceptance` writes expected_records.jsonl again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from airbyte_cdk.models import SyncMode
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from integration_tests.syncs import Row, State, config_for, sync
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce

HERE = Path(__file__).parent
SIZES: dict[str, Any] = {
    "orders": 200,
    "customers": 30,
    "products": 30,
    "brands": 5,
    "categories": 5,
}
ACCEPTANCE: dict[str, Any] = safe_load_yaml(
    (HERE.parent / "acceptance-test-config.yml").read_text()
)

# For the open store: the content of secrets/config.json, and an invalid config.
CONFIG: Row = {}
INVALID: Row = {}

# The command that a test of the CDK runs, other than `read`.
COMMANDS = {"test_check": "check", "test_config_matches_spec": "spec", "test_discover": "discover"}


def load(name: str) -> Any:
    """A JSON file beside this one."""
    return json.loads((HERE / name).read_text())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Gives each test of the CDK the scenarios of its command."""
    if "scenario" in metafunc.fixturenames:
        command = COMMANDS.get(metafunc.function.__name__, "read")
        scenarios = [each for each in TestStandardSuite.get_scenarios() if command in each.commands]
        metafunc.parametrize("scenario", scenarios, ids=[each.id for each in scenarios])


@pytest.fixture(scope="module", autouse=True)
def shared_store() -> Iterator[Sandbox]:
    with Sandbox(**SIZES) as store:
        CONFIG.update(config_for(store))
        INVALID.update({**load("invalid_config.json"), "api_url": store.url})
        yield store


@pytest.mark.thorough
@pytest.mark.filterwarnings("error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning")
class TestStandardSuite(SourceTestSuiteBase):
    """The CDK's tests. Those that need Docker have the mark `image_tests` and are left out.

    Like its command line, they make the source first and name its configuration later.
    """

    # The CDK looks for it by the name of the folder, and ours may have any name.
    connector = SourceBigcommerce

    @classmethod
    def get_scenarios(cls) -> list[ConnectorTestScenario]:
        """The scenarios of acceptance-test-config.yml, each with a config of the sandbox store.

        The CDK ignores the entry `basic_read`, so its rules are checked here: every stream has
        records, or a reason to have none, and each record fits its schema.
        """
        configs = {"config": CONFIG, "invalid_config": INVALID}
        [basic_read] = map(dict, ACCEPTANCE["acceptance_tests"]["basic_read"]["tests"])
        empty = [
            ConnectorTestScenario.AcceptanceTestEmptyStream(**each)
            for each in basic_read["empty_streams"]
        ]
        return [
            each.model_copy(
                update={
                    "config_dict": configs.get(each.id),
                    "sections": each.sections + ("basic_read",) * ("read" in each.commands),
                    "empty_streams": empty,
                }
            )
            for each in super().get_scenarios()
        ]


# The files


def test_the_scenarios_are_three_configs_with_every_command() -> None:
    commands = {each.id: each.commands for each in TestStandardSuite.get_scenarios()}
    assert commands == {
        "sample_config": {"spec"},
        "config": {"check", "discover", "read"},
        "invalid_config": {"check"},
    }


def test_the_named_files_exist() -> None:
    sections = ACCEPTANCE["acceptance_tests"].values()
    tests = [dict(test) for section in sections for test in section["tests"]]
    named = {test[key] for test in tests for key in test if key.endswith("_path")}
    named |= {*re.findall(r"integration_tests/\S+\.\w+", str(tests))}
    assert {name for name in named if not (HERE.parent / name).is_file()} <= {"secrets/config.json"}
    assert "integration_tests/expected_records.jsonl" in named


def test_the_catalog_holds_what_discover_finds(shared_store: Sandbox) -> None:
    config = config_for(shared_store)
    found = {each.name: each for each in SourceBigcommerce(config=config).streams(config)}
    configured = load("configured_catalog.json")["streams"]
    assert configured
    for each in configured:
        stream = found[each["stream"]["name"]].as_airbyte_stream()
        is_incremental = SyncMode.incremental in (stream.supported_sync_modes or [])
        assert each["primary_key"] == stream.source_defined_primary_key
        assert each.get("cursor_field", []) == (stream.default_cursor_field or [])
        assert each["sync_mode"] == ("incremental" if is_incremental else "full_refresh")


def test_the_invalid_config_still_fits_the_spec() -> None:
    manifest = safe_load_yaml((HERE.parent / "source_bigcommerce/manifest.yaml").read_text())
    spec = manifest["spec"]["connection_specification"]
    jsonschema.validate(load("invalid_config.json"), spec)


def test_a_state_in_the_future_reads_everything_again(shared_store: Sandbox) -> None:
    state: State = {
        each["stream"]["stream_descriptor"]["name"]: each["stream"]["stream_state"]
        for each in load("abnormal_state.json")
    }
    first = sync(shared_store, *state)
    again = sync(shared_store, *state, state=state)
    assert {name: len(rows) for name, rows in again.records.items()} == {
        name: len(rows) for name, rows in first.records.items()
    }
    assert again.state == first.state


def expected_records(store: Sandbox) -> str:
    """One record of each stream, the first by primary key, one per line."""
    names = [each["stream"]["name"] for each in load("configured_catalog.json")["streams"]]
    records = sync(store, *names).records
    return "".join(
        json.dumps({"stream": name, "data": min(records[name], key=_key), "emitted_at": 0}) + "\n"
        for name in names
    )


def _key(row: Row) -> int:
    key: int = row["store_id"] if "id" not in row else row["id"]
    return key


def test_the_records_are_the_expected_ones(shared_store: Sandbox) -> None:
    now = expected_records(shared_store).splitlines()
    written = (HERE / "expected_records.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in now] == [json.loads(line) for line in written], __doc__


if __name__ == "__main__":
    with Sandbox(**SIZES) as opened:
        (HERE / "expected_records.jsonl").write_text(expected_records(opened))
