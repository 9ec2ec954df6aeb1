"""The endpoints below `/_sandbox/`, for those who run the store in a process of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.faults import KINDS
from sandbox.surface import Reply

if TYPE_CHECKING:
    from sandbox.server import Sandbox


def answer(sandbox: Sandbox, method: str, path: str, body: bytes) -> Reply:
    """One control call; a mistake in it comes back as 400 with its reason."""
    try:
        result = _dispatch(sandbox, method, path.strip("/").split("/"), body)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        return Reply(400, orjson.dumps({"error": str(error.args[0] if error.args else error)}))
    if result is None:
        return Reply(404, orjson.dumps({"error": f"no control call {method} {path}"}))
    return Reply(200, orjson.dumps(result, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"not JSON: {value!r}")


def _dispatch(sandbox: Sandbox, method: str, path: list[str], body: bytes) -> Any:
    given: dict[str, Any] = orjson.loads(body) if body else {}
    call = (method, path[0])
    if call == ("GET", "health"):
        return {"ok": True, "now": sandbox.clock.now()}
    if call == ("GET", "log"):
        return [entry.as_json() for entry in list(sandbox.log)]
    if call == ("DELETE", "log"):
        sandbox.log.clear()
        return {"ok": True}
    if call == ("GET", "rows") and len(path) == 2:
        return {"count": _count(sandbox, path[1])}
    if call == ("POST", "edit"):
        sandbox.edit(given["collection"], given["id"], given["fields"], given.get("parent"))
        return {"ok": True}
    if call == ("POST", "insert"):
        key = sandbox.insert(given["collection"], given.get("fields"), given.get("parent"))
        return {"id": key}
    if call == ("POST", "delete"):
        sandbox.delete(given["collection"], given["id"], given.get("parent"))
        return {"ok": True}
    if path[0] == "faults":
        return _faults(sandbox, method, given)
    if call == ("POST", "clock"):
        if "now" in given:
            sandbox.clock.set(int(given["now"]))
        sandbox.clock.advance(float(given.get("advance", 0)))
        return {"now": sandbox.clock.now()}
    if call == ("GET", "options"):
        return asdict(sandbox.options)
    if call == ("POST", "options"):
        sandbox.options.update(given)
        return asdict(sandbox.options)
    if call == ("POST", "drain"):
        sandbox.surface.quota.drain(int(given["units"]))
        return {"ok": True}
    return None


def _faults(sandbox: Sandbox, method: str, given: dict[str, Any]) -> Any:
    if method == "GET":
        return {"faults": sandbox.faults.all(), "kinds": KINDS}
    if method == "POST":
        sandbox.faults.add(**given)
        return {"ok": True}
    if method == "DELETE":
        sandbox.faults.clear()
        return {"ok": True}
    return None


def _count(sandbox: Sandbox, collection: str) -> int:
    if collection in sandbox.data.tables:
        return sandbox.data.count(collection)
    return len(sandbox.rows(collection))
