"""Lists of B2B Edition that may hold rows of the first channel only, unless asked for more."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_bigcommerce.components.keys import key_of
from source_bigcommerce.components.proof import Watch
from source_bigcommerce.components.reply import Row
from source_bigcommerce.components.rows import Rows
from source_bigcommerce.components.window import WindowRetriever

CHANNEL = "channelId"


@dataclass
class AllChannels(WindowRetriever):
    """Reads the rows of a window, and then those of the channels of which none came.

    The OpenAPI file gives `channelIds[]` a default of 1, and no word about it. If the list holds
    all channels, the second request brings nothing. Channels that the form chose are asked for as
    in other lists.

    Not YAML: a retriever has one list, and does not know what another one brought.

    known: lists the channels that B2B Edition knows.
    others: the same list, of the channels that stand in the slice as `channels`.
    """

    known: Rows | None = None
    others: Rows | None = None

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        if not self.known or not self.others:
            raise ValueError(
                f"manifest.yaml: the retriever of {self.stream} lacks `known`, `others`"
            )
        self._list_known, self._list_others = self.known, self.others
        self._ids: list[int] | None = None

    def replies(
        self, window: StreamSlice, watch: Watch | None = None
    ) -> Generator[list[Row], None, None]:
        came = set[Any]()
        for rows in super().replies(window, watch):
            came.update(key_of(row, CHANNEL) for row in rows)
            yield rows
        if self.config["channel_ids"] or self.api_budget.most_pages is not None:
            return
        if others := [channel for channel in self._channels() if channel not in came]:
            of_others = {"channels": ",".join(map(str, others))}
            slice_ = StreamSlice(partition=of_others, cursor_slice=window.cursor_slice)
            yield from self._list_others.replies(slice_)

    def _channels(self) -> list[int]:
        if self._ids is None:
            pages = self._list_known.pages(StreamSlice(partition={}, cursor_slice={}))
            ids = {key_of(row, CHANNEL) for rows in pages for row in rows}
            self._ids = sorted(each for each in ids if isinstance(each, int))
        return self._ids
