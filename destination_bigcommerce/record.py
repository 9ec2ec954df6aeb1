"""Turns a record into an order, or lists everything that is wrong with it."""

import math
import pkgutil
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from hashlib import blake2b
from typing import Any

import orjson
import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

# The number of digits that a float keeps for sure.
_SURE_DIGITS = 15
_DECIMALS = 4
_LARGEST = 2**20
_MONEY = re.compile(r"[0-9]{1,15}(?:[.][0-9]{1,4})?")
_MAIL = re.compile(r"[^\s@,;:<>()\"\\]+@[^\s@,;:<>()\"\\]+\.[^\s@,;:<>()\"\\.]+")
_LINES = "\t\n\r"
_MOST_PROBLEMS = 20


class Rejected(Exception):
    """An order that cannot be sent. `str()` is the reason; `words` are the API's own, if any."""

    def __init__(self, reason: str, words: str = "") -> None:
        super().__init__(reason)
        self.words = words


@dataclass
class Order:
    """An order that may be sent.

    key: its `external_order_id`.
    body: what `POST /v2/orders` takes, except that lines may have a SKU.
    customer: `email`, `first_name`, ... of the customer; empty if the record names none.
    digest: equal for equal records.
    record: the record as it came.
    rejected: why the store cannot take it.
    """

    key: str
    body: dict[str, Any]
    customer: dict[str, Any]
    digest: bytes
    record: Any = field(repr=False)
    rejected: Rejected | None = None

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The line items of the order, including those of pickups."""
        pickups = self.body.get("consignments", {}).get("pickups", [])
        return [
            line
            for part in [self.body, *pickups]
            for line in part.get("products", part.get("line_items", []))
        ]


def order_of(record: Any) -> Order:
    """The order that a record describes.

    Raises Rejected with everything that is wrong with the record, by field.
    """
    if not isinstance(record, Mapping):
        raise Rejected(getattr(record, "reason", "the record is no order: it is not an object"))
    try:
        return _order_of(record)
    except (RecursionError, TypeError) as error:
        raise Rejected(f"the record cannot be written as JSON: {type(error).__name__}") from error


def _order_of(record: Mapping[str, Any]) -> Order:
    problems = list(_too_large(record))
    if not problems:
        given = _without_nulls(record)
        errors = sorted(_validator().iter_errors(given), key=lambda error: error.json_path)
        problems = list(dict.fromkeys(each for error in errors for each in _said(error)))
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        shown = problems[:_MOST_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
        raise Rejected("; ".join(shown))
    body = _as_sent(given, _schema())
    digest = blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
    customer = body.pop("customer", {})
    return Order(body["external_order_id"], body, customer, digest, record)


def key_of(record: Any) -> str:
    """The key of a record for messages, of whatever type; empty if there is none."""
    key = record.get("external_order_id") if isinstance(record, Mapping) else None
    return _shown(key if isinstance(key, str) else "" if key is None else repr(key))


def _shown(text: str) -> str:
    """The text without half characters, at which writing a message would fail."""
    return "".join(each if each.isprintable() else "?" for each in text[:80])


@cache
def _schema() -> dict[str, Any]:
    loader = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
    schema: dict[str, Any] = yaml.load(pkgutil.get_data(__package__, "order.yaml") or b"", loader)
    return schema


def _without_nulls(value: Any) -> Any:
    """Without fields that are null: tables fill what is missing with nulls."""
    if isinstance(value, Mapping):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _too_large(record: Mapping[str, Any]) -> Iterator[str]:
    sizes = {name: _size(value) for name, value in record.items()}
    if sum(sizes.values()) > _LARGEST:
        largest = max(sizes, key=lambda name: sizes[name])
        yield f"{_shown(largest)}: too long, an order may have a megabyte"


def _size(value: Any) -> int:
    try:
        return len(orjson.dumps(value))
    except TypeError:  # an integer beyond 64 bits, or half a character
        return len(repr(value))


def _as_sent(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value with each amount of money as text, or as a number with the same digits."""
    if isinstance(value, dict):
        return {
            name: _as_sent(each, schema.get("properties", {}).get(name, {}))
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_as_sent(each, schema.get("items", {})) for each in value]
    if schema.get("money") == "text":
        return f"{Decimal(str(value)):f}"
    if schema.get("money") == "number" and isinstance(value, str):
        return float(value) if "." in value else int(value)
    return value


