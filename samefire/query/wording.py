"""Clauses in words, for explanations and reports: the same for every language and form."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import assert_never

from samefire.query import ast
from samefire.query.ast import Fold, Node, Pattern, Test, Wild

LISTED = 3  # alternatives that are told before "or n more"


def wording(node: Node) -> str:
    """One node in words, such as `event.action is "SendCommand"`."""
    match node:
        case ast.Leaf(field=field, test=test):
            return f"{field} {test_wording(test)}"
        case ast.AnyField(test=test):
            return f"some field {test_wording(test)}"
        case ast.FieldPattern(pattern=pattern, test=test):
            return f"some field {_pattern(pattern)} {test_wording(test)}"
        case ast.FieldsCompare(left=left, relation=relation, right=right, fold=fold):
            return f"{left} {relation.value} {right}{_fold(fold)}"
        case ast.Nested(path=path, child=child):
            return f"one object of {path}: {wording(child)}"
        case ast.Script(expression=expression):
            return expression_wording(expression)
        case ast.Fails(reason=reason):
            return f"refused: {reason}"
        case ast.Not(child=child):
            return f"not ({wording(child)})"
        case ast.And(children=children):
            return node.name or (" and ".join(_inner(c) for c in children) if children else "every event")
        case ast.Or(children=children):
            return node.name or _alternatives(children)
        case ast.AtLeast(count=count, children=children):
            return f"at least {count} of {len(children)} clauses"
        case _:
            assert_never(node)


def _inner(node: Node) -> str:
    text = wording(node)
    return f"({text})" if isinstance(node, ast.Or) and not node.name else text


def _alternatives(children: tuple[Node, ...]) -> str:
    """`process.name is "a", "b" or 3 more` for alternatives on one field, else joined by `or`."""
    if not children:
        return "no event"
    fields = {child.field if isinstance(child, ast.Leaf) else None for child in children}
    if len(children) == 1 or len(fields) > 1 or None in fields:
        return _listed([_inner(child) for child in children])
    tests = [test_wording(child.test) for child in children if isinstance(child, ast.Leaf)]
    verbs = {text.partition(" ")[0] for text in tests}
    if len(verbs) == 1 and all(" " in text for text in tests):
        tests = [tests[0], *(text.partition(" ")[2] for text in tests[1:])]
    return f"{fields.pop()} {_listed(tests)}"


def _listed(texts: list[str]) -> str:
    """`a, b or c`, and `a, b, c or 4 more` when there are many."""
    if len(texts) > LISTED + 1:
        return f"{', '.join(texts[:LISTED])} or {len(texts) - LISTED} more"
    return " or ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def test_wording(test: Test) -> str:
    """What a value must be, in words that follow the field's name."""
    match test:
        case ast.Exists():
            return "exists"
        case ast.Term(value=value, fold=fold):
            return f"is {quoted(value)}{_fold(fold)}"
        case ast.Wildcard(pattern=pattern, fold=fold):
            return f"fits {_pattern(pattern)}{_fold(fold)}"
        case ast.Regex(pattern=regex, fold=fold) | ast.TokenRegex(pattern=regex, fold=fold):
            return f"matches /{_cut(regex)}/{_fold(fold)}"
        case ast.Phrase(tokens=tokens, prefix=prefix):
            return f"says {quoted(' '.join(tokens) + ('*' if prefix else ''))}"
        case ast.TokenPattern(pattern=pattern):
            return f"has a word {_pattern(pattern)}"
        case ast.Fuzzy(value=value, edits=edits):
            return f"is within {edits} edits of {quoted(value)}"
        case ast.NumberIs(value=number):
            return f"is {number}"
        case ast.BooleanIs(value=flag):
            return f"is {str(flag).lower()}"
        case ast.DateRange(low=low, high=high):
            return _between(_moment(low), _moment(high), _open(low), _open(high))
        case ast.IpRange(low=low_ip, high=high_ip):
            return _addresses(low_ip, high_ip)
        case (
            ast.NumberRange(low=low_value, high=high_value, low_inclusive=one, high_inclusive=other)
            | ast.TermRange(low=low_value, high=high_value, low_inclusive=one, high_inclusive=other)
            | ast.TokenRange(low=low_value, high=high_value, low_inclusive=one, high_inclusive=other)
            | ast.VersionRange(low=low_value, high=high_value, low_inclusive=one, high_inclusive=other)
        ):
            return _between(_bound(low_value), _bound(high_value), not one, not other)
        case ast.DatePart(part=part, bounds=bounds):
            return f"has a {part} {test_wording(bounds)}"
        case _:
            assert_never(test)


def quoted(text: str) -> str:
    return '"' + _cut(text) + '"'


def _cut(text: str, most: int = 120) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _fold(fold: Fold) -> str:
    return "" if fold is Fold.NONE else " in any case"


def _pattern(pattern: Pattern) -> str:
    return quoted("".join(part.value if isinstance(part, Wild) else part for part in pattern))


def _bound(value: object) -> str | None:
    if value is None:
        return None
    return quoted(value) if isinstance(value, str) else str(value)


def _open(bound: ast.DateBound | None) -> bool:
    return bound is not None and not bound.inclusive


def _moment(bound: ast.DateBound | None) -> str | None:
    if bound is None:
        return None
    if bound.nanos is None:
        return bound.math
    whole, rest = divmod(bound.nanos, 1_000_000_000)
    try:
        text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return str(bound.nanos)
    return f"{text}.{rest:09d}".rstrip("0").rstrip(".") + "Z"


def _between(low: str | None, high: str | None, low_open: bool, high_open: bool) -> str:
    parts = []
    if low is not None:
        parts.append(f"{'>' if low_open else '>='} {low}")
    if high is not None:
        parts.append(f"{'<' if high_open else '<='} {high}")
    return " and ".join(parts) or "exists"


_V4 = 0xFFFF << 32


def _addresses(low: int, high: int) -> str:
    one, other = _address(low), _address(high)
    if low == high:
        return f"is {one}"
    if one.version == other.version:
        nets = list(ipaddress.summarize_address_range(one, other))
        if len(nets) == 1:
            return f"in {nets[0]}"
    return f"from {one} to {other}"


def _address(value: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if value >> 32 == 0xFFFF:
        return ipaddress.IPv4Address(value - _V4)
    return ipaddress.IPv6Address(value)


def expression_wording(expression: ast.Expression) -> str:
    """A three-valued expression as a call."""
    match expression:
        case ast.Constant(value=value):
            return (
                quoted(value) if isinstance(value, str) else "null" if value is None else str(value).lower()
            )
        case ast.FieldValue(field=field):
            return field
        case ast.Call(function=function, arguments=arguments):
            return f"{function}({', '.join(expression_wording(a) for a in arguments)})"
        case _:
            assert_never(expression)
