"""Values as the schema declares them, whatever the API made of them."""

import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import InitVar, dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from airbyte_cdk.sources.declarative.schema.json_file_schema_loader import JsonFileSchemaLoader
from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

from source_bigcommerce.components.dates import UnreadableDate, iso_date, iso_day

LOGGER = logging.getLogger("airbyte")
Fix = Callable[[Any], Any]
Work = list[tuple[str, Fix | None]]  # names of fields, and what to do with them; None: they go
Plan = tuple[list[str], Work]  # names of all fields, and what to do with some
Talk = Callable[[str, str], None]
_MANY_SHAPES = 1000
_LINK = {"url", "resource"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d{1,2})?", re.ASCII)
_FLAGS = {
    **dict.fromkeys(("true", "1", "yes", "y", "on"), True),
    **dict.fromkeys(("false", "0", "no", "n", "off"), False),
}
_NOTHING: tuple[Any, ...] = ([], {})
PYTHON: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


class Unfit(ValueError):
    """A value that cannot be converted to the declared type without loss."""


def integer(value: Any) -> Any:
    """Turns `"13"`, `"13.00"`, `13.0` and `"1e3"` into integers, and an empty text into None.

    Raises Unfit for anything that is no whole number.
    """
    number = _number(value)
    if number is None:
        return None
    try:
        whole = int(number)
    except (OverflowError, ValueError) as error:
        raise Unfit from error
    if whole != number:
        raise Unfit
    return whole


def whole(value: Any) -> Any:
    """Like integer, but keeps other values. For keys that are read before the schema applies."""
    if type(value) is int:
        return value
    try:
        return integer(value)
    except Unfit:
        return value


def number(value: Any) -> Any:
    """Raises Unfit for anything that is no number, or has more digits than a float holds."""
    exact = _number(value)
    if not isinstance(exact, Decimal):
        return exact
    if value.strip().lstrip("+-").isdigit():
        return int(exact)
    if not exact.is_finite() or Decimal(repr(near := float(exact))) != exact:
        raise Unfit
    return near


def _number(value: Any) -> Any:
    """Turns a text into a Decimal and a flag into 0 or 1; returns a number as it is."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if _NUMBER.fullmatch(text):
            return Decimal(text)
    raise Unfit


def text(value: Any) -> str:
    """Turns a number into text with its JSON digits: `12.5` into `"12.5"`, never `"1e-05"`.

    Raises Unfit for lists and objects.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        try:
            return str(value) if isinstance(value, int) else format(Decimal(repr(value)), "f")
        except ValueError as error:
            raise Unfit from error
    raise Unfit


def flag(value: Any) -> bool | None:
    """Turns `"true"`, `"1"` and 1 into True, and an empty text into None.

    Raises Unfit for anything that is neither.
    """
    if isinstance(value, str):
        if not (word := value.strip().lower()):
            return None
        if word in _FLAGS:
            return _FLAGS[word]
    elif value in (0, 1):
        return bool(value)
    raise Unfit


_SCALARS: Mapping[str, Fix] = {
    "string": text,
    "integer": integer,
    "number": number,
    "boolean": flag,
}


class Shapes(ABC):
    """Changes the fields of an object, in place.

    It decides once for each shape what to do: for the names of a row's fields and the types of
    their values. Nearly no field of an order needs more.
    """

    def __init__(self) -> None:
        self._plans: dict[tuple[Any, ...], Plan] = {}
        # By the types only: hashing the names, too, takes longer than comparing them.
        self._by_types: dict[tuple[type, ...], Plan] = {}

    @abstractmethod
    def _work(self, row: dict[str, Any]) -> Work:
        """What to do with the fields of rows of this shape."""

    def fit(self, row: dict[str, Any]) -> dict[str, Any]:
        plan = self._by_types.get(types := tuple(map(type, row.values())))
        if plan is None or plan[0] != [*row]:
            plan = self._plan(row, types)
        for name, fix in plan[1]:
            if fix:
                row[name] = fix(row[name])
            else:
                del row[name]
        return row

    def _plan(self, row: dict[str, Any], types: tuple[type, ...]) -> Plan:
        if not (plan := self._plans.get(shape := (*row, *types))):
            plan = [*row], self._work(row)
        if shape in self._plans or len(self._plans) < _MANY_SHAPES:
            self._plans[shape] = self._by_types[types] = plan
        return plan


class _Object(Shapes):
    """Fits the fields of an object."""

    def __init__(self, fields: "Mapping[str, Field]") -> None:
        super().__init__()
        self._fields = fields

    def _work(self, row: dict[str, Any]) -> Work:
        return [
            (name, fix)
            for name, value in row.items()
            if (field := self._fields.get(name)) and (fix := field.fix_for(type(value)))
        ]


