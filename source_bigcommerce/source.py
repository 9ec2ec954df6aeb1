"""The connector, as hosts load it."""

import logging
import pkgutil
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from weakref import WeakMethod

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    FailureType,
    Status,
    SyncMode,
)
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.types import ConnectionDefinition
from airbyte_cdk.sources.utils.record_helper import stream_data_to_airbyte_message
from airbyte_cdk.utils.datetime_helpers import ab_datetime_parse
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce import check
from source_bigcommerce.components.clock import store_clock
from source_bigcommerce.components.config import of_the_form
from source_bigcommerce.components.marks import Marks
from source_bigcommerce.components.messages import (
    B2B_OFF,
    HASH_MISSING,
    STREAM_UNKNOWN,
)
from source_bigcommerce.components.moments import dates, starting, utc_now
from source_bigcommerce.components.personal import KEEP, Personal, said
from source_bigcommerce.components.state import DateCursor
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.components.values import Values

_RECEIPTS = "sync_receipts"
_NO_LOOKBACK = "with a Look-back of 0, nothing looks for rows that the store saves late"
# Records that wait to be printed: two pages. A longer queue makes no sync faster.
_QUEUED = 500
# The scope of B2B streams, as the control panel calls it: its technical name is not documented.
B2B_EDITION = "B2B Edition"


