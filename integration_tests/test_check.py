"""The check of a connection while parts of the store hang, refuse or send a firewall's page."""

from __future__ import annotations

import json
import logging
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteConnectionStatus, Status
from airbyte_cdk.sources.streams.http import rate_limiting

from integration_tests.syncs import config_for
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce, questions
from source_bigcommerce.components import budget

# Three, and what a busy machine adds.
IN_SECONDS = re.compile(r"\b[3-9] seconds")
LATER = "Check the connection again later; these streams were not checked."


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Waits three seconds in place of 15, and does not wait before a retry."""
    monkeypatch.setattr(questions, "PATIENCE", 3.0)
    monkeypatch.setattr(budget, "FIRST_REPLY_WAIT", 0.1)
    monkeypatch.setattr(rate_limiting, "time", SimpleNamespace(sleep=lambda seconds: None))
    with Sandbox(orders=3, customers=3, products=3) as store:
        yield store


def check(store: Sandbox, **values: Any) -> AirbyteConnectionStatus:
    config = config_for(store, **values)
    return SourceBigcommerce(config=config).check(logging.getLogger("airbyte"), config)


@pytest.mark.thorough
def test_the_check_names_endpoints_that_hang_with_their_streams_and_reports_the_rest(
    calm: Sandbox,
) -> None:
    calm.options.update({"scopes": _all_but(calm, "store_v2_content_read_only")})
    faults = [
        calm.faults.add("sites.list", "hang", seconds=30, times=None),
        calm.faults.add("locations.list", "slow", seconds=60, times=None),
        # Not the first request of its stream, and of a worker's thread.
        calm.faults.add("channel_listings.list", "hang", seconds=30, times=None),
    ]
    began = time.monotonic()
    found = check(calm)
    assert all(fault.fired for fault in faults)
    assert found.status == Status.SUCCEEDED
    message = found.message or ""
    unanswered = message.partition("seconds from ")[2].partition(". ")[0]
    assert sorted(unanswered.split("; ")) == [
        "/v3/channels/{channel_id}/listings (channel_listings)",
        "/v3/inventory/locations (locations, location_metafields)",
        "/v3/sites (sites, site_routes, site_certificates)",
    ]
    assert LATER in message
    assert (
        "pages, widget_templates, widgets, placements, scripts, blog_posts, blog_tags, redirects, "
        "settings_analytics need the scope"
    ) in message
    # As long as it waits, and as it takes to build all streams on a busy machine.
    assert time.monotonic() - began < 20


@pytest.mark.thorough
def test_the_check_names_the_address_if_nothing_answers(calm: Sandbox) -> None:
    calm.faults.add("*", "hang", seconds=30, times=None)
    found = check(calm)
    assert found.status == Status.FAILED
    assert IN_SECONDS.sub("N seconds", found.message or "") == (
        f"No usable answer came within N seconds from {calm.url}. {LATER}"
    )


@pytest.mark.thorough
def test_the_check_ends_if_the_name_is_not_looked_up_in_time(
    calm: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo

    def slowly(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "slow.example":
            time.sleep(6)
            raise socket.gaierror("no answer")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    found = check(calm, api_url="https://slow.example")
    assert found.status == Status.FAILED
    assert IN_SECONDS.sub("N seconds", found.message or "") == (
        f"No usable answer came within N seconds from https://slow.example. {LATER}"
    )


@pytest.mark.thorough
def test_the_check_waits_if_the_store_asks_for_a_pause(
    calm: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "PATIENCE", 2.0)
    calm.options.update({"window_ms": 3000})
    limited = calm.faults.add("sites.list", "status", status=429, headers={"X-Retry-After": "3"})
    found = check(calm)
    assert (found.status, found.message, limited.fired) == (Status.SUCCEEDED, None, 1)


def test_the_check_does_not_blame_scopes_for_a_firewall(calm: Sandbox) -> None:
    calm.faults.add("sites.list", "status", status=403, html=True, times=None)
    found = check(calm)
    assert found.status == Status.SUCCEEDED
    message = found.message or ""
    assert message.startswith("A firewall in front of BigCommerce refused /v3/sites, ")
    assert "read-only" not in message


def test_the_check_succeeds_if_a_firewall_refuses_once(calm: Sandbox) -> None:
    fault = calm.faults.add("sites.list", "status", status=403, html=True)
    assert check(calm).message is None
    assert fault.fired == 1


def _all_but(store: Sandbox, scope: str) -> frozenset[str]:
    streams = SourceBigcommerce(config=config_for(store)).resolved_manifest["streams"]
    return frozenset(stream["$parameters"].get("scope", "") for stream in streams) - {scope}


@pytest.mark.process
def test_a_check_that_hangs_does_not_keep_the_program_alive(calm: Sandbox, tmp_path: Path) -> None:
    calm.faults.add("transactions.list", "hang", seconds=250, times=None)
    config = tmp_path / "config.json"
    config.write_text(json.dumps(config_for(calm, page_size="10", flatten_records="on")))
    program = (
        "import sys; from source_bigcommerce import questions, run; "
        "questions.PATIENCE = 3; sys.argv[1:] = ['check', '--config', sys.argv[1]]; run.run()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(config)], capture_output=True, timeout=240, check=True
    )
    status = json.loads(ran.stdout.splitlines()[-1])["connectionStatus"]
    assert status["status"] == "SUCCEEDED"
    assert "/v3/orders/{order_id}/transactions (transactions)" in status["message"]
