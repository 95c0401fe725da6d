"""What stands under the cursor: a field with its type and purpose, a key with what it may be, an ATT&CK entry."""

from __future__ import annotations

from lsprotocol import types

from samefire import attack
from samefire.fields import ecs
from samefire.lsp.completion import QUERIES
from samefire.lsp.cursor import Cursor, Part, cursor_at
from samefire.lsp.places import offset, range_of
from samefire.lsp.project import Kind, Project
from samefire.lsp.shapes import keys_at, top
from samefire.schema.words import wanted
from samefire.source import Source


def hover(project: Project, kind: Kind, source: Source, at: types.Position) -> types.Hover | None:
    """What to show at a position, as Markdown."""
    if kind not in (Kind.RULE, Kind.EXCEPTIONS):
        return None
    cursor = cursor_at(source.text, offset(source, at))
    word = source.text[cursor.word.start : cursor.word.end]
    text = _text(project, source, cursor, word)
    if not text:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, range_of(source, cursor.word))


def _text(project: Project, source: Source, cursor: Cursor, word: str) -> str:
    if cursor.part is Part.KEY and cursor.key:
        return _key(source, cursor)
    if cursor.part is not Part.VALUE or not word:
        return ""
    if cursor.key == "id" and "threat" in cursor.table:
        return _attack(word)
    if cursor.table == ("rule",) and cursor.key in QUERIES:
        return _field(project, word)
    return _field(project, word) if "." in word else ""


def _key(source: Source, cursor: Cursor) -> str:
    key = keys_at(top(source.text, cursor.statements), cursor.table).get(cursor.key)
    if key is None:
        return ""
    about = f"\n\n{key.about}" if key.about else ""
    return f"**{cursor.key}**: {wanted(key.shape)}{' (required)' if key.required else ''}{about}"


def _field(project: Project, name: str) -> str:
    """A field: its type, what ECS says of it, and the values that ECS allows."""
    name = name.strip(".")
    known = project.fields.get(name)
    if known is None:
        return f"**{name}**: an object with fields below it" if project.fields.is_object(name) else ""
    lines = [f"**{name}**: `{known.type}`" + (" (ECS)" if known.ecs else "")]
    if known.ignore_above:
        lines[0] += f", values up to {known.ignore_above} characters"
    lines += [text for text in (ecs.text(name),) if text]
    values = ecs.allowed_values(name) or ecs.expected_values(name)
    if values:
        lines.append("values: " + ", ".join(f"`{value}`" for value in values))
    return "\n\n".join(lines)


def _attack(word: str) -> str:
    technique, tactic = attack.technique(word), attack.tactic(word)
    if technique is not None:
        after = attack.successor(word) if not technique.current else None
        state = "" if technique.current else " (revoked)" if technique.revoked else " (deprecated)"
        now = f"\n\nnow {after.id} {after.name}" if after else ""
        return f"**{technique.id} {technique.name}**{state}{now}\n\n[{technique.url}]({technique.url})"
    return f"**{tactic.id} {tactic.name}**\n\n[{tactic.url}]({tactic.url})" if tactic else ""
