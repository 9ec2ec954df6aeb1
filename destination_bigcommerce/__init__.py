"""Airbyte destination that sends orders to a BigCommerce store, each exactly once."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from destination_bigcommerce.destination import DestinationBigcommerce

__all__ = ["DestinationBigcommerce"]


def __getattr__(name: str) -> Any:
    # The framework takes a second to import; until then a signal would end nothing.
    if name != "DestinationBigcommerce":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from destination_bigcommerce.destination import DestinationBigcommerce

    return DestinationBigcommerce
