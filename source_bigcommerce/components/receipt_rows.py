"""The stream of receipts."""

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.types import Config, Record, StreamSlice

from source_bigcommerce.components.sync import Sync


@dataclass
class ReceiptRows(Retriever):
    """Yields the receipts of the running sync. SourceBigcommerce reads this stream last.

    Not YAML: these rows come from no request.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    name: str = ""
    api_budget: Sync = field(default_factory=Sync)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[StreamData]:
        for row in self.api_budget.receipts.rows():
            yield Record(data=row, stream_name=self.name, associated_slice=stream_slice)
