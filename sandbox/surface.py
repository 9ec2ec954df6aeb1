"""The API's surface: access, envelopes of replies, and paging of lists."""

from __future__ import annotations

import gzip
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import orjson

from sandbox import lookups, manners, sideload
from sandbox import query as queries
from sandbox.data import Data
from sandbox.forms import other
from sandbox.options import Options
from sandbox.query import Query, Refusal
from sandbox.quota import Balance, Quota
from sandbox.reply import B2B_ROOT, Family, Reply, Request, error
from sandbox.route import Answer, Meta, Paging, Route
from sandbox.table import Condition, Positions, Row, matches

_SUSPENDED = (
    "The store is suspended. This may be due to an administrative action, or due to a billing "
    "issue. Please contact BigCommerce support for more information."
)
_UNAUTHORIZED = (
    "Unauthorized - the v3 Auth client ID or token in the request are not a valid combination for "
    "this store."
)


class Surface:
    """Answers requests from the store's data, as the options demand."""

    def __init__(self, data: Data, options: Options) -> None:
        self.data = data
        self.options = options
        self.quota = Quota(options)
        self._quotas: dict[str, Quota] = {}
        self._busy: Counter[str] = Counter()
        self._busy_lock = threading.Lock()

    # Before the route is known

    def admit(self, request: Request, store_hash: str, path: str) -> tuple[Reply | None, Balance]:
        """A refusal if the request is not admitted, and the rate-limit headers."""
        balance = self._quota_of(path).take()
        family = Family.of(path)
        options = self.options
        if family is Family.B2B and options.without_b2b:
            refusal = error(family, options.without_b2b, "B2B Edition is not enabled.")
        elif store_hash != options.store_hash:
            refusal = error(family, options.unknown_store, "The store was not found.")
        elif request.headers.get("x-auth-token") != options.access_token:
            refusal = error(family, 401, _UNAUTHORIZED)
        elif options.suspended:
            refusal = error(family, 503, _SUSPENDED)
        elif options.maintenance:
            refusal = error(family, 503, "The store is down for maintenance.")
        elif not balance.granted:
            refusal = error(family, 429, "You have been rate limited.")
        elif "application/json" not in request.headers.get("accept", ""):
            refusal = error(family, 406, "The Accept header must allow application/json.")
        else:
            return None, balance
        return refusal, balance

    def _quota_of(self, path: str) -> Quota:
        for resource in self.options.resource_quotas:
            if path.startswith(resource):
                return self._quotas.setdefault(resource, Quota(self.options, resource))
        if Family.of(path) is Family.B2B:
            return self._quotas.setdefault(B2B_ROOT, Quota(self.options, B2B_ROOT))
        return self.quota

    @contextmanager
    def lane(self, route: Route) -> Iterator[Reply | None]:
        """A place among the requests that the route answers at a time, or a refusal."""
        with self._busy_lock:
            self._busy[route.operation] += 1
            full = route.concurrent is not None and self._busy[route.operation] > route.concurrent
        try:
            yield error(route.family, 429, "Too many requests at a time.") if full else None
        finally:
            with self._busy_lock:
                self._busy[route.operation] -= 1

    def compressed(self, request: Request, reply: Reply) -> Reply:
        """The reply in gzip, if the option is on and the client takes it."""
        if not (self.options.gzip and "gzip" in request.headers.get("accept-encoding", "")):
            return reply
        headers = (*reply.headers, ("Content-Encoding", "gzip"))
        body = gzip.compress(reply.body, compresslevel=1, mtime=0)
        return Reply(reply.status, body, reply.content_type, headers)

    # The answer

    def answer(self, route: Route, ids: Mapping[str, str], request: Request) -> Reply:
        """The reply to an admitted request."""
        if not self._in_scope(route):
            return self._out_of_scope(route)
        route = manners.as_asked(route, self.options)
        try:
            with self.data.lock:
                asked = queries.read(
                    route,
                    queries.pairs(request.raw_query),
                    self.data.clock.now(),
                    self.options,
                )
                asked = manners.understood(route, request.raw_query, asked, self.options)
                asked = lookups.understood(self.data, route.collection, asked)
                if route.write:
                    return route.write(self.data, ids, request)
                return self._dispatch(route, ids, asked)
        except Refusal as refusal:
            return error(route.family, refusal.status, refusal.title)
        except KeyError:
            return error(route.family, 404, "The requested resource was not found.")

    def _dispatch(self, route: Route, ids: Mapping[str, str], asked: Query) -> Reply:
        if route.answer is Answer.TIME:
            return Reply(200, orjson.dumps({"time": self.data.clock.now()}))
        if route.answer is Answer.COUNT:
            return self._count(route, asked)
        if route.answer is Answer.OBJECT:
            return self._object(route, ids, asked)
        if route.collection in self.data.children:
            parents = self.data.children[route.collection].parent
            parent = self.data.key_of(parents, next(iter(ids.values())))
            return self._child_list(route, parent, asked, list(ids.items())[1:])
        if route.collection == "b2b_channels" and self.options.b2b_channels == "none":
            raise Refusal(403, "Multi storefront is not enabled")
        if route.parent:
            self.data.get(route.parent, int(next(iter(ids.values()))))
        within = tuple(Condition(name, "eq", int(value)) for name, value in ids.items())
        return self._list(route, replace(asked, conditions=(*asked.conditions, *within)))

    def _in_scope(self, route: Route) -> bool:
        granted = self.options.scopes
        if granted is None:
            return True
        return any(s in granted or s.removesuffix("_read_only") in granted for s in route.scopes)

    def _out_of_scope(self, route: Route) -> Reply:
        if route.family is not Family.V3:
            title = "You don't have a required scope to access the endpoint"
            return error(route.family, 403, title)
        body = {
            "status": 403,
            "title": "You don't have a required scope to access the endpoint",
            "type": "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes",
            "errors": {},
        }
        return Reply(403, orjson.dumps(body))

    def _object(self, route: Route, ids: Mapping[str, str], asked: Query) -> Reply:
        if route.collection == "order_consignments":
            at = self.data.position("orders", int(ids["order_id"]))
            row = sideload.consignments(self.data, self.options, at, asked.includes)
        elif route.collection in self.data.children:
            parents = self.data.children[route.collection].parent
            parent = self.data.key_of(parents, next(iter(ids.values())))
            found = self.data.children_of(route.collection, parent)
            if not found:
                raise KeyError(parent)
            [row] = found
        elif ids:
            row = self.data.get(route.collection, int(next(iter(ids.values()))))
            for condition in asked.conditions:
                if callable(condition.field) and condition.field(row) != condition.value:
                    raise KeyError(condition.value)
        else:
            row = self.data.objects[route.collection]
        row = route.shown(row) if route.shown else row
        if route.collection == "b2b_company_credit" and not self.options.b2b_credit:
            raise Refusal(400, "Store company credit is not enabled")
        row = other(row) if self.options.other_forms else row
        if route.family is Family.B2B:
            body = {"code": 200, "data": row, "meta": {"message": "SUCCESS"}}
            return Reply(200, orjson.dumps(body))
        is_bare = route.bare or route.family is Family.V2
        return Reply(200, orjson.dumps(row if is_bare else {"data": row, "meta": {}}))

    def _count(self, route: Route, asked: Query) -> Reply:
        """How many rows match; `/v2/orders/count` also tells it by status."""
        found = self.data.select(route.collection, asked.conditions)
        if route.collection != "orders":
            return Reply(200, orjson.dumps({"count": len(found)}))
        statuses = self.data.table("orders").columns["status_id"]
        counts = Counter(statuses[at] for at in found)
        body = {
            "statuses": [
                {
                    **{name: value for name, value in status.items() if name != "order"},
                    "count": counts[status["id"]],
                    "sort_order": status["order"],
                }
                for status in self.data.rows("order_statuses")
            ],
            "count": len(found),
        }
        return Reply(200, orjson.dumps(body))

    def _child_list(
        self, route: Route, parent: int, asked: Query, within: Sequence[tuple[str, str]]
    ) -> Reply:
        """The children of a parent, filtered by further ids in the path, which they do not hold."""
        texts = self.data.child_texts(route.collection, parent)
        for name, key in within:
            found = map(orjson.loads, texts)
            texts = [orjson.dumps(row) for row in found if row.pop(name) == int(key)]
        if asked.conditions:
            rows = ((text, orjson.loads(text)) for text in texts)
            texts = [text for text, row in rows if all(matches(row, c) for c in asked.conditions)]
        if not texts and route.collection == "transactions":
            return self._no_transactions(route, parent, asked)
        number = 1 if asked.page == 1 else manners.page_of_children(asked.page, self.options)
        start = (number - 1) * asked.limit if number else len(texts)
        end = len(texts) if route.paging is Paging.NONE else start + asked.limit
        page = texts[start:end]
        if asked.is_reduced:
            page = [orjson.dumps(_reduced(orjson.loads(text), "id", asked)) for text in page]
        meta = _meta(route, asked, len(texts), len(page), asked.limit)
        return self._listed(route, page, meta)

    def _no_transactions(self, route: Route, order: int, asked: Query) -> Reply:
        """Users have seen three kinds of answers to this."""
        kind = self.options.empty_transactions
        status = (200, 204, 404)[order % 3] if kind == "mixed" else int(kind)
        if status == 404:
            return error(route.family, 404, "The requested resource was not found.")
        if status == 204:
            return Reply(204)
        return self._envelope(route, [], _pagination(asked, 0, 0))

    def _list(self, route: Route, asked: Query) -> Reply:
        found = self._found(route, asked)
        if asked.after is not None or asked.before is not None or route.paging is Paging.AFTER:
            return self._cursor_list(route, asked, len(found))
        if route.paging is Paging.NONE:
            start, limit = 0, max(1, len(found))
        else:
            start, limit = (asked.page - 1) * asked.limit, asked.limit
        start = start if asked.offset is None else asked.offset
        total = len(found)
        if self.options.gaps and route.paging is Paging.PAGES and route.meta is Meta.PAGINATION:
            gaps = sorted(self.options.gaps) if route.family is Family.V3 and found else []
            start -= limit * sum(gap < asked.page for gap in gaps)
            total += limit * len(gaps)
            found = [] if asked.page in gaps else found
        positions = found[start : start + limit]
        is_behind = route.family is Family.V3 and not positions and asked.page > 1
        if is_behind and self.options.v3_end != 200:
            return self._nothing(route, self.options.v3_end)
        meta = _meta(route, asked, total, len(positions), limit)
        if route.paging is Paging.CURSOR and self.options.cursors and asked.page == 1:
            more = start + limit < len(found)
            meta |= self._cursor_meta(route, asked, positions, more)
        return self._listed(route, self._texts(route, asked, positions), meta)

    def _found(self, route: Route, asked: Query) -> Positions:
        """The rows that match; a filter on the date of change finds no row without such a date."""
        found = self.data.select(route.collection, asked.conditions, asked.sort, asked.descending)
        found = lookups.visible(self.data, route.collection, found)
        if any(condition.field == "date_modified" for condition in asked.conditions):
            undated = manners.undated(route, self.options)
            if undated:
                row = self.data.table(route.collection).row
                found = [at for at in found if not undated(row(at))]
        return found

    def _cursor_list(self, route: Route, asked: Query, total: int) -> Reply:
        table = self.data.table(route.collection)
        conditions = list(asked.conditions)
        if asked.after is not None:
            conditions.append(Condition(table.key, "greater", asked.after))
        if asked.before is not None:
            conditions.append(Condition(table.key, "less", asked.before))
        found = self._found(route, replace(asked, conditions=tuple(conditions), sort=None))
        backwards = asked.after is None and asked.before is not None
        positions = found[-asked.limit :] if backwards else found[: asked.limit]
        more = len(found) > asked.limit
        if route.paging is Paging.AFTER:
            last = table.columns[table.key][positions[-1]] if more else None
            meta = _after_pagination(asked, total, len(positions), last)
            return self._listed(route, self._texts(route, asked, positions), meta)
        # `page` is ignored with a cursor, so this is about the first page of the whole list.
        meta = _pagination(Query(limit=asked.limit), total, len(positions))
        meta |= self._cursor_meta(route, asked, positions, more)
        return self._listed(route, self._texts(route, asked, positions), meta)

    def _cursor_meta(self, route: Route, asked: Query, positions: Any, more: bool) -> Row:
        table = self.data.table(route.collection)
        keys = table.columns[table.key]
        start, end = (
            (queries.cursor(keys[positions[0]]), queries.cursor(keys[positions[-1]]))
            if positions
            else (None, None)
        )
        links = {"current": f"?limit={asked.limit}"}
        if asked.after is not None and start:
            links["previous"] = f"?limit={asked.limit}&before={quote(start)}"
        if more and end:
            links["next"] = f"?limit={asked.limit}&after={quote(end)}"
        return {
            "cursor_pagination": {
                "count": len(positions),
                "per_page": asked.limit,
                "start_cursor": start,
                "end_cursor": end,
                "links": links,
            }
        }

    # Rows and envelopes

    def _texts(self, route: Route, asked: Query, positions: Any) -> list[bytes]:
        """The rows as JSON, in the shape that the query asks for."""
        if route.collection == "orders":
            return self._order_texts(asked, positions)
        undated = manners.undated(route, self.options)
        if not undated and not asked.is_reduced and not route.shown:
            return self.data.row_texts(route.collection, positions, asked.includes)
        table = self.data.table(route.collection)

        def made(at: int) -> Row:
            row = table.row(at, asked.includes)
            row = route.shown(row) if route.shown else row
            if undated and undated(row):
                row.pop("date_modified", None)
            return _reduced(row, table.key, asked)

        shape = (
            *(asked.includes, asked.only_fields, asked.without_fields),
            *(bool(undated), route.shown),
        )
        return self.data.serialised(route.collection, positions, shape, made)

    def _order_texts(self, asked: Query, positions: Any) -> list[bytes]:
        options = self.options
        if not options.archived_flag:
            asked = replace(asked, without_fields=asked.without_fields | {"is_deleted"})
        if not asked.includes and not asked.is_reduced:
            return self.data.row_texts("orders", positions)
        legacy = ("consignment_structure", "object") not in asked.others
        if options.consignments != "asked":
            legacy = options.consignments == "array"

        def made(at: int) -> Row:
            row = sideload.order(self.data, options, at, asked.includes, legacy)
            return _reduced(row, "id", asked)

        shape = (
            *(asked.includes, asked.only_fields, asked.without_fields, legacy),
            *(options.ignore_include, options.warning_place, options.short_includes),
        )
        return self.data.serialised("orders", positions, shape, made)

    def _listed(self, route: Route, texts: list[bytes], meta: Row) -> Reply:
        """A page of a list, with the faults that the options demand."""
        if "pagination" in meta:
            meta["pagination"] = _claimed(meta["pagination"], self.options.totals, len(texts))
        if self.options.doubled:
            texts = texts[:1] + texts
        reply = self._envelope(route, texts, meta)
        return replace(reply, status=self.options.ok) if reply.status == 200 else reply

    def _envelope(self, route: Route, texts: list[bytes], meta: Row) -> Reply:
        if self.options.other_forms:
            texts = [orjson.dumps(other(orjson.loads(text))) for text in texts]
        rows = b"[" + b",".join(texts) + b"]"
        if route.family is Family.B2B:
            return Reply(200, _b2b_envelope(route, rows, meta))
        if route.bare:
            return Reply(200, rows)
        if route.family is Family.V3:
            return Reply(200, b'{"data":' + rows + b',"meta":' + orjson.dumps(meta) + b"}")
        # v2 has no empty list: it says "no content".
        if texts or self.options.v2_end == 200:
            return Reply(200, rows)
        return self._nothing(route, self.options.v2_end)

    @staticmethod
    def _nothing(route: Route, status: int) -> Reply:
        if status == 404:
            return error(route.family, 404, "The requested resource was not found.")
        return Reply(status)