def config_of(stream: Mapping[str, Any], config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration that a stream is built with: with its own start date, if it has one.

    So its cursor, its requests and what checks them use the same date.
    """
    words = stream.get("incremental_sync", {}).get("$parameters", {})
    return starting(config, words["start"]) if "start" in words else config


class SourceBigcommerce(YamlDeclarativeSource):
    """The manifest, with the sync and the check that it cannot declare.

    A configuration, catalog or state that is given to a method replaces the one given here, because
    hosts make the source first and know only later what to read.

    Raises AirbyteTracedException (config error) for a configuration that cannot work.
    """

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
        config_path: str | None = None,
        **_: Any,
    ) -> None:
        self._given = catalog, config, state
        super().__init__(
            path_to_yaml="manifest.yaml",
            catalog=catalog,
            config=of_the_form(config or {}),
            state=state,
            config_path=config_path,
        )
        self._sync = self._begin(Sync(self._config))
        # The manifest can only declare the CDK's cursors; see DateCursor.
        make = self._constructor.create_concurrent_cursor_from_datetime_based_cursor
        self._constructor.create_concurrent_cursor_from_datetime_based_cursor = partial(  # type: ignore[method-assign]
            DateCursor.build, make
        )
        build = self._constructor.create_component
        self._constructor.create_component = lambda kind, part, config, **options: build(  # type: ignore[method-assign]
            kind, part, config_of(part, config), **options
        )
        self._is_read = False
        self._wanted: set[str] | None = None
        # The CDK lets 10,000 records wait to be printed: of full-size orders, a hundred megabytes.
        self._concurrent_source._queue.maxsize = _QUEUED

    def _read_and_parse_yaml_file(self, path_to_yaml_file: str) -> ConnectionDefinition:
        # The CDK prefers a file of that name in the working directory, whoever put it there.
        text = pkgutil.get_data(__package__, path_to_yaml_file) or b""
        return self._parse(text.decode())

    def _validate_source(self) -> None:
        # It takes a fifth of the start, always to the same end: the manifest is this package's own.
        # unit_tests/test_manifest.py holds it against the CDK's schema.
        pass

    def _begin(self, sync: Sync) -> Sync:
        """Gives this sync to all streams that are built from now on."""
        # The manifest can only declare the CDK's budgets, which misread BigCommerce's headers; the
        # factory hands this one to every component. A private attribute: see unit_tests.
        self._constructor._api_budget = sync  # type: ignore[assignment]
        return sync

    def _for(
        self,
        config: Mapping[str, Any] | None,
        catalog: ConfiguredAirbyteCatalog | None = None,
        state: list[AirbyteStateMessage] | None = None,
    ) -> "SourceBigcommerce":
        """This source, or another one if a method was given something else.

        Raises a config error, also if there is no configuration at all.
        """
        first_catalog, first_config, first_state = self._given
        if not config or config == self._config:
            config = first_config
        if not config:
            raise HASH_MISSING.error()
        given = catalog or first_catalog, config, state or first_state
        return self if given == self._given else type(self)(*given)

    def streams(self, config: Mapping[str, Any]) -> list[AbstractStream]:
        source = self._for(config)
        return super().streams(config) if source is self else source.streams(config)

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        source = self._for(config)
        return super().discover(logger, config) if source is self else source.discover(logger, {})

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Reads the catalog's streams. Reports the progress, and each error of a stream once.

        A reader that stops closes the generator; the threads of the sync then end, too.

        Raises a config error at the end if a stream does not exist: the CDK only marks it as
        incomplete, and ends as if all were well.
        """
        source = self._for(config, catalog, state)
        if source._is_read:  # its threads have ended
            source = type(self)(*source._given)
        self._message_repository = source._message_repository
        yield from source._read(logger, catalog)

    def _read(
        self, logger: logging.Logger, catalog: ConfiguredAirbyteCatalog
    ) -> Iterator[AirbyteMessage]:
        self._is_read = True
        progress = self._sync.progress
        _call_before_threads_are_joined(WeakMethod(self._end))
        errors: dict[tuple[str, str | None], FailureType | None] = {}
        wanted = {configured.stream.name for configured in catalog.streams}
        self._prepare_dates(catalog)
        # Receipts are about the other streams, so they come after these have ended.
        others = [each for each in catalog.streams if each.stream.name != _RECEIPTS]
        catalog = ConfiguredAirbyteCatalog(streams=others)
        self._wanted = {configured.stream.name for configured in others}
        receipts, failed, cursors = self._sync.receipts, None, self._cursors()
        receipts.begin({each.stream.name: cursors.get(each.stream.name, "") for each in others})
        if not self._config["lookback_minutes"]:
            receipts.doubt(self._continued(catalog), _NO_LOOKBACK)
        try:
            for message in self._marked(super().read(logger, self._config, catalog), catalog):
                if message.trace and (error := message.trace.error):
                    key = (str(error.stream_descriptor), error.message)
                    if key in errors:
                        continue  # a window of the stream said so already
                    errors[key] = error.failure_type
                progress.add(message)
                receipts.see(message)
                yield message
                yield from progress.estimates()
                if progress.is_due():
                    self._report(logger)
        except AirbyteTracedException as failure:
            # The CDK calls every failure of streams a config error, which hosts do not retry.
            kinds = [kind for kind in errors.values() if kind and kind != FailureType.config_error]
            failure.failure_type = kinds[0] if kinds else failure.failure_type
            failed = failure
        finally:
            self._wanted = None
            self._end()
            self._report(logger)
            for stream, names in self._sync.unnamed.items():
                logger.warning(said(stream, list(names)))
        yield from progress.estimates(is_last=True)
        logger.info("Receipt of %s.", receipts.sentence())
        if _RECEIPTS in wanted:
            yield from self._receipts()
        if failed:
            raise failed
        self.demand(wanted)

    def demand(self, wanted: set[str]) -> None:
        """Raises a config error if one of these streams does not exist, or is turned off."""
        streams = self.resolved_manifest["streams"]
        if off := [s["name"] for s in streams if s["name"] in wanted and not self._offers(s)]:
            raise B2B_OFF.error(names=", ".join(off))
        known = {stream["name"] for stream in streams}
        if unknown := ", ".join(sorted(wanted - known)):
            raise STREAM_UNKNOWN.error(names=unknown)

    def _marked(
        self, messages: Iterator[AirbyteMessage], catalog: ConfiguredAirbyteCatalog
    ) -> Iterator[AirbyteMessage]:
        """The messages, with marks of deleted rows if the form asks for them."""
        marks = Marks(self._config, catalog, self._cursors())
        try:
            for message in messages:
                yield from marks.of(message)
        except AirbyteTracedException:
            yield from marks.rest()
            raise
        yield from marks.rest()

    def _receipts(self) -> Iterator[AirbyteMessage]:
        """All messages of the stream of receipts; the CDK would read it beside the others."""
        [stream] = self._built({_RECEIPTS})
        described = stream.as_airbyte_stream()
        yield as_airbyte_message(described, AirbyteStreamStatus.STARTED)
        yield as_airbyte_message(described, AirbyteStreamStatus.RUNNING)
        for partition in stream.generate_partitions():
            for record in partition.read():
                yield stream_data_to_airbyte_message(_RECEIPTS, record.data)
        stream.cursor.ensure_at_least_one_state_emitted()
        queue = self._concurrent_source._queue  # where states go, and nobody reads any more
        while not queue.empty():
            if isinstance(message := queue.get_nowait(), AirbyteMessage):
                yield message
        yield as_airbyte_message(described, AirbyteStreamStatus.COMPLETE)

    def _prepare_dates(self, catalog: ConfiguredAirbyteCatalog) -> None:
        """Sets the end of the sync by the store's clock, and drops the states of full refreshes.

        Asks for the time only if a stream has a date, and the end is not long past.
        """
        for configured in catalog.streams:
            if configured.sync_mode == SyncMode.full_refresh:
                name = configured.stream.name
                self._connector_state_manager.update_state_for_stream(name, None, {})
        ends_now = ab_datetime_parse(self._config["end_date"]) > utc_now() - timedelta(days=1)
        if ends_now and self._cursors().keys() & {each.stream.name for each in catalog.streams}:
            now, sure_until = store_clock(self._config, self._sync)
            self._config = {**self._config, **dates(self._given[1] or {}, now, sure_until)}

    def prepared(
        self,
        catalog: ConfiguredAirbyteCatalog,
        sync: Sync,
        states: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[AbstractStream]:
        """The catalog's streams as a read would build them, with a sync of their own.

        states: the streams' states, by name. If they are given, the dates are those of an earlier
            call, and the store is not asked for its time again.
        """
        self._sync = self._begin(sync)
        if states is None:
            self._prepare_dates(catalog)
        for name, state in (states or {}).items():
            self._connector_state_manager.update_state_for_stream(name, None, state)
        return self._built({configured.stream.name for configured in catalog.streams})

    def _built(self, names: set[str]) -> list[AbstractStream]:
        self._wanted = names
        try:
            return super().streams(self._config)
        finally:
            self._wanted = None

    def _cursors(self) -> dict[str, str]:
        """The cursor field of each stream that has one; a host may cut it from the catalog."""
        return {
            stream["name"]: stream["incremental_sync"]["cursor_field"]
            for stream in self.resolved_manifest["streams"]
            if stream.get("incremental_sync")
        }

    def _continued(self, catalog: ConfiguredAirbyteCatalog) -> set[str]:
        """The streams that continue from a date in their state; a full refresh uses none."""
        incremental = {
            each.stream.name for each in catalog.streams if each.sync_mode == SyncMode.incremental
        }
        states = [each.stream for each in self._given[2] or [] if each.stream]
        dated = {
            stream["name"]
            for stream in self.resolved_manifest["streams"]
            if (cursor := stream.get("incremental_sync"))
            and not cursor.get("$parameters", {}).get("remembers")
        }
        dated &= incremental
        return dated & {each.stream_descriptor.name for each in states if each.stream_state}

    def _stream_configs(self, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
        # Building all streams takes 0.3 s, building one 0.004 s.
        configs = super()._stream_configs(manifest)
        return [
            self._with_keys(each)
            for each in configs
            if (self._wanted is None or each["name"] in self._wanted) and self._offers(each)
        ]

    def _with_keys(self, stream: Mapping[str, Any]) -> dict[str, Any]:
        """Tells Personal the stream's keys, which the manifest has elsewhere.

        Removes Personal if all data is kept. Otherwise removes Values, whose work Personal does.
        """
        key, cursor = stream.get("primary_key", []), stream.get("incremental_sync", {})
        keys = [*([key] if isinstance(key, str) else key), cursor.get("cursor_field")]
        keys.append(stream["retriever"].get("parent_key"))
        needless = Personal if self._config.get("personal_data", KEEP) == KEEP else Values
        transformations = [
            {**each, "keys": keys} if _is_a(Personal, each) else each
            for each in stream.get("transformations", [])
            if not _is_a(needless, each)
        ]
        return {**stream, "transformations": transformations}

    def offered(self) -> list[str]:
        """The names of the streams that the form allows."""
        return [each["name"] for each in self.resolved_manifest["streams"] if self._offers(each)]

    def _offers(self, stream: Mapping[str, Any]) -> bool:
        """Whether the form allows this stream."""
        is_b2b = stream["$parameters"].get("scope") == B2B_EDITION
        return not is_b2b or bool(self._config.get("b2b_edition"))

    def _report(self, logger: logging.Logger) -> None:
        logger.info("Progress: %s.", self._sync.report())

    def _end(self) -> None:
        """Ends all threads of the sync, even those that wait for room in the record queue."""
        self._sync.end()
        queue = self._concurrent_source._queue
        with queue.mutex:
            queue.maxsize = sys.maxsize
            queue.queue.clear()
            queue.not_full.notify_all()
        self._concurrent_source._threadpool._shutdown()

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Whether the store can be read, and what of it cannot; see the module `check`."""
        try:
            source = self._for(config)
        except AirbyteTracedException as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=error.message)
        if source is not self:
            return source.check(logger, {})
        manifest = self.resolved_manifest
        sync = Sync(self._config, **check.LIMITS)
        probes = set(manifest["check"]["stream_names"])
        built = {stream.name: stream for stream in self._built_for_check(probes, sync)}
        offered = list(filter(self._offers, manifest["streams"]))
        return check.status(offered, built, sync, self._config, logger)

    def _built_for_check(self, names: set[str], sync: Sync) -> list[AbstractStream]:
        of_syncs = self._config
        self._begin(sync)
        # The framework can override values as well, but warns of those that the form does not have.
        self._config = {**of_syncs, **check.SETTINGS}
        try:
            return self._built(names)
        finally:
            self._config = of_syncs
            self._begin(self._sync)


def _is_a(component: type, configured: Mapping[str, Any]) -> bool:
    return str(configured.get("class_name")).endswith(f".{component.__name__}")


def _call_before_threads_are_joined(end: "WeakMethod[Any]") -> None:
    """Has `end` called when the interpreter exits: a program may keep a generator unread.

    Functions of `atexit` are called only after the threads have ended.
    """
    register = getattr(threading, "_register_atexit", None)
    if register:
        register(lambda: (method := end()) and method())
