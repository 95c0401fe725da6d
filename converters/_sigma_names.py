"""Names of selections: what they select, in a word or two, each name once.

Knows fields and values, not what a condition says of them.
"""

from __future__ import annotations

import re

from samefire.query.ast import Pattern

from ._sigma_clause import Item

LONGEST = 32
_NAMED = frozenset({"name", "executable", "action", "code", "dataset", "provider", "type", "extension"}) | {
    "Image",
    "ParentImage",
    "OriginalFileName",
    "TargetFilename",
    "ImageLoaded",
}
_EVERYWHERE = frozenset({"event.category", "event.kind", "event.type", "host.os.type", "host.os.family"})


class Names:
    """Gives each selection of a rule its name."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def name(self, maps: list[list[Item]], role: str, *, main: bool = False) -> str:
        """`selection` for the main map, else `selection_<what>` or `filter_<what>`, counted when taken."""
        stem = role if main else f"{role}_{what(maps)}"
        name, count = stem, 1
        while name in self.used:
            count += 1
            name = f"{stem}_{count}"
        self.used.add(name)
        return name


def what(maps: list[list[Item]]) -> str:
    """A value that says it all, the field, or what the fields have in common."""
    items = [item for group in maps for item in group]
    if items[0].field is None:
        return "keywords"
    telling = [item for item in items if item.field not in _EVERYWHERE] or items
    if len(maps) == 1:
        named = next((slug for item in telling if (slug := _by_value(item))), None)
        if named:
            return named
    return _by_fields(list(dict.fromkeys(item.field or "" for item in telling)))


def _by_value(item: Item) -> str | None:
    """The one value of a field that names something: `svchost`, `createuser`."""
    if len(item.patterns) != 1 or (item.field or "").rsplit(".", 1)[-1] not in _NAMED:
        return None
    last = re.split(r"[\\/]", _text(item.patterns[0]).rstrip("\\/"))[-1]
    word = slug(re.sub(r"\.(exe|dll|com|bat|ps1|sh|py)$", "", last, flags=re.IGNORECASE))
    return word if 2 < len(word) <= LONGEST else None


def _text(pattern: Pattern) -> str:
    return "".join(piece if isinstance(piece, str) else "" for piece in pattern)


def _by_fields(fields: list[str]) -> str:
    """One field: its last two parts. Several: the parts they share, or the first field."""
    if len(fields) > 1:
        shared = _shared([field.split(".") for field in fields])
        if shared:
            return slug("_".join(shared[-2:])) or "fields"
    return slug("_".join(fields[0].split(".")[-2:])) or "field"


def _shared(names: list[list[str]]) -> list[str]:
    shared: list[str] = []
    for parts in zip(*names, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return shared


def slug(text: str) -> str:
    """Lower-case ASCII letters, digits and single underscores; `TargetFilename` is `target_filename`."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:64].strip("_")
