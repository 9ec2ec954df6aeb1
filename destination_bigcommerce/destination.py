"""The destination, as hosts load it."""

import io
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import IO, Any, cast

import requests
from airbyte_cdk.connector import BaseConnector
from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    ConfiguredAirbyteCatalog,
    ConnectorSpecification,
    ConnectorSpecificationSerializer,
    DestinationSyncMode,
    Status,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_bigcommerce import lines
from destination_bigcommerce.api import CUSTOMERS, ORDERS, PRODUCTS, Api
from destination_bigcommerce.customers import Customers
from destination_bigcommerce.duplicates import Duplicates
from destination_bigcommerce.flow import Flow
from destination_bigcommerce.form import normalized, specification
from destination_bigcommerce.lookups import Lookups
from destination_bigcommerce.messages import (
    DUPLICATES,
    MODE_UNFIT,
    REJECTED,
    STOPPED,
    STREAM_UNASSIGNED,
)
from destination_bigcommerce.record import Order
from destination_bigcommerce.rejections import Rejections
from destination_bigcommerce.sender import Kind, Outcome, Sender
from destination_bigcommerce.skus import Skus
from source_bigcommerce.components.messages import GIVEN_UP, UNANSWERED
from source_bigcommerce.components.sync import Sync
from source_bigcommerce.questions import answers

LOGGER = logging.getLogger("airbyte")
_TRIES_OF_CHECK = 2
_NAMED = 5


