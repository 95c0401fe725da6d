"""What can stand at the cursor: keys, tables, values, fields with their types, values that ECS knows, ATT&CK ids."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from heapq import nsmallest

from lsprotocol import types

from samefire import attack
from samefire.fields import ecs
from samefire.lsp.cursor import Cursor, Part, cursor_at
from samefire.lsp.places import offset, range_of
from samefire.lsp.project import Kind, Project
from samefire.lsp.shapes import headers, keys_at, said, shape_at, top
from samefire.rule_schema import TYPES
from samefire.schema import Flag, Key, ListOf, Map, Table, Text
from samefire.schema.words import wanted
from samefire.source import Source, Span

MOST_FIELDS = 300
"""Fields in one answer; more are sent when more of the name is typed."""

QUERIES = {"query": "language", "threat_query": "threat_language"}
_FIELDS = frozenset(("field", "field_names", "group_by", "value", "new_terms_fields", "name", "threshold"))
_OF_FIELD = re.compile(
    r"(?P<field>[\w.@]+)\s*(?::|==|!=|\b(?:in|like|not in)~?)\s*(?:\((?:[^()\"]|\"[^\"]*\")*)?\"?[\w*.-]*\Z",
    re.IGNORECASE,
)


def complete(project: Project, kind: Kind, source: Source, at: types.Position) -> types.CompletionList:
    """What can stand at a position of a rule or exception file."""
    if kind not in (Kind.RULE, Kind.EXCEPTIONS):
        return types.CompletionList(False, [])
    cursor = cursor_at(source.text, offset(source, at))
    if cursor.part is Part.VALUE:
        items = list(_values(project, source, cursor))
    elif cursor.part is Part.KEY:
        items = list(_keys(source, cursor))
    else:
        items = list(_headers(source, cursor))
    return types.CompletionList(len(items) >= MOST_FIELDS, items)


# ---- keys and tables ------------------------------------------------------------------------------------


def _keys(source: Source, cursor: Cursor) -> Iterator[types.CompletionItem]:
    """Keys of the table that it does not have yet."""
    place = range_of(source, cursor.word)
    has = cursor.siblings() - {cursor.key}
    for name, key in keys_at(top(source.text, cursor.statements), cursor.table).items():
        if name not in has and not _opens_table(key):
            text = name if cursor.key else f"{name} = {_snippet(key)}"
            yield types.CompletionItem(
                name,
                kind=types.CompletionItemKind.Property,
                detail=wanted(key.shape) + (", required" if key.required else ""),
                documentation=key.about or None,
                sort_text=f"{0 if key.required else 1}{name}",
                insert_text_format=types.InsertTextFormat.Snippet,
                text_edit=types.TextEdit(place, text),
            )


def _opens_table(key: Key) -> bool:
    shape = key.shape
    return isinstance(shape, Table | Map) or (
        isinstance(shape, ListOf) and isinstance(shape.item, Table | Map)
    )


def _snippet(key: Key) -> str:
    """A value to begin with."""
    match key.shape:
        case Text(choices=choices) if choices:
            return f'"${{1|{",".join(choices)}|}}"'
        case Text():
            return '"$1"'
        case Flag():
            return "${1|true,false|}"
        case ListOf():
            return "[$1]"
        case _:
            return "$1"


def _headers(source: Source, cursor: Cursor) -> Iterator[types.CompletionItem]:
    place = range_of(source, cursor.word)
    for name, repeated in headers(top(source.text, cursor.statements)):
        if repeated == cursor.repeated:
            yield types.CompletionItem(
                name, kind=types.CompletionItemKind.Struct, text_edit=types.TextEdit(place, name)
            )


# ---- values -------------------------------------------------------------------------------------------


def _values(project: Project, source: Source, cursor: Cursor) -> Iterator[types.CompletionItem]:
    if cursor.key in QUERIES and cursor.table == ("rule",):
        yield from _in_query(project, source, cursor)
        return
    if cursor.key == "id" and cursor.table[:1] == ("rule",) and "threat" in cursor.table:
        yield from _attack_ids(source, cursor)
        return
    if cursor.key == "type" and cursor.table == ("rule",):
        yield from (_quoted(source, cursor, name) for name in TYPES)
        return
    shape = shape_at(top(source.text, cursor.statements), (*cursor.table, cursor.key))
    if isinstance(shape, Flag):
        yield from (_word(source, cursor, name) for name in ("true", "false"))
    elif isinstance(shape, Text) and shape.choices:
        yield from (_quoted(source, cursor, name) for name in shape.choices)
    elif cursor.key in _FIELDS and isinstance(shape, Text):
        yield from _fields(project, source, cursor)


def _word(source: Source, cursor: Cursor, name: str) -> types.CompletionItem:
    edit = types.TextEdit(range_of(source, cursor.word), name)
    return types.CompletionItem(name, kind=types.CompletionItemKind.Value, text_edit=edit)


def _quoted(source: Source, cursor: Cursor, name: str) -> types.CompletionItem:
    """A text as a value: with quotation marks, where none stand yet."""
    return types.CompletionItem(
        name,
        kind=types.CompletionItemKind.EnumMember,
        text_edit=types.TextEdit(range_of(source, cursor.word), _as_text(cursor, name)),
    )


def _as_text(cursor: Cursor, name: str) -> str:
    return name if cursor.text is not None else f'"{name}"'


# ---- fields -------------------------------------------------------------------------------------------


def _in_query(project: Project, source: Source, cursor: Cursor) -> Iterator[types.CompletionItem]:
    """Values that ECS knows for the field before the cursor; else fields."""
    if cursor.text is None:
        return
    before = source.text[
        max(cursor.text.start, cursor.word.start - 400) : cursor.word.start + len(cursor.typed)
    ]
    about = _OF_FIELD.search(before)
    if about is not None:
        names = ecs.allowed_values(about["field"]) or ecs.expected_values(about["field"]) or ()
        yield from (_value(source, cursor, name, about["field"]) for name in names)
        language = said(source.text, cursor.statements, QUERIES[cursor.key])
        if names or language in ("kuery", "lucene"):
            return
    yield from _fields(project, source, cursor)


def _value(source: Source, cursor: Cursor, name: str, field: str) -> types.CompletionItem:
    quoted = source.text[cursor.word.start - 1 : cursor.word.start] == '"'
    language = said(source.text, cursor.statements, QUERIES[cursor.key])
    text = name if quoted or language in ("kuery", "lucene") else f'"{name}"'
    edit = types.TextEdit(range_of(source, cursor.word), text)
    return types.CompletionItem(
        name, kind=types.CompletionItemKind.EnumMember, detail=f"value of {field} in ECS", text_edit=edit
    )


def _fields(project: Project, source: Source, cursor: Cursor) -> Iterator[types.CompletionItem]:
    """Fields whose name starts with what is typed."""
    names, typed = project.names, cursor.typed
    place = range_of(source, cursor.word)
    found = names[bisect_left(names, typed) : bisect_left(names, typed + "\U0010ffff")]
    for name in nsmallest(MOST_FIELDS, found, key=lambda name: _rank(project, name)):
        yield field_item(project, name, place)


def _rank(project: Project, name: str) -> tuple[int, int, str]:
    """The project's own fields, those of ECS, those of vendors; less deep ones first."""
    return 0 if name in project.own else 1 if ecs.text(name) else 2, name.count("."), name


