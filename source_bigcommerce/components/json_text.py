"""JSON as stores send it: valid, except for half an emoji or an id of thirty digits."""

import json
import math
import re
from typing import Any

import orjson

# Half of a surrogate pair, and NUL, which no database takes.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
# A run of more digits than orjson's integers have: orjson would round it.
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_MANY_DIGITS = b"0" * 20
_MOST_DIGITS = 4000


def parsed(body: bytes) -> Any:
    """The value of a JSON text.

    Invalid text (half a surrogate pair, bytes that are no UTF-8, NUL) becomes U+FFFD, integers keep
    all their digits, and NaN and Infinity, which are no JSON, become None. If two fields have the
    same name, the last one counts.

    Raises ValueError for a text that is empty, cut off or otherwise not JSON.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return _leniently(body)
        except (RecursionError, ValueError):
            pass
        raise
    if _MANY_DIGITS in body.translate(_DIGITS) or (b"\\" in body and b"\\u0000" in body):
        return _leniently(body)
    return value


def _leniently(body: bytes) -> Any:
    text = body.decode(json.detect_encoding(body), "replace")
    # strict=False accepts line breaks and tabs within a text.
    value = json.loads(
        text,
        strict=False,
        parse_int=lambda digits: int(digits) if len(digits) < _MOST_DIGITS else digits,
        parse_float=_float,
        parse_constant=lambda name: None,
    )
    return _cleaned(value)


def _float(digits: str) -> float | str:
    return near if math.isfinite(near := float(digits)) else digits


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _NO_TEXT.sub("\ufffd", value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(item) for name, item in value.items()}
    return value
