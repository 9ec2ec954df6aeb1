"""Filters by date: whether the store obeys them, their bounds, zones and colons."""

from datetime import datetime, timedelta, timezone
from typing import Any

from source_bigcommerce.components.dates import UnreadableDate, iso_date
from source_bigcommerce.probe.finding import Finding, found
from source_bigcommerce.probe.store import NO_ROWS, CannotTell, Reply, Row, Store, id_of, ids

_SECOND = timedelta(seconds=1)
_ZONES = timedelta(hours=14)  # the farthest that a zone is from UTC
_LIMIT, _WHOLE_PAGE = 50, 250

# By version: the stream, and the names of the two bounds.
BOUNDS = {
    "v2": ("orders", "min_date_modified", "max_date_modified"),
    "v3": ("customers", "date_modified:min", "date_modified:max"),
}


def moment(value: Any) -> datetime | None:
    """A date of any form in UTC, to the second; None where there is none that can be read."""
    try:
        text = iso_date(value)
    except UnreadableDate:
        return None
    if not text:
        return None
    return datetime.fromisoformat(text[:19]).replace(tzinfo=timezone.utc)


def _text(instant: datetime, zone: str = "Z") -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S") + zone


def _dates(rows: list[Row]) -> list[datetime]:
    return [date for row in rows if (date := moment(row.get("date_modified")))]