def _b2b_envelope(route: Route, rows: bytes, meta: Row) -> bytes:
    """The counts are in one of three places."""
    told: Row = {"message": "SUCCESS", **meta}
    if route.collection == "b2b_quotes":
        rows = b'{"list":' + rows + b',"pagination":' + orjson.dumps(told.pop("pagination")) + b"}"
    elif route.collection == "b2b_orders":
        told |= told.pop("pagination")
    return b'{"code":200,"data":' + rows + b',"meta":' + orjson.dumps(told) + b"}"


def _reduced(row: Row, key: str, asked: Query) -> Row:
    """The row without the fields that were not wanted; its key always stays."""
    if asked.only_fields is not None:
        wanted = asked.only_fields | {key} | set(asked.includes)
        row = {name: value for name, value in row.items() if name in wanted}
    for name in asked.without_fields - {key}:
        row.pop(name, None)
    return row


def _claimed(pagination: Row, totals: str, count: int) -> Row:
    """What a list says about its length, see `TOTALS`."""
    if "totalCount" in pagination:
        counts = {"total": pagination["totalCount"], "total_pages": 1}
        claimed = _claimed(counts, totals, count)
        lied = {"totalCount": claimed["total"]} if "total" in claimed else {}
        return {name: value for name, value in pagination.items() if name != "totalCount"} | lied
    total, pages = pagination.get("total", 0), pagination.get("total_pages", 0)
    told = {
        "of_page": (count, 1),
        "one_page": (total, 1),
        "low": (total // 2, -(-pages // 2)),
        "high": (total * 3, pages * 3),
        "zero": (0, 0),
        "negative": (-1, -1),
        "text": (str(total), str(pages)),
        "missing": (None, None),
    }.get(totals)
    if told is None:
        return pagination
    claimed = {**pagination, "total": told[0], "total_pages": told[1]}
    claimed.pop("links", None)
    return {name: value for name, value in claimed.items() if value is not None}


def _meta(route: Route, asked: Query, total: int, count: int, limit: int) -> Row:
    if route.meta is Meta.NOTHING:
        return {}
    if route.family is Family.B2B:
        counts = {"totalCount": total, "limit": limit, "offset": asked.offset}
        return {"pagination": counts}
    if route.meta is Meta.OFFSET:
        offset = (asked.page - 1) * limit
        return {"pagination": {"offset": offset, "limit": limit, "total_items": total}}
    return _pagination(asked, total, count, limit)


def _after_pagination(asked: Query, total: int, count: int, last: int | None) -> Row:
    links = {"current": f"?limit={asked.limit}"}
    if last is not None:
        links["next"] = f"?limit={asked.limit}&after={last}"
    pages = -(-total // asked.limit)
    return {"pagination": {"count": count, "total": total, "total_pages": pages, "links": links}}


def _pagination(asked: Query, total: int, count: int, limit: int = 0) -> Row:
    limit = limit or asked.limit
    pages = -(-total // limit)
    links = {"current": f"?page={asked.page}&limit={limit}"}
    if asked.page > 1:
        links["previous"] = f"?page={asked.page - 1}&limit={limit}"
    if asked.page < pages:
        links["next"] = f"?page={asked.page + 1}&limit={limit}"
    return {
        "pagination": {
            "total": total,
            "count": count,
            "per_page": limit,
            "current_page": asked.page,
            "total_pages": pages,
            "links": links,
        }
    }
