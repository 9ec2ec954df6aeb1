"""The connector, as hosts load it."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    FailureType,
    Status,
)
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_bigcommerce.components.budget import StoreBudget
from source_bigcommerce.components.messages import (
    NO_ACCESS,
    STREAM_UNKNOWN,
    STREAMS_UNREADABLE,
    UNANSWERED,
)
from source_bigcommerce.components.progress import Progress
from source_bigcommerce.probes import answers

# Records that wait to be printed: two pages. A sync of longer queues is no faster.
_QUEUED = 500


class SourceBigcommerce(YamlDeclarativeSource):
    """The manifest, with the budget and the check that it cannot declare.

    Raises AirbyteTracedException (config error) for a configuration that cannot work.
    """

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
        config_path: str | None = None,
        **_: Any,
    ) -> None:
        # The CDK warns that it sees no REDUCE_PAGE_SIZE; it cannot look into our error handler.
        logging.getLogger("airbyte.model_to_component_factory").addFilter(
            lambda record: "REDUCE_PAGE_SIZE" not in record.getMessage()
        )
        super().__init__(
            path_to_yaml="manifest.yaml",
            catalog=catalog,
            config=config,
            state=state,
            config_path=config_path,
        )
        # The manifest can only declare the CDK's budgets, which misread BigCommerce's headers; the
        # factory hands this one to every requester. A private attribute: see unit_tests.
        self._budget = StoreBudget(self._config.get("quota_share", 100))
        self._constructor._api_budget = self._budget  # type: ignore[assignment]
        self._progress = Progress.begin(self._config)
        # The CDK lets 10,000 records wait to be printed: of full-size orders, a hundred megabytes.
        self._concurrent_source._queue.maxsize = _QUEUED

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Reads the catalog's streams, tells how far it is, and each error of a stream once.

        Raises a config error in the end if a stream does not exist: the CDK marks it as incomplete,
        and ends without a word as if all were well.
        """
        errors: dict[tuple[str, str | None], FailureType | None] = {}
        try:
            for message in super().read(logger, config, catalog, state):
                if message.trace and (error := message.trace.error):
                    key = (str(error.stream_descriptor), error.message)
                    if key in errors:
                        continue  # a window of the stream said so already
                    errors[key] = error.failure_type
                self._progress.add(message)
                yield message
                yield from self._progress.estimates()
                if self._progress.is_due():
                    self._report(logger)
        except AirbyteTracedException as failure:
            # Of whatever streams failed of the CDK makes a config error; those are not tried again.
            kinds = [kind for kind in errors.values() if kind and kind != FailureType.config_error]
            failure.failure_type = kinds[0] if kinds else failure.failure_type
            raise
        finally:
            self._report(logger)
        yield from self._progress.estimates(is_last=True)
        known = {stream["name"] for stream in self.resolved_manifest["streams"]}
        asked = {configured.stream.name for configured in catalog.streams}
        if unknown := ", ".join(sorted(asked - known)):
            raise STREAM_UNKNOWN.error(names=unknown)

    def _report(self, logger: logging.Logger) -> None:
        report = self._progress.report(self._budget.sent, self._budget.state)
        logger.info("Progress: %s.", report)

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Asks for one row behind each scope, all at once.

        Fails when nothing can be read, in one sentence. Succeeds otherwise, and says which streams
        will not work and which scopes they need.

        An endpoint that hangs costs no more than the patience of `probes`, and is named.

        The manifest's CheckStream stops at the first stream that fails, one after the other.
        """
        streams_of: dict[str, list[str]] = defaultdict(list)
        for stream in self.resolved_manifest["streams"]:
            streams_of[stream["$parameters"]["scope"]].append(stream["name"])
        with self._config_overridden_for_check(self.resolved_manifest["check"]["config_overrides"]):
            streams = {stream.name: stream for stream in self.streams(config)}
        began = time.monotonic()
        questions = {
            scope: streams[names[0]].check_availability for scope, names in streams_of.items()
        }
        results = answers(questions, pause=lambda: self._budget.pause)
        problems = {
            scope: result.reason or "no reason given"
            for scope, result in results.items()
            if not result.is_available
        }
        unanswered = {scope: names for scope, names in streams_of.items() if scope not in results}
        if not problems and not unanswered:
            return AirbyteConnectionStatus(status=Status.SUCCEEDED)

        # The reason for a stream may be a scope of another: transactions are read through orders.
        lacking: dict[str, list[str]] = defaultdict(list)
        sentences: list[str] = []
        for scope, reason in problems.items():
            lacked = next((known for known in streams_of if known in reason), None)
            if lacked:
                lacking[lacked] += streams_of[scope]
            elif reason not in sentences:
                sentences.append(reason)
        if unanswered:
            endpoints = "; ".join(
                f"/{self._endpoint_of(names[0])} ({', '.join(names)})"
                for names in unanswered.values()
            )
            where = endpoints if len(unanswered) < len(streams_of) else self._config["api_url"]
            seconds = round(time.monotonic() - began)
            sentences.append(UNANSWERED.message(seconds=seconds, endpoints=where))
        if len(problems) + len(unanswered) == len(streams_of):
            return AirbyteConnectionStatus(
                status=Status.FAILED, message=sentences[0] if sentences else NO_ACCESS.message()
            )
        if lacking:
            needs = "; ".join(
                f"{', '.join(names)} need{'s' * (len(names) == 1)} the scope {scope}"
                for scope, names in lacking.items()
            )
            sentences.append(STREAMS_UNREADABLE.message(needs=needs))
        message = " ".join(sentences)
        logger.warning(message)
        return AirbyteConnectionStatus(status=Status.SUCCEEDED, message=message)

    def _endpoint_of(self, name: str) -> str:
        of_all = (stream["$parameters"] for stream in self.resolved_manifest["streams"])
        return next(str(each["endpoint"]) for each in of_all if each["name"] == name)
