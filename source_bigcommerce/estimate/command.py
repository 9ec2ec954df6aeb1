"""`source-bigcommerce estimate --config config.json [--catalog catalog.json] [--json]`."""

import argparse
import json
import logging
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from airbyte_cdk.models import (
    AirbyteStream,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    Status,
    SyncMode,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.estimate.report import document, lines
from source_bigcommerce.estimate.survey import FIRST, Survey
from source_bigcommerce.probe.command import log_for_people
from source_bigcommerce.process import FAILED, read_file
from source_bigcommerce.source import SourceBigcommerce

LOGGER = logging.getLogger("airbyte")


def estimate(args: list[str]) -> None:
    """Counts the rows of a store's streams, and prints what a sync of them takes.

    Raises SystemExit with 1 and the sentence of `check` if nothing of the store can be read.
    """
    parser = argparse.ArgumentParser(
        prog="source-bigcommerce estimate",
        description="Tells rows, requests and time of a first sync and of a daily one, before they "
        "are begun. Only reads: about two GET requests a stream.",
    )
    parser.add_argument("--config", required=True, help="the configuration, as for check")
    parser.add_argument("--catalog", help="the streams, as for read; all of them without it")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(args)
    output = sys.stdout
    # The framework prints a message of the protocol for each 429, also for a question that hangs.
    with log_for_people(), redirect_stdout(StringIO()):
        try:
            found = _estimated(options.config, options.catalog)
        except AirbyteTracedException as error:
            print(error.message, file=sys.stderr)
            sys.exit(FAILED)
        words = json.dumps(found, indent=2) if options.json else "\n".join(lines(found))
        print(words, file=output)


def _estimated(config_path: str, catalog_path: str | None) -> dict[str, Any]:
    config = read_file(SourceBigcommerce.read_config, config_path) or {}
    catalog = read_file(SourceBigcommerce.read_catalog, catalog_path)
    source = SourceBigcommerce(config=config)
    if catalog:
        source.demand({each.stream.name for each in catalog.streams})
    survey = Survey(config, catalog or everything(source))
    survey.ask()
    if survey.unreadable and not survey.looks[FIRST]:
        _fail(config, survey.unreadable)
    return document(survey)


def everything(source: SourceBigcommerce) -> ConfiguredAirbyteCatalog:
    """All streams that the form allows, incremental where they can be."""
    return ConfiguredAirbyteCatalog(
        streams=[
            ConfiguredAirbyteStream(
                stream=AirbyteStream(
                    name=name,
                    json_schema={},
                    supported_sync_modes=[SyncMode.full_refresh, SyncMode.incremental],
                ),
                sync_mode=SyncMode.incremental,
                destination_sync_mode=DestinationSyncMode.append,
            )
            for name in source.offered()
        ]
    )


def _fail(config: Mapping[str, Any], unreadable: Mapping[str, str]) -> None:
    """Prints the error that `check` gives, or else those of the streams, and ends with 1."""
    status = SourceBigcommerce(config=config).check(LOGGER, config)
    words = [status.message] if status.status == Status.FAILED else unreadable.values()
    print("\n".join(filter(None, dict.fromkeys(words))), file=sys.stderr)
    sys.exit(FAILED)
