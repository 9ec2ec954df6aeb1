"""For all tests: the same drawn examples in each run, and no process without its mark."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import Any

import pytest

# Airbyte's own command runs its suite in an environment without hypothesis.
with suppress(ImportError):
    from hypothesis import settings

    # The same examples in each run, and no deadline; --hypothesis-profile names another.
    settings.load_profile("ci")


@pytest.fixture(autouse=True)
def _no_process_without_a_mark(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make quick` leaves out the tests that start processes: those are marked."""
    marks = {mark.name for mark in request.node.iter_markers()}
    if not marks & {"process", "hosts", "image_tests"}:
        monkeypatch.setattr(subprocess, "Popen", _refused)


def _refused(*_: Any, **__: Any) -> None:
    pytest.fail("this test starts a process: mark it with pytest.mark.process")
