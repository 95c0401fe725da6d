"""Processes that work on pieces: answers in order, failures told, nothing left behind."""

from __future__ import annotations

import os
import time
from functools import partial

import pytest

from samefire.harness.workers import Lost, answers


def nothing() -> None:
    """What a process does first."""


def twice(piece: int) -> int:
    time.sleep(0.01 * (piece % 3))
    return 2 * piece


def broken(piece: int) -> int:
    raise ValueError(f"piece {piece}")


def gone(piece: int) -> int:
    os._exit(7 + 0 * piece)


def large(piece: bytes) -> int:
    return len(piece)


def test_answers_are_in_order() -> None:
    assert list(answers(range(20), twice, 3, begin=nothing)) == [2 * n for n in range(20)]


def test_no_piece_and_fewer_pieces_than_processes() -> None:
    assert list(answers([], twice, 2, begin=nothing)) == []
    assert list(answers([4], twice, 2, begin=nothing)) == [8]


def test_error_of_a_piece() -> None:
    with pytest.raises(ValueError, match="piece 1"):
        list(answers([1], broken, 1, begin=nothing))


def test_error_at_the_beginning() -> None:
    with pytest.raises(ValueError, match="piece 3"):
        list(answers([1], twice, 1, begin=partial(broken, 3)))


def test_error_a_process_that_ends_by_itself() -> None:
    with pytest.raises(Lost, match=r"\Aa process ended by itself, with code 7\Z"):
        list(answers([1, 2], gone, 1, begin=nothing))


def test_an_end_in_between_does_not_wait_for_what_no_process_reads() -> None:
    """More than a pipe holds is still to be handed out."""
    found = answers([b"x" * 1_000_000] * 50, large, 2, begin=nothing)
    assert next(found) == 1_000_000
    started = time.monotonic()
    found.close()
    assert time.monotonic() - started < 20
