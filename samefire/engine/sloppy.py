"""Sloppy phrases as Lucene matches them: tokens that may be moved, but not onto one another."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence

MAX_TRIES = 64
"""Windows in which equal tokens are given places of their own; a value with more is taken to match."""


def within(places: Sequence[Sequence[int]], slop: int) -> bool:
    """Whether every token has a place so that the moves (place minus position in the phrase) differ by at most
    `slop` and no place serves two tokens. `places[i]` are the places of token i in the text."""
    if not all(places):
        return False
    shared = len({at for found in places for at in found}) < sum(map(len, places))
    moves = sorted((at - token, token, at) for token, found in enumerate(places) for at in found)
    window: deque[tuple[int, int, int]] = deque()
    counts: Counter[int] = Counter()
    tries = 0
    for move in moves:
        window.append(move)
        counts[move[1]] += 1
        while move[0] - window[0][0] > slop:
            counts[window.popleft()[1]] -= 1
        if all(counts[token] for token in range(len(places))):
            tries += 1
            if not shared or tries > MAX_TRIES or _apart(window, len(places)):
                return True
    return False


def _apart(window: Iterable[tuple[int, int, int]], count: int) -> bool:
    """Whether every token can have a place of its own (augmenting paths, breadth first)."""
    options: list[list[int]] = [[] for _ in range(count)]
    for _, token, at in window:
        options[token].append(at)
    holder: dict[int, int] = {}
    return all(_place(token, options, holder) for token in range(count))


def _place(token: int, options: Sequence[Sequence[int]], holder: dict[int, int]) -> bool:
    """Give a token a place, moving others along; False when there is none."""
    came: dict[int, int] = {}
    queue = deque([token])
    while queue:
        current = queue.popleft()
        for at in options[current]:
            if at in came:
                continue
            came[at] = current
            if at in holder:
                queue.append(holder[at])
                continue
            while True:  # walk back, each token taking the place that was found for it
                taker = came[at]
                before = next((place for place, who in holder.items() if who == taker), None)
                holder[at] = taker
                if before is None:
                    return True
                del holder[before]
                at = before
    return False
