"""The endpoints below `/_sandbox/`, for a store in a process of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson

from sandbox.faults import KINDS
from sandbox.reply import Reply, Request
from sandbox.simulation import Simulation


def answer(simulation: Simulation, request: Request) -> Reply:
    """One control call; a mistake in it is answered with 400 and the reason."""
    path = request.path.removeprefix("/_sandbox/").strip("/")
    try:
        result = _dispatch(simulation, request.method, path.split("/"), request.body)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        return Reply(400, orjson.dumps({"error": str(error.args[0] if error.args else error)}))
    if result is None:
        return Reply(404, orjson.dumps({"error": f"no control call {request.method} {path}"}))
    return Reply(200, orjson.dumps(result, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"not JSON: {value!r}")


def _dispatch(simulation: Simulation, method: str, path: list[str], body: bytes) -> Any:
    given: dict[str, Any] = orjson.loads(body) if body else {}
    call = (method, path[0])
    if call == ("GET", "health"):
        return {"ok": True, "now": simulation.clock.now()}
    if call == ("GET", "log"):
        return [entry.as_json() for entry in list(simulation.log)]
    if call == ("DELETE", "log"):
        simulation.log.clear()
        return {"ok": True}
    if call == ("GET", "rows") and len(path) == 2:
        return {"count": _count(simulation, path[1])}
    if call == ("POST", "edit"):
        simulation.edit(given["collection"], given["id"], given["fields"], given.get("parent"))
        return {"ok": True}
    if call == ("POST", "insert"):
        key = simulation.insert(given["collection"], given.get("fields"), given.get("parent"))
        return {"id": key}
    if call == ("POST", "delete"):
        simulation.delete(given["collection"], given["id"], given.get("parent"))
        return {"ok": True}
    if path[0] == "faults":
        return _faults(simulation, method, given)
    if call == ("POST", "clock"):
        if "now" in given:
            simulation.clock.set(int(given["now"]))
        simulation.clock.advance(float(given.get("advance", 0)))
        return {"now": simulation.clock.now()}
    if call == ("GET", "options"):
        return asdict(simulation.options)
    if call == ("POST", "options"):
        simulation.options.update(given)
        return asdict(simulation.options)
    if call == ("POST", "drain"):
        simulation.surface.quota.drain(int(given["units"]))
        return {"ok": True}
    return None


def _faults(simulation: Simulation, method: str, given: dict[str, Any]) -> Any:
    if method == "GET":
        return {
            "faults": simulation.faults.all(),
            "kinds": {name: kind.words for name, kind in KINDS.items()},
        }
    if method == "POST":
        simulation.faults.add(**given)
        return {"ok": True}
    if method == "DELETE":
        simulation.faults.clear()
        return {"ok": True}
    return None


def _count(simulation: Simulation, collection: str) -> int:
    if collection in simulation.data.tables:
        return simulation.data.count(collection)
    return len(simulation.rows(collection))
