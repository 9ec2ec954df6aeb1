"""A store in a process of its own can be asked and told what one in this process can."""

from __future__ import annotations

import pytest
import requests

from sandbox.process import store_of

HEADERS = {"X-Auth-Token": "sandbox-token", "Accept": "application/json"}


@pytest.mark.process
def test_a_store_of_its_own_process_is_edited_and_tells_its_log() -> None:
    with store_of(orders=3, customers=1, products=1, years=1) as store:
        url = f"{store.url}/stores/{store.config['store_hash']}/v2/orders"
        new = store.insert("orders", staff_notes="new")
        store.edit("orders", new, staff_notes="edited")
        store.set(ok=203)
        store.add_fault(operation="orders.list", kind="status", status=503)
        replies = [requests.get(url, headers=HEADERS, timeout=10) for _ in range(2)]
        assert [reply.status_code for reply in replies] == [503, 203]
        assert (store.count("orders"), len(replies[1].json())) == (4, 4)
        assert [row["staff_notes"] for row in replies[1].json() if row["id"] == new] == ["edited"]
        assert [entry["status"] for entry in store.log()] == [503, 203]
        assert store.log() == []
    with pytest.raises(requests.ConnectionError):
        requests.get(url, headers=HEADERS, timeout=10)
