"""Turns the form, as a person fills it in, into what the manifest reads."""

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import InitVar, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from airbyte_cdk.sources.declarative.transformations.config_transformations.config_transformation import (  # noqa: E501
    ConfigTransformation,
)

from source_bigcommerce.components.connections import is_loopback
from source_bigcommerce.components.form import the_form
from source_bigcommerce.components.given import NOT_GIVEN, given, shown
from source_bigcommerce.components.messages import (
    API_URL_UNSAFE,
    API_URL_WITH_LOGIN,
    CHANNELS_UNREADABLE,
    CHOICE_UNFIT,
    HASH_MISSING,
    HASH_UNREADABLE,
    NUMBER_UNFIT,
    SALT_UNFIT,
    SWITCH_UNFIT,
    TOKEN_MISSING,
    TOKEN_UNREADABLE,
)
from source_bigcommerce.components.moments import dates, utc_now
from source_bigcommerce.components.personal import HASH

_SMALLEST_WINDOW, _ONE_WINDOW = "P1D", "P36500D"

# https://developer.bigcommerce.com/b2b-edition/docs/authentication
_B2B_URL = "https://api-b2b.bigcommerce.com"

# Where a store hash is found, whatever else the address holds.
_QUOTES = " \t\r\n\u00a0\"'`<>()[]\u201c\u201d\u2018\u2019,;"
_HASH_FORMS = (
    re.compile(r"(?:store-)?([a-z0-9]+)(?:/(?:v[23](?:/.*)?)?)?"),
    re.compile(r"(?:.*(?:/|%2f|=|@))?stores(?:/|%2f)([a-z0-9]+)(?:(?:[/?#&]|%2f).*)?"),
    re.compile(
        r"(?:[^?#]*[/@])?store-([a-z0-9]+)(?:-[0-9]+)?[.]mybigcommerce[.]com[.]?(?:[:/?#].*)?"
    ),
)
_NO_ID = 10**18
_SHORTEST_SALT = 8
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:[.]0+)?")
_SWITCHES = {
    **dict.fromkeys(("true", "on", "yes", "1"), True),
    **dict.fromkeys(("false", "off", "no", "0"), False),
}
_AT = r"(?:[@\uff20\ufe6b]|%(?:25)*40)"  # in every form that some parser of addresses accepts
_LOGIN = re.compile(rf"^(\W*[a-z]+:/+)?.*{_AT}", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+", re.IGNORECASE)
_SECRET_PART = re.compile(r"([?#]|:(?!/|\d{1,5}(?:[/?#]|$))).*", re.DOTALL)


@dataclass
class NormalizeConfig(ConfigTransformation):
    """Checks the form's values, brings each into one shape and fills in the defaults.

    Not YAML: the CDK's own transformations can copy and rename keys, not read a date or cut the
    hash out of an address, and a violation of the spec is reported without the field's name.
    Before: `{"store_hash": "https://store-abc123.mybigcommerce.com", "page_size": "50", ...}`
    After:  `{"store_hash": "abc123", "page_size": 50, "num_workers": 10, ...}`

    It runs in memory, at the start of each sync: "30 days ago" stays "30 days ago" in the saved
    configuration.

    The result has the form's keys, those of `dates`, `b2b_url`, and `window`, the shortest length
    of a date window as an ISO 8601 duration.

    Raises a config error that names the field of the form and what to type there.

    form: the fields as the spec has them, with their titles, limits and defaults.
    """

    form: Mapping[str, Any] = field(default_factory=the_form)
    parameters: InitVar[Mapping[str, Any] | None] = None

    def __post_init__(self, parameters: Mapping[str, Any] | None) -> None:
        pass

    def transform(self, config: MutableMapping[str, Any]) -> None:
        config["store_hash"] = _store_hash(config.get("store_hash"))
        config["access_token"] = _access_token(config.get("access_token"))
        config["api_url"] = _api_url(given(config, "api_url", self.form["api_url"]["default"]))
        config["b2b_url"] = _b2b_url(config["api_url"], self.form["api_url"]["default"])
        for key, spec in self.form.items():
            if spec["type"] == "integer":
                config[key] = _number(config.get(key), spec)
            elif spec["type"] == "boolean":
                config[key] = _switch(config.get(key), spec)
            elif "enum" in spec:
                config[key] = _choice(config.get(key), spec)
        config["channel_ids"] = _channel_ids(config.get("channel_ids"))
        if config.get("personal_data") == HASH:
            config["hash_salt"] = _salt(config.get("hash_salt"))
        # The connector builder shows the first windows only.
        config["window"] = _ONE_WINDOW if "__test_read_config" in config else _SMALLEST_WINDOW
        now = utc_now()
        config.update(dates(config, now, sure_until=now))


def of_the_form(config: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values alone: users must not set internal keys."""
    return {key: value for key, value in config.items() if key in the_form()}


def _store_hash(value: Any) -> str:
    if value in NOT_GIVEN:
        raise HASH_MISSING.error()
    text = value.strip(_QUOTES).lower() if isinstance(value, str) else ""
    _, is_address, rest = text.partition("://")
    for form in _HASH_FORMS[1:] if is_address else _HASH_FORMS:
        match = form.fullmatch(rest if is_address else text.removeprefix("/"))
        if match:
            return match.group(1)
    raise HASH_UNREADABLE.error(value=_shown_address(value))


def _access_token(value: Any) -> str:
    if value in NOT_GIVEN:
        raise TOKEN_MISSING.error()
    token = value.strip() if isinstance(value, str) else ""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise TOKEN_UNREADABLE.error()
    return token


def _api_url(value: Any) -> str:
    text = value.strip().rstrip("/") if isinstance(value, str) else ""
    if re.search(_AT, text):
        raise API_URL_WITH_LOGIN.error(value=_shown_address(value))
    try:
        url = urlsplit(text)
        is_safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname))
        has_host = _HOST.fullmatch(url.hostname or "") and url.port != 0
        # For some parsers a backslash ends the host, and a path after ? or # is lost.
        is_plain = text.isprintable() and not set(" \\?#").intersection(text)
        if has_host and is_safe and is_plain:
            return text
    except ValueError:
        pass
    raise API_URL_UNSAFE.error(value=_shown_address(value))


def _b2b_url(api_url: str, default: str) -> str:
    """The address of B2B Edition: BigCommerce's own, or below any other address in the form.

    A user who names a gateway or a sandbox trusts that host with the token, and no other.
    """
    return _B2B_URL if api_url.lower() == default else api_url


def _number(value: Any, spec: Mapping[str, Any]) -> int:
    lowest, highest = spec["minimum"], spec["maximum"]
    if value is None:
        return int(spec["default"])
    number = _whole(value)
    if number is not None and lowest <= number <= highest:
        return number
    raise NUMBER_UNFIT.error(
        title=spec["title"], value=shown(value), lowest=lowest, highest=highest
    )


def _whole(value: Any) -> int | None:
    """The number in 10, 10.0, "10" and "10.0"; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value.strip() if isinstance(value, str) else ""
    return int(text.partition(".")[0]) if _WHOLE_NUMBER.fullmatch(text) else None


def _switch(value: Any, spec: Mapping[str, Any]) -> bool:
    if value is None:
        return bool(spec["default"])
    if value in (True, False):
        return bool(value)
    text = value.strip().lower() if isinstance(value, str) else ""
    if text in _SWITCHES:
        return _SWITCHES[text]
    raise SWITCH_UNFIT.error(title=spec["title"], value=shown(value))


def _choice(value: Any, spec: Mapping[str, Any]) -> str:
    text = value.strip().lower() if isinstance(value, str) else value
    if text in NOT_GIVEN:
        return str(spec["default"])
    if text in spec["enum"]:
        return str(text)
    raise CHOICE_UNFIT.error(
        title=spec["title"], value=shown(value), choices=" or ".join(spec["enum"])
    )


def _channel_ids(value: Any) -> list[int]:
    """The ids in `[1, 2]`, `["1", "2"]`, `1`, `1.0` or `"1, 2"`, each once, in ascending order."""
    if value in NOT_GIVEN:
        return []
    listed = value.split(",") if isinstance(value, str) else value
    ids = [_whole(each) for each in (listed if isinstance(listed, list) else [listed])]
    if all(each is not None and 0 <= each < _NO_ID for each in ids):
        return sorted({each for each in ids if each is not None})
    raise CHANNELS_UNREADABLE.error(value=shown(value))


def _salt(value: Any) -> str:
    """Without the spaces around it, which a paste may bring."""
    if value in NOT_GIVEN:
        what = "is missing"
    elif not isinstance(value, str):
        what = "is no text"
    elif len(salt := value.strip()) < _SHORTEST_SALT:
        what = f"has fewer than {_SHORTEST_SALT} characters"
    else:
        return salt
    raise SALT_UNFIT.error(what=what, shortest=_SHORTEST_SALT)


def _shown_address(value: Any) -> str:
    """The address without a possible password or token: before @, after a colon, after ? and #."""
    if not isinstance(value, str):
        return shown(_LOGIN.sub("***@", repr(value)))
    return shown(_SECRET_PART.sub(r"\1***", _LOGIN.sub(r"\1***@", value)))
