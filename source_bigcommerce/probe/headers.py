"""Headers and statuses of all replies, the token's scopes, and clocks."""

from collections import Counter
from datetime import timedelta, timezone
from email.utils import parsedate_to_datetime

from source_bigcommerce.components.reply import ROWS
from source_bigcommerce.components.values import whole
from source_bigcommerce.probe.finding import Finding, found
from source_bigcommerce.probe.rows import rows_by_stream
from source_bigcommerce.probe.store import CannotTell, Reply, Store

QUOTA, LEFT = "x-rate-limit-requests-quota", "x-rate-limit-requests-left"
WINDOW, RESET = "x-rate-limit-time-window-ms", "x-rate-limit-time-reset-ms"
_LIMITS = (QUOTA, LEFT, WINDOW, RESET)
_A_SECOND, _AN_HOUR = 1000, 3_600_000
_MARGIN = timedelta(minutes=10)


def scopes_are_there(store: Store) -> Finding:
    try:
        rows_by_stream(store)
    except CannotTell as reason:
        if not any(reply.status == 403 for reply in store.replies):
            raise reason
    lacking = {store.scope_of(reply.path) for reply in store.replies if reply.status == 403}
    return found(not lacking, missing=sorted(lacking))


def rows_come_with_200(store: Store) -> Finding:
    statuses = sorted({reply.status for reply in store.replies if reply.rows})
    if not statuses:
        raise CannotTell("no reply had rows")
    return found(statuses == [200], statuses=statuses)


def limits_on_bodies(store: Store) -> Finding:
    replies = [reply for reply in store.replies if reply.status in ROWS]
    if not replies:
        raise CannotTell("no reply had rows")
    lacking = sorted({name for reply in replies for name in _LIMITS if name not in reply.headers})
    return found(not lacking, replies=len(replies), missing=lacking)


def limits_on_204(store: Store) -> Finding:
    replies = [reply for reply in store.replies if reply.status == 204]
    if not replies:
        raise CannotTell("no reply was a 204")
    return found(all(LEFT in reply.headers for reply in replies), replies=len(replies))


def limits_in_milliseconds(store: Store) -> Finding:
    pairs = [(_number(reply, RESET), _number(reply, WINDOW)) for reply in store.replies]
    told = [(reset, window) for reset, window in pairs if reset is not None and window is not None]
    if not told:
        raise CannotTell("no reply has these headers")
    sound = all(_A_SECOND <= window <= _AN_HOUR and reset <= window for reset, window in told)
    return found(sound, windows=sorted({window for _, window in told}))


def limited_replies_say_when(store: Store) -> Finding:
    limited = [reply for reply in (*store.limited, *store.replies) if reply.status == 429]
    if not limited:
        raise CannotTell("no request was limited")
    say = [name for name in ("x-retry-after", RESET) if name in limited[0].headers]
    return found(bool(say), headers=say, left=_number(limited[0], LEFT))


def one_quota(store: Store) -> Finding:
    quotas = Counter(
        (quota, "/".join(reply.path.split("/")[:2]))
        for reply in store.replies
        if (quota := _number(reply, QUOTA))
    )
    if not quotas:
        raise CannotTell("no reply has these headers")
    replies: Counter[int] = Counter()
    for (quota, _), count in quotas.items():
        replies[quota] += count
    usual = replies.most_common(1)[0][0]
    others = {path: quota for quota, path in sorted(quotas) if quota != usual}
    return found(not others, quota=usual, others=others)


def _number(reply: Reply, name: str) -> int | None:
    text = reply.headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None


def replies_are_compressed(store: Store) -> Finding:
    replies = [reply for reply in store.replies if reply.rows]
    if not replies:
        raise CannotTell("no reply had rows")
    gzip = any("gzip" in reply.headers.get("content-encoding", "") for reply in replies)
    return found(gzip, gzip=gzip)


def lists_are_counted(store: Store) -> Finding:
    """Whether all lists of v3 say `total` and `total_pages`."""
    rows_by_stream(store)
    lists = [
        (name, reply)
        for name, stream in store.streams.items()
        for reply in store.replies
        if reply.is_v3 and reply.status in ROWS and stream.is_of(reply.path)
        if isinstance(reply.body, dict) and isinstance(reply.body.get("data"), list)
    ]
    if not lists:
        raise CannotTell("no reply had rows")
    uncounted = {
        name
        for name, reply in lists
        if not {"total", "total_pages"} <= set(reply.meta("pagination"))
    }
    return found(not uncounted, uncounted=sorted(uncounted))


# Clocks


def date_is_told(store: Store) -> Finding:
    return found("date" in _time(store).headers)


def clocks_agree(store: Store) -> Finding:
    """Compares the header `Date` with `/v2/time`, to two seconds."""
    reply = _time(store)
    if "date" not in reply.headers or not reply.rows:
        raise CannotTell("the store does not tell both")
    try:
        date = parsedate_to_datetime(reply.headers["date"]).astimezone(timezone.utc)
        ahead = round(date.timestamp() - float(reply.rows[0]["time"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CannotTell("the store does not tell both") from error
    return found(abs(ahead) <= 2, seconds_ahead=ahead)


def our_clock_is_right(store: Store) -> Finding:
    """Compares this machine's clock with the store's, to ten minutes."""
    rows = _time(store).rows
    if not rows or not isinstance(whole(rows[0].get("time")), int):
        raise CannotTell("the store does not tell its time")
    ahead = store.now().timestamp() - whole(rows[0]["time"])
    kind = "right" if abs(ahead) <= _MARGIN.total_seconds() else "ahead" if ahead > 0 else "behind"
    return found(kind == "right", ours=kind)


def _time(store: Store) -> Reply:
    return store.answered("v2/time")


# What a GET to a store cannot tell


def beyond(_: Store) -> Finding:
    raise CannotTell("no request that only reads shows it")
