"""Runs the destination against a sandbox store, in this process."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteMessageSerializer,
    AirbyteStream,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_bigcommerce import DestinationBigcommerce
from integration_tests.syncs import config_for
from sandbox import Sandbox

LOGGER = logging.getLogger("airbyte")
Row = dict[str, Any]


def config_of(store: Sandbox, **values: Any) -> Row:
    """The configuration for a sandbox store, which shows orders soon."""
    return config_for(store, **{"patience_seconds": 1, **values})


def catalog_of(*names: str, mode: str = "append") -> ConfiguredAirbyteCatalog:
    streams = [
        ConfiguredAirbyteStream(
            stream=AirbyteStream(
                name=name, json_schema={}, supported_sync_modes=[SyncMode.full_refresh]
            ),
            sync_mode=SyncMode.full_refresh,
            destination_sync_mode=DestinationSyncMode(mode),
        )
        for name in names
    ]
    return ConfiguredAirbyteCatalog(streams=streams)


def order(key: str, **fields: Any) -> Row:
    """A record: a custom product for somebody in Austin."""
    line = {"name": "Mug", "quantity": 1, "price_ex_tax": 45, "price_inc_tax": "50.10"}
    address = {"zip": "78701", "email": "jane@example.com", "first_name": "Jane", "last_name": "Do"}
    return {"external_order_id": key, "billing_address": address, "products": [line], **fields}


def lines_of(records: Iterable[Row], every: int = 10, stream: str = "orders") -> Iterator[Row]:
    """Messages: the records, and after each so many of them a state with their number."""
    number = 0
    for number, record in enumerate(records, 1):
        of_stream = {"stream": stream, "data": record, "emitted_at": 0}
        yield {"type": "RECORD", "record": of_stream}
        if number % every == 0:
            yield _state(number, stream)
    if number % every:
        yield _state(number, stream)


def unclear_answers(hang: float) -> tuple[tuple[str, Row], ...]:
    """Faults of a create, most of which leave open whether there is an order; `hang` in seconds."""
    return (
        ("status", {"status": 500}),
        ("late_status", {"status": 503}),
        ("early_reset", {}),
        ("reset", {}),
        ("early_hang", {"seconds": hang}),
        ("hang", {"seconds": hang}),
        ("truncate", {}),
        ("html", {}),
        ("empty", {}),
        ("rate_limit", {"headers": False}),
    )


def _state(number: int, stream: str) -> Row:
    of_stream = {"stream_descriptor": {"name": stream}, "stream_state": {"number": number}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": of_stream}}


@dataclass
class Sent:
    """The result of a write: the numbers of the states, and the error at the end."""

    states: list[int] = field(default_factory=list)
    error: AirbyteTracedException | None = None


def send(store: Sandbox, records: Iterable[Row], every: int = 10, **values: Any) -> Sent:
    """Sends records as one stream."""
    sent = Sent()
    messages = map(AirbyteMessageSerializer.load, lines_of(records, every))
    try:
        written = DestinationBigcommerce().write(
            config_of(store, **values), catalog_of("orders"), messages
        )
        for message in written:
            sent.states.append(number_of(message))
    except AirbyteTracedException as error:
        sent.error = error
    return sent


def number_of(message: AirbyteMessage) -> int:
    assert message.state
    assert message.state.stream
    assert message.state.stream.stream_state
    return int(message.state.stream.stream_state.__dict__["number"])


def keys_in(store: Sandbox) -> list[str]:
    """The keys of all orders that a client created, in the order of their ids."""
    created = {key for (collection, key) in store.data.created if collection == "orders"}
    return [row["external_order_id"] for row in store.rows("orders") if row["id"] in created]
