"""A store to sync from, and PyAirbyte without network and without traces in the home folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from sandbox import Sandbox


@pytest.fixture(scope="session", autouse=True)
def _quiet_pyairbyte(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # PyAirbyte reads these when it is imported, so tests import it within.
    folder = str(tmp_path_factory.mktemp("pyairbyte"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AIRBYTE_OFFLINE_MODE", "DO_NOT_TRACK"):
            patch.setenv(name, "1")
        for name in ("AIRBYTE_LOGGING_ROOT", "AIRBYTE_TEMP_DIR", "AIRBYTE_PROJECT_DIR"):
            patch.setenv(name, folder)
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "127.0.0.1")
        yield


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """PyAirbyte's log and the connector's have the same name, and PyAirbyte silences it."""
    logger = logging.getLogger("airbyte")
    level, handlers, propagate = logger.level, list(logger.handlers), logger.propagate
    yield
    logger.setLevel(level)
    logger.handlers, logger.propagate = handlers, propagate


@pytest.fixture
def store() -> Iterator[Sandbox]:
    """A store of the test's own, to change."""
    with Sandbox(orders=260, customers=60, products=30, brands=10) as opened:
        yield opened
