"""Questions that are answered in time, and those that nobody waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from source_bigcommerce import questions
from source_bigcommerce.questions import answers, hanging


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "PATIENCE", 1.0)


@pytest.fixture
def hang() -> Iterator[Callable[[], str]]:
    """A question that is answered after the test."""
    over = threading.Event()
    yield lambda: str(over.wait())
    over.set()


def never() -> float:
    return 0.0


def test_answers_are_in_the_order_of_the_questions() -> None:
    def late() -> int:
        time.sleep(0.05)
        return 1

    found = answers({"a": late, "b": lambda: 2, "c": lambda: 3}, never)
    assert list(found.items()) == [("a", 1), ("b", 2), ("c", 3)]


def test_questions_that_hang_do_not_hold_up_the_other_answers(
    hang: Callable[[], str],
) -> None:
    began = time.monotonic()
    before = set(threading.enumerate())
    assert answers({"a": hang, "b": lambda: "yes", "c": hang}, never) == {"b": "yes"}
    assert 1 <= time.monotonic() - began < 5
    left = set(threading.enumerate()) - before
    assert len(left) == 2
    assert all(thread.daemon for thread in left)
    assert hanging()


def test_answers_have_their_time_after_a_pause_of_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = threading.Event()
    pauses = iter([1.5, 0.1])

    def pause() -> float:
        left = next(pauses, 0.0)
        if left <= 0.1:
            answered.set()
        return left

    assert answers({"a": answered.wait}, pause) == {"a": True}
    monkeypatch.setattr(questions, "_LONGEST", 0.3)
    assert answers({"a": threading.Event().wait}, lambda: 9.0) == {}


def test_answers_fail_if_a_question_fails() -> None:
    def fail() -> str:
        raise LookupError("no such stream")

    with pytest.raises(LookupError, match="no such stream"):
        answers({"a": fail}, never)
