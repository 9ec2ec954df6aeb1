"""Variety without randomness: every value of the store is computed from whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


def mix(*parts: int) -> int:
    """64 evenly spread bits, the same on every machine and Python version (SplitMix64)."""
    bits = 0
    for part in parts:
        bits = (bits + part + 0x9E3779B97F4A7C15) & _MASK
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB & _MASK
        bits ^= bits >> 31
    return bits


def pick(options: Sequence[T], bits: int) -> T:
    """One of the options, chosen by the bits."""
    return options[bits % len(options)]


def uuid(*parts: int) -> str:
    """A string in the form of a UUID."""
    text = f"{mix(*parts, 1):016x}{mix(*parts, 2):016x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def weighted(shares: dict[T, int]) -> tuple[T, ...]:
    """The options repeated by their share, to `pick` from."""
    return tuple(option for option, share in shares.items() for _ in range(share))