def field_item(project: Project, name: str, place: types.Range) -> types.CompletionItem:
    """One field with its type and what it is for."""
    known = project.fields.get(name)
    return types.CompletionItem(
        name,
        kind=types.CompletionItemKind.Field,
        detail=known.type if known else None,
        documentation=ecs.text(name),
        sort_text="{}{}{}".format(*_rank(project, name)),
        text_edit=types.TextEdit(place, name),
    )


# ---- ATT&CK -------------------------------------------------------------------------------------------


def _attack_ids(source: Source, cursor: Cursor) -> Iterator[types.CompletionItem]:
    """Tactics or techniques, found by id or by name; name and link are written along where they are missing."""
    for name, title, url in _of_table(cursor.table[-1]):
        yield types.CompletionItem(
            f"{name} {title}",
            kind=types.CompletionItemKind.Reference,
            filter_text=f"{name} {title}",
            documentation=url,
            text_edit=types.TextEdit(range_of(source, cursor.word), _as_text(cursor, name)),
            additional_text_edits=_along(source, cursor, title, url),
        )


def _of_table(table: str) -> Iterator[tuple[str, str, str]]:
    if table == "tactic":
        yield from ((one.id, one.name, one.url) for one in attack.tactics())
        return
    for one in attack.techniques():
        if one.current and (one.parent is not None) == (table == "subtechnique"):
            yield one.id, one.name, one.url


def _along(source: Source, cursor: Cursor, title: str, url: str) -> list[types.TextEdit]:
    """The lines `name = …` and `reference = …` behind this one."""
    missing = {"name": title, "reference": url}
    lines = [f'\n{key} = "{text}"' for key, text in missing.items() if key not in cursor.siblings()]
    stop = source.text.find("\n", cursor.value.start)
    end = len(source.text) if stop < 0 else stop
    end -= source.text[:end].endswith("\r")
    return [types.TextEdit(range_of(source, Span(end, end)), "".join(lines))] if lines else []
