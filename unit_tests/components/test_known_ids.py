"""Known ids as text, and the places where dates of creation rise with them."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_bigcommerce.components.known_ids import KnownIds

IDS = st.sets(st.integers(0, 2000) | st.integers(0, 2**62), max_size=60)


@given(IDS, IDS, IDS)
def test_ids_survive_being_kept_as_text(ids: set[int], added: set[int], gone: set[int]) -> None:
    known = KnownIds(ids).change(added, gone)
    assert list(known) == sorted((ids | added) - gone)
    assert list(KnownIds.load(known.dump())) == list(known)


CREATED = st.dictionaries(st.integers(0, 90), st.integers(0, 90), min_size=1, max_size=30)
RISING = CREATED.map(lambda made: dict(zip(sorted(made), sorted(made.values()), strict=True)))


@given(CREATED | RISING, st.integers(1, 20))
def test_marks_separate_ids_and_their_dates_alike(created: dict[int, int], every: int) -> None:
    rows = list(created.items())
    known, latest = KnownIds(), -1
    for start in range(0, len(rows), 7):
        part = rows[start : start + 7]
        beyond = (max(known, default=-1), latest)
        known = known.change(added=[key for key, _ in part])
        known.mark(part, every, beyond)
        latest = max(latest, *(date for _, date in part))
        for key, date in known.marks:
            for other, its_date in rows[: start + 7]:
                assert (other >= key) == (its_date >= date), (other, its_date, key, date)
    again = KnownIds.load(known.dump())
    assert again.marks == known.marks


def test_marks_are_as_many_ids_apart_as_a_page_holds() -> None:
    known = KnownIds(range(1000))
    known.mark([(key, 10 * key) for key in range(1000)], 240)
    assert [key for key, _ in known.marks] == [0, 240, 480, 720, 960]
    known.mark([(5000, 1)], 240, beyond=(999, 9990))  # imported, with a date of long ago
    assert known.marks == [(0, 0)]


def test_a_million_ids_with_nine_of_ten_alive_take_110_kilobytes_at_most() -> None:
    chance = random.Random(1)
    known = KnownIds(key for key in range(10**6) if chance.random() < 0.9)
    assert len(known.dump()["ids"]) <= 90_000
    known.mark(((key, 10**9 + 37 * key + chance.randrange(37)) for key in known), 240)
    assert sum(map(len, known.dump().values())) <= 110_000


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-3],
        lambda text: text[:-7],
        lambda text: text[: len(text) // 2],
        lambda text: text + "0000000",
        lambda text: "",
        lambda text: "no ids\n",
        lambda text: KnownIds([1]).dump()["ids"][::-1],
    ],
)
def test_a_text_without_ids_is_refused(spoil: object) -> None:
    text = KnownIds(range(0, 100_000, 3)).dump()["ids"]
    assert callable(spoil)
    with pytest.raises((ValueError, zlib.error)):
        KnownIds.load({"ids": spoil(text)})
