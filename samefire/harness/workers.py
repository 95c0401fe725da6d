"""Processes that work on pieces. Each gets its next piece when it has answered for the one before, so that nothing
is written to one that does not read, and all can be ended at any time."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any

Begin = Callable[[], object]
Work = Callable[[Any], Any]
Crew = dict[Connection, Any]


class Lost(RuntimeError):
    """A process ended by itself."""


def answers(pieces: Sequence[Any], work: Work, processes: int, *, begin: Begin) -> Generator[Any, None, None]:
    """What `work` makes of each piece, in their order; `begin` is called in each process first. Both can be
    pickled. Raises what they raise, and Lost. The processes end with the iterator."""
    context = multiprocessing.get_context("spawn")
    crew: Crew = {}
    try:
        with _uninterrupted():
            for _ in range(processes):
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs, begin, work), daemon=True)
                process.start()
                theirs.close()
                crew[ours] = process
        yield from _gathered(pieces, crew)
    finally:
        for process in crew.values():
            process.terminate()
        for pipe, process in crew.items():
            process.join()
            pipe.close()


def _gathered(pieces: Sequence[Any], crew: Crew) -> Iterator[Any]:
    """Hand out the pieces and put the answers in order."""
    numbers = iter(range(len(pieces)))
    busy: dict[Any, int | None] = dict.fromkeys(crew)  # each tells first that it has begun
    done: dict[int, Any] = {}
    told = 0
    while busy:
        for pipe in wait(list(busy)):
            answered = busy.pop(pipe)
            answer = _answer(pipe, crew)
            if answered is not None:
                done[answered] = answer
            number = next(numbers, None)
            if number is not None:
                pipe.send(pieces[number])  # type: ignore[union-attr]
                busy[pipe] = number
            while told in done:
                yield done.pop(told)
                told += 1


def _answer(pipe: Any, crew: Crew) -> Any:
    try:
        failure, answer = pipe.recv()
    except (EOFError, OSError):
        crew[pipe].join()
        raise Lost(f"a process ended by itself, with code {crew[pipe].exitcode}") from None
    if failure is not None:
        raise failure
    return answer


def _serve(pipe: Connection, begin: Begin, work: Work) -> None:
    """The life of a process: until nobody asks any more."""
    _reply(pipe, begin)
    while True:
        try:
            piece = pipe.recv()
        except (EOFError, OSError):
            return
        _reply(pipe, lambda piece=piece: work(piece))  # type: ignore[misc]


def _reply(pipe: Connection, call: Callable[[], Any]) -> None:
    answer: tuple[Exception | None, Any]
    try:
        answer = (None, call())
    except Exception as error:
        error.add_note(traceback.format_exc())
        answer = (error, None)
    try:
        pipe.send(answer)
    except (TypeError, AttributeError) as unsent:
        pipe.send((RuntimeError(f"{answer[0] or 'an answer'} cannot be sent: {unsent}"), None))


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes started here leave Ctrl-C to the one that started them, which ends them. One that comes meanwhile
    counts at the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
    elif not hasattr(signal, "pthread_sigmask"):
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
    else:
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # its start would let signals through
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
