"""Command line: `source-bigcommerce spec|check|discover|read`."""

import logging
import sys
from collections.abc import Callable
from typing import TypeVar

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer, FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.source import SourceBigcommerce

LOGGER = logging.getLogger("airbyte")
_Read = TypeVar("_Read")


def run() -> None:
    """Entry point of the installed command and of `main.py`; exits 1 after an error.

    A configuration, catalog or state that cannot be used ends as Airbyte's protocol wants it: a
    failed connection status for `check`, a trace message for the other commands.
    """
    init_uncaught_exception_handler(LOGGER)
    args = sys.argv[1:]
    command = AirbyteEntrypoint.parse_args(args).command
    try:
        source = _source(args)
    except Exception as error:
        traced = (
            error
            if isinstance(error, AirbyteTracedException)
            else AirbyteTracedException.from_exception(error)
        )
        status = traced.as_connection_status_message()
        if command == "check" and status:
            _print(status)
            sys.exit(0)
        _print(traced.as_sanitized_airbyte_message())
        sys.exit(1)
    launch(source, args)


def _source(args: list[str]) -> SourceBigcommerce:
    config = AirbyteEntrypoint.extract_config(args)
    return SourceBigcommerce(
        catalog=_read(SourceBigcommerce.read_catalog, AirbyteEntrypoint.extract_catalog(args)),
        config=_read(SourceBigcommerce.read_config, config),
        state=_read(SourceBigcommerce.read_state, AirbyteEntrypoint.extract_state(args)),
        config_path=config,
    )


def _read(reader: Callable[[str], _Read], path: str | None) -> _Read | None:
    if not path:
        return None
    try:
        return reader(path)
    except Exception as error:
        raise AirbyteTracedException(
            message=f"The file {path} cannot be read as {reader.__name__.removeprefix('read_')}. "
            "Name a JSON file of the form that Airbyte's protocol describes.",
            internal_message=repr(error),
            failure_type=FailureType.config_error,
        ) from error


def _print(message: AirbyteMessage) -> None:
    print(orjson.dumps(AirbyteMessageSerializer.dump(message)).decode(), flush=True)
