"""Asks a store what it has, and tells what each stream of a sync would take."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, cast

from airbyte_cdk.models import ConfiguredAirbyteCatalog
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.datetime_helpers import ab_datetime_parse
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.check import retriever_of
from source_bigcommerce.components.error_handler import ScopeLacking
from source_bigcommerce.components.moments import format_instant
from source_bigcommerce.components.rows import Rows
from source_bigcommerce.components.state import DateCursor
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.estimate.dry_run import Cost, DryRun
from source_bigcommerce.estimate.looks import Asker, ListLook, Look, look, since
from source_bigcommerce.questions import answers
from source_bigcommerce.source import SourceBigcommerce

FIRST, DAILY = "first", "daily"
_TRIES = 3
# Seconds for all answers to one stream's questions; some questions wait for answers to others.
_PATIENCE = 60.0
_DAY, _YEAR = timedelta(days=1), timedelta(days=365)
# The field of the form for streams that take a request for each order.
PER_ORDER = "per_order_start_date"


@dataclass
class Survey:
    """Asks a store what it has for the streams of a catalog, once for all estimates.

    config: the form's values, as given.

    unreadable: streams about which nothing is known, each with the reason in words.
    looks: what is known about each stream, for the first sync and for one a day after the last.
    """

    config: Mapping[str, Any]
    catalog: ConfiguredAirbyteCatalog
    unreadable: dict[str, str] = field(default_factory=dict)
    looks: dict[str, dict[str, Look]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        source = SourceBigcommerce(self.catalog, self.config)
        self.form: Mapping[str, Any] = source._config
        self._manifest = {
            each["$parameters"]["name"]: each for each in source.resolved_manifest["streams"]
        }
        self.sync = Sync(self.form, tries=_TRIES)
        self.asker = Asker(self.form["num_workers"])
        first = source.prepared(self.catalog, self.sync)
        self.form = source._config
        states = {each.name: self._state(each) for each in first if _is_dated(each)}
        self._streams = {FIRST: first, DAILY: source.prepared(self.catalog, self.sync, states)}

    @property
    def yesterday(self) -> str:
        return self._before(_DAY)

    @property
    def a_year_ago(self) -> str:
        return self._before(_YEAR)

    def _before(self, span: timedelta) -> str:
        return format_instant(ab_datetime_parse(self.form["end_date"]) - span)

    @property
    def clock_requests(self) -> int:
        """How often a sync asks the store for its time: once, if a stream has a date."""
        return int(any(map(_is_dated, self._streams[FIRST])))

    def ask(self) -> None:
        """Asks all questions, side by side."""
        self.looks = {FIRST: {}, DAILY: {}}
        pairs = {
            first.name: (first, daily) for first, daily in zip(*self._streams.values(), strict=True)
        }
        # An object needs no count, and other streams of its scope show whether it may be read.
        objects = {name for name, (first, _) in pairs.items() if _is_object(first)}
        self._ask({name: pair for name, pair in pairs.items() if name not in objects})
        rest = {}
        for name in objects:
            if self._scope_of(name) in self.sync.accepted:
                self.looks[FIRST][name] = self.looks[DAILY][name] = _one_object(pairs[name][0])
            else:
                rest[name] = pairs[name]
        self._ask(rest)
        self._later = self._look_later()
        self.sync.end()

    def costs(self, kind: str, **changed: Any) -> dict[str, Cost]:
        """What each stream takes, by its name.

        changed: fields of the form that have other values: `page_size`, `prove`, or a later
            `per_order_start_date`.
        """
        known = {**self.looks[kind], **(self._later if PER_ORDER in changed else {})}
        dry_run = DryRun(Sync(self.form), changed, is_next=kind == DAILY)
        return {
            stream.name: dry_run.cost(retriever_of(stream), known[stream.name])
            for stream in self._streams[kind]
            if stream.name in known
        }

    def _look_later(self) -> dict[str, Look]:
        """What is known about streams that ask for each order, if they are read for a year only."""
        streams = {
            each.name: each
            for each in self._streams[FIRST]
            if each.name in self.looks[FIRST] and self._start_of(each.name) == PER_ORDER
        }
        later: dict[str, Look] = {}
        with suppress(AirbyteTracedException):
            for name, each in streams.items():
                retriever, known = retriever_of(each), self.looks[FIRST][name]
                later[name] = since(self.asker, retriever, known, self.a_year_ago)
        return later

    def _scope_of(self, name: str) -> str:
        return str(self._manifest[name]["$parameters"].get("scope", ""))

    def _start_of(self, name: str) -> Any:
        return self._manifest[name].get("incremental_sync", {}).get("$parameters", {}).get("start")

    def _state(self, stream: AbstractStream) -> Mapping[str, Any]:
        """The state of a stream that was read a day ago."""
        config = cast(Any, retriever_of(stream)).config
        first = {} if config["reads_everything"] else {"since": config["start_date"]}
        return {str(stream.cursor_field): self.yesterday, **first}

    def _ask(self, pairs: Mapping[str, tuple[AbstractStream, AbstractStream]]) -> None:
        questions = {name: partial(self._looked, *pair) for name, pair in pairs.items()}
        found = answers(questions, pause=lambda: self.sync.pause, patience=_PATIENCE)
        for name in pairs:
            looks = found.get(name, f"No answer came within {_PATIENCE:.0f} seconds.")
            if isinstance(looks, str):
                self.unreadable[name] = looks
            else:
                self.looks[FIRST][name], self.looks[DAILY][name] = looks

    def _looked(self, first: AbstractStream, daily: AbstractStream) -> tuple[Look, Look] | str:
        try:
            of_first = look(self.asker, retriever_of(first), _windows(first))
            return of_first, look(self.asker, retriever_of(daily), _windows(daily), of_first)
        except ScopeLacking as error:
            return f"It needs the scope {error.scope}."
        except AirbyteTracedException as error:
            return error.message or str(error)


def _windows(stream: AbstractStream) -> Sequence[StreamSlice]:
    return [cast(StreamSlice, each.to_slice()) for each in stream.generate_partitions()]


def _is_dated(stream: AbstractStream) -> bool:
    return isinstance(stream.cursor, DateCursor)


def _is_object(stream: AbstractStream) -> bool:
    retriever = retriever_of(stream)
    return isinstance(retriever, Rows) and retriever.paging == "none"


def _one_object(stream: AbstractStream) -> Look:
    return ListLook([(window, 1) for window in _windows(stream)])
