"""Command line: `source-bigcommerce spec|check|discover|read`."""

import gc
import logging
import os
import sys
from collections.abc import Callable
from typing import TypeVar

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.messages import FILE_UNREADABLE
from source_bigcommerce.probes import hanging
from source_bigcommerce.source import SourceBigcommerce

LOGGER = logging.getLogger("airbyte")
_Read = TypeVar("_Read")


def run() -> None:
    """Entry point of the installed command and of `main.py`.

    Exits 1 after an error, and 130 when it is interrupted, without a word and at once.
    """
    args = sys.argv[1:]
    # tap-airbyte-wrapper says `docker run IMAGE -- read ...`, and argparse knows no `--` there.
    if args[:1] == ["--"]:
        del args[0]
    try:
        _run(args)
    except KeyboardInterrupt:
        # sys.exit would first send all requests that are queued.
        sys.stdout.flush()
        os._exit(130)


def _run(args: list[str]) -> None:
    """Does what the command line says.

    A configuration, catalog or state that cannot be used ends as Airbyte's protocol wants it: a
    failed connection status for `check`, a trace message for the other commands.
    """
    # What was imported stays to the end; the collector need not look at it again and again.
    gc.freeze()
    init_uncaught_exception_handler(LOGGER)
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
    if hanging():
        # Of children it keeps a worker, which Python would wait for at its end.
        sys.stdout.flush()
        os._exit(0)


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
        kind = reader.__name__.removeprefix("read_")
        raise FILE_UNREADABLE.error(repr(error), path=path, kind=kind) from error


def _print(message: AirbyteMessage) -> None:
    print(orjson.dumps(AirbyteMessageSerializer.dump(message)).decode(), flush=True)
