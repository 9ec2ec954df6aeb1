"""Reads the messages on standard input, and skips none."""

import codecs
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import orjson
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer, AirbyteRecordMessage, Type

LOGGER = logging.getLogger("airbyte")
_LONGEST = 16 * 2**20


@dataclass(frozen=True)
class Unreadable:
    """Stands in for a record that could not be read: the reason, and the text."""

    reason: str
    text: str


@dataclass
class GivenState(AirbyteMessage):
    """A state with its line, which holds more than the framework's model keeps.

    Airbyte's platform puts an `id` into each state, and ends the sync if a state comes back without
    it: https://github.com/airbytehq/airbyte-platform
    """

    line: str = ""


def messages(lines: IO[bytes]) -> Iterator[AirbyteMessage]:
    """The messages of an input with one message on each line.

    A line that begins like a message but was cut, or is too long, becomes a record of the stream ""
    with `Unreadable` as its data. Any other line is not a message, but the output of some program.
    A state becomes a GivenState.
    """
    number = 0
    while line := lines.readline(_LONGEST + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if len(line) > _LONGEST:
            while not line.endswith(b"\n") and (more := lines.readline(_LONGEST)):
                line = line[:80] + more[-1:]
            yield _unreadable(
                f"line {number} is longer than {_LONGEST // 2**20} megabytes", line[:80]
            )
        elif line.lstrip().startswith(b"{"):
            yield _message(line, number)
        elif line.strip():
            LOGGER.warning("Line %s of the input is no message.", number)


def _message(line: bytes, number: int) -> AirbyteMessage:
    try:
        message = AirbyteMessageSerializer.load(_parsed(line))
    except Exception as error:
        return _unreadable(f"line {number} is no message: {type(error).__name__}", line)
    if (message.type, message.record) == (Type.RECORD, None):
        return _unreadable(f"line {number} is a record without data", line)
    if message.type == Type.STATE:
        text = line.decode(errors="replace").strip()
        return GivenState(type=Type.STATE, state=message.state, line=text)
    return message


def _parsed(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        # Integers beyond 64 bits and half characters are refused later, with the name of the field.
        return json.loads(line)


def _unreadable(reason: str, line: bytes) -> AirbyteMessage:
    data: Any = Unreadable(reason, line.decode(errors="replace"))
    record = AirbyteRecordMessage(stream="", data=data, emitted_at=0)
    return AirbyteMessage(type=Type.RECORD, record=record)
