"""Split the first sync of a large store into connections that read one part of its history each.

    python scripts/split_backfill.py CONFIG.json PARTS [--since 2018-01-01]

Prints one configuration a line. Their dates are disjoint and leave nothing out. The first begins
where CONFIG does. The last has no end unless CONFIG has one; keep that one. If CONFIG has no start
date, `--since` says about when the store's history begins; the first part brings older rows, too.
The lines hold the access token. See docs/scaling.md.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components import NormalizeConfig
from source_bigcommerce.components.moments import format_instant

_SECOND = timedelta(seconds=1)


def split(config: Mapping[str, Any], parts: int, since: str | None = None) -> Iterator[Any]:
    """The configurations of the parts, of about equal length, oldest first."""
    if parts < 2:
        raise ValueError("Two parts are the fewest.")
    if since is not None and config.get("start_date"):
        raise ValueError("Leave --since out: the configuration has a start date.")
    start, end, of_orders = _dates(config if since is None else {**config, "start_date": since})
    step = (end - start) / parts
    if step < timedelta(minutes=1):
        raise ValueError("The time from the start date to the end date is too short to split.")
    edges = [(start + step * part).replace(microsecond=0) for part in range(1, parts)]
    for part in range(parts):
        own = dict(config)
        if part > 0:
            own["start_date"] = format_instant(edges[part - 1])
        elif config.get("start_date"):
            # A date in words would move on, past the end of its part.
            own["start_date"] = format_instant(start)
        if part < len(edges):
            # The end is inclusive, and dates are whole seconds.
            own["end_date"] = format_instant(edges[part] - _SECOND)
        if of_orders:
            # Of a part before it, the last second is read.
            lowest, highest = [of_orders, *edges][part], [*edges, end + _SECOND][part] - _SECOND
            own["per_order_start_date"] = format_instant(min(max(of_orders, lowest), highest))
        yield own


def _dates(config: Mapping[str, Any]) -> tuple[datetime, datetime, datetime | None]:
    """The start, the end and the start of streams read order by order, as the connector reads."""
    plain = dict(config)
    NormalizeConfig().transform(plain)
    if plain["reads_everything"]:
        raise ValueError("Name a date with --since: the configuration has no start date.")
    start, end = _instant(plain["start_date"]), _instant(plain["end_date"])
    of_orders = plain["per_order_start_date"]
    return start, end, _instant(of_orders) if of_orders else None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text[:19] + "+00:00")


def main() -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("config", type=argparse.FileType())
    parser.add_argument("parts", type=int)
    parser.add_argument("--since")
    arguments = parser.parse_args()
    try:
        for part in split(json.load(arguments.config), arguments.parts, arguments.since):
            print(json.dumps(part))
    except (ValueError, AirbyteTracedException) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
