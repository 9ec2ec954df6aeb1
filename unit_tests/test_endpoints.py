"""The list of BigCommerce's GETs says of each what becomes of it, and the script finds new ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from runpy import run_path

import pytest
import yaml
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from unit_tests.streams import STREAMS

SCRIPT = run_path(str(Path(__file__).parents[1] / "scripts/schema_coverage.py"))
NOTHING, normal, compare_endpoints = map(
    SCRIPT.__getitem__, ("NOTHING", "normal", "compare_endpoints")
)
DATA = safe_load_yaml(SCRIPT["ENDPOINTS"].read_text())
EDIT = "edit scripts/endpoints.yaml"
SPEC = """
openapi: 3.0.3
servers: [{{url: "https://{host}/stores/{{store_hash}}/v3"}}]
paths:
  /catalog/brands: {{get: {{}}, post: {{}}}}
  /catalog/brands/{{id_of_brand}}: {{get: {{}}}}
  /catalog/summary: {{get: {{}}}}
  {further}
"""


def test_the_list_names_the_address_of_each_stream() -> None:
    asked = {normal(f"/{row.endpoint.partition('?')[0]}"): row.name for row in STREAMS}
    asked |= {normal(f"/{row.first_request}"): row.name for row in STREAMS if row.channels_request}
    assert {normal(path): stream for path, stream in DATA["read"].items()} == asked, EDIT


def test_gets_of_b2b_edition_are_compared_from_a_folder_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = []
    for name, url, paths in (
        ("reference", "https://api.bigcommerce.com/stores/{store_hash}/v3", "/catalog/brands"),
        ("b2b", "https://api-b2b.bigcommerce.com/api/v3/io", "/companies"),
        ("b2b/ip", "https://api-b2b.bigcommerce.com/api/v3/io/ip", "/nothing-knows-it"),
    ):
        (tmp_path / name).mkdir()
        spec = {"servers": [{"url": url}], "paths": {paths: {"get": {}}}}
        (tmp_path / name / "spec.yaml").write_text(yaml.safe_dump(spec))
        folders.append(str(tmp_path / name))
    assert compare_endpoints(*folders[:2]) == 1
    *printed, _ = capsys.readouterr().out.splitlines()
    assert dict(line.split("  ") for line in printed) == {
        "/v3/catalog/brands": "brands",
        "/api/v3/io/companies": "b2b_companies",
        "/api/v3/io/ip/nothing-knows-it": NOTHING,
    }


def test_the_list_names_each_get_once_and_streams_that_exist() -> None:
    left_out = [path for paths in DATA["left_out"].values() for path in paths]
    times = Counter(map(normal, [*DATA["read"], *DATA["contained"], *left_out]))
    assert [path for path, count in times.items() if count > 1] == []
    assert set(DATA["contained"].values()) <= {row.name for row in STREAMS}, EDIT
    assert all(len(reason.split()) > 2 for reason in DATA["left_out"]), EDIT


@pytest.mark.parametrize(
    ("host", "further", "unknown"),
    [
        ("api.bigcommerce.com", "/catalog/videos: {post: {}}", []),
        ("api.bigcommerce.com", "/catalog/videos: {get: {}}", ["/v3/catalog/videos"]),
        ("login.bigcommerce.com", "/catalog/videos: {get: {}}", []),
    ],
)
def test_the_comparison_shows_gets_with_neither_a_stream_nor_a_reason(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    host: str,
    further: str,
    unknown: list[str],
) -> None:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog/brands.v3.yml").write_text(SPEC.format(host=host, further=further))
    assert compare_endpoints(str(tmp_path)) == bool(unknown)
    *printed, _ = capsys.readouterr().out.splitlines()
    told = dict(line.split("  ") for line in printed)
    assert [path for path, words in told.items() if words == NOTHING] == unknown
    if host == "api.bigcommerce.com":
        assert told["/v3/catalog/brands"] == "brands"
        assert told["/v3/catalog/brands/{id_of_brand}"] == "in brands"