def _middle(store: Store, family: str) -> datetime:
    """A date with others before and after it."""
    dates = sorted(set(_dates(store.stream_rows(BOUNDS[family][0], 3))))
    if len(dates) < 3:
        raise CannotTell(NO_ROWS)
    return dates[len(dates) // 2]


def _window(store: Store, family: str, before: int, after: int, **form: str) -> Reply:
    """The reply with rows from so many seconds before the middle date to so many after it."""
    name, low, high = BOUNDS[family]
    date, zone = _middle(store, family), form.get("zone", "Z")
    asked = {
        low: _text(date - before * _SECOND, zone),
        high: _text(date + after * _SECOND, zone),
        # A whole page, because the store may ignore both bounds and send all rows.
        "limit": _WHOLE_PAGE,
    }
    return store.ask(store.streams[name].endpoint, asked, safe=form.get("safe", ""))


def from_heeded(store: Store, family: str) -> Finding:
    early, late = _strays(store, family)
    if late and not early:
        raise CannotTell("the other bound is ignored")
    return found(not early)


def to_heeded(store: Store, family: str) -> Finding:
    early, late = _strays(store, family)
    if early and not late:
        raise CannotTell("the other bound is ignored")
    return found(not late)


def _strays(store: Store, family: str) -> tuple[int, int]:
    """How many rows of a window are from before it, and from after it."""
    date, reply = _middle(store, family), _window(store, family, 0, 1)
    store.check(reply)
    dates = _dates(reply.rows)
    return sum(each < date for each in dates), sum(each > date + _SECOND for each in dates)


def from_inclusive(store: Store, family: str) -> Finding:
    return _inclusive(store, family, _window(store, family, 0, 1))


def to_inclusive(store: Store, family: str) -> Finding:
    return _inclusive(store, family, _window(store, family, 1, 0))


def _want_heeded(store: Store, family: str) -> None:
    if any(_strays(store, family)):
        raise CannotTell("the filter is ignored")


def _inclusive(store: Store, family: str, reply: Reply) -> Finding:
    store.check(reply)
    _want_heeded(store, family)
    return found(_middle(store, family) in _dates(reply.rows))


def plain_colons_heeded(store: Store) -> Finding:
    """v2: the connector sends them encoded."""
    return _same(store, "v2", safe=":")


def encoded_colons_heeded(store: Store) -> Finding:
    """v3: the connector sends them plain."""
    return _same(store, "v3", safe="none")


def _both(store: Store, family: str, **form: str) -> tuple[Reply, Reply]:
    """A window that has rows even if its bounds are exclusive, and the same in another form."""
    _want_heeded(store, family)
    for before in (0, 1):
        usual = _window(store, family, before, 1)
        store.check(usual)
        if usual.rows:
            return usual, _window(store, family, before, 1, **form)
    raise CannotTell(NO_ROWS)


def _same(store: Store, family: str, safe: str) -> Finding:
    """Whether a window brings the same in the other form."""
    usual, other = _both(store, family, safe=safe)
    if not other.is_refused:
        store.check(other)
    kind = "the same" if ids(other.rows) == ids(usual.rows) else "others"
    kind = "nothing" if usual.rows and not other.rows else kind
    return found(kind == "the same", rows=kind)


def zoneless_is_utc(store: Store) -> Finding:
    """A timestamp of v2 without a zone."""
    usual, other = _both(store, "v2", zone="")
    if other.is_refused and other.status != 403:
        return found(False, taken="refused")
    store.check(other)
    is_utc = ids(usual.rows) == ids(other.rows)
    return found(is_utc, taken="utc" if is_utc else "otherwise")


def bare_date_is_midnight_utc(store: Store) -> Finding:
    """Checks v2 by orders that changed within some hours of a midnight."""
    newest = {"sort": "date_modified:desc", "limit": _LIMIT}
    rows = store.rows("v2/orders", newest)
    dated = [(date, id_of(row)) for row in rows if (date := moment(row.get("date_modified")))]
    midnights = {date.replace(hour=0, minute=0, second=0) for date, _ in dated}
    midnights |= {midnight + timedelta(days=1) for midnight in midnights}

    def near(midnight: datetime) -> tuple[int, int]:
        before = sum(midnight - _ZONES <= date < midnight for date, _ in dated)
        after = sum(midnight <= date <= midnight + _ZONES for date, _ in dated)
        return min(before, after), before + after

    midnight = max(midnights, key=near, default=None)
    if midnight is None or not min(near(midnight)):
        raise CannotTell("no orders changed within hours of a midnight")
    asked = {"min_date_modified": midnight.strftime("%Y-%m-%d"), **newest}
    reply = store.ask("v2/orders", asked)
    if reply.is_refused and reply.status != 403:
        return found(False, taken="refused")
    store.check(reply)
    listed = set(ids(reply.rows))
    kept = [date for date, key in dated if key in listed]
    dropped = [date for date, key in dated if key not in listed]
    if not dropped:
        raise CannotTell("the filter is ignored")
    is_utc = min(kept, default=midnight) >= midnight > max(dropped)
    return found(is_utc, taken="utc" if is_utc else "otherwise")


def undated_rows_kept(store: Store) -> Finding:
    """Whether a filter by date keeps rows without one, in lists of v3."""
    for stream in store.streams.values():
        if not stream.dated or stream.name == "customers":
            continue
        try:
            rows = store.stream(stream.name).rows
        except CannotTell:
            continue
        undated = [_key(row) for row in rows if not row.get("date_modified")]
        if not undated or len(undated) == len(rows):
            continue
        asked = {**stream.parameters, "date_modified:min": "2000-01-01T00:00:00Z"}
        reply = store.answered(stream.endpoint, asked)
        kept = {_key(row) for row in reply.rows} & set(undated)
        return found(bool(kept), stream=stream.name)
    raise CannotTell(NO_ROWS)


def _key(row: Row) -> Any:
    return row.get("id") or row.get("uuid") or row.get("variant_id")


def listings_are_dated(store: Store) -> Finding:
    """Whether each channel listing says when it was modified."""
    for channel in store.stream_rows("channels")[:2]:
        rows = store.answered(f"v3/channels/{id_of(channel)}/listings", {"limit": _LIMIT}).rows
        if rows:
            undated = [row for row in rows if not row.get("date_modified")]
            return found(not undated, rows=len(rows), undated=len(undated))
    raise CannotTell(NO_ROWS)
