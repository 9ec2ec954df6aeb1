"""Bodies that are almost JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_bigcommerce.components.reply import parsed

BIG = 123456789012345678901234567890


@pytest.mark.parametrize(
    ("body", "value"),
    [
        # Half a surrogate pair, either half, in values and names; whole ones are text.
        (rb'[{"id": 101, "m": "thanks \ud83d"}]', [{"id": 101, "m": "thanks \ufffd"}]),
        (rb'{"\ude00": "\ude00\ud83d"}', {"\ufffd": "\ufffd\ufffd"}),
        (rb'["\ud83d", "\ud83d\ude00"]', ["\ufffd", "\U0001f600"]),
        # NUL, and text that only looks like it.
        (rb'["a\u0000b"]', ["a\ufffdb"]),
        (rb'["\\u0000", "\\ud83d"]', [r"\u0000", r"\ud83d"]),
        # Bytes that are no UTF-8, also in the middle of a character.
        (b'["caf\xe9", "\xed\xa0\xbd"]', ["caf\ufffd", "\ufffd\ufffd\ufffd"]),
        # A byte order mark, and the encodings that it can stand for.
        (b"\xef\xbb\xbf[1]", [1]),
        ('["é"]'.encode("utf-16"), ["é"]),
        # Raw line breaks within a text.
        (b'["a\nb\tc"]', ["a\nb\tc"]),
        # Integers of any length, with their digits, and texts that hold as many.
        (b'{"a": %d, "b": [-%d, 1]}' % (BIG, BIG), {"a": BIG, "b": [-BIG, 1]}),
        (b"[18446744073709551615, 18446744073709551616]", [2**64 - 1, 2**64]),
        (b'["%d"]' % BIG, [str(BIG)]),
        (b"[" + b"1" * 5000 + b"]", ["1" * 5000]),
        # No JSON, or numbers that no computer holds.
        (b"[NaN, Infinity, -Infinity]", [None, None, None]),
        (b"[1e999]", ["1e999"]),
        # Two fields of one name.
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (rb'{"a": 1, "a": "\ud83d"}', {"a": "\ufffd"}),
    ],
)
def test_a_body_that_is_nearly_json_is_read(body: bytes, value: Any) -> None:
    assert parsed(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<html>",
        b'[{"id": 1}',
        rb'[{"id": 101, "m": "thanks \ud83d',
        rb'[{"id": 101, "m": "thanks \ud83d"}',
        b'[{"id": 1}]<!-- served by -->',
        b"{'a': 1}",
        b"[1,]",
        b'{"a": caf\xe9}',
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_cut_or_no_json_is_an_error(body: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        parsed(body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_as_it_is_except_nul(value: Any) -> None:
    expected = json.loads(json.dumps(value).replace("\\u0000", "\ufffd"))
    assert "\\\\u0000" in json.dumps(value) or parsed(json.dumps(value).encode()) == expected
