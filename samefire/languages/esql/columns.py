"""The columns that exist at a point of a query: those of the documents, and those that commands have made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from samefire.fields import FieldType, FieldTypes
from samefire.languages.esql.types import METADATA, column_type
from samefire.problems import nearest
from samefire.query.ast import Fold, Pattern, Wild
from samefire.query.pipeline import Source
from samefire.query.values import fits

EVERYTHING: Pattern = (Wild.MANY,)
COMPUTED = ("Esql.", "Esql_priv.")
"""Names that detection rules keep for what they compute: no document has them."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a name is no column."""

    code: str
    message: str
    hint: str | None = None


class Columns:
    """`made`: columns of commands, and those of documents that were named, by type, in order. While `open`,
    further columns of the documents can be named."""

    def __init__(self, fields: FieldTypes, metadata: Iterable[str] | None) -> None:
        """`metadata` None: there are no documents (ROW)."""
        self.fields = fields
        self.open = metadata is not None
        self.made: dict[str, str] = {}
        self.sources: dict[str, Source] = {}
        self.rest: tuple[Pattern, ...] | None = (EVERYTHING,) if self.open else None
        self._kept: list[tuple[Pattern, ...]] = []
        self._gone: list[Pattern] = []
        for name in metadata or ():
            self.sources[name] = Source(name, METADATA[name], METADATA[name])
            self.made[name] = METADATA[name]

    # ---- what is there ---------------------------------------------------------------------------

    def find(self, name: str) -> str | Unusable:
        """The type of a column."""
        if name in self.made:
            return self.made[name]
        if not self.open or not self._within(name):
            return self._unknown(name)
        if name in METADATA:
            return Unusable(
                "query-unknown-column",
                f"unknown column `{name}`",
                f"add it to the source: `FROM … METADATA {name}`",
            )
        return self._from_documents(name)

    def _within(self, name: str) -> bool:
        kept = all(any(fits(p, name, Fold.NONE) for p in patterns) for patterns in self._kept)
        return kept and not any(fits(p, name, Fold.NONE) for p in self._gone)

    def _from_documents(self, name: str) -> str | Unusable:
        found = self.fields.resolve(name)
        if found is None or (found.type == "dynamic" and name.startswith(COMPUTED)):
            return self._unknown(name)
        if found.type in ("object", "nested") or found.nested:
            why = "is nested" if found.nested or found.type == "nested" else "holds other fields"
            return Unusable("query-unknown-column", f"`{name}` {why}: ES|QL has no column for it")
        kind = column_type(found)
        if kind is None:
            kind = f"unsupported:{found.type}"
        self.sources[name] = source_of(found, kind)
        self.made[name] = kind
        return kind

    def _unknown(self, name: str) -> Unusable:
        near = nearest(name, self.made)
        if near is None and self.open:
            near = self.fields.nearest(name)
        hint = f"did you mean `{near}`?" if near else None
        return Unusable("query-unknown-column", f"unknown column `{name}`", hint)

    def fitting(self, pattern: Pattern) -> list[str]:
        """The named columns that fit."""
        return [name for name in self.made if fits(pattern, name, Fold.NONE)]

    def any_fits(self, pattern: Pattern) -> bool:
        """Whether some column may fit: while unlisted fields of the documents can be columns, any pattern."""
        if self.fitting(pattern) or (self.open and self.fields.dynamic):
            return True
        names = self.fields.names_like("*") if self.open else ()
        return any(fits(pattern, name, Fold.NONE) and self._within(name) for name in names)

    # ---- what commands do ------------------------------------------------------------------------

    def put(self, name: str, kind: str) -> None:
        """A new column at the end; an old one of the name is gone."""
        self.made.pop(name, None)
        self.made[name] = kind

    def rename(self, old: str, new: str) -> None:
        kind = self.made[old]
        self._gone.append((old,))
        pairs = ((new if n == old else n, kind if n == old else k) for n, k in list(self.made.items()))
        self.made = {n: k for n, k in pairs if n != new or k == kind}

    def keep(self, names: tuple[Pattern, ...]) -> None:
        """Only the columns that fit."""
        open_ = [p for p in names if any(isinstance(piece, Wild) for piece in p)]
        if self.open and self.rest == (EVERYTHING,):
            self.rest = tuple(open_)
        self._kept.append(names)
        self.made = {n: k for n, k in self.made.items() if any(fits(p, n, Fold.NONE) for p in names)}
        self.open = self.open and bool(open_)

    def drop(self, names: tuple[Pattern, ...]) -> None:
        """All columns but those that fit."""
        self._gone.extend(names)
        self.made = {n: k for n, k in self.made.items() if not any(fits(p, n, Fold.NONE) for p in names)}

    def close(self) -> None:
        """No more columns of documents: the rows are groups."""
        if self.open and self.rest == (EVERYTHING,):
            self.rest = None
        self.open = False
        self.made = {}


def source_of(field: FieldType, kind: str) -> Source:
    """Where the column of a field is read."""
    limit = field.ignore_above if kind in ("keyword", "dynamic") else None
    reads = field.column or field.name
    return Source(field.name, kind, field.type, reads, limit, field.null_value, field.value)