class DestinationBigcommerce(Destination):
    """Sends the orders of a connection's streams to a store, each exactly once."""

    # `normalized` checks it, with messages in plain words.
    check_config_against_spec = False

    def spec(self, logger: logging.Logger) -> ConnectorSpecification:
        return ConnectorSpecificationSerializer.load(dict(specification()))

    @staticmethod
    def read_config(config_path: str) -> MutableMapping[str, Any]:
        """The form's entries in a file, normalized. Raises a config error."""
        return normalized(BaseConnector.read_config(config_path))

    def _parse_input_stream(self, input_stream: io.TextIOWrapper) -> Iterator[AirbyteMessage]:
        # The CDK logs a line that it cannot read and skips it. That may be an order.
        return lines.messages(cast(IO[bytes], input_stream.buffer))

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Checks the permission to change orders, and customers if the form says to create them.

        Sends changes without effect: to an order that does not exist, and to no customers.
        """
        try:
            config = normalized(config)
            sync = Sync(config, tries=_TRIES_OF_CHECK)
            api = Api(config, sync)
            questions = {
                "v2/orders": lambda: (
                    _unread(api, ORDERS, "v2/orders") or _refusal(api, ORDERS, "v2/orders/0", {})
                )
            }
            if config["customer"] == "create":
                questions["v3/customers"] = lambda: _refusal(api, CUSTOMERS, "v3/customers", [])
            if config["customer"] == "existing":
                questions["v3/customers"] = lambda: _unread(api, CUSTOMERS, "v3/customers")
            questions["v3/catalog"] = lambda: _unread(api, PRODUCTS, "v3/catalog/variants")
            began = time.monotonic()
            told = answers(questions, pause=lambda: sync.quotas.pause)
            sync.end()
            products = told.pop("v3/catalog", None)
            if lacking := [error for error in told.values() if error]:
                raise lacking[0]
            needed = [path for path in questions if path != "v3/catalog"]
            if unanswered := [f"/{path}" for path in needed if path not in told]:
                seconds = round(time.monotonic() - began)
                raise UNANSWERED.error(seconds=seconds, endpoints=", ".join(unanswered))
        except AirbyteTracedException as error:
            logger.warning(error.internal_message)
            return AirbyteConnectionStatus(status=Status.FAILED, message=error.message)
        note = f"Orders with SKUs cannot be sent. {products.message}" if products else None
        return AirbyteConnectionStatus(status=Status.SUCCEEDED, message=note)

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterator[AirbyteMessage]:
        """Settles the orders among the messages and passes states on (see Flow); not in a dry run.

        Raises a config error at the end if orders were rejected or are in the store twice. Raises
        at once what ends the sync early.
        """
        config = normalized(config)
        names = _streams_of_orders(config, configured_catalog)
        rejections = Rejections(config["rejected_path"])
        sync = Sync(config)
        try:
            yield from self._write(config, names, input_messages, sync, rejections)
        finally:
            sync.end()
            rejections.close()

    def _write(
        self,
        config: Mapping[str, Any],
        names: list[str],
        messages: Iterable[AirbyteMessage],
        sync: Sync,
        rejections: Rejections,
    ) -> Iterator[AirbyteMessage]:
        api, is_stopping, is_dry = Api(config, sync), threading.Event(), config["dry_run"]
        lookups = Lookups(api, config["patience_seconds"])
        lookups.begin()
        sender = Sender(api, lookups, is_stopping, is_dry)
        customers, skus = Customers(api, config["customer"], is_dry), Skus(api)
        duplicates = Duplicates(lookups)

        def prepare(orders: list[Order]) -> None:
            for order in orders:
                _fill_in(order, config)
            skus.resolve(orders)
            customers.resolve(order for order in orders if not order.rejected)

        def settle(order: Order) -> Outcome:
            outcome = sender.settle(order)
            duplicates.add(order.key, list(outcome.ids))
            return outcome

        flow = Flow(
            *(sync, names, prepare, settle, rejections, is_stopping),
            workers=config["num_workers"],
            goes_on=config["on_rejected"] == "continue",
            look_for_others=duplicates.look,
        )
        try:
            for state in flow.states(messages):
                if not is_dry:
                    yield state
        finally:
            told = [f"{count:,} {kind.value}" for kind, count in flow.counts.items()]
            LOGGER.info("Orders: %s.", ", ".join(told) or "none")
        _report(config, flow, duplicates)


def _report(config: Mapping[str, Any], flow: Flow, duplicates: Duplicates) -> None:
    """Raises an error for what must not be overlooked."""
    if flow.first_rejected and config["on_rejected"] == "stop":
        key, reason = flow.first_rejected
        raise STOPPED.error(key=key, reason=reason)
    if duplicates.found:
        named = list(duplicates.found.items())[:_NAMED]
        orders = "; ".join(f"{key}: {', '.join(map(str, ids))}" for key, ids in named)
        raise DUPLICATES.error(count=len(duplicates.found), orders=orders)
    if flow.first_rejected:
        key, reason = flow.first_rejected
        where = f" and in {config['rejected_path']}" if config["rejected_path"] else ""
        count, total = flow.counts[Kind.REJECTED], sum(flow.counts.values())
        raise REJECTED.error(count=count, total=total, key=key, reason=reason, where=where)


def _fill_in(order: Order, config: Mapping[str, Any]) -> None:
    """Fills fields that an order leaves out with the form's values."""
    defaults = {
        "status_id": config.get("default_status_id"),
        "channel_id": config.get("default_channel_id"),
        "external_source": config["external_source"] or None,
    }
    for name, value in defaults.items():
        if value is not None:
            order.body.setdefault(name, value)


def _streams_of_orders(config: Mapping[str, Any], catalog: ConfiguredAirbyteCatalog) -> list[str]:
    """Names of the streams that hold orders. Raises a config error."""
    chosen = config["streams"]
    names = [each.stream.name for each in catalog.streams]
    unassigned = [name for name in names if name not in chosen]
    if unassigned and (chosen or len(names) > 1):
        raise STREAM_UNASSIGNED.error(names=", ".join(unassigned))
    for each in catalog.streams:
        if each.destination_sync_mode == DestinationSyncMode.overwrite:
            raise MODE_UNFIT.error(name=each.stream.name)
    return names


def _refusal(api: Api, scope: str, path: str, nothing: Any) -> Any:
    """The error if the store refuses a change because of the token; None otherwise."""
    try:
        reply = api.send("PUT", path, nothing)
    except requests.RequestException as error:
        return GIVEN_UP.error(repr(error), answered=f"did not answer /{path}", tries=1)
    return api.problem(reply, scope) if reply.status_code in (401, 403) else None


def _unread(api: Api, scope: str, path: str) -> Any:
    """The error if the rows cannot be read; None otherwise."""
    try:
        api.rows(path, scope, limit=1)
    except AirbyteTracedException as error:
        return error
    return None
