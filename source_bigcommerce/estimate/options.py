"""What other settings would change."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from source_bigcommerce.components.form import the_form
from source_bigcommerce.estimate.dry_run import Cost

# A change that saves a smaller part is not worth a word.
_LEAST = 0.01


class Change(NamedTuple):
    """A setting, what it would be, and what a sync would then take."""

    setting: str
    value: Any
    seconds: float
    requests: int


Costs = Mapping[str, Cost]
Again = Callable[..., Costs]
"""Computes the costs with other values of the form."""
Seconds = Callable[[Costs, Mapping[str, Any]], float]


def changes(
    costs: Costs,
    form: Mapping[str, Any],
    again: Again,
    seconds: Seconds,
    later: Mapping[str, str],
) -> list[Change]:
    """The changes that save something; those that save the most time come first.

    later: date fields of the form, with later dates to try.
    """
    now = seconds(costs, form), _requests(costs)
    found = [
        change
        for change in _tried(costs, form, again, seconds, later)
        if change.seconds < now[0] * (1 - _LEAST) or change.requests < now[1] * (1 - _LEAST)
    ]
    return sorted(found, key=lambda change: (change.seconds, change.requests))


def _tried(
    costs: Costs,
    form: Mapping[str, Any],
    again: Again,
    seconds: Seconds,
    later: Mapping[str, str],
) -> Iterator[Change]:
    def with_(name: str, value: Any, costs: Costs = costs) -> Change:
        changed = {**form, name: value}
        return Change(name, value, seconds(costs, changed), _requests(costs))

    most = {name: field.get("maximum") for name, field in the_form().items()}
    if costs:
        costliest = max(costs, key=lambda name: costs[name].requests)
        rest = {name: cost for name, cost in costs.items() if name != costliest}
        yield Change("without", costliest, seconds(rest, form), _requests(rest))
    for name, date in later.items():
        yield with_(name, date[:10], again(**{name: date}))
    if not form["skip_likely_empty"]:
        yield with_("skip_likely_empty", True, again(skip_likely_empty=True))
    for name in ("quota_share", "num_workers"):
        if form[name] < most[name]:
            yield with_(name, most[name])
    if form["page_size"] < most["page_size"]:
        yield with_("page_size", most["page_size"], again(page_size=most["page_size"]))
    if form["prove"]:
        yield with_("prove", False, again(prove=False))


def _requests(costs: Costs) -> int:
    return sum(cost.requests for cost in costs.values())
