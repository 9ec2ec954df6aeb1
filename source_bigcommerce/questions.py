"""Asks questions side by side, and waits for none too long."""

import threading
import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import TypeVar

# Seconds for an answer; a check may take 20, including the start of the program.
PATIENCE = 15.0
# Seconds for all answers, if the store asks for a pause again and again.
_LONGEST = 300.0

_NAME = "question"

Answer = TypeVar("Answer")


def answers(
    questions: Mapping[str, Callable[[], Answer]], pause: Callable[[], float]
) -> dict[str, Answer]:
    """The answers that arrive in time, by the names of the questions and in their order.

    A question without an answer hangs: in the look-up of the address, in a connection, or in a
    reply that does not arrive or does not end. Its thread is left alone.

    pause: returns the seconds for which the store lets nobody ask; they do not count.

    Raises what a question raises.
    """
    told: SimpleQueue[tuple[str, Callable[[], Answer]]] = SimpleQueue()

    def ask(name: str, question: Callable[[], Answer]) -> None:
        try:
            answer = question()
            told.put((name, lambda: answer))
        except BaseException as error:
            failure = error

            def fail() -> Answer:
                raise failure

            told.put((name, fail))

    # Daemons, because Python waits for all other threads when it ends.
    for question in questions.items():
        threading.Thread(target=ask, args=question, name=_NAME, daemon=True).start()
    found: dict[str, Answer] = {}
    end = time.monotonic() + _LONGEST
    deadline = end - _LONGEST + PATIENCE
    while len(found) < len(questions):
        now, paused = time.monotonic(), pause()
        if paused > 0:
            deadline = now + paused + PATIENCE
        if now >= min(deadline, end):
            break
        try:
            name, answer = told.get(timeout=min(1.0, min(deadline, end) - now))
            found[name] = answer()
        except Empty:
            continue
    return {name: found[name] for name in questions if name in found}


def hanging() -> bool:
    """Whether a question is still under way although nobody waits for it."""
    return any(thread.name == _NAME for thread in threading.enumerate())
