"""The facts that are shipped: `data/ecs.tsv` and `data/vendors.tsv`, one field a line.

A line is `name`, `type` and options, separated by tabs; it is decoded when its field is asked for. The
files are made by `scripts/update_ecs.py` and `scripts/update_vendors.py`, which say what the options are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from samefire.fields.table import DYNAMIC_LIMIT, FieldType, FieldTypes

DATA = Path(__file__).resolve().parent.parent / "data"


class Packed(Mapping[str, FieldType]):
    """A table whose lines are decoded on demand."""

    def __init__(self, text: str, *, ecs: bool) -> None:
        head, _, body = text.partition("\n")
        self.version = head.rpartition(" ")[2]
        self._ecs = ecs
        self._lines = dict(line.split("\t", 1) for line in body.splitlines())

    def __getitem__(self, name: str) -> FieldType:
        return self._decode(name, self._lines[name])

    def get(self, name: str, default: Any = None) -> Any:
        line = self._lines.get(name)
        return default if line is None else self._decode(name, line)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def _decode(self, name: str, line: str) -> FieldType:
        kind, *options = line.split("\t")
        said = {key: value for key, _, value in (option.partition("=") for option in options)}
        limit = int(said.get("i", DYNAMIC_LIMIT if kind == "keyword" else 0))
        return FieldType(
            name,
            kind,
            limit or None,
            column=said.get("m"),
            nested=said.get("n"),
            ecs=self._ecs,
            normalizer="lowercase" if "l" in said else None,
            scaling_factor=float(said["s"]) if "s" in said else None,
            index="x" not in said,
            array="a" in said,
        )


@cache
def ecs_layer() -> Packed:
    """The fields of ECS."""
    return Packed((DATA / "ecs.tsv").read_text(encoding="utf-8"), ecs=True)


@cache
def vendor_layer() -> Packed:
    """Fields of well-known data sets that ECS does not have."""
    return Packed((DATA / "vendors.tsv").read_text(encoding="utf-8"), ecs=False)


@cache
def ecs_types() -> FieldTypes:
    """ECS as a table."""
    return FieldTypes(ecs_layer())


@cache
def known_types() -> FieldTypes:
    """Well-known data sets, and ECS on top."""
    return FieldTypes(vendor_layer()).layered(ecs_types())
