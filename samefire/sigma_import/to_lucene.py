"""Event queries → Lucene, for what EQL cannot ask: keywords without a field, and the query of a threshold rule.

Lucene compares letters with their case, so that a value without case becomes a regular expression with both.
Every operator stands between brackets, since Lucene's `OR NOT` does not mean what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import assert_never

from samefire.query.ast import (
    And,
    AnyField,
    AtLeast,
    BooleanIs,
    Exists,
    Fails,
    FieldPattern,
    FieldsCompare,
    Fold,
    Leaf,
    Nested,
    Node,
    Not,
    NumberIs,
    NumberRange,
    Or,
    Pattern,
    Regex,
    Script,
    Term,
    Test,
    Wild,
    Wildcard,
)
from samefire.query.lucene_regex import MAX_LENGTH
from samefire.sigma_import.losses import Losses, Unsayable
from samefire.sigma_import.regex import whole_value

_RESERVED = re.compile(r'[+\-=&|!(){}\[\]^"~*?:\\/<>\s]')
_SPECIAL = frozenset('.?+*|{}[]()"\\#@&<>~^$')


def condition(node: Node, losses: Losses) -> str:
    """The query text of a node; raises Unsayable."""
    match node:
        case And(children=()):
            return "*:*"
        case Or(children=()):
            return "(NOT *:*)"
        case And(children=children):
            return _joined(" AND ", children, losses)
        case Or(children=children):
            return _joined(" OR ", children, losses)
        case Not(child=child):
            return f"(NOT {condition(child, losses)})"
        case Leaf(field=name, test=test):
            return _leaf(f"{_name(name)}:", name, test, losses)
        case AnyField(test=test):
            return _anywhere([test], losses)
        case FieldsCompare() | AtLeast() | FieldPattern() | Nested() | Script() | Fails():
            raise Unsayable("sigma-import-node", "this part of the rule has no word in Lucene")
        case _:
            assert_never(node)


def _joined(between: str, children: Sequence[Node], losses: Losses) -> str:
    anywhere = [child.test for child in children if isinstance(child, AnyField)]
    if between == " OR " and len(anywhere) > 1:
        rest = [child for child in children if not isinstance(child, AnyField)]
        parts = [_anywhere(anywhere, losses), *(condition(child, losses) for child in rest)]
    else:
        parts = [condition(child, losses) for child in children]
    parts = list(dict.fromkeys(parts))
    return parts[0] if len(parts) == 1 else f"({between.join(parts)})"


def _anywhere(tests: Sequence[Test], losses: Losses) -> str:
    """Keywords, any of them, as one regular expression over every field."""
    losses.name(
        "sigma-import-keywords",
        "keywords are searched for in every field, by regular expressions: slow, and in analysed text word by word",
        "name the field that holds the text, such as `message`",
    )
    expressions = [f"/{_slashed(one)}/" for one in _packed([_expression(test) for test in tests])]
    return expressions[0] if len(expressions) == 1 else f"({' OR '.join(expressions)})"


def _packed(parts: Sequence[str]) -> Iterator[str]:
    """Expressions of the length that Elasticsearch takes, each for as many of the parts as it can hold."""
    inside = [part[2:-2] for part in parts if part.startswith(".*") and _ends_open(part)]
    open_ends = len(inside) == len(parts) and all(inside)
    held: list[str] = []
    for part in inside if open_ends else parts:
        if held and sum(map(len, held)) + len(held) + len(part) > MAX_LENGTH - 6:
            yield _alternatives(held, open_ends)
            held = []
        held.append(part)
    yield _alternatives(held, open_ends)


def _alternatives(parts: Sequence[str], open_ends: bool) -> str:
    joined = "|".join(parts)
    if open_ends:
        joined = f".*({joined}).*" if len(parts) > 1 else f".*{joined}.*"
    return _checked(joined)


def _checked(expression: str) -> str:
    """An expression, unless it is longer than Elasticsearch takes."""
    if len(expression) > MAX_LENGTH:
        message = f"a regular expression of {len(expression)} characters: Elasticsearch takes {MAX_LENGTH}"
        raise Unsayable("sigma-import-regex", message)
    return expression


def _ends_open(part: str) -> bool:
    return part.endswith(".*") and not part.endswith("\\.*") and len(part) >= 4


def _expression(test: Test) -> str:
    """A keyword as a regular expression over a whole value."""
    match test:
        case Term(value=value, fold=fold):
            return _regex((value,), fold)
        case Wildcard(pattern=pattern, fold=fold):
            return _regex(pattern, fold)
        case Regex():
            return whole_value(test, spell=True)
        case other:
            what = type(other).__name__
            raise Unsayable("sigma-import-test", f"Lucene has no word for this keyword ({what})")


def _leaf(prefix: str, name: str | None, test: Test, losses: Losses) -> str:
    match test:
        case Exists() if name is not None:
            return f"_exists_:{_name(name)}"
        case Term(value=value, fold=fold):
            return prefix + _pattern((value,), fold, losses)
        case Wildcard(pattern=pattern, fold=fold):
            return prefix + _pattern(pattern, fold, losses)
        case Regex() as regex:
            return f"{prefix}/{_slashed(whole_value(regex, spell=True))}/"
        case NumberIs(value=value):
            return f"{prefix}{_escaped(str(value))}"
        case NumberRange(low=low, high=high) as range:
            first = "[" if range.low_inclusive and low is not None else "{"
            last = "]" if range.high_inclusive and high is not None else "}"
            ends = ("*" if end is None else str(end) for end in (low, high))
            return (
                f"{prefix}{'[' if low is None else first}{' TO '.join(ends)}{']' if high is None else last}"
            )
        case BooleanIs(value=flag):
            return f"{prefix}{'true' if flag else 'false'}"
        case other:
            what = type(other).__name__
            raise Unsayable("sigma-import-test", f"Lucene has no word for this comparison ({what})")


def _pattern(pattern: Pattern, fold: Fold, losses: Losses) -> str:
    literal = "".join(piece for piece in pattern if isinstance(piece, str))
    if fold is Fold.NONE or not any(c.lower() != c.upper() for c in literal):
        if not literal and len(pattern) == 1 and pattern[0] == "":
            return '""'
        return "".join(_escaped(p) if isinstance(p, str) else p.value for p in pattern)
    return f"/{_slashed(_checked(_regex(pattern, fold)))}/"


def _regex(pattern: Pattern, fold: Fold) -> str:
    """A pattern as a regular expression, letters in both cases unless they have one."""
    spelled = fold is not Fold.NONE
    return "".join(
        "".join(_character(c, spelled) for c in piece)
        if isinstance(piece, str)
        else (".*" if piece is Wild.MANY else ".")
        for piece in pattern
    )


def _character(c: str, spelled: bool) -> str:
    lower, upper = c.lower(), c.upper()
    if spelled and lower != upper and len(lower) == len(upper) == 1:
        return f"[{lower}{upper}]"
    return f"\\{c}" if c in _SPECIAL else c


def _slashed(pattern: str) -> str:
    """A regular expression between slashes: those in it are escaped."""
    return re.sub(r"(?<!\\)((?:\\\\)*)/", r"\1\\/", pattern)


def _escaped(text: str) -> str:
    if text in ("AND", "OR", "NOT", "TO"):
        return f'"{text}"'
    return _RESERVED.sub(lambda found: f"\\{found[0]}", text)


def _name(name: str) -> str:
    return _RESERVED.sub(lambda found: f"\\{found[0]}", name)
