"""`source-bigcommerce probe --config config.json [--report report.json]`."""

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from airbyte_cdk.models import Status
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.authenticator import TokenAuthenticator
from source_bigcommerce.components.budget import seconds_until_retry
from source_bigcommerce.components.config import NormalizeConfig, of_the_form
from source_bigcommerce.components.reply import ROWS
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.probe.report import Line, lines, report, table
from source_bigcommerce.probe.store import MOST_REQUESTS, NONE_LEFT, CannotTell, Reply, Store
from source_bigcommerce.probe.streams import streams
from source_bigcommerce.process import FAILED, read_file
from source_bigcommerce.source import SourceBigcommerce

LOGGER = logging.getLogger("airbyte")

# Percent of the store's quota. A probe takes no more, whatever the form says.
_SHARE = 25
_TIME_OUT = (10, 60)
_TRIES = 3
# After a 429 the probe waits as a sync does, but not for ever.
_MOST_LIMITED = 20
# If one of these is answered, token and hash are right.
_FIRST = ("orders", "brands", "customers", "store", "channels", "coupons", "pages")
_MOST_OF_CHECK = 50
_HEADERS = {"Accept": "application/json", "User-Agent": "Airbyte source-bigcommerce probe"}


def probe(args: list[str]) -> None:
    """Asks a store, prints which assumptions hold there, and writes the report.

    If it is interrupted, it prints and writes what it knows so far.

    Raises SystemExit with 1 and the sentence of `check` if the store cannot be read, and
    KeyboardInterrupt.
    """
    parser = argparse.ArgumentParser(
        prog="source-bigcommerce probe",
        description="Checks in a store what the connector assumes about the API. Only reads: at "
        f"most {MOST_REQUESTS} GET requests, and a quarter of the store's quota.",
    )
    parser.add_argument("--config", required=True, help="the configuration, as for check")
    parser.add_argument("--report", help="file for the report: structure only, no personal data")
    options = parser.parse_args(args)
    try:
        if options.report:
            Path(options.report).touch()  # better fail before the requests than after
    except OSError as error:
        parser.error(f"{options.report} cannot be written: {error.strerror}")
    with log_for_people():
        try:
            _probe(options.config, options.report)
        except AirbyteTracedException as error:
            print(error.message, file=sys.stderr)
            sys.exit(FAILED)


def _probe(config_path: str, report_path: str | None) -> None:
    given = read_file(SourceBigcommerce.read_config, config_path) or {}
    config: dict[str, Any] = of_the_form(given)
    NormalizeConfig().transform(config)
    asker = Asker(config)
    store = Store(asker.send, streams())
    store.limited = asker.limited
    if not _opens(store):
        status = SourceBigcommerce(config=given).check(LOGGER, given)
        if status.status == Status.FAILED:
            print(status.message, file=sys.stderr)
            sys.exit(FAILED)
        asker.sent += _MOST_OF_CHECK
    known: list[Line] = []
    try:
        for line in lines(store):
            known.append(line)
    finally:
        _tell(known, asker.sent, report_path)


@contextmanager
def log_for_people() -> Iterator[None]:
    """Lets the log go to standard error as plain text, not as JSON."""
    # The framework gives both a handler that writes to standard output.
    loggers = (logging.getLogger(), LOGGER)
    handlers = [logger.handlers for logger in loggers]
    for logger in loggers:
        logger.handlers = []
    LOGGER.handlers = [logging.StreamHandler(sys.stderr)]
    try:
        yield
    finally:
        for logger, own in zip(loggers, handlers, strict=True):
            logger.handlers = own


def _opens(store: Store) -> bool:
    """Whether the token opens any of the main lists. False at once if the store does not answer."""
    for name in _FIRST:
        stream = store.streams[name]
        reply = store.ask(stream.endpoint, stream.parameters)
        if reply.status in (*ROWS, 204):
            return True
        if not reply.status:
            return False
    return False


def _tell(known: list[Line], sent: int, path: str | None) -> None:
    print(table(known))
    print(f"{sent} requests.")
    if path:
        Path(path).write_text(json.dumps(report(known, sent), indent=2) + "\n")
        print(f"The report is in {path}. It holds no values of rows, no store hash and no token.")


class Asker:
    """Sends the requests of a probe, with the pace, the connections and the retries of a sync.

    config: normalised values of the form.
    sent: requests so far, retries among them.
    limited: the 429s among the replies.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._base = f"{config['api_url']}/stores/{config['store_hash']}/"
        self._sync = Sync({**config, "quota_share": min(_SHARE, config["quota_share"])})
        self._session = requests.Session()
        self._sync.connections.carry(self._session)
        self._auth = TokenAuthenticator(config=config, parameters={})
        self.sent = 0
        self.limited: list[Reply] = []

    def send(self, path: str, query: str) -> Reply:
        """The reply; status 0 if there was none in three tries.

        Raises CannotTell if no request is left.
        """
        tries = limited = 0
        while self.sent < MOST_REQUESTS and tries < _TRIES and limited < _MOST_LIMITED:
            response = self._tried(f"{self._base}{path}", query)
            if response.status_code == 429:
                limited += 1
                self.limited.append(_reply(path, query, response))
                time.sleep(seconds_until_retry(response) or min(2**limited, 60))
            elif response.status_code in (0, 500, 502, 503, 504):
                tries += 1
            else:
                return _reply(path, query, response)
        if self.sent >= MOST_REQUESTS:
            raise CannotTell(NONE_LEFT)
        return Reply(path, query, 0)

    def _tried(self, address: str, query: str) -> requests.Response:
        request = requests.Request("GET", address, headers=_HEADERS)
        prepared = self._session.prepare_request(request)
        url = f"{prepared.url}{'&' if '?' in str(prepared.url) else '?'}{query}".rstrip("?&")
        self._auth(prepared)
        # Set last, so that nothing encodes its colons: some questions are about them.
        prepared.url = url
        response = requests.Response()
        response.status_code = 0
        self._sync.acquire_call(prepared)
        self.sent += 1
        try:
            response = self._session.send(prepared, timeout=_TIME_OUT, allow_redirects=False)
        except (requests.RequestException, OSError):
            pass
        finally:
            self._sync.update_from_response(prepared, response)
        return response


def _reply(path: str, query: str, response: requests.Response) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(path.partition("?")[0], query, response.status_code, headers, response.content)
