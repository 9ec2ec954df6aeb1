"""What a store lets the connector read: one question for each scope, all at once.

The manifest's CheckStream asks one stream after the other, and stops at the first failure.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, cast

from airbyte_cdk.models import AirbyteConnectionStatus, Status
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.batch_rows import BatchRows
from source_bigcommerce.components.child_rows import ChildRows
from source_bigcommerce.components.error_handler import ScopeLacking
from source_bigcommerce.components.messages import (
    FIRST_SYNC_LONG,
    NO_ACCESS,
    STREAMS_UNREADABLE,
    UNANSWERED,
)
from source_bigcommerce.components.rows import Rows
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.questions import answers

# Small pages, all dates at once, one parent, and few tries.
SETTINGS = {"page_size": 1, "window": "P36500D", "skip_likely_empty": False}
LIMITS = {"tries": 2, "most_parents": 1}
# The check warns of a first sync that takes at least so many seconds.
_LONG = 3600


class Scope(NamedTuple):
    """A scope of the token, the streams that need it, and the endpoint that is asked."""

    name: str
    streams: list[str]
    probe: str
    endpoint: str


def status(
    declared: list[Mapping[str, Any]],
    built: Mapping[str, AbstractStream],
    sync: Sync,
    config: Mapping[str, Any],
    logger: logging.Logger,
) -> AirbyteConnectionStatus:
    """Fails, in one sentence, if nothing can be read.

    Otherwise succeeds, and says which streams will not work and which scopes they need. Names an
    endpoint that hangs, and waits no longer than the patience of `questions`.

    declared: the streams that the form allows, as the manifest has them.
    built: by name, the streams to ask for a row: one for each scope.
    sync: what these streams share; it is over when this returns.
    """
    scopes, orders, began = _scopes(declared, built), list[int](), time.monotonic()
    questions: dict[str, Callable[[], AirbyteTracedException | None]] = {
        scope.name: partial(_error_of, built[scope.probe]) for scope in scopes
    }
    questions["orders"] = partial(_count_orders, built.values(), orders)
    results = answers(questions, pause=lambda: sync.pause)
    sync.end()
    failed = [(scope, error) for scope in scopes if (error := results.get(scope.name))]
    silent = [scope for scope in scopes if scope.name not in results]
    sentences = _others([error for _, error in failed])
    if silent:
        where = "; ".join(f"/{each.endpoint} ({', '.join(each.streams)})" for each in silent)
        where = where if len(silent) < len(scopes) else config["api_url"]
        seconds = round(time.monotonic() - began)
        sentences.append(UNANSWERED.message(seconds=seconds, endpoints=where))
    if len(failed) + len(silent) == len(scopes):
        words = sentences[0] if sentences else NO_ACCESS.message()
        return AirbyteConnectionStatus(status=Status.FAILED, message=words)
    sentences += _lacking(failed)
    if sentences:
        logger.warning(" ".join(sentences))
    unheard = [*silent, *(scope for scope, _ in failed)]
    unreadable = {name for scope in unheard for name in scope.streams}
    readable = [each for each in declared if each["$parameters"]["name"] not in unreadable]
    sentences += _long_first_sync(readable, sum(orders), sync, config)
    return AirbyteConnectionStatus(status=Status.SUCCEEDED, message=" ".join(sentences) or None)


def _scopes(
    declared: Iterable[Mapping[str, Any]], built: Mapping[str, AbstractStream]
) -> list[Scope]:
    streams: dict[str, list[str]] = defaultdict(list)
    probes: dict[str, Mapping[str, Any]] = {}
    for words in (stream["$parameters"] for stream in declared):
        if scope := words.get("scope"):
            streams[scope].append(words["name"])
        if words["name"] in built:
            probes[words["scope"]] = words
    return [
        Scope(scope, streams[scope], words["name"], words["endpoint"])
        for scope, words in probes.items()
    ]


def _others(errors: Iterable[AirbyteTracedException]) -> list[str]:
    """The sentences of errors that are not about scopes, each once."""
    told = [error for error in errors if not isinstance(error, ScopeLacking)]
    return list(dict.fromkeys(error.message or str(error) for error in told))


def _lacking(failed: Iterable[tuple[Scope, AirbyteTracedException]]) -> list[str]:
    """A sentence that names the scopes that the token lacks, if it lacks any."""
    needed: dict[str, list[str]] = defaultdict(list)
    for scope, error in failed:
        if isinstance(error, ScopeLacking):
            # It may be the scope of another stream: transactions are read through orders.
            needed[error.scope] += scope.streams
    needs = "; ".join(
        f"{', '.join(names)} need{'s' * (len(names) == 1)} the scope {scope}"
        for scope, names in needed.items()
    )
    return [STREAMS_UNREADABLE.message(needs=needs)] if needs else []


def _long_first_sync(
    readable: Iterable[Mapping[str, Any]], orders: int, sync: Sync, config: Mapping[str, Any]
) -> list[str]:
    """A sentence if requests for single orders alone make a first sync take an hour or more.

    It sends other requests, too, so it takes at least that long. Nothing if the store does not
    tell its number of orders or its quota.
    """
    # Only the check needs it, and a read starts sooner without.
    from source_bigcommerce.estimate.prices import duration, seconds_of_all

    asked = [each for each in readable if _is_asked_for_each_order(each, config)]
    endpoints = {each["$parameters"]["name"]: each["$parameters"]["endpoint"] for each in asked}
    took = seconds_of_all(sync, orders, endpoints.values(), config["quota_share"])
    if took < _LONG:
        return []
    told = {"time": duration(took), "orders": f"{orders:,}", "names": ", ".join(endpoints)}
    return [FIRST_SYNC_LONG.message(**told)]


def _is_asked_for_each_order(stream: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether a stream needs a request for every order, whatever the order holds."""
    retriever = stream["retriever"]
    is_of_orders = "counter" in retriever.get("parents", {})
    skips = config["skip_likely_empty"] and "likely_empty" in retriever
    is_for_some = stream["$parameters"].get("embeds") or "only_with" in retriever or skips
    return is_of_orders and not is_for_some


def _count_orders(streams: Iterable[AbstractStream], counts: list[int]) -> None:
    """Adds to the list how many orders there are for the streams that are read through orders."""
    for stream in streams:
        retriever = retriever_of(stream)
        parents = retriever.parents if isinstance(retriever, ChildRows | BatchRows) else None
        if isinstance(parents, Rows) and parents.counter:
            for window in islice(stream.generate_partitions(), 1):
                with suppress(AirbyteTracedException):
                    counts.append(parents.counted(cast(StreamSlice, window.to_slice())) or 0)
            return


def _error_of(stream: AbstractStream) -> AirbyteTracedException | None:
    """The error at the first row of a stream; None also if it has no rows.

    AbstractStream.check_availability returns only the text of an error.
    """
    try:
        for window in islice(stream.generate_partitions(), 1):
            next(iter(window.read()), None)
    except AirbyteTracedException as error:
        return error
    return None


def retriever_of(stream: AbstractStream) -> Retriever:
    """The retriever of a stream. Private attributes: see unit_tests."""
    generator = cast(Any, stream)._stream_partition_generator
    return cast(Retriever, generator._partition_factory._retriever)