# What is wrong


@cache
def _validator() -> Draft7Validator:
    own = {"money": _money, "chars": _chars, "mail": _mail, "rfc2822": _rfc2822}
    types = Draft7Validator.TYPE_CHECKER.redefine("integer", _is_whole).redefine(
        "number", _is_number
    )
    return extend(Draft7Validator, own, type_checker=types)(_schema())  # type: ignore[no-untyped-call, no-any-return]


def _is_whole(_: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: Any, value: Any) -> bool:
    return _is_whole(_, value) or (isinstance(value, float) and math.isfinite(value))


def _money(_: Any, kind: str, value: Any, __: Any) -> Iterator[ValidationError]:
    if not (isinstance(value, str) or _is_number(_, value)):
        return
    text = value if isinstance(value, str) else f"{Decimal(repr(value)):f}"
    text = text.removesuffix(".0")
    is_sure = kind == "text" and not isinstance(value, float)
    digits = len(text.replace(".", "").lstrip("0"))
    if text.startswith("-"):
        yield ValidationError("is less than 0")
    elif len(text.partition(".")[2]) > _DECIMALS or (digits > _SURE_DIGITS and not is_sure):
        yield ValidationError("has too many digits: write it as text, with 4 decimals at most")
    elif not _MONEY.fullmatch(text):
        yield ValidationError("is not an amount such as 12.50")


def _chars(_: Any, kind: str, value: Any, __: Any) -> Iterator[ValidationError]:
    if not isinstance(value, str):
        return
    allowed = _LINES if kind == "text" else ""
    if any(unicodedata.category(each) in ("Cc", "Cs") and each not in allowed for each in value):
        yield ValidationError("has control characters")
    if kind == "key" and value != value.strip():
        yield ValidationError("begins or ends with a space")
    if kind == "key" and not unicodedata.is_normalized("NFC", value):
        yield ValidationError(
            "is not in Unicode's composed form (NFC), and might not be found again"
        )


def _mail(_: Any, __: bool, value: Any, ___: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and value and not _MAIL.fullmatch(value):
        yield ValidationError("is no e-mail address")


def _rfc2822(_: Any, __: bool, value: Any, ___: Any) -> Iterator[ValidationError]:
    try:
        parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        yield ValidationError("is not a date such as Tue, 20 Nov 2012 00:00:00 +0000")


_SAID = {
    "type": "is not {value}",
    "enum": "is none of {value}",
    "minimum": "is less than {value}",
    "maximum": "is more than {value}",
    "minLength": "has fewer characters than {value}",
    "maxLength": "has more characters than {value}",
    "minItems": "is empty",
    "maxItems": "has more entries than {value}",
    "pattern": "is not of the form {value}",
}


def _said(error: ValidationError) -> Iterator[str]:
    """The problem in words, with the field's name: `products[0].quantity: is missing`."""
    where = error.json_path.removeprefix("$").removeprefix(".")
    wanted: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    if error.validator == "required":
        names = [name for name in wanted if name not in instance]
        yield from (f"{_joined(where, name)}: is missing" for name in names)
    elif error.validator == "additionalProperties":
        known = schema["properties"]
        for name in sorted(set(instance) - set(known)):
            yield f"{_joined(where, _shown(str(name)))}: is not a field that can be sent"
    elif error.validator == "dependencies":
        for name, needed in wanted.items():
            if name in instance and isinstance(needed, list):
                lacking = [each for each in needed if each not in instance]
                yield from (f"{each}: is missing beside {name}" for each in lacking)
    elif error.validator in ("anyOf", "oneOf", "not"):
        yield f"{where or 'the order'}: {schema['say']}"
    else:
        shown = " or ".join(map(str, wanted)) if isinstance(wanted, list) else wanted
        yield f"{where}: {_SAID.get(str(error.validator), error.message).format(value=shown)}"


def _joined(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
