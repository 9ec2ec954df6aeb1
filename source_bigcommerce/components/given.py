"""Values of the form: whether there is one, and how it is shown."""

from collections.abc import Mapping
from typing import Any

NOT_GIVEN: tuple[Any, ...] = (None, "")  # a form sends "" for a field left empty


def given(config: Mapping[str, Any], key: str, default: str) -> Any:
    return default if config.get(key) in NOT_GIVEN else config[key]


def shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return f'"{printable[:60]}{"..." if len(printable) > 60 else ""}"'
