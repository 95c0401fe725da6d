"""KQL's tree to text, in one layout: `parse(render(tree))` is the same tree.

Short queries stay on one line; a longer one has one operand on each line, and parentheses open a block.
Escapes only what Kibana would otherwise read differently.
"""

from __future__ import annotations

import re
from functools import cache
from typing import assert_never

from samefire.languages.kuery.parser import BLANKS
from samefire.languages.kuery.tree import (
    And,
    Is,
    Literal,
    Nested,
    Not,
    Or,
    Pattern,
    Query,
    Range,
    Term,
    leaves,
    term_text,
)

_WHITE = {"\t": "\\t", "\r": "\\r", "\n": "\\n"}
_QUOTED = re.compile(r'[\\"\t\r\n]')
_RELATIONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def render(query: Query, *, width: int = 100) -> str:
    """The query as text; lines longer than `width` characters are broken where that is possible."""
    return _Layout(width).text(query, None, 0)


class _Layout:
    """Writes one query. `field` is the field of the list that is being written, None outside of lists."""

    def __init__(self, width: int) -> None:
        self.width = width

    def text(self, query: Query, field: Term | None, indent: int) -> str:
        """The query, its first line standing behind `indent` blanks."""
        flat = self.written(query, field, None)
        if len(flat) + indent <= self.width:
            return flat
        return self.written(query, field, indent)

    def written(self, query: Query, field: Term | None, indent: int | None) -> str:
        """The query on one line (`indent` None), or broken at its operators."""
        if field is None and (shared := _list_field(query)) is not None:
            return f"{_term(shared, False)}: {self.block(query, shared, indent)}"
        match query:
            case And(children=children):
                return self.joined(children, "and", field, indent)
            case Or(children=children):
                return self.joined(children, "or", field, indent)
            case Not(child=child):
                return f"not {self.operand(child, 'not', field, indent)}"
            case Nested(path=path, child=child):
                return f"{_term(path, False)}: {self.block(child, None, indent, '{', '}')}"
            case Is(field=name, value=value):
                return (
                    _term(value)
                    if field is not None or name is None
                    else f"{_term(name, False)}: {_term(value)}"
                )
            case Range(field=name, operator=operator, value=value):
                return f"{_term(name)} {_RELATIONS[operator]} {_term(value)}"
            case _:
                assert_never(query)

    def joined(self, children: tuple[Query, ...], word: str, field: Term | None, indent: int | None) -> str:
        joint = f" {word} " if indent is None else f" {word}\n{' ' * indent}"
        return joint.join(self.operand(child, word, field, indent) for child in children)

    def operand(self, child: Query, word: str, field: Term | None, indent: int | None) -> str:
        """One operand of `word`, in parentheses where it would otherwise be read with its neighbours."""
        loose = isinstance(child, Or) or (isinstance(child, And) and word != "or")
        loose = loose or (isinstance(child, Not) and word == "not")
        if loose and (field is not None or _list_field(child) is None):
            flat = self.block(child, field, None)
            fits = indent is None or len(flat) + indent <= self.width
            return flat if fits else self.block(child, field, indent)
        return self.written(child, field, None) if indent is None else self.text(child, field, indent)

    def block(
        self, query: Query, field: Term | None, indent: int | None, opening: str = "(", closing: str = ")"
    ) -> str:
        """The query between parentheses: on one line, or indented on lines of its own."""
        if indent is None:
            inner = self.written(query, field, None)
            return f"{{ {inner} }}" if opening == "{" else f"({inner})"
        deeper = " " * (indent + 2)
        return f"{opening}\n{deeper}{self.text(query, field, indent + 2)}\n{' ' * indent}{closing}"


def _list_field(query: Query) -> Term | None:
    """The field of `f: (…)` when the query was written so, and still is about one field only."""
    if not isinstance(query, And | Or | Not) or not query.listed:
        return None
    fields = {leaf.field if isinstance(leaf, Is) else None for leaf, _ in leaves(query)}
    return fields.pop() if len(fields) == 1 else None


def _term(term: Term, blank_follows: bool = True) -> str:
    """A field or value as it is written; `blank_follows`: a blank or the end may stand behind it."""
    match term:
        case Literal(value=str(value), quoted=True):
            return f'"{_QUOTED.sub(_escape, value)}"'
        case Literal(value=str(value)):
            return _bare(value, True, blank_follows) or "\\t"
        case Literal():
            return term_text(term)
        case Pattern(parts=parts):
            last = len(parts) - 1
            return "*".join(_bare(part, i == 0, blank_follows and i == last) for i, part in enumerate(parts))
        case _:
            assert_never(term)


def _bare(text: str, first: bool, last: bool) -> str:
    """A text without quotes: special characters and operators in it escaped."""
    return _meant(first, last).sub(_escape, text)


@cache
def _meant(first: bool, last: bool) -> re.Pattern[str]:
    """What a bare text may not hold as it is: special characters, `or` and `and` between blanks, and `not`
    before one. `first` and `last`: the ends of the text are the ends of the literal."""
    before = rf"(?:(?<=[{BLANKS}])|^)" if first else rf"(?<=[{BLANKS}])"
    after = rf"(?=[{BLANKS}]|$)" if last else rf"(?=[{BLANKS}])"
    special = r'[\\():<>"*{}\t\r\n]'
    return re.compile(rf"{before}(?:or|and){after}|n(?=ot{after})|{special}", re.IGNORECASE)


def _escape(found: re.Match[str]) -> str:
    """The escape for a character, or for a word that would be an operator (`\\not` would be a line break)."""
    what = found[0]
    return _WHITE.get(what) or (f"\\u{ord(what):04x}" if what in "nN" else f"\\{what}")
