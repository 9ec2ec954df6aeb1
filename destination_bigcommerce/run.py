"""Command line: `destination-bigcommerce spec|check|write`."""

import contextlib
import logging
import sys

from source_bigcommerce import __version__
from source_bigcommerce.process import (
    MISUSED,
    end_with_the_reader,
    fail,
    print_line,
    print_message,
    read_file,
    run_to_the_end,
)

_NAME = "destination-bigcommerce"


def run() -> None:
    """Entry point of the installed command and of `python -m destination_bigcommerce`.

    Raises SystemExit; see `run_to_the_end` for the codes.
    """
    run_to_the_end(_run)


def _run(args: list[str]) -> None:
    """Does what the command line says. Writes each message at once, as states require."""
    if args[:1] == ["--"]:
        args = args[1:]
    if args[:1] == ["--version"]:
        print(f"{_NAME} {__version__}")
        return

    from airbyte_cdk.connector import BaseConnector
    from airbyte_cdk.exception_handler import init_uncaught_exception_handler
    from airbyte_cdk.sources import AbstractSource
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException

    from destination_bigcommerce import DestinationBigcommerce
    from destination_bigcommerce.form import normalized
    from destination_bigcommerce.lines import GivenState

    sys.argv[0] = _NAME  # argparse prints it
    destination = DestinationBigcommerce()
    if not args:
        with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
            destination.parse_args(["--help"])
        sys.exit(MISUSED)
    given = destination.parse_args(args)
    init_uncaught_exception_handler(logging.getLogger("airbyte"))
    try:
        if config := read_file(BaseConnector.read_config, getattr(given, "config", None)):
            normalized(config)
        read_file(AbstractSource.read_catalog, getattr(given, "catalog", None))
    except Exception as error:
        fail(error, given.command)
        return
    if given.command == "write":
        end_with_the_reader()
    try:
        for message in destination.run_cmd(given):
            if isinstance(message, GivenState):
                print_line(message.line)
            else:
                print_message(message)
    except AirbyteTracedException as error:
        logging.getLogger("airbyte").error(error.internal_message)
        fail(error, given.command)
