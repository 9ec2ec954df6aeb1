"""Personal data: what the schemas mark with `x-personal`, hashed or left out as the form says."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from functools import cached_property, lru_cache, partial
from hashlib import sha256
from types import NoneType
from typing import Any

from airbyte_cdk.sources.declarative.schema.json_file_schema_loader import JsonFileSchemaLoader
from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

from source_bigcommerce.components.sync import Sync
from source_bigcommerce.components.values import (
    PYTHON,
    Field,
    Fix,
    Say,
    Shapes,
    Talk,
    Work,
    masked,
    text,
)

Schema = Mapping[str, Any]
LeftOut = Callable[[str], None]
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
_REMEMBERED = 4096


class Treatment:
    """What the form says to do with a field that holds personal data.

    The region of an address stays unless the form says otherwise. Free text is dropped instead of
    hashed, because no table joins by it.
    """

    def __init__(self, config: Config) -> None:
        self.mode: str = config.get("personal_data", KEEP)
        self._keeps_region = config.get("personal_data_keeps_region", True)
        salt = str(config.get("hash_salt") or "").encode(errors="surrogatepass")
        # Values repeat: a customer's addresses hold the same name and phone number again.
        self._hash_of = lru_cache(_REMEMBERED)(partial(_hash_of, salt))

    def of(self, declared: Schema) -> str:
        kind = declared.get(PERSONAL)
        if not kind or self.mode == KEEP or (declared.get(REGION) and self._keeps_region):
            return KEEP
        return HASH if self.mode == HASH and kind != _FREE_TEXT else DROP

    def hashed(self, kind: str) -> Callable[[str], str]:
        """A function that hashes texts of this kind."""
        return partial(self._hash_of, kind)

    def left_of(self, declared: Schema) -> dict[str, Any] | None:
        """The schema of what is left of a field; None if nothing is.

        A hash is text. A field that declares no type, no fields or no items cannot be judged, and
        is dropped. So is an object or a list of which nothing is left.
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


def _hash_of(salt: bytes, kind: str, value: str) -> str:
    """The hash of a value in its normal form; empty if that is empty.

    `Ada@Example.com ` and `ada@example.com` are one e-mail address, and give one hash.
    """
    plain = _NORMALISED.get(kind, str.strip)(value)
    return sha256(salt + plain.encode(errors="surrogatepass")).hexdigest() if plain else ""


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
    """Hashes personal data or drops it. Drops fields that no schema names: they may be personal.

    A value that does not fit its declared type may be personal, too: it becomes null. Keys stay as
    they are.

    Does the work of Values, too: to go through each row twice took a quarter of a read's time.

    Not YAML: RemoveFields takes one path a field, and knows no paths within lists; nothing hashes.

    keys: fields of the stream's key, and its cursor field; see SourceBigcommerce.
    """

    schema_loader: JsonFileSchemaLoader
    config: Config
    parameters: InitVar[Mapping[str, Any]]
    keys: Sequence[str] = ()
    api_budget: Sync = field(default_factory=Sync)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.api_budget = self.api_budget or Sync(self.config)
        self._stream = str(parameters.get("name", ""))
        self._say = Say(self._stream)
        self.treatment = Treatment(self.config)

    @cached_property
    def _record(self) -> Shapes:
        # Only with the first row: a source may build streams that it does not read.
        declared = self.schema_loader.get_json_schema()
        whole = _Field(declared, "", self._say, self.treatment, self._left_out, self.keys)
        return whole.object or _Object({}, declared["properties"], "", self._left_out)

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
    """Fits the fields of an object that are left, and drops the others.

    left_out: takes the path of a field that no schema names.
    """

    def __init__(
        self, fields: Mapping[str, Field], declared: Schema, path: str, left_out: LeftOut
    ) -> None:
        super().__init__()
        self._fields, self._declared, self._left_out = fields, declared, left_out
        self._path = f"{path}." if path else ""

    def _work(self, row: dict[str, Any]) -> Work:
        work: Work = []
        for name, value in row.items():
            if name not in self._fields:
                work.append((name, None))
                if not is_personal(self._declared.get(name, {})):
                    # The name may be data, too, where an object is a map.
                    plain = _FIELD_NAME.fullmatch(name)
                    self._left_out(self._path + (name if plain else f"({masked(name)})"))
            elif fix := self._fields[name].fix_for(type(value)):
                work.append((name, fix))
        return work


class _Field(Field):
    """Fits a value to its schema, and hashes it or drops parts of it.

    keys: fields within it that are only fitted.
    """

    def __init__(
        self,
        declared: Schema,
        path: str,
        say: Talk,
        treatment: Treatment,
        left_out: LeftOut,
        keys: Sequence[str] = (),
    ) -> None:
        self._treatment, self._left_out, self._keys = treatment, left_out, keys
        is_hashed = treatment.of(declared) == HASH
        self._hash = treatment.hashed(declared[PERSONAL]) if is_hashed else None
        types = types_of(treatment.left_of(declared) or {})
        self._left = {each for kind in types for each in PYTHON[kind]}
        super().__init__(declared, path, say)

    def _part(self, declared: Schema, path: str) -> Field:
        if path in self._keys:
            return Field(declared, path, self._say)
        return _Field(declared, path, self._say, self._treatment, self._left_out)

    def _object_of(self, properties: Schema) -> Shapes | None:
        fields = {
            name: self._part(*each)
            for name, each in self._below(properties)
            if self._treatment.left_of(each[0])
        }
        return _Object(fields, properties, self._path, self._left_out) if fields else None

    def fix_for(self, kind: type) -> Fix | None:
        if kind is NoneType:
            return None
        fix = super().fix_for(kind)
        if self._hash:
            return self._hash if kind is str and not fix else partial(self._hashed, fix)
        return fix if kind in self._left else partial(self._unless_unfit, fix)

    def _hashed(self, fix: Fix | None, value: Any) -> Any:
        assert self._hash
        value = fix(value) if fix else value
        is_text = isinstance(value, (str, int, float))
        return self._hash(text(value)) if is_text else None

    def _unless_unfit(self, fix: Fix | None, value: Any) -> Any:
        value = fix(value) if fix else value
        return value if type(value) in self._left else None


def said(stream: str, names: Sequence[str]) -> str:
    """For the log: the fields of a stream that were dropped because no schema names them."""
    more = " and more" if len(names) >= _MOST_NAMES else ""
    return (
        f"{stream}: these fields do not come, as no schema says whether they are personal: "
        f"{', '.join(names)}{more}."
    )
