"""The form's values: what each may be, what becomes of it, and how it is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pendulum  # noqa: F401  # of what is imported while time stands still, freezegun is the base
import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from freezegun import freeze_time
from hypothesis import example, given, settings
from hypothesis import strategies as st

from source_bigcommerce.components import NormalizeConfig
from source_bigcommerce.components.moments import STARTS, starting

SPEC = json.loads((Path(__file__).parents[1] / "snapshots/spec.json").read_text())
PROPERTIES = SPEC["connectionSpecification"]["properties"]
NOW = "2024-03-15T10:20:30Z"
HASH = "Type the part after stores/ in the API path, such as abc123."
TOKEN = "Paste the access token of the store-level API account."
DATE = "Type a date such as 2024-01-31, or words such as 30 days ago."


@pytest.fixture(autouse=True, scope="module")
def _now() -> Iterator[None]:
    with freeze_time("2024-03-15T10:20:30.987Z"):
        yield


def normalized(**values: Any) -> dict[str, Any]:
    config = {"store_hash": "abc123", "access_token": "t", **values}
    NormalizeConfig(form=PROPERTIES).transform(config)
    return config


def refusal(**values: Any) -> str:
    with pytest.raises(AirbyteTracedException) as error:
        normalized(**values)
    assert error.value.failure_type == FailureType.config_error
    assert error.value.message
    return error.value.message


def test_a_config_with_only_what_is_required_gets_every_default() -> None:
    assert normalized() == {
        "store_hash": "abc123",
        "access_token": "t",
        "api_url": "https://api.bigcommerce.com",
        "b2b_url": "https://api-b2b.bigcommerce.com",
        "b2b_edition": False,
        "num_workers": 10,
        "lookback_minutes": 10,
        "page_size": 250,
        "quota_share": 100,
        "skip_hidden_products": False,
        "flatten_records": False,
        "prove": True,
        "deletions": "streams",
        "personal_data": "keep",
        "personal_data_keeps_region": True,
        "channel_ids": [],
        "reads_everything": True,
        "start_date": "2009-01-01T00:00:00Z",
        "per_order_start_date": "",
        "skip_likely_empty": False,
        "end_date": NOW,
        "now": NOW,
        "sure_until": NOW,
        "window": "P1D",
    }


def test_a_normalized_config_keeps_all_but_the_start_if_normalized_again() -> None:
    once = normalized(start_date="2024-01-01", end_date="2024-01-31")
    assert normalized(**once) == once


@pytest.mark.parametrize(
    "typed",
    [
        "abc123",
        " ABC123\n",
        "store-abc123",
        "stores/abc123",
        "/stores/abc123/v3/",
        "https://api.bigcommerce.com/stores/abc123",
        "https://api.bigcommerce.com/stores/abc123/v3/",
        "https://gateway.example:8443/stores/abc123/v2",
        "store-abc123.mybigcommerce.com",
        "https://store-abc123.mybigcommerce.com",
        "https://store-abc123.mybigcommerce.com/manage/dashboard",
        "https://store-abc123-1.mybigcommerce.com/",
        "http://store-abc123.mybigcommerce.com",
        "HTTPS://STORE-ABC123.MYBIGCOMMERCE.COM/manage/dashboard?a=1#top",
        "store-abc123-1.mybigcommerce.com/cart.php?x=stores",
        "https://owner:pass/word@store-abc123.mybigcommerce.com:443/admin",
        "api.bigcommerce.com/stores/abc123/v3/",
        "//api.bigcommerce.com/stores/abc123/v3",
        "http://api.bigcommerce.com/stores/abc123",
        "https://api.bigcommerce.com/stores/abc123/v3/catalog/products?limit=1#x",
        "https://api.bigcommerce.com/stores/abc123?x=1",
        "https://app.example/load?context=stores%2Fabc123&scope=x",
        "abc123/",
        "/abc123/",
        "abc123/v3/",
        "stores/abc123/",
        '"abc123"',
        "'stores/abc123'",
        "<https://store-abc123.mybigcommerce.com>",
        "\u201chttps://api.bigcommerce.com/stores/abc123/v3/\u201d,",
        "\u00a0abc123\u00a0",
    ],
)
def test_a_store_hash_is_found_in_any_form(typed: str) -> None:
    assert normalized(store_hash=typed)["store_hash"] == "abc123"


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        (None, "is missing"),
        ("", "is missing"),
        ("  ", '"  " holds no store hash'),
        ("my store", '"my store" holds no store hash'),
        ("abc-123", '"abc-123" holds no store hash'),
        ("../abc123", '"../abc123" holds no store hash'),
        ("https://shop.example/", '"https://shop.example/" holds no store hash'),
        ("https://abc123", '"https://abc123" holds no store hash'),
        ("http://localhost/", '"http://localhost/" holds no store hash'),
        (
            "store-a.mybigcommerce.com.example",
            '"store-a.mybigcommerce.com.example" holds no store hash',
        ),
        ("https://me:secret@shop.example/", '"https://***@shop.example/" holds no store hash'),
        ("me:se/cr@t@shop.example", '"***@shop.example" holds no store hash'),
        ("https://a.example/stores/", '"https://a.example/stores/" holds no store hash'),
        ("abc123\x00\x1b[31m", '"abc123??[31m" holds no store hash'),
        ("é" * 61, f'"{"é" * 60}..." holds no store hash'),
        (123, '"123" holds no store hash'),
        (0, '"0" holds no store hash'),
        (True, '"True" holds no store hash'),
        (["abc123"], "\"['abc123']\" holds no store hash"),
        ({"a": 1}, "\"{'a': 1}\" holds no store hash"),
    ],
)
def test_what_holds_no_store_hash_is_refused(typed: Any, problem: str) -> None:
    assert refusal(store_hash=typed) == f"Store hash {problem}. {HASH}"


def test_space_around_an_access_token_is_trimmed() -> None:
    assert normalized(access_token=" a1B2_c3\n")["access_token"] == "a1B2_c3"


@pytest.mark.parametrize(
    "typed",
    [" ", "two words", "naïve", "a\nb", "a\x00b", 12345, 0, True, ["secret"], {"secret": 1}],
)
def test_what_is_no_access_token_is_refused_and_not_shown(typed: Any) -> None:
    message = refusal(access_token=typed)
    assert message == (
        f"Access token is not a token: it must be one word of plain characters. {TOKEN}"
    )


@pytest.mark.parametrize("typed", [None, ""])
def test_an_empty_access_token_counts_as_missing(typed: Any) -> None:
    assert refusal(access_token=typed) == f"Access token is missing. {TOKEN}"


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (None, "https://api.bigcommerce.com"),
        ("", "https://api.bigcommerce.com"),
        (" https://gateway.example/api/ ", "https://gateway.example/api"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://host.docker.internal:8080", "http://host.docker.internal:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_safe_api_url_is_kept(typed: Any, url: str) -> None:
    assert normalized(api_url=typed)["api_url"] == url


@pytest.mark.parametrize(
    "typed",
    [
        "http://api.bigcommerce.com",
        "http://localhost.evil.example",
        "http://host.docker.internal.evil.example",
        "ftp://localhost",
        "//api.bigcommerce.com",
        "api.bigcommerce.com",
        "https://",
        "https://a example",
        443,
        0,
        False,
        ["https://a.example"],
    ],
)
def test_an_unsafe_api_url_is_refused(typed: Any) -> None:
    shown = typed if isinstance(typed, str) else repr(typed)
    assert refusal(api_url=typed) == (
        f'API address "{shown}" is not an https address. Leave it at https://api.bigcommerce.com.'
    )


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("https://a.example?x=1", "https://a.example?***"),
        ("https://a.example#x", "https://a.example#***"),
        ("https://[::1", "https://[:***"),
        ("https://a.example:port", "https://a.example:***"),
        ("https://user:pass", "https://user:***"),
        ("user:pass a.example", "user:***"),
        ("http://a.example/?auth_token=pass", "http://a.example/?***"),
    ],
)
def test_an_api_url_that_may_hold_a_secret_is_refused_and_not_shown(typed: str, shown: str) -> None:
    assert refusal(api_url=typed) == (
        f'API address "{shown}" is not an https address. Leave it at https://api.bigcommerce.com.'
    )


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("https://user:pass@a.example", "https://***@a.example"),
        ("HTTPS://user:pass@a.example/api", "HTTPS://***@a.example/api"),
        ("https://user:p@ss@a.example:8080", "https://***@a.example:8080"),
        ("https://user:pa/ss@a.example", "https://***@a.example"),
        ("https://user:pa?ss#@a.example", "https://***@a.example"),
        ("https://pass@a.example", "https://***@a.example"),
        ("https:/user:pass@a.example", "https:/***@a.example"),
        ("user:pass@a.example", "***@a.example"),
        ("http://127.0.0.1@evil.example", "http://***@evil.example"),
        ("https://user:pa\nss@a.example", "https://***@a.example"),
        (" https://user:pass@ ", " https://***@ "),
        ("https://user:pass%40a.example", "https://***@a.example"),
        ("https://user%3Apass%40a.example", "https://***@a.example"),
        ("https://user%3Apass%2540a.example", "https://***@a.example"),
        ("https://user%3Apass\uff20a.example", "https://***@a.example"),
        ("https://" + 60 * "u" + ":pass@a.example", "https://***@a.example"),
    ],
)
def test_an_api_url_with_a_login_is_refused_and_not_shown(typed: str, shown: str) -> None:
    assert refusal(api_url=typed) == (
        f'API address "{shown}" holds a user name or a password. Leave it out: only the access '
        "token is sent."
    )
    refused = refusal(store_hash=f"{typed} x")
    assert "pass" not in refused
    assert refused.startswith("Store hash ")
    assert "pass" not in refusal(api_url={"url": typed})


NUMBERS = [
    (key, field["title"], field["minimum"], field["maximum"])
    for key, field in PROPERTIES.items()
    if field["type"] == "integer"
]


@pytest.mark.parametrize(("key", "title", "lowest", "highest"), NUMBERS)
def test_a_number_outside_its_limits_is_refused(
    key: str, title: str, lowest: int, highest: int
) -> None:
    hostile = [
        "",
        " ",
        "ten",
        "1e1",
        "1,0",
        "1.5",
        "\u0663",
        1.5,
        1e400,
        math.nan,
        True,
        False,
        [5],
    ]
    hostile += [{"a": 1}, lowest - 1, highest + 1, 10**30, str(highest + 1), "9" * 5000]
    remedy = f"Type a whole number from {lowest} to {highest}."
    for value in hostile:
        shown = value if isinstance(value, str) else repr(value)
        shown = shown[:60] + "..." * (len(shown) > 60)
        assert refusal(**{key: value}) == f'{title} is "{shown}". {remedy}'


@pytest.mark.parametrize(("key", "title", "lowest", "highest"), NUMBERS)
def test_a_number_within_its_limits_is_kept(
    key: str, title: str, lowest: int, highest: int
) -> None:
    assert [normalized(**{key: value})[key] for value in (lowest, highest)] == [lowest, highest]
    for value in (highest, float(highest), str(highest), f" {highest}.0\n", f"+0{highest}"):
        found = normalized(**{key: value})[key]
        assert (found, type(found)) == (highest, int)


# Typed in the form: (as a start, as an end). None: the same.
DATES = [
    ("2024-01-31", "2024-01-31T00:00:00Z", "2024-01-31T23:59:59Z"),
    (" 2024-01-31 ", "2024-01-31T00:00:00Z", "2024-01-31T23:59:59Z"),
    ("1/31/2024", "2024-01-31T00:00:00Z", "2024-01-31T23:59:59Z"),
    ("01/02/2024", "2024-01-02T00:00:00Z", "2024-01-02T23:59:59Z"),
    ("2024-01-31T12:00:00Z", "2024-01-31T12:00:00Z", None),
    ("2024-01-31T12:00", "2024-01-31T12:00:00Z", None),
    ("2024-01-31 12:00:00", "2024-01-31T12:00:00Z", None),
    ("2024-01-31T12:00:00.999Z", "2024-01-31T12:00:00Z", None),
    ("2024-01-31T12:00:00+02:00", "2024-01-31T10:00:00Z", None),
    ("2024-01-31T12:00:00-0530", "2024-01-31T17:30:00Z", None),
    ("0001-01-01", "0001-01-01T00:00:00Z", "0001-01-01T23:59:59Z"),
    ("yesterday", "2024-03-14T00:00:00Z", "2024-03-14T23:59:59Z"),
    ("today", "2024-03-15T00:00:00Z", NOW),
    ("Today", "2024-03-15T00:00:00Z", NOW),
    ("now", NOW, None),
    ("30 days ago", "2024-02-14T10:20:30Z", None),
    ("1 month ago", "2024-02-15T10:20:30Z", None),
    ("a month ago", "2024-02-15T10:20:30Z", None),
    ("2 Weeks Ago", "2024-03-01T10:20:30Z", None),
    ("1 year ago", "2023-03-15T10:20:30Z", None),
    ("36 hours ago", "2024-03-13T22:20:30Z", None),
    ("30days ago", "2024-02-14T10:20:30Z", None),
    ("one week ago", "2024-03-08T10:20:30Z", None),
    ("an hour ago", "2024-03-15T09:20:30Z", None),
    ("1 year, 2 months ago", "2023-01-15T10:20:30Z", None),
    ("3 days and 4 hours AGO", "2024-03-12T06:20:30Z", None),
    ("0 days ago", NOW, None),
    ("\u00a02024-01-31\n", "2024-01-31T00:00:00Z", "2024-01-31T23:59:59Z"),
    ("2/29/2024", "2024-02-29T00:00:00Z", "2024-02-29T23:59:59Z"),
]


@pytest.mark.parametrize(("typed", "start", "end"), DATES)
def test_a_date_in_any_form_becomes_a_full_timestamp(
    typed: str, start: str, end: str | None
) -> None:
    assert normalized(start_date=typed)["start_date"] == start
    assert normalized(start_date="0001-01-01", end_date=typed)["end_date"] == (end or start)


@pytest.mark.parametrize("key", ["start_date", "end_date"])
@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("2024-02-30", "is not a date of the calendar"),
        ("2024-13-01", "is not a date of the calendar"),
        ("0000-01-01", "is not a date of the calendar"),
        ("31/12/2024", "is not a date of the calendar"),
        ("2024-01-31T25:00:00Z", "is not a date of the calendar"),
        ("0001-01-01T00:00:00+14:00", "is not a date of the calendar"),
        ("2024", "is not a date"),
        ("2024-1-31", "is not a date"),
        ("31.12.2024", "is not a date"),
        ("1706659200", "is not a date"),
        ("P30D", "is not a date"),
        ("soon", "is not a date"),
        ("in 30 days", "is not a date"),
        ("tomorrow", "is not a date"),
        ("ago", "is not a date"),
        ("9999 years ago", "is not a date of the calendar"),
        ("2024-01-31T24:00:00Z", "is not a date"),
        ("99999 years ago", "is not a date"),
        ("  ", "is not a date"),
        ("ago 30 days", "is not a date"),
        ("vor 3 Tagen", "is not a date"),
        ("2024-01-01 ago", "is not a date"),
        ("x" * 70 + " ago", "is not a date"),
        ("\x00", "is not a date"),
        (20240131, "is not a date"),
        (0, "is not a date"),
        (False, "is not a date"),
        ([], "is not a date"),
        (["2024-01-31"], "is not a date"),
        ({"year": 2024}, "is not a date"),
    ],
)
def test_what_is_no_date_is_refused(key: str, typed: Any, problem: str) -> None:
    title = {"start_date": "Start date", "end_date": "End date"}[key]
    shown = typed if isinstance(typed, str) else repr(typed)
    shown = shown.replace("\x00", "?")
    shown = shown[:60] + "..." * (len(shown) > 60)
    assert refusal(**{key: typed}) == f'{title} "{shown}" {problem}. {DATE}'


@pytest.mark.parametrize("typed", ["2024-03-16", "2024-03-15", "9999-12-31", "today", None, ""])
def test_an_end_in_the_future_means_now(typed: Any) -> None:
    """Rows edited during the sync must fall behind its end."""
    assert normalized(end_date=typed)["end_date"] == NOW


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("2024-02-01", "2024-01-31", ("2024-02-01T00:00:00Z", "2024-01-31T23:59:59Z")),
        ("2024-03-15T10:20:31Z", None, ("2024-03-15T10:20:31Z", NOW)),
        ("9999-12-31", "9999-12-31", ("9999-12-31T00:00:00Z", NOW)),
        (None, "2008-12-31", ("2009-01-01T00:00:00Z", "2008-12-31T23:59:59Z")),
    ],
)
def test_a_start_after_the_end_is_refused(start: Any, end: Any, shown: tuple[str, str]) -> None:
    assert refusal(start_date=start, end_date=end) == (
        f"Start date is {shown[0]}, which is after the end ({shown[1]}). "
        "Choose an earlier start date."
    )


@pytest.mark.parametrize("key", STARTS)
def test_a_start_after_the_end_is_refused_by_the_title_of_its_field(key: str) -> None:
    title = PROPERTIES[key]["title"]
    assert refusal(end_date="2024-01-31", **{key: "2024-02-01"}) == (
        f"{title} is 2024-02-01T00:00:00Z, which is after the end (2024-01-31T23:59:59Z). "
        "Choose an earlier start date."
    )
    assert refusal(**{key: "soon"}) == f'{title} "soon" is not a date. {DATE}'


def test_a_start_of_their_own_may_be_before_or_after_the_start_date() -> None:
    for typed, date in (("2024-01-10", "2024-01-10T00:00:00Z"), ("1 day ago", "2024-03-14")):
        config = normalized(start_date="2024-02-01", per_order_start_date=typed)
        assert config["start_date"] == "2024-02-01T00:00:00Z"
        assert config["per_order_start_date"].startswith(date)
        assert starting(config, "per_order_start_date")["start_date"].startswith(date)


@pytest.mark.parametrize("empty", [None, ""])
def test_without_a_start_of_their_own_streams_begin_at_the_start_date(empty: Any) -> None:
    config = normalized(per_order_start_date=empty, end_date="2008-12-31", start_date="2007-01-01")
    assert config["per_order_start_date"] == ""
    assert starting(config, "per_order_start_date") == config


def test_a_start_of_their_own_counts_even_without_a_start_date() -> None:
    config = normalized(per_order_start_date="2024-02-01")
    assert config["reads_everything"] is True
    assert starting(config, "per_order_start_date")["reads_everything"] is False


def test_a_start_that_equals_the_end_is_accepted() -> None:
    config = normalized(start_date="now")
    assert config["start_date"] == config["end_date"] == NOW


@pytest.mark.parametrize(
    ("start", "reads_everything"), [(None, True), ("", True), ("2009-01-01", False)]
)
def test_everything_is_read_without_a_start(start: Any, reads_everything: bool) -> None:
    config = normalized(start_date=start)
    assert (config["start_date"], config["reads_everything"]) == (
        "2009-01-01T00:00:00Z",
        reads_everything,
    )


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "store_hash",
                "access_token",
                "start_date",
                "end_date",
                "num_workers",
                "lookback_minutes",
                "page_size",
                "quota_share",
                "api_url",
            ]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=4,
        ),
    )
)
def test_a_hostile_config_is_made_whole_or_refused_in_words(
    values: dict[str, Any],
) -> None:
    try:
        config = normalized(**values)
    except AirbyteTracedException as refused:
        error: AirbyteTracedException | None = refused
    else:
        error = None
        assert config["window"] == "P1D"
    if error:
        assert error.failure_type == FailureType.config_error
        assert str(error.message).isprintable()


# Channels and switches


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        (None, []),
        ("", []),
        ([], []),
        ([1], [1]),
        (1, [1]),
        ([1.0, "2.0"], [1, 2]),
        ("1", [1]),
        ("664177, 1,1", [1, 664177]),
        (["664177", " 1 "], [1, 664177]),
        ([0, 2**53], [0, 2**53]),
    ],
)
def test_channels_typed_in_any_way_become_ids_in_order(typed: Any, ids: list[int]) -> None:
    assert normalized(channel_ids=typed)["channel_ids"] == ids


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Web shop", "Web shop"),
        ([-1], "[-1]"),
        ([1.5], "[1.5]"),
        ("1,", "1,"),
        ({}, "{}"),
        (True, "True"),
        ([[1]], "[[1]]"),
        ("٣", "٣"),
        ("9" * 19, "9" * 19),
    ],
)
def test_channels_that_are_no_ids_are_refused(typed: Any, shown: str) -> None:
    assert refusal(channel_ids=typed) == (
        f'Channels "{shown}" is not a list of channel ids. Type whole numbers, such as 1: the '
        "stream channels lists them under id."
    )


SWITCHES = {key: field["title"] for key, field in PROPERTIES.items() if field["type"] == "boolean"}
ON, OFF = (
    [True, 1, "true", "True", " ON\n", "yes", "1"],
    [False, 0, "false", "Off", "no", "0"],
)


@pytest.mark.parametrize("key", SWITCHES)
def test_a_switch_set_in_any_way_is_on_or_off(key: str) -> None:
    assert [normalized(**{key: value})[key] for value in ON] == [True] * len(ON)
    assert [normalized(**{key: value})[key] for value in OFF] == [False] * len(OFF)
    is_on = key in ("prove", "personal_data_keeps_region")
    assert normalized(**{key: None})[key] == normalized()[key] == is_on


def test_deletions_chosen_in_any_way_are_streams_or_marks() -> None:
    marks, streams = ["mark", " Mark\n"], ["streams", "STREAMS", "", None]
    assert [normalized(deletions=each)["deletions"] for each in marks] == ["mark"] * 2
    assert [normalized(deletions=each)["deletions"] for each in streams] == ["streams"] * 4
    unfit: list[tuple[Any, str]] = [("both", "both"), (True, "True"), ([], "[]")]
    for value, shown in unfit:
        assert refusal(deletions=value) == f'Deletions is "{shown}". Choose streams or mark.'


def test_personal_data_are_kept_hashed_or_dropped() -> None:
    for typed, mode in ((" Drop\n", "drop"), ("KEEP", "keep"), ("", "keep"), (None, "keep")):
        assert normalized(personal_data=typed, hash_salt="short")["personal_data"] == mode
    assert refusal(personal_data="mask") == 'Personal data is "mask". Choose keep or hash or drop.'


def test_the_salt_has_no_spaces_around_it_and_any_eight_characters() -> None:
    for typed in (" 12345678\n", "pass word", "\u00fcberl\u00e4ng"):
        assert normalized(personal_data="hash", hash_salt=typed)["hash_salt"] == typed.strip()


@pytest.mark.parametrize(
    ("salt", "what"),
    [
        ({}, "is missing"),
        ({"hash_salt": ""}, "is missing"),
        ({"hash_salt": None}, "is missing"),
        ({"hash_salt": "x"}, "has fewer than 8 characters"),
        ({"hash_salt": " " * 9}, "has fewer than 8 characters"),
        ({"hash_salt": "1234567 "}, "has fewer than 8 characters"),
        ({"hash_salt": 123456789}, "is no text"),
        ({"hash_salt": ["12345678"]}, "is no text"),
    ],
)
def test_a_salt_that_is_missing_or_short_is_refused_if_data_are_hashed(
    salt: dict[str, Any], what: str
) -> None:
    assert refusal(personal_data="hash", **salt) == (
        f"Hash salt {what}, and personal data is to be hashed. Type a text of at least 8 "
        "characters that nobody can guess, and keep it: another salt gives other hashes."
    )


@pytest.mark.parametrize("key", SWITCHES)
def test_a_switch_that_is_neither_on_nor_off_is_refused(key: str) -> None:
    typed: list[tuple[Any, str]] = [("maybe", "maybe"), ("", ""), (2, "2"), ([], "[]"), ("2", "2")]
    for text, shown in typed:
        assert refusal(**{key: text}) == (
            f'{SWITCHES[key]} is "{shown}". Turn it on or off: true or false.'
        )


def test_the_form_is_that_of_the_manifest_by_default() -> None:
    config = {"store_hash": "abc123", "access_token": "t"}
    NormalizeConfig().transform(config)
    assert config == normalized()


# The patterns of the form, which hosts check before the connector sees anything.

BLANKS = st.text(" \t\r\n\u00a0", max_size=2)
NUMBER = st.sampled_from(
    ["0", "1", "07", "30", "999", "2024", "12345", "a", "An", "one", "two", ""]
)
UNIT = st.sampled_from(["second", "MINUTE", "hour", "Day", "week", "month", "year", "decade", ""])
JOINT = st.sampled_from([" ", "  ", ", ", ",", " and ", ", and ", "", " or "])
SPAN = st.tuples(
    NUMBER, st.sampled_from([" ", "", "  "]), UNIT, st.sampled_from(["", "s", "S"]), JOINT
)
WORDS = st.sampled_from(
    ["now", "NOW", "Today", "yesterday", "tomorrow", "ago", "soon", "", "today now", "nown"]
)
AGO = st.builds(
    lambda spans, end: "".join(map("".join, spans)) + end,
    st.lists(SPAN, min_size=1, max_size=8),
    st.sampled_from(["ago", "AGO", "Ago", "from now", "agos"]),
)
YEAR = st.sampled_from(
    ["2023", "2024", "1900", "2000", "0000", "0001", "0004", "9999", "24", "12024"]
)
TWO = st.integers(0, 99).map("{:02}".format) | st.integers(0, 61).map(str)
DAY = st.builds("{}-{}-{}".format, YEAR, TWO, TWO) | st.dates().map(str)
MONTH_FIRST = st.builds("{}/{}/{}".format, TWO, TWO, YEAR)
TIME = st.builds(
    "{}{}:{}{}{}".format,
    st.sampled_from(["T", " ", "t", ""]),
    TWO,
    TWO,
    st.sampled_from(["", ":00", ":59", ":60", ":5", ":00.5", ":00.", ":00,5", ":59.123456789"]),
    st.sampled_from(["", "Z", "z", "+00:00", "-0530", "+24:00", "+23:59", "+12:60", "+5", " UTC"]),
)
ANYTHING = st.text(max_size=12) | st.text("0123456789-:/TZago .", max_size=24)
TYPED = DAY | MONTH_FIRST | st.builds("{}{}".format, DAY, TIME) | WORDS | AGO | ANYTHING


def is_beyond_the_calendar(text: str) -> bool:
    """The exception: what a pattern cannot count. Before the year 1, or behind 9999, in UTC."""
    text = text.strip()
    far = text.lower().endswith("ago") and sum(map(int, re.findall(r"\d+", text))) > 999
    return far or text.startswith(("0001-01-01", "9999-12-31"))


@pytest.mark.parametrize("key", ["start_date", "per_order_start_date", "end_date"])
@settings(max_examples=500)
@given(before=BLANKS, typed=TYPED, after=BLANKS)
@example("", "", "")
@example(" ", "", "")
@example("", "", "\n")
@example("", "2024-01-31", "\n")
@example("", "\u0662\u0660\u0662\u0664-01-31", "")
@example("", "2024-02-30", "")
@example("", "2023-02-29", "")
@example("", "2024-02-29T00:00", "")
@example("", "31/12/2024", "")
@example("", "tomorrow", "")
def test_the_pattern_of_a_date_accepts_what_the_connector_reads_and_nothing_else(
    key: str, before: str, typed: str, after: str
) -> None:
    text = before + typed + after
    fits = re.search(PROPERTIES[key]["pattern"], text) is not None
    try:
        normalized(**{"start_date": "0001-01-01", key: text})
        is_read = True
    except AirbyteTracedException as refused:
        is_read = "which is after the end" in str(refused.message)
    assert fits == is_read or (fits and is_beyond_the_calendar(text))


@pytest.mark.parametrize("key", ["start_date", "end_date", "store_hash"])
def test_patterns_mean_the_same_in_other_languages(key: str) -> None:
    """No digits or spaces of other scripts, no flags, names, look-behind or anchors of Python."""
    pattern = PROPERTIES[key]["pattern"]
    own = re.sub(r"\(\?!\[\\s\\S\]\)", "", pattern)
    if key != "store_hash":
        assert not re.search(r"\\[dDwWsSbBAZ]|\(\?[^:!]|[*+?}]\+|\$", own)
    assert re.compile(pattern).groups == 0


@given(
    st.from_regex(
        r"\A[ \"<]?(https://|store-|stores/|/stores/)?[a-zA-Z0-9./@?=%-]+(/v3/)?[>\" ]?\Z"
    )
)
def test_an_accepted_store_hash_fits_the_pattern_of_the_form(typed: str) -> None:
    try:
        normalized(store_hash=typed)
    except AirbyteTracedException:
        return
    jsonschema.validate(typed, PROPERTIES["store_hash"])
