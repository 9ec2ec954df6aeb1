"""Personal data: what the schemas mark with `x-personal`, hashed or left out as the form says."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from hashlib import sha256
from types import NoneType
from typing import Any

from airbyte_cdk.sources.declarative.schema.json_file_schema_loader import JsonFileSchemaLoader
from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

from source_bigcommerce.components.sync import Sync
from source_bigcommerce.components.values import PYTHON, Fix, Shapes, Work, masked, text

Schema = Mapping[str, Any]
KEEP, HASH, DROP = "keep", "hash", "drop"
PERSONAL, REGION = "x-personal", "x-region"
_FREE_TEXT = "free_text"
_NO_DIGITS = re.compile(r"\D+")
_NORMALISED: Mapping[str, Callable[[str], str]] = {
    "email": lambda value: "".join(value.split()).lower(),
    "phone": lambda value: _NO_DIGITS.sub("", value),
}
_FIELD_NAME = re.compile(r"[A-Za-z]\w{0,63}", re.ASCII)
_MOST_NAMES = 100


class Treatment:
    """What the form wants to be done with a field that holds personal data.

    The region of an address stays unless the form says otherwise; free text is never hashed, as
    nothing joins by it.
    """

    def __init__(self, config: Config) -> None:
        self.mode: str = config.get("personal_data", KEEP)
        self._keeps_region = config.get("personal_data_keeps_region", True)
        self._salt = str(config.get("hash_salt") or "").encode(errors="surrogatepass")

    def of(self, declared: Schema) -> str:
        kind = declared.get(PERSONAL)
        if not kind or self.mode == KEEP or (declared.get(REGION) and self._keeps_region):
            return KEEP
        return HASH if self.mode == HASH and kind != _FREE_TEXT else DROP

    def hashed(self, kind: str) -> Fix:
        """Hashes values of a kind; those that are empty once they are normalised become empty.

        `Ada@Example.com ` and `ada@example.com` are one e-mail address, and give one hash.
        """
        normalised = _NORMALISED.get(kind, str.strip)

        def hash_of(value: Any) -> str:
            plain = normalised(value if type(value) is str else text(value))
            of = self._salt + plain.encode(errors="surrogatepass")
            return sha256(of).hexdigest() if plain else ""

        return hash_of

    def left_of(self, declared: Schema) -> dict[str, Any] | None:
        """The schema of what is left of a field; None where nothing is.

        A hash is text. What declares no type, no fields or no items cannot be judged, and goes;
        so does an object or a list of which nothing is left.
        """
        if self.mode == KEEP:
            return dict(declared)
        if (what := self.of(declared)) == DROP:
            return None
        if what == HASH:
            left = {key: value for key, value in declared.items() if key != "format"}
            return {**left, "type": ["null", "string"]}
        left, types = dict(declared), types_of(declared)
        fields = {
            name: part
            for name, each in declared.get("properties", {}).items()
            if (part := self.left_of(each))
        }
        items = self.left_of(declared["items"]) if "items" in declared else None
        for kind, key, value in (("object", "properties", fields), ("array", "items", items)):
            left.pop(key, None)
            if kind in types and value:
                left[key] = value
            else:
                types -= {kind}
        if isinstance(declared.get("type"), list):
            left["type"] = [kind for kind in declared["type"] if kind in {"null", *types}]
        return left if types else None


def types_of(declared: Schema) -> set[str]:
    types = declared.get("type", [])
    return ({types} if isinstance(types, str) else set(types)) - {"null"}


def is_personal(declared: Schema) -> bool:
    """Whether a field, or any field within it, is marked."""
    parts = [*declared.get("properties", {}).values()]
    parts += [declared["items"]] if "items" in declared else []
    return PERSONAL in declared or any(map(is_personal, parts))


@dataclass
class Personal(RecordTransformation):
    """Hashes personal data or leaves it out, and whatever no schema names: nobody can judge that.

    It comes after Values: a value of another type than the declared one cannot be judged either,
    and becomes null. Keys leave as they are.

    Not YAML: RemoveFields takes one path a field, and knows no paths within lists; nothing hashes.

    keys: fields of the stream's key, and its cursor; see SourceBigcommerce.
    """

    schema_loader: JsonFileSchemaLoader
    config: Config
    parameters: InitVar[Mapping[str, Any]]
    keys: Sequence[str] = ()
    api_budget: Sync = field(default_factory=Sync)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)
        self._stream = str(parameters.get("name", ""))
        self.treatment = Treatment(self.config)

    @cached_property
    def _record(self) -> "_Object":
        # Only with the first row: a source may build streams that it does not read.
        declared = self.schema_loader.get_json_schema()
        return _Object(declared, self.treatment, "", self._left_out, self.keys)

    def _left_out(self, path: str) -> None:
        names = self.api_budget.unnamed.setdefault(self._stream, {})
        if len(names) < _MOST_NAMES:
            names[path] = None

    def transform(
        self,
        record: dict[str, Any],
        config: Config | None = None,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> None:
        if self.treatment.mode != KEEP:
            self._record.fit(record)


class _Object(Shapes):
    """Leaves of an object what its schema leaves.

    keys: fields that stay as they are.
    left_out: is told the path of what no schema names.
    """

    def __init__(
        self,
        declared: Schema,
        treatment: Treatment,
        path: str,
        left_out: Callable[[str], None],
        keys: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._declared = declared["properties"]
        self._path, self._left_out, self._keys = f"{path}." if path else "", left_out, keys
        self._fields = {
            name: _Field(each, treatment, self._path + name, left_out)
            for name, each in self._declared.items()
            if treatment.left_of(each)
        }

    def _work(self, row: dict[str, Any]) -> Work:
        work: Work = []
        for name, value in row.items():
            if name in self._keys:
                continue
            if name not in self._fields:
                work.append((name, None))
                if not is_personal(self._declared.get(name, {})):
                    # The name may be data, too, where an object is a map.
                    plain = _FIELD_NAME.fullmatch(name)
                    self._left_out(self._path + (name if plain else f"({masked(name)})"))
            elif fix := self._fields[name].fix_for(type(value)):
                work.append((name, fix))
        return work


class _Field:
    """What is done with the values of a field of which something is left."""

    def __init__(
        self, declared: Schema, treatment: Treatment, path: str, left_out: Callable[[str], None]
    ) -> None:
        is_hashed = treatment.of(declared) == HASH
        self._hashed = treatment.hashed(declared[PERSONAL]) if is_hashed else None
        left = treatment.left_of(declared) or {}
        self._python = {each for kind in types_of(left) for each in PYTHON[kind]}
        self._object = (
            _Object(declared, treatment, path, left_out) if "properties" in left else None
        )
        self._items = (
            _Field(declared["items"], treatment, f"{path}[]", left_out) if "items" in left else None
        )

    def fix_for(self, kind: type) -> Fix | None:
        """What to do with values of this type; None for nothing."""
        if kind is NoneType:
            return None
        if self._hashed:
            return self._hashed if kind in (str, int, float, bool) else _nothing
        if kind not in self._python:
            return _nothing
        if kind is dict and self._object:
            return self._object.fit
        return self._listed if kind is list else None

    def _listed(self, values: list[Any]) -> list[Any]:
        assert self._items
        kinds = {*map(type, values)}
        if fixes := {kind: fix for kind in kinds if (fix := self._items.fix_for(kind))}:
            values[:] = [
                fixes[type(each)](each) if type(each) in fixes else each for each in values
            ]
        return values


def _nothing(value: Any) -> None:
    return None


def said(stream: str, names: Sequence[str]) -> str:
    """For the log: what did not come of a stream, because no schema names it."""
    more = " and more" if len(names) >= _MOST_NAMES else ""
    return (
        f"{stream}: these fields do not come, as no schema says whether they are personal: "
        f"{', '.join(names)}{more}."
    )
