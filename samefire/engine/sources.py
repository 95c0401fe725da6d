"""Where the masks of one slot come from: a field, all fields, a name pattern, nested objects, several fields.

A single field is read by the walk of `probe.py`; for every other kind `filler` gives a function that sets
the slot's mask for a document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from samefire.engine.events import (
    Document,
    Scalar,
    all_text,
    flatten,
    is_present,
    values_at,
)
from samefire.engine.glob import glob
from samefire.engine.joint import JointMasks
from samefire.engine.logic import (
    AnySlot,
    FieldSlot,
    JointSlot,
    NullSlot,
    PatternSlot,
    PresentSlot,
    SlotKey,
)
from samefire.engine.masks import FieldMasks, key_of

MAX_NAMES = 10_000
"""Names of fields of which one pattern remembers whether they fit."""

Fill = Callable[[Document, list[int], list[list[Any]]], None]
"""Sets the mask of a slot, from a document or from the values of the fields that are read jointly."""


class ObjectMasks(Protocol):
    """Masks of the objects at a path: `match.py` has the one there is."""

    @property
    def failures(self) -> Mapping[int, str]:
        """Bits whose node cannot be run, and why."""
        ...

    def mask(self, document: Document) -> int:
        """The bits of the objects of a document, each judged alone."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """One slot and what makes its masks."""

    key: SlotKey
    masks: FieldMasks | JointMasks | ObjectMasks

    @property
    def field(self) -> FieldMasks | None:
        """The masks when the slot is a single field, read by the walk."""
        return self.masks if isinstance(self.key, FieldSlot) and isinstance(self.masks, FieldMasks) else None


class Flat:
    """The (path, scalar) pairs of the document that was asked for last: several fillers look at each."""

    def __init__(self) -> None:
        self._document: Document | None = None
        self._pairs: list[tuple[str, Scalar]] = []

    def forget(self) -> None:
        """A document may have changed since it was last asked for."""
        self._document = None

    def of(self, document: Document) -> list[tuple[str, Scalar]]:
        """Every pair of the document."""
        if document is not self._document:
            self._document, self._pairs = document, list(flatten(document))
        return self._pairs


def filler(local: int, source: Source, keep: int, raw: Callable[[str], int], flat: Flat) -> Fill | None:
    """The function that sets the mask of place `local` to the bits of `keep`; None for a single field. `raw`
    gives the place of the values of a field that is read jointly."""
    match source.key, source.masks:
        case FieldSlot(), _:
            return None
        case JointSlot(paths=paths), JointMasks() as joint:
            return _joint_filler(local, joint, keep, [raw(path) for path in paths])
        case PresentSlot(path=path), _:
            return _present_filler(local, path, keep)
        case AnySlot(without=without), FieldMasks() as masks:
            return _any_filler(local, masks, keep, without, flat)
        case PatternSlot(pattern=pattern, without=without), FieldMasks() as masks:
            return _pattern_filler(local, masks, keep, glob(pattern), without, flat)
        case NullSlot(path=path, null=null), FieldMasks() as masks:
            return _null_filler(local, masks, keep, path, null)
        case _:
            assert not isinstance(source.masks, FieldMasks | JointMasks)
            return _object_filler(local, source.masks, keep)


def _joint_filler(local: int, joint: JointMasks, keep: int, places: list[int]) -> Fill:
    def fill(_: Document, masks: list[int], raws: list[list[Any]]) -> None:
        masks[local] = joint.mask([raws[place] for place in places]) & keep

    return fill


def _object_filler(local: int, objects: ObjectMasks, keep: int) -> Fill:
    def fill(document: Document, masks: list[int], _: list[list[Any]]) -> None:
        masks[local] = objects.mask(document) & keep

    return fill


def _present_filler(local: int, path: str, keep: int) -> Fill:
    def fill(document: Document, masks: list[int], _: list[list[Any]]) -> None:
        masks[local] = keep if is_present(document, path) else 0

    return fill


def _any_filler(local: int, fields: FieldMasks, keep: int, without: frozenset[str], flat: Flat) -> Fill:
    """The mask of every field. Most events hold none of the literals that are looked for, and are left after
    one look at all their values together."""
    memo, may_match = fields.memo, fields.prefilter()

    def fill(document: Document, masks: list[int], _: list[list[Any]]) -> None:
        if may_match is None or may_match(all_text(document)):
            mask = 0
            for name, value in flat.of(document):
                if name not in without:
                    mask |= memo[key_of(value)]
            masks[local] = mask & keep

    return fill


def _pattern_filler(
    local: int,
    fields: FieldMasks,
    keep: int,
    fits: Callable[[str], bool],
    without: frozenset[str],
    flat: Flat,
) -> Fill:
    """The mask of every field whose name fits a pattern."""
    memo = fields.memo
    wanted: dict[str, bool] = {}

    def fill(document: Document, masks: list[int], _: list[list[Any]]) -> None:
        mask = 0
        for name, value in flat.of(document):
            inside = wanted.get(name)
            if inside is None:
                if len(wanted) >= MAX_NAMES:
                    wanted.clear()
                inside = wanted[name] = fits(name) and name not in without
            if inside:
                mask |= memo[key_of(value)]
        masks[local] = mask & keep

    return fill


def _null_filler(local: int, fields: FieldMasks, keep: int, path: str, null: Scalar) -> Fill:
    """The mask of a field whose mapping gives null a value."""
    memo, prefix = fields.memo, path + "."

    def fill(document: Document, masks: list[int], _: list[list[Any]]) -> None:
        mask = 0
        for value in values_at(document, path):
            mask |= memo[key_of(null if value is None else value)]
        if fields.objects and any(name.startswith(prefix) for name, _ in flatten(document)):
            mask |= fields.objects
        masks[local] = mask & keep

    return fill
