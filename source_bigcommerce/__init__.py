"""Airbyte source that copies a BigCommerce store into a warehouse."""

from source_bigcommerce.source import SourceBigcommerce

__all__ = ["SourceBigcommerce"]
