"""What nodes need of the masks before they are worth running: bits of one slot, or of one of several."""

from __future__ import annotations

MAX_REMEMBERED = 50_000
"""Masks of one slot whose answer is remembered."""


class Requirement:
    """Which nodes may still hold, given one slot's mask: those that need nothing of it or have what they
    need, and those to which it offers one of several ways."""

    def __init__(self, everyone: int) -> None:
        self._free = everyone
        self._masks: dict[int, list[int]] = {}
        self._by_bit: dict[int, list[int]] = {}
        self._offers: dict[int, int] = {}
        self._bits = 0
        self._offered_bits = 0
        self._allowed: dict[int, int] = {}
        self._offered: dict[int, int] = {}

    def add(self, number: int, mask: int) -> None:
        """Node `number` needs a bit of `mask`."""
        self._free &= ~(1 << number)
        self._bits |= mask
        known = self._masks.setdefault(number, [])
        if not known:
            for bit in bits(mask):
                self._by_bit.setdefault(bit, []).append(number)
        known.append(mask)

    def offer(self, number: int, mask: int) -> None:
        """A bit of `mask` is one of the ways in which node `number` may hold."""
        self._offered_bits |= mask
        for bit in bits(mask):
            self._offers[bit] = self._offers.get(bit, 0) | 1 << number

    def count(self) -> int:
        """How many nodes need something of the slot."""
        return len(self._masks)

    def allowed(self, mask: int) -> int:
        """The nodes (as bits) whose needs of this slot are met."""
        seen = mask & self._bits
        known = self._allowed.get(seen)
        if known is None:
            if len(self._allowed) >= MAX_REMEMBERED:
                self._allowed.clear()
            known = self._allowed[seen] = self._compute(seen)
        return known

    def _compute(self, seen: int) -> int:
        allowed = self._free
        for bit in bits(seen):
            for number in self._by_bit.get(bit, ()):
                if all(seen & mask for mask in self._masks[number]):
                    allowed |= 1 << number
        return allowed

    def offered(self, mask: int) -> int:
        """The nodes to which this slot offers a way."""
        seen = mask & self._offered_bits
        known = self._offered.get(seen)
        if known is None:
            if len(self._offered) >= MAX_REMEMBERED:
                self._offered.clear()
            known = 0
            for bit in bits(seen):
                known |= self._offers.get(bit, 0)
            self._offered[seen] = known
        return known


def bits(mask: int) -> list[int]:
    """The positions of the bits of a mask, ascending."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
