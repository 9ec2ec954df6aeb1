"""The ids that a store was known to have, small enough for a state."""

import zlib
from array import array
from base64 import b85decode, b85encode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

# Ids are kept in 32 bytes for each 256 of them that hold one: of a million ids with nine of ten
# alive some 80 kB, and little more where ids are far apart.
_CHUNK = 256
_BYTES = _CHUNK // 8
# More than any store has; a cut text may claim whatever it likes.
_LARGEST_TEXT = 64 * 2**20
_HIGHEST = 2**63 - 1


class KnownIds:
    """Ids in ascending order, eight bytes each.

    Where the API filters by date of creation and not by id, places where both were seen to rise
    together: ids from there on were created at that time or later, and all others before.
    """

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._ids = array("q", sorted(set(ids)))
        self._marks: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __getitem__(self, place: int) -> int:
        return self._ids[place]

    def within(self, low: int, high: int) -> set[int]:
        """The ids from place `low` up to, but without, place `high`."""
        return set(self._ids[low:high])

    def place(self, key: int) -> int:
        """Of the first id that is not below the key."""
        return bisect_left(self._ids, key)

    def holds(self, key: int) -> bool:
        place = self.place(key)
        return place < len(self) and self._ids[place] == key

    def change(self, added: Iterable[int] = (), gone: Iterable[int] = ()) -> "KnownIds":
        """Another one with some ids more and some less; marks stay."""
        changed = KnownIds(set(self._ids).union(added).difference(gone))
        changed._marks = dict(self._marks)
        return changed

    # Marks

    @property
    def marks(self) -> list[tuple[int, int]]:
        """Ids with the Unix seconds that go with them, both rising."""
        return sorted(self._marks.items())

    def mark(
        self, created: Iterable[tuple[int, int]], every: int, beyond: tuple[int, int] = (-1, -1)
    ) -> None:
        """Takes in the dates of creation of ids that are among these; a mark for about so many ids.

        Marks that these show to be wrong are dropped: where ids do not rise with the dates, none is
        left.

        beyond: the highest id and the last date of those that were known before.
        """
        rows = sorted(created)
        ids = [key for key, _ in rows]
        before = [-1, *accumulate((date for _, date in rows), max)]
        after = [*accumulate((date for _, date in reversed(rows)), min)][::-1]
        for key, date in self.marks:
            place = bisect_left(ids, key)
            if before[place] >= date or (place < len(ids) and after[place] < date):
                del self._marks[key]
        last = self.place(max(self._marks)) if self._marks else -every
        for place, key in enumerate(ids):
            is_between = before[place] < after[place] and key > beyond[0]
            if is_between and after[place] > beyond[1] and self.place(key) - last >= every:
                self._marks[key] = after[place]
                last = self.place(key)

    def forget_marks(self) -> None:
        """There are rows without a date of creation."""
        self._marks = {}

    # As text

    def dump(self) -> dict[str, str]:
        """`{"ids": "..."}`, with marks `{"ids": "...", "marks": "..."}`, in plain characters."""
        bits: dict[int, int] = {}
        for key in self._ids:
            bits[key // _CHUNK] = bits.get(key // _CHUNK, 0) | 1 << key % _CHUNK
        text = {"ids": _packed(bits, b"".join(v.to_bytes(_BYTES, "little") for v in bits.values()))}
        if self._marks:
            dates = [date for _, date in self.marks]
            text["marks"] = _packed([key for key, _ in self.marks], _as_bytes(dates))
        return text

    @classmethod
    def load(cls, text: dict[str, str]) -> "KnownIds":
        """Of what `dump` made. Raises ValueError for anything else, or zlib.error."""
        chunks, bitmaps = _unpacked(text["ids"])
        if len(bitmaps) != _BYTES * len(chunks):
            raise ValueError("its ids are cut")
        ids = array("q")
        for place, chunk in enumerate(chunks):
            bitmap = int.from_bytes(bitmaps[place * _BYTES : (place + 1) * _BYTES], "little")
            ids.extend(chunk * _CHUNK + bit for bit in range(_CHUNK) if bitmap >> bit & 1)
        known = cls()
        known._ids = ids
        if "marks" in text:
            keys, rest = _unpacked(text["marks"])
            dates = list(accumulate(_numbers(rest, len(keys))[0]))
            known._marks = dict(zip(keys, dates, strict=True))
        return known


def _packed(rising: Iterable[int], rest: bytes) -> str:
    numbers = list(rising)
    head = _as_bytes([len(numbers)]) + _as_bytes(numbers)
    return b85encode(zlib.compress(head + rest, 9)).decode()


def _unpacked(text: str) -> tuple[list[int], bytes]:
    packed = zlib.decompressobj()
    raw = packed.decompress(b85decode(text), _LARGEST_TEXT)
    if not packed.eof:  # then its checksum was not read
        raise ValueError("it is cut")
    (count, *_), rest = _numbers(raw, 1)
    numbers, rest = _numbers(rest, count)
    rising = list(accumulate(numbers))
    if any(a >= b for a, b in pairwise(rising)) or (rising and rising[-1] > _HIGHEST // _CHUNK):
        raise ValueError("its ids do not rise")
    return rising, rest


def _as_bytes(rising: Sequence[int]) -> bytes:
    """Each number as its distance from the one before, seven bits a byte."""
    text, before = bytearray(), 0
    for number in rising:
        left, before = number - before, number
        while left > 127:
            text.append(left & 127 | 128)
            left >>= 7
        text.append(left)
    return bytes(text)


def _numbers(text: bytes, count: int) -> tuple[list[int], bytes]:
    """The first so many distances, and what is behind them."""
    found: list[int] = []
    number = shift = place = 0
    while len(found) < count:
        if place >= len(text):
            raise ValueError("it is cut")
        number |= (text[place] & 127) << shift
        shift += 7
        if text[place] < 128:
            found.append(number)
            number = shift = 0
        place += 1
    return found, text[place:]
