"""Airbyte source that copies a BigCommerce store into a warehouse."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from source_bigcommerce.source import SourceBigcommerce

__all__ = ["SourceBigcommerce", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # The framework takes a second to import, and signals are not handled until then.
    if name != "SourceBigcommerce":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from source_bigcommerce.source import SourceBigcommerce

    return SourceBigcommerce
