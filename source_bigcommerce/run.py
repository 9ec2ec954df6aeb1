"""Command line: `source-bigcommerce spec|check|discover|read|probe|estimate`."""

import contextlib
import gc
import logging
import sys
from typing import TYPE_CHECKING

from source_bigcommerce import __version__
from source_bigcommerce.process import (
    MISUSED,
    end_with_the_reader,
    fail,
    read_file,
    run_to_the_end,
)

# The framework is imported where it is used, so that signals are handled from the start.
if TYPE_CHECKING:
    from source_bigcommerce import SourceBigcommerce

_NAME = "source-bigcommerce"


def run() -> None:
    """Entry point of the installed command, of `main.py` and of `python -m source_bigcommerce`.

    Raises SystemExit; see `run_to_the_end` for the codes.
    """
    run_to_the_end(_run)


def _run(args: list[str]) -> None:
    """Does what the command line says.

    If a configuration, catalog or state cannot be used, it answers as Airbyte's protocol demands:
    with a failed connection status for `check`, with a trace message for the other commands.
    """
    # tap-airbyte-wrapper calls `docker run IMAGE -- read ...`, and argparse takes no `--` there.
    if args[:1] == ["--"]:
        args = args[1:]
    if args[:1] == ["--version"]:
        print(f"{_NAME} {__version__}")
        return

    # What is imported stays to the end: to look for garbage in it takes a tenth of the start.
    gc.disable()
    from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
    from airbyte_cdk.exception_handler import init_uncaught_exception_handler

    gc.freeze()
    gc.enable()
    sys.argv[0] = _NAME  # argparse prints it
    if args[:1] == ["probe"]:
        from source_bigcommerce.probe.command import probe

        probe(args[1:])
        return
    if args[:1] == ["estimate"]:
        from source_bigcommerce.estimate.command import estimate

        estimate(args[1:])
        return
    if not args:
        with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
            AirbyteEntrypoint.parse_args(["--help"])
        for own in ("probe", "estimate"):
            print(f"and, beyond Airbyte's protocol: {_NAME} {own} --help", file=sys.stderr)
        sys.exit(MISUSED)
    command = AirbyteEntrypoint.parse_args(args).command
    init_uncaught_exception_handler(logging.getLogger("airbyte"))
    try:
        source = _source(args)
    except Exception as error:
        fail(error, command)
        return
    gc.freeze()  # the source stays, too
    if command == "read":
        end_with_the_reader()
    launch(source, args)


def _source(args: list[str]) -> "SourceBigcommerce":
    from airbyte_cdk.entrypoint import AirbyteEntrypoint

    from source_bigcommerce import SourceBigcommerce

    config = AirbyteEntrypoint.extract_config(args)
    return SourceBigcommerce(
        catalog=read_file(SourceBigcommerce.read_catalog, AirbyteEntrypoint.extract_catalog(args)),
        config=read_file(SourceBigcommerce.read_config, config),
        state=read_file(SourceBigcommerce.read_state, AirbyteEntrypoint.extract_state(args)),
        config_path=config,
    )
