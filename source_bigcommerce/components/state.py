"""What has been read of a stream, what is still to be read, and the state that says so."""

import logging
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from math import ceil
from typing import Any, NamedTuple, cast

from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.datetime_helpers import ab_datetime_parse

from source_bigcommerce.components.deletion_state import MemoryCursor
from source_bigcommerce.components.form import the_form
from source_bigcommerce.components.moments import format_instant
from source_bigcommerce.components.skipped import Range, Skipped

LOGGER = logging.getLogger("airbyte")

_SINCE = "since"
_SKIPPED, _DUE = "skipped_since", "skipped_are_due"
_START, _END = "start_time", "end_time"
# The start of a span that was read without a lower bound: before every row.
_OPEN = datetime(1, 1, 1, tzinfo=timezone.utc)
# Two machines of the store may differ by this much in time. A state from later than that is wrong.
_JITTER = timedelta(minutes=1)


class Span(NamedTuple):
    """What changed between `start` and `end` was read; `newest` is the last change that came."""

    start: datetime
    end: datetime
    newest: datetime


class DateCursor(ConcurrentCursor):
    """Cuts what is still to be read into windows, and saves what has been read.

    Not YAML: the CDK's cursor starts at the later of the state and `start_datetime`, so a start
    date in words would overtake the state of a paused connection. It counts the look-back as read
    while it is still being read again, so a window that fails there is skipped. It saves dates of
    records that lie after their window, and does not know where a state begins. It sizes windows by
    the start date, however little is left to read.

    The state is `{"date_modified": "2026-03-01T00:00:00Z", "since": "2024-01-01T00:00:00Z"}`: the
    last change that was read, and the start date of that time. All changes between the two were
    read; without `since`, everything up to that change was. If the start date is moved back, what
    lies before `since` is read as well. The look-back is subtracted when the state is loaded. A
    window is saved as read once all windows before it are.

    A state that is only a date, as Airbyte's connector and older versions saved it, counts as read
    from today's start date on. The CDK's own form is used as well:
    `{"state_type": "date-range", "slices": [{"start": "...", "end": "..."}]}`. Any other state is
    not used, nor is one that lies in the future. Then the log gives the reason, and the stream is
    read from its start date.

    cursor: the CDK's, made from the manifest without a state.
    shifts: the stream is read by page number, and rows that change meanwhile shift its pages.
    """

    def __init__(
        self,
        cursor: ConcurrentCursor,
        state: Mapping[str, Any],
        config: Mapping[str, Any],
        shifts: bool = False,
    ) -> None:
        # The parts of the CDK that stay: converter, lock, dates of the records seen, messages.
        vars(self).update(vars(cursor))
        self._is_open = config["reads_everything"]
        self._first: datetime = ab_datetime_parse(config["start_date"])
        self._last = ab_datetime_parse(config["end_date"])
        self._now = ab_datetime_parse(config["now"])
        sure_until: datetime = ab_datetime_parse(config["sure_until"])
        if shifts:
            # A row that changes within this second still enters the windows that reach up to now.
            sure_until -= timedelta(seconds=1)
        self._sure_until = min(self._last, sure_until)
        self._workers = config["num_workers"]
        # More may have changed in the second of the last change, and v2 may exclude its bounds.
        self._lookback = max(timedelta(minutes=config["lookback_minutes"]), timedelta(seconds=1))
        spans = self._reopened(self._known(state))
        self._spans = spans or [self._nothing()]
        self._home = self._spans[0].start
        # What the streams of children share between their windows: see ChildRows.
        self._skipped = self._left(state if spans else {}, config)
        self._parents: dict[StreamSlice, str] = {}

    @classmethod
    def build(
        cls,
        make: Callable[..., ConcurrentCursor],
        *,
        stream_state: Mapping[str, Any],
        config: Mapping[str, Any],
        **options: Any,
    ) -> "DateCursor | MemoryCursor":
        """Replaces the factory's `create_concurrent_cursor_from_datetime_based_cursor`."""
        parameters = options["component_definition"].get("parameters") or {}
        cursor = make(stream_state={}, config=config, **options)
        if parameters.get("remembers"):
            return MemoryCursor(cursor, stream_state, config)
        return cls(cursor, stream_state, config, parameters.get("shifts", False))

    @property
    def state(self) -> MutableMapping[str, Any]:
        home = next(span for span in self._spans if span.start <= self._home <= span.end)
        state: dict[str, Any] = {self.cursor_field.cursor_field_key: format_instant(home.newest)}
        if home.start != _OPEN:
            state[_SINCE] = format_instant(home.start)
        if self._skipped.since:
            state |= {_SKIPPED: self._skipped.since, _DUE: self._skipped.are_due}
        return state

    def stream_slices(self) -> Iterator[StreamSlice]:
        starts = [span.start for span in self._spans if span.start != _OPEN]
        whole = self._last - min([self._first, self._spans[-1].end, *starts])
        step = None  # A stream without windows is read at once.
        if self._cursor_granularity:
            step = max(whole / self._workers, self._slice_range)
            step = timedelta(seconds=ceil(step.total_seconds()))
        for lower, upper in list(self._unread()):
            while step and lower + step < upper:
                # An edge belongs to both windows, for dates with fractions of a second.
                yield self._window(lower, lower + step)
                lower += step
            yield self._window(lower, upper)

    def _window(self, lower: datetime, upper: datetime) -> StreamSlice:
        return StreamSlice(
            partition={},
            cursor_slice={_START: format_instant(lower), _END: format_instant(upper)},
            extra_fields={"skipped": self._skipped, "parents": self._parents},
        )

    def _unread(self) -> Iterator[tuple[datetime, datetime]]:
        """The times before, between and after the spans that were read."""
        oldest, reached = self._spans[0].start, self._spans[-1].end
        if oldest > (_OPEN if self._is_open else self._first):
            yield min(self._first, oldest), min(oldest, self._last)
        for span, following in pairwise(self._spans):
            if span.end <= self._last:
                yield span.end, min(following.start, self._last)
        for end in sorted({self._sure_until, self._last}):
            if reached <= end:
                yield reached, end
                reached = end

    def close_partition(self, partition: Partition) -> None:
        window = partition.to_slice() or {}
        start, end = _date(window[_START]), _date(window[_END])
        newest = self._most_recent_cursor_value_per_partition.get(window)
        if date := self._parents.pop(cast(StreamSlice, window), ""):
            # Parents without children were read as well.
            newest = max(newest or _OPEN, _date(date))
        if end > self._sure_until:
            return
        if self._is_open and start <= self._first:
            start = _OPEN
        with self._lock:
            # Requests may reach beyond the window (v2), and a store may ignore their dates.
            self._spans = _merged([*self._spans, Span(start, end, min(newest or _OPEN, end))])
            self._emit_state_message()

    def _known(self, state: Mapping[str, Any]) -> list[Span]:
        """What the state says was read; if it cannot be used, nothing, and the log says why."""
        field = self.cursor_field.cursor_field_key
        try:
            spans = self._slices(state) if "slices" in state else self._flat(state, field)
            if spans and spans[-1].end > self._now + _JITTER:
                # Older versions saved the start date and the look-back, and had read no further
                # than that start date.
                longest = the_form()["lookback_minutes"]["maximum"]
                known_from = self._now - timedelta(minutes=longest)
                if not self._is_open:
                    self._first = min(self._first, known_from, spans[0].start)
                raise ValueError(f"{format_instant(spans[-1].end)} is still to come")
            if not spans and state:
                raise ValueError(f"it holds no date of {field}")
        except (ValueError, OverflowError, LookupError, TypeError, AttributeError) as error:
            start = "the beginning" if self._is_open else format_instant(self._first)
            LOGGER.warning(
                "The state of %s is not used: %s. It is read from %s on.",
                self._stream_name,
                error,
                start,
            )
            return []
        return spans

    def _left(self, state: Mapping[str, Any], config: Mapping[str, Any]) -> Skipped:
        """What earlier syncs skipped, as far as this sync does not read it again anyway."""
        known, until = Range(), format_instant(self._spans[-1].end)
        if (since := state.get(_SKIPPED)) and since <= until:
            known = Range(since, until)
        is_on = bool(config.get("skip_likely_empty"))
        return Skipped(is_on, known, bool(state.get(_DUE)) and bool(known.since), self._save)

    def _save(self) -> None:
        with self._lock:
            self._emit_state_message()

    def _nothing(self) -> Span:
        # Even what changed in the first second is not read yet.
        before = _less(self._first, timedelta(seconds=1))
        return Span(_OPEN if self._is_open else self._first, self._first, before)

    def _reopened(self, spans: list[Span]) -> list[Span]:
        """The spans without the look-back; the last change stays the same."""
        if not spans:
            return []
        until = max(_less(spans[-1].newest, self._lookback), spans[0].start)
        return [span._replace(end=min(span.end, until)) for span in spans if span.start <= until]

    def _flat(self, state: Mapping[str, Any], field: str) -> list[Span]:
        if state.get(field) is None:
            return []
        newest = _date(state[field])
        if _SKIPPED in state and format_instant(_date(state[_SKIPPED])) != state[_SKIPPED]:
            raise ValueError(f"{state[_SKIPPED]!r} is no date")
        if _SINCE in state:
            start = _date(state[_SINCE])
        else:
            start = _OPEN if self._is_open else min(self._first, _less(newest, self._lookback))
        return [Span(start, max(start, newest), newest)]

    def _slices(self, state: Mapping[str, Any]) -> list[Span]:
        spans = []
        for each in state["slices"]:
            start, end = _date(each["start"]), _date(each["end"])
            if start > end:
                raise ValueError(f"{each['start']} is later than {each['end']}")
            newest = _date(each.get("most_recent_cursor_value") or each["end"])
            spans.append(Span(start, end, max(start, min(newest, end))))
        return _merged(spans)


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            last = merged.pop()
            span = Span(last.start, max(last.end, span.end), max(last.newest, span.newest))
        merged.append(span)
    return merged


def _less(moment: datetime, span: timedelta) -> datetime:
    return max(moment, _OPEN + span) - span


def _date(value: Any) -> datetime:
    """Reads a date or timestamp in any form that this or Airbyte's connector has saved."""
    if not isinstance(value, str) or "-" not in value:
        raise ValueError(f"{value!r} is no date")
    try:
        return ab_datetime_parse(value).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise ValueError(f"{value!r} is no date") from None
