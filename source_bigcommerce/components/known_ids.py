"""The ids that a store had at the last sync, packed small enough for a state."""

import zlib
from array import array
from base64 import b85decode, b85encode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

# Each range of 256 ids that has any of them takes 32 bytes, before compression. A million ids of
# which nine in ten still exist take some 80 kB; ids that are far apart take little more.
_CHUNK = 256
_BYTES = _CHUNK // 8
# More than any store needs; a damaged text may claim any size.
_LARGEST_TEXT = 64 * 2**20
_HIGHEST = 2**63 - 1


class KnownIds:
    """Ids in ascending order, eight bytes each.

    If the API filters by date of creation and not by id, marks link the two. A mark is an id and a
    date: this id and all higher ones were created at that date or later, all lower ones before it.
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
        """The ids from position `low` up to, but not including, position `high`."""
        return set(self._ids[low:high])

    def place(self, key: int) -> int:
        """The position of the first id that is not below the key."""
        return bisect_left(self._ids, key)

    def holds(self, key: int) -> bool:
        place = self.place(key)
        return place < len(self) and self._ids[place] == key

    def change(self, added: Iterable[int] = (), gone: Iterable[int] = ()) -> "KnownIds":
        """A copy with some ids added and some removed. It keeps the marks."""
        changed = KnownIds(set(self._ids).union(added).difference(gone))
        changed._marks = dict(self._marks)
        return changed

    # Marks

    @property
    def marks(self) -> list[tuple[int, int]]:
        """Ids with their dates in Unix seconds, both ascending."""
        return sorted(self._marks.items())

    def mark(
        self, created: Iterable[tuple[int, int]], every: int, beyond: tuple[int, int] = (-1, -1)
    ) -> None:
        """Sets marks from ids, which must be among these, and their dates of creation.

        Drops marks that the dates contradict. If ids do not rise with the dates, none is left.

        every: how many ids there are from one mark to the next, at least.
        beyond: the highest id and the last date that were known before; marks are set behind them.
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
        """Drops the marks: dates of creation are missing, or do not rise with the ids."""
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
        """Reads what `dump` made. Raises ValueError or zlib.error for any other text."""
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
    """The first `count` distances, and the rest of the text."""
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
