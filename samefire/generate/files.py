"""Generated cases as fixture files: their text, and where they lie. Files that are there are left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from samefire.files import write_file
from samefire.generate.drafts import Draft


def text_of(draft: Draft) -> str:
    """The case as JSON, laid out for people."""
    case = {"description": draft.about, "events": list(draft.events)}
    if draft.history:
        case["history"] = list(draft.history)
    if draft.indicators:
        case["indicators"] = list(draft.indicators)
    return orjson.dumps(case, option=orjson.OPT_INDENT_2).decode() + "\n"


@dataclass(frozen=True, slots=True)
class Written:
    """Files that were written, and files of that name that were there and hold something else."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def places(folder: Path, cases: Iterable[Draft]) -> Iterator[tuple[Path, str]]:
    """Where each case goes in the fixture folder of its rule, and its text."""
    for draft in cases:
        side = "positive" if draft.positive else "negative"
        yield folder / side / f"{draft.name}.json", text_of(draft)


def write_cases(folder: Path, cases: Iterable[Draft], *, force: bool = False) -> Written:
    """Write cases into the fixture folder of a rule. A file that is there and differs is kept unless `force`.
    Raises OSError."""
    written: list[Path] = []
    kept: list[Path] = []
    for path, text in places(folder, cases):
        if path.exists() and path.read_bytes() == text.encode():
            continue
        if path.exists() and not force:
            kept.append(path)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode())
        written.append(path)
    return Written(tuple(written), tuple(kept))