class Field:
    """Fits a value to its schema."""

    def __init__(self, declared: Mapping[str, Any], path: str, say: Talk) -> None:
        self._path, self._say = path, say
        kinds = declared.get("type", [])
        self._kinds = [
            kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"
        ]
        self._date = {"date-time": iso_date, "date": iso_day}.get(declared.get("format", ""))
        self._python = {each for kind in self._kinds for each in PYTHON[kind]}
        self.object = self._object_of(declared.get("properties", {}))
        items = declared.get("items")
        self._items = self._part(items, f"{path}[]") if items else None

    def _part(self, declared: Mapping[str, Any], path: str) -> "Field":
        """One of its fields, or its items."""
        return Field(declared, path, self._say)

    def _object_of(self, properties: Mapping[str, Any]) -> Shapes | None:
        """What fits its fields; None if that is no work."""
        # An order has five links to its parts, and these hold nothing but text.
        if not properties or set(properties) == _LINK:
            return None
        return _Object({name: self._part(*each) for name, each in self._below(properties)})

    def _below(
        self, properties: Mapping[str, Any]
    ) -> Iterator[tuple[str, tuple[Mapping[str, Any], str]]]:
        """The name, schema and path of each field."""
        for name, declared in properties.items():
            yield name, (declared, f"{self._path}.{name}" if self._path else name)

    def fix_for(self, kind: type) -> Fix | None:
        """What to do with values of this type; None for nothing."""
        if kind is type(None) or not self._kinds:
            return None
        if self._date:
            return self._dated
        if not self.declares(kind):
            return self._fitted
        if kind is dict:
            return self.object.fit if self.object else None
        if kind is list:
            return self._listed if self._items else None
        return None

    def declares(self, kind: type) -> bool:
        return not self._kinds or bool(self._date) or kind in self._python

    def fix(self, value: Any) -> Any:
        fix = self.fix_for(type(value))
        return fix(value) if fix else value

    def _dated(self, value: Any) -> Any:
        assert self._date
        try:
            return self._date(value)
        except UnreadableDate:
            self._say(self._path, f"{masked(value)} is not a date, and leaves as null")
            return None

    def _listed(self, values: list[Any]) -> list[Any]:
        if self._items and values:
            kinds = set(map(type, values))
            fix = self._items.fix_for(kinds.pop()) if len(kinds) == 1 else self._items.fix
            if fix:
                values[:] = map(fix, values)
        return values

    def _fitted(self, value: Any) -> Any:
        """Converts to the first declared type that the value fits; otherwise leaves it as it is."""
        for kind in self._kinds:
            try:
                if kind == "object" and value == []:
                    return {}  # PHP's empty object
                if kind == "array":
                    return self._listed([] if value == {} else self._alone(value))
                if kind in _SCALARS:
                    return None if value in _NOTHING else _SCALARS[kind](value)
            except Unfit:
                continue
        if value == "":
            return None
        self._say(self._path, f"what came is no {' or '.join(self._kinds)}, as declared")
        return value

    def _alone(self, value: Any) -> list[Any]:
        """Makes a list of one if the API sends a lone item in place of a list."""
        items = self._items
        if items and value != "" and items.declares(type(value)):
            return [value]
        raise Unfit


def masked(value: Any) -> str:
    """The shape of a value, for the log: `99/aaa` for `12/Dec`."""
    if not isinstance(value, (str, int, float)):
        return "a list" if isinstance(value, list) else "an object"
    shape = re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", str(value)[:40]))
    return shape.encode("ascii", "replace").decode()


class Say:
    """Logs once per field what is wrong with its values."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._said: dict[str, object] = {}

    def __call__(self, path: str, words: str) -> None:
        mine = object()
        if self._said.setdefault(path, mine) is mine:
            LOGGER.warning(f"{self._stream}.{path}: {words}. This is said once.")


@dataclass
class Values(RecordTransformation):
    """Converts each value to the type in the stream's schema: dates to ISO 8601, and so on.

    A value that means "no date", or is unreadable as one, becomes null. Any other value that does
    not fit stays as it is. The log says both once.

    Not YAML: AddFields takes 20 µs a field, and a list of fields in the manifest would repeat the
    schema; schema_normalization takes more than the rest of a read, and turns null into "None".

    Before: `{"id": "4", "date_created": "Wed, 05 Dec 2018 20:16:55 +0000", "date_shipped": ""}`
    After:  `{"id": 4, "date_created": "2018-12-05T20:16:55Z", "date_shipped": None}`
    """

    schema_loader: JsonFileSchemaLoader
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._say = Say(parameters.get("name", ""))

    @cached_property
    def _record(self) -> Shapes:
        # Only with the first row: a source may build streams that it does not read.
        return Field(self.schema_loader.get_json_schema(), "", self._say).object or _Object({})

    def transform(
        self,
        record: dict[str, Any],
        config: Config | None = None,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> None:
        self._record.fit(record)
