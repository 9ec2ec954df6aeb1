"""Command line: `source-bigcommerce spec|check|discover|read`."""

import logging
import sys

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.source import SourceBigcommerce

LOGGER = logging.getLogger("airbyte")


def run() -> None:
    """Entry point of the installed command and of `main.py`; exits 1 after an error.

    A configuration, catalog or state that cannot be used ends as Airbyte's protocol wants it: a
    failed connection status for `check`, a trace message for the other commands.
    """
    init_uncaught_exception_handler(LOGGER)
    args = sys.argv[1:]
    parsed = AirbyteEntrypoint.parse_args(args)
    try:
        source = _source(args)
    except Exception as error:
        traced = AirbyteTracedException.from_exception(error)
        if isinstance(error, AirbyteTracedException):
            traced = error
        if parsed.command == "check":
            _print(traced.as_connection_status_message())
            sys.exit(0)
        _print(traced.as_sanitized_airbyte_message())
        sys.exit(1)
    launch(source, args)


def _source(args: list[str]) -> SourceBigcommerce:
    catalog = AirbyteEntrypoint.extract_catalog(args)
    config = AirbyteEntrypoint.extract_config(args)
    state = AirbyteEntrypoint.extract_state(args)
    return SourceBigcommerce(
        catalog=SourceBigcommerce.read_catalog(catalog) if catalog else None,
        config=SourceBigcommerce.read_config(config) if config else None,
        state=SourceBigcommerce.read_state(state) if state else None,
        config_path=config,
    )


def _print(message: AirbyteMessage | None) -> None:
    assert message is not None  # for mypy: an error always makes a connection status
    print(orjson.dumps(AirbyteMessageSerializer.dump(message)).decode(), flush=True)
