"""The process: start, stop, command line, control endpoints."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from source_bigcommerce.components import NormalizeConfig
from unit_tests.sandbox.asking import Get

ROOT = Path(__file__).parents[2]


def control(store: Sandbox, method: str, path: str, body: Any = None) -> Any:
    response = requests.request(method, f"{store.url}/_sandbox/{path}", json=body, timeout=5)
    return response.json() if response.ok else response.status_code


@pytest.mark.process
def test_the_command_line_serves_a_store() -> None:
    command = [sys.executable, "-m", "sandbox", "--orders", "30", "--quota", "9"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process.stdout:
        ready = json.loads(process.stdout.readline())
        assert ready.keys() == {"api_url", "store_hash", "access_token"}
        rows = requests.get(f"{ready['api_url']}/_sandbox/rows/orders", timeout=5).json()
        assert rows == {"count": 30}
        # As the line is, it is the connector's configuration.
        config = dict(ready)
        NormalizeConfig().transform(config)
        assert ready.items() <= config.items()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_stopping_closes_the_port_and_its_connections() -> None:
    store = Sandbox(orders=1).start()
    address = ("127.0.0.1", int(store.url.rsplit(":", 1)[1]))
    with socket.create_connection(address) as connection:
        # Answered by then: connections are accepted in the order they were made.
        requests.get(f"{store.url}/_sandbox/health", timeout=5)
        store.stop()
        connection.settimeout(5)
        assert connection.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_the_server_reaches_containers_under_their_name_for_this_machine() -> None:
    with Sandbox(orders=1, host="host.docker.internal") as store:
        name, port = store.url.removeprefix("http://").split(":")
        assert name == "host.docker.internal"
        # 127.0.0.2 stands for another interface: a server on 127.0.0.1 does not answer there.
        health = requests.get(f"http://127.0.0.2:{port}/_sandbox/health", timeout=5)
        assert health.ok


def test_the_server_listens_on_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(host="0.0.0.0")


def test_unknown_options_are_named() -> None:
    with pytest.raises(ValueError, match="no option 'order'"):
        Sandbox(order=3)


def test_an_empty_store_answers() -> None:
    store = Sandbox(orders=0, customers=0, products=0, brands=0, categories=0, pages=0)
    assert store.rows("orders") == store.rows("products") == store.rows("customers") == []
    of_orders = ("order_pickups", "cart_metafields", "order_metafields")
    assert all(store.rows(name) == [] for name in of_orders)
    assert all(isinstance(store.rows(name), list) for name in store.data.tables)


def test_the_control_endpoints_tell_health_and_log(store: Sandbox, get: Get) -> None:
    assert control(store, "GET", "health") == {"ok": True, "now": 1_772_323_200}
    get(store, "/v2/orders", limit=1)
    [entry] = control(store, "GET", "log")
    assert (entry["operation"], entry["query"]) == ("orders.list", [["limit", "1"]])
    control(store, "DELETE", "log")
    assert control(store, "GET", "log") == []


def test_the_control_endpoints_change_data(store: Sandbox) -> None:
    key = control(store, "POST", "insert", {"collection": "orders"})["id"]
    assert control(store, "GET", "rows/orders") == {"count": 301}
    edit = {"collection": "orders", "id": key, "fields": {"staff_notes": "new"}}
    control(store, "POST", "edit", edit)
    assert store.rows("orders")[-1]["staff_notes"] == "new"
    control(store, "POST", "delete", {"collection": "orders", "id": key})
    assert control(store, "GET", "rows/orders") == {"count": 300}


def test_the_control_endpoints_set_faults(store: Sandbox, get: Get) -> None:
    change = {"action": "delete", "collection": "orders", "keys": [100]}
    control(store, "POST", "faults", {"operation": "orders.list", "kind": "status", "status": 502})
    control(
        store, "POST", "faults", {"operation": "orders.list", "kind": "change", "changes": [change]}
    )
    assert get(store, "/v2/orders").status_code == 502
    faults = control(store, "GET", "faults")["faults"]
    assert [(fault["fired"], fault["pending"]) for fault in faults] == [(1, False), (1, False)]
    assert store.rows("orders")[0]["id"] != 100
    control(store, "DELETE", "faults")
    assert control(store, "GET", "faults")["faults"] == []


def test_the_control_endpoints_set_clock_and_options_and_drain(store: Sandbox, get: Get) -> None:
    assert control(store, "POST", "clock", {"advance": 5}) == {"now": 1_772_323_205}
    assert control(store, "POST", "options", {"quota": 10})["quota"] == 10
    control(store, "POST", "drain", {"units": 9})
    assert [get(store, "/v2/time").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("GET", "rows/fish", None, 400),
        ("POST", "edit", {"collection": "orders"}, 400),
        ("POST", "options", {"fish": 1}, 400),
        ("POST", "faults", {"operation": "fish", "kind": "status"}, 400),
    ],
)
def test_the_control_endpoints_refuse_mistakes(
    store: Sandbox, method: str, path: str, body: Any, status: int
) -> None:
    assert control(store, method, path, body) == status
