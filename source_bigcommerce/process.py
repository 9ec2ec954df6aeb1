"""What a command of this package does as a process: its signals, its output, its end."""

import contextlib
import ctypes
import io
import json
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from source_bigcommerce.questions import hanging

# The framework is imported where it is used, so that signals are handled from the start.
if TYPE_CHECKING:
    from airbyte_cdk.models import AirbyteMessage

FAILED, MISUSED = 1, 2
_INTERRUPTED, _NOT_READ, _TERMINATED = 130, 141, 143
_MOMENT = 0.5
_KINDS = {"config": "configuration"}
_ARENA_MAX = -8  # its number in glibc's malloc.h
_Read = TypeVar("_Read")


def run_to_the_end(work: Callable[[list[str]], None]) -> None:
    """Does what the command line says, and ends the process whatever its threads do.

    It ends with 1 after an error, 2 if it is misused, 130 if it is interrupted and 143 if it is
    terminated (both at once), and 141 if nobody reads its output.

    work: takes the arguments of the command line.

    Raises SystemExit.
    """
    others = threading.enumerate()
    signal.signal(signal.SIGTERM, _terminate)
    # If logging fails, it must not write about that anywhere else.
    logging.raiseExceptions = False
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # JSON is UTF-8, whatever the locale says.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    _share_freed_memory()
    code = _code_of(lambda: work(sys.argv[1:]))
    unwritten = _code_of(lambda: sys.stdout.flush())
    # A question that hangs has a daemon thread, but Python waits for the threads of its pool.
    if unwritten or code == _INTERRUPTED or hanging() or _are_left(others):
        # Otherwise the interpreter tries to write again, and waits for threads that wait for a
        # reply, a pause or room in the record queue.
        os._exit(unwritten or code)
    sys.exit(code)


def _share_freed_memory() -> None:
    """Lets all threads use what one of them freed.

    glibc gives threads heaps of their own, and keeps what is freed there for their next replies: a
    hundred megabytes with ten workers. To give each reply back to the system costs a fifth of the
    time of a read, because new memory comes in small pages.
    https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def _terminate(*_: object) -> None:
    """Ends the process by the signal itself: PyAirbyte treats an exit with 143 as a failure."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.raise_signal(signal.SIGTERM)
    # The first process of a container is not ended by a signal that it does not handle.
    os._exit(_TERMINATED)


def _are_left(others: list[threading.Thread]) -> bool:
    """Whether threads other than these still run after a moment."""
    deadline = time.monotonic() + _MOMENT
    ours = [each for each in threading.enumerate() if each not in others and not each.daemon]
    for thread in ours:
        thread.join(max(0.0, deadline - time.monotonic()))
    return any(thread.is_alive() for thread in ours)


def _code_of(work: Callable[[], Any]) -> int:
    try:
        work()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        return _NOT_READ
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        # The framework's hook: an error in the log, and one as a trace message.
        with contextlib.suppress(BaseException):
            sys.excepthook(*sys.exc_info())
        return FAILED
    return 0


def read_file(reader: Callable[[str], _Read], path: str | None) -> _Read | None:
    """The content of a file named on the command line; None if none was named.

    reader: a method `read_config`, `read_catalog` or `read_state` of the framework.

    Raises a config error that says what is wrong with the file.
    """
    if not path:
        return None
    from source_bigcommerce.components import messages

    option = reader.__name__.removeprefix("read_")
    named = {"path": path, "option": option, "kind": _KINDS.get(option, option)}
    try:
        return reader(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise messages.FILE_MISSING.error(str(error), **named) from error
    except PermissionError as error:
        user = os.geteuid() if hasattr(os, "geteuid") else "it"
        raise messages.FILE_FORBIDDEN.error(str(error), user=user, **named) from error
    except UnicodeDecodeError as error:
        # The error's repr holds the whole file.
        raise messages.FILE_NO_JSON.error(str(error), where="it is not UTF-8", **named) from None
    except Exception as error:
        if isinstance(error.__context__, json.JSONDecodeError):
            where = f"see line {error.__context__.lineno}, column {error.__context__.colno}"
            raise messages.FILE_NO_JSON.error(str(error), where=where, **named) from None
        raise messages.FILE_UNREADABLE.error(repr(error), **named) from error


def end_with_the_reader() -> None:
    """Ends the process once nobody reads its output, even while it waits for the API."""
    if not hasattr(select, "poll"):
        return
    output = select.poll()
    output.register(sys.__stdout__.fileno() if sys.__stdout__ else 1, 0)

    def watch() -> None:
        if output.poll()[0][1] & (select.POLLERR | select.POLLHUP):
            time.sleep(1)  # the sync may be ending anyway
            os._exit(_NOT_READ)

    threading.Thread(target=watch, name="reader", daemon=True).start()


def fail(error: Exception, command: str) -> None:
    """Reports that a command cannot begin: `check` by a failed status, others by a trace message.

    Raises SystemExit in the latter case.
    """
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException

    traced = (
        error
        if isinstance(error, AirbyteTracedException)
        else AirbyteTracedException.from_exception(error)
    )
    status = traced.as_connection_status_message()
    if command == "check" and status:
        print_message(status)
        return
    print_message(traced.as_sanitized_airbyte_message())
    sys.exit(FAILED)


def print_message(message: "AirbyteMessage") -> None:
    """Prints a message at once, and in one piece even if other threads log."""
    import orjson
    from airbyte_cdk.models import AirbyteMessageSerializer

    print_line(orjson.dumps(AirbyteMessageSerializer.dump(message)).decode())


def print_line(text: str) -> None:
    """Prints a line at once, and in one piece."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
