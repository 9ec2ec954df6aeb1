"""An estimate as a document, and in words."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from source_bigcommerce import __version__
from source_bigcommerce.estimate.options import changes
from source_bigcommerce.estimate.prices import Prices, duration, granted_of
from source_bigcommerce.estimate.survey import DAILY, FIRST, PER_ORDER, Survey

_SHOWN, _CHANGES = 20, 2
_TITLES = {FIRST: "First sync", DAILY: "Daily sync"}


def document(survey: Survey) -> dict[str, Any]:
    """The estimate as `--json` prints it; docs/estimate.md explains the keys."""
    prices = Prices(survey.sync, survey.asker.latency(True), survey.asker.latency(False))
    quota = survey.sync.quotas.known_of("").known
    return {
        "connector_version": __version__,
        "requests_used": survey.sync.quotas.sent + survey.sync.b2b_quotas.sent,
        "quota": {
            "requests": quota.requests,
            "window_seconds": quota.seconds,
            "share_percent": survey.form["quota_share"],
            "granted": granted_of(quota.requests, survey.form["quota_share"]),
        }
        if quota
        else None,
        "latency_seconds": {"page": round(prices.page, 3), "few_rows": round(prices.few, 3)},
        "syncs": {kind: _sync(survey, prices, kind) for kind in _TITLES},
        "not_estimated": [
            {"stream": name, "reason": reason} for name, reason in survey.unreadable.items()
        ],
    }


def _sync(survey: Survey, prices: Prices, kind: str) -> dict[str, Any]:
    form, costs = survey.form, survey.costs(kind)
    share = form["quota_share"]
    streams: list[dict[str, Any]] = [
        {
            "stream": name,
            "rows": cost.rows,
            "requests": cost.requests,
            "requests_by_parent": round(cost.children),
            "seconds": round(prices.seconds([cost], form, 100), 1),
            "seconds_at_share": round(prices.seconds([cost], form, share), 1),
            "cannot_be_counted": survey.looks[kind][name].doubt or None,
        }
        for name, cost in costs.items()
    ]
    options = changes(
        costs,
        form,
        partial(survey.costs, kind),
        lambda costs, form: prices.seconds(costs.values(), form, form["quota_share"]),
        {PER_ORDER: survey.a_year_ago} if kind == FIRST else {},
    )
    return {
        "rows": sum(each["rows"] for each in streams),
        "requests": sum(each["requests"] for each in streams) + survey.clock_requests,
        "seconds": round(prices.seconds(costs.values(), form, 100), 1),
        "seconds_at_share": round(prices.seconds(costs.values(), form, share), 1),
        "streams": sorted(streams, key=lambda each: (-each["requests"], each["stream"])),
        "changes": [
            {**change._asdict(), "requests": change.requests + survey.clock_requests}
            for change in options
        ],
    }


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The document as text for people."""
    share = (found["quota"] or {}).get("share_percent", 100)
    yield _quota(found["quota"])
    for kind, title in _TITLES.items():
        yield ""
        yield from _table(title, found["syncs"][kind], share)
    for title, names in _unknown(found).items():
        yield ""
        yield f"{title}: {', '.join(names)}."
    yield ""
    yield f"{found['requests_used']} requests."


def _quota(quota: Mapping[str, Any] | None) -> str:
    if not quota:
        return "The store does not tell its quota: times are those of its replies."
    told = f"{quota['requests']:,} requests in {quota['window_seconds']:.0f} s"
    used = f", of which the form grants {quota['share_percent']} %"
    return f"The quota of this store is {told}{used if quota['share_percent'] < 100 else ''}."


def _table(title: str, sync: Mapping[str, Any], share: int) -> Iterator[str]:
    at_share = [f"at {share} %"] if share < 100 else []
    yield _line(title, ["rows", "requests", "time", *at_share])
    shown, rest = sync["streams"][:_SHOWN], sync["streams"][_SHOWN:]
    for each in shown:
        yield _line(each["stream"], _cells(each, share))
    if rest:
        others = {name: sum(each[name] for each in rest) for name in ("rows", "requests")}
        yield _line(f"{len(rest)} others", [f"{others['rows']:,}", f"{others['requests']:,}"])
    yield _line("all", _cells(sync, share))
    now = duration(sync["seconds_at_share"])
    worth_it = [each for each in sync["changes"] if duration(each["seconds"]) != now]
    for change in worth_it[:_CHANGES]:
        yield _sentence(change, sync)


def _cells(each: Mapping[str, Any], share: int) -> list[str]:
    least = "≥ " if each.get("cannot_be_counted") else ""
    times = [each["seconds"], *([each["seconds_at_share"]] if share < 100 else [])]
    return [f"{least}{each['rows']:,}", f"{least}{each['requests']:,}", *map(duration, times)]


def _line(name: str, cells: list[str]) -> str:
    return f"{name:<34}" + "".join(f"{cell:>12}" for cell in cells)


def _sentence(change: Mapping[str, Any], sync: Mapping[str, Any]) -> str:
    value = str(change["value"]).lower()
    is_stream = change["setting"] == "without"
    setting = f"Without {value}" if is_stream else f"With {change['setting']} {value}"
    times = f"{duration(change['seconds'])} in place of {duration(sync['seconds_at_share'])}"
    fewer = sync["requests"] - change["requests"]
    return f"{setting}: {times}, {fewer:,} fewer requests." if fewer > 0 else f"{setting}: {times}."


def _unknown(found: Mapping[str, Any]) -> dict[str, list[str]]:
    """Streams whose cost is not known, by the reason."""
    told: dict[str, list[str]] = {}
    for each in found["syncs"][FIRST]["streams"]:
        if doubt := each["cannot_be_counted"]:
            told.setdefault(f"Cannot be counted, {doubt}", []).append(each["stream"])
    for each in found["not_estimated"]:
        reason = f"Not estimated ({each['reason'].rstrip('.')})"
        told.setdefault(reason, []).append(each["stream"])
    return told
