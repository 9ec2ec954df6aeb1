"""Runs the connector against a sandbox store, in this process, as its command line would."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from typing import Any
from unittest.mock import patch

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStream,
    AirbyteStreamState,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    Level,
    StreamDescriptor,
    SyncMode,
    TraceType,
    Type,
)
from airbyte_cdk.test import entrypoint_wrapper

from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components import clock, moments

LOGGER = logging.getLogger("airbyte")
Row = dict[str, Any]
State = dict[str, dict[str, Any]]
"""The last state of each stream: `{"orders": {"date_modified": "2026-03-01T00:00:00Z"}}`."""


@dataclass
class Sync:
    """What a read printed."""

    messages: list[AirbyteMessage]
    records: dict[str, list[Row]] = field(default_factory=dict)
    state: State = field(default_factory=dict)
    errors: list[Any] = field(default_factory=list)
    """The errors of trace messages: message, internal_message, failure_type, stream_descriptor."""

    def __post_init__(self) -> None:
        for message in self.messages:
            if message.type == Type.RECORD and message.record:
                self.records.setdefault(message.record.stream, []).append(dict(message.record.data))
            elif message.type == Type.STATE and message.state and message.state.stream:
                stream = message.state.stream
                self.state[stream.stream_descriptor.name] = dict(
                    stream.stream_state.__dict__ if stream.stream_state else {}
                )
            elif message.trace and message.trace.type == TraceType.ERROR:
                self.errors.append(message.trace.error)

    def logs(self, *levels: Level) -> list[str]:
        return [
            message.log.message
            for message in self.messages
            if message.type == Type.LOG and message.log and message.log.level in levels
        ]


def config_for(store: Sandbox, **values: Any) -> Row:
    """The configuration that reaches a sandbox store."""
    return {
        "api_url": store.url,
        "store_hash": store.store_hash,
        "access_token": store.access_token,
        **values,
    }


@cache
def _streams(flatten_records: bool) -> dict[str, AirbyteStream]:
    """What `discover` prints; of the form, only this part changes it."""
    config = {
        "store_hash": "any",
        "access_token": "any",
        "flatten_records": flatten_records,
        "b2b_edition": True,
    }
    return {
        each.name: each
        for each in SourceBigcommerce(config=config).discover(LOGGER, config).streams
    }


def catalog_of(names: Iterable[str], config: Mapping[str, Any]) -> ConfiguredAirbyteCatalog:
    """The named streams as `discover` describes them, incremental where they can be."""
    streams = _streams(config.get("flatten_records", False))
    return ConfiguredAirbyteCatalog(
        streams=[
            ConfiguredAirbyteStream(
                stream=streams[name],
                sync_mode=SyncMode.incremental
                if SyncMode.incremental in streams[name].supported_sync_modes
                else SyncMode.full_refresh,
                destination_sync_mode=DestinationSyncMode.append,
            )
            for name in names
        ]
    )


def at_the_time_of(store: Sandbox) -> AbstractContextManager[Any]:
    """This machine's clock is right, except in tests of clocks, which set it."""
    if vars(moments)["datetime"] is not datetime:
        return nullcontext()
    now = datetime.fromtimestamp(store.clock.now(), timezone.utc)
    return patch.object(clock, "utc_now", lambda: now)


def sync(
    store: Sandbox,
    *names: str,
    state: State | None = None,
    failing: bool = False,
    tries: int | None = None,
    **values: Any,
) -> Sync:
    """Reads the named streams; `failing` says whether an error is expected.

    `tries` says how often a request is made, if not as often as usual.

    The returned state has that of `state` for streams that printed none.
    """
    config = config_for(store, **values)
    if any(name.startswith("b2b_") for name in names):
        config.setdefault("b2b_edition", True)
    catalog = catalog_of(names, config)
    messages = [
        AirbyteStateMessage(
            type=AirbyteStateType.STREAM,
            stream=AirbyteStreamState(
                stream_descriptor=StreamDescriptor(name=name),
                stream_state=AirbyteStateBlob(stream_state),
            ),
        )
        for name, stream_state in (state or {}).items()
    ]
    source = SourceBigcommerce(catalog=catalog, config=config, state=messages)
    source._sync.tries = tries or source._sync.tries
    with at_the_time_of(store):
        output = entrypoint_wrapper.read(
            source, config, catalog, state=messages, expecting_exception=failing
        )
    result = Sync(list(output.get_message_iterator()))
    result.state = {**(state or {}), **result.state}
    return result
