"""Date cursors as the source builds them, without its streams."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from airbyte_cdk.sources.declarative.models import DatetimeBasedCursor
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.test.catalog_builder import CatalogBuilder

from source_bigcommerce import SourceBigcommerce
from source_bigcommerce.components.state import DateCursor
from source_bigcommerce.source import config_of
from unit_tests.streams import CONFIG

START, END = "2024-01-01T00:00:00Z", "2024-03-01T00:00:00Z"


@cache
def _source() -> SourceBigcommerce:
    return SourceBigcommerce(CatalogBuilder().build(), {**CONFIG, "num_workers": 1})


@cache
def _stream(name: str) -> dict[str, Any]:
    streams = _source().resolved_manifest["streams"]
    return cast(dict[str, Any], next(stream for stream in streams if stream["name"] == name))


class Windows:
    """A stream's cursor and its windows, to be closed in any order.

    `settings` are those of a normalized configuration. By default there is one worker, from START
    to END.
    """

    def __init__(self, state: dict[str, Any], name: str = "orders", **settings: Any) -> None:
        span = {"start_date": START, "end_date": END, "now": END, "sure_until": END}
        source = _source()
        made = source._constructor.create_concurrent_cursor_from_datetime_based_cursor
        self.name = name
        self.cursor = cast(
            DateCursor,
            made(
                model_type=DatetimeBasedCursor,
                component_definition=DatetimeBasedCursor.parse_obj(
                    _stream(name)["incremental_sync"]
                ).__dict__,
                stream_name=name,
                stream_namespace=None,
                stream_state=state,
                config=config_of(_stream(name), {**source._config, **span, **settings}),
            ),
        )
        self.slices = list(self.cursor.stream_slices())

    @property
    def bounds(self) -> list[tuple[str, str]]:
        return [(each["start_time"], each["end_time"]) for each in self.slices]

    def close(self, place: int, *dates: str) -> dict[str, Any]:
        """Completes the window with rows of these dates; returns the state after it."""
        window: StreamSlice = self.slices[place]
        for date in dates:
            row = {self.cursor.cursor_field.cursor_field_key: date}
            self.cursor.observe(Record(data=row, stream_name=self.name, associated_slice=window))
        self.cursor.close_partition(cast(Any, SimpleNamespace(to_slice=lambda: window)))
        return dict(self.cursor.state)
