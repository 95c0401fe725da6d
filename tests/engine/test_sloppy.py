"""Sloppy phrases: the same answers as trying every choice of places, and no stall."""

from __future__ import annotations

import itertools
import time

from hypothesis import given
from hypothesis import strategies as st

from samefire.engine.sloppy import within

places = st.lists(st.lists(st.integers(0, 6), max_size=4, unique=True), min_size=1, max_size=4)


@given(places, st.integers(0, 5))
def test_as_every_choice_says(found: list[list[int]], slop: int) -> None:
    def holds(choice: tuple[int, ...]) -> bool:
        moves = [at - token for token, at in enumerate(choice)]
        return len(set(choice)) == len(choice) and max(moves) - min(moves) <= slop

    assert within(found, slop) is any(holds(choice) for choice in itertools.product(*found))


def test_long_texts_do_not_stall() -> None:
    started = time.process_time()
    assert not within([list(range(0, 40_000, 2)), list(range(50_000, 60_000)), [100_000]], 30)
    assert within([list(range(20_000)), list(range(20_000))], 1_000_000)
    assert not within([[5]] * 300, 1_000)
    assert time.process_time() - started < 2
