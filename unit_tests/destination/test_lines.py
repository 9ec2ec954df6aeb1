"""Lines of the input, read as messages."""

from __future__ import annotations

import io

import pytest
from airbyte_cdk.models import Type

from destination_bigcommerce.lines import GivenState, Unreadable, messages

RECORD = b'{"type": "RECORD", "record": {"stream": "orders", "data": {"a": 1}, "emitted_at": 0}}\n'


@pytest.mark.parametrize(
    "line",
    [b'{"type": "RECORD"}\n', b'{"type": "RECORD", "record": null}\n', b'{"type": "RECORD", "re'],
)
def test_a_record_without_data_is_not_passed_over(line: bytes) -> None:
    [message] = messages(io.BytesIO(line))
    assert message.record
    assert isinstance(message.record.data, Unreadable)


def test_a_mark_of_the_byte_order_hides_no_record() -> None:
    [message] = messages(io.BytesIO(b"\xef\xbb\xbf" + RECORD))
    assert message.record
    assert message.record.data == {"a": 1}


def test_a_state_keeps_all_that_it_came_with() -> None:
    line = '{"type":"STATE","state":{"type":"LEGACY","data":{"n":12345678901234567890123},"id":7}}'
    [state] = messages(io.BytesIO(line.encode()))
    assert isinstance(state, GivenState)
    assert (state.type, state.line) == (Type.STATE, line)
