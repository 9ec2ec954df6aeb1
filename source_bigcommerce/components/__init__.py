"""What the manifest cannot say in YAML, one job a file."""

from source_bigcommerce.components.all_channels import AllChannels
from source_bigcommerce.components.authenticator import TokenAuthenticator
from source_bigcommerce.components.batch_rows import BatchRows
from source_bigcommerce.components.child_rows import ChildRows
from source_bigcommerce.components.config import NormalizeConfig
from source_bigcommerce.components.deletions import Deletions
from source_bigcommerce.components.error_handler import ErrorHandler
from source_bigcommerce.components.extractor import (
    NestedRowsExtractor,
    RowsExtractor,
    StockExtractor,
)
from source_bigcommerce.components.flatten import Flatten, SchemaFile
from source_bigcommerce.components.personal import Personal
from source_bigcommerce.components.receipt_rows import ReceiptRows
from source_bigcommerce.components.requester import Requester
from source_bigcommerce.components.rows import Rows
from source_bigcommerce.components.store_and_channels import StoreAndChannels
from source_bigcommerce.components.values import Values
from source_bigcommerce.components.window import WindowRetriever

__all__ = [
    "AllChannels",
    "BatchRows",
    "ChildRows",
    "Deletions",
    "ErrorHandler",
    "Flatten",
    "NestedRowsExtractor",
    "NormalizeConfig",
    "Personal",
    "ReceiptRows",
    "Requester",
    "Rows",
    "RowsExtractor",
    "SchemaFile",
    "StockExtractor",
    "StoreAndChannels",
    "TokenAuthenticator",
    "Values",
    "WindowRetriever",
]
