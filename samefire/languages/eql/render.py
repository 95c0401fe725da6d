"""Syntax trees of EQL → text that reads back as the same tree, comments kept.

What fits stands on one line; else each condition has a line of its own, and each value of a long list.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import assert_never

from samefire.languages.eql.tokens import KEYWORDS
from samefire.languages.eql.tree import (
    And,
    Arithmetic,
    Comment,
    Comparison,
    EventFilter,
    Expression,
    Field,
    Function,
    Literal,
    Not,
    Or,
    PipeCommand,
    Predicate,
    Query,
    SampleQuery,
    SequenceQuery,
    Sign,
    Term,
)

WIDTH = 110
"""Columns that a line may take before it is broken."""

_PLAIN = re.compile(r"[A-Za-z_@][A-Za-z0-9_]*\Z")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def render(tree: Query) -> str:
    """The query as text, without a last line break."""
    return _Writer(tree.comments).query(tree)


# ---- on one line ------------------------------------------------------------------------------------


def quote(text: str) -> str:
    """`text` as an EQL string in double quotes."""
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(c: str) -> str:
    if c in _ESCAPED:
        return _ESCAPED[c]
    if c.isprintable() or "\ud800" <= c <= "\udfff":
        return c
    return f"\\u{{{ord(c):02x}}}"


def name(part: str) -> str:
    """One part of a field's name, in backticks where it has to be."""
    if _PLAIN.match(part) and part not in KEYWORDS:
        return part
    return "`" + part.replace("`", "``") + "`"


def field(node: Field) -> str:
    """A field as it is written in a condition or among join keys."""
    return ("?" if node.optional else "") + ".".join(map(name, node.parts))


def literal(node: Literal) -> str:
    """A constant."""
    match node.value:
        case None:
            return "null"
        case bool(value):
            return "true" if value else "false"
        case str(value):
            return f'"""{value}"""' if node.raw else quote(value)
        case value:
            return node.text or repr(value)


def level(node: Expression) -> int:
    """How tightly an expression binds, 1 (`or`) to 9 (a name)."""
    match node:
        case Or():
            return 1
        case And():
            return 2
        case Not():
            return 3
        case Comparison():
            return 4
        case Arithmetic(operator=operator):
            return 5 if operator in "+-" else 6
        case Sign():
            return 7
        case Predicate():
            return 8
        case Literal() | Field() | Function():
            return 9


def flat(node: Expression, least: int = 0) -> str:
    """The expression on one line, in parentheses when it binds less than `least`."""
    text = _flat(node)
    return f"({text})" if level(node) < least else text


def _flat(node: Expression) -> str:
    match node:
        case Literal():
            return literal(node)
        case Field():
            return field(node)
        case Function(name=called, arguments=arguments):
            return f"{called}({_list(arguments)})"
        case Sign(operator=operator, operand=operand):
            return operator + flat(operand, 7)
        case Arithmetic(operator=operator, left=left, right=right):
            own = level(node)
            return f"{flat(left, own)} {operator} {flat(right, own + 1)}"
        case Comparison(operator=operator, left=left, right=right):
            return f"{flat(left, 5)} {operator} {flat(right, 5)}"
        case Predicate():
            values = _list(node.values)
            return _head(node) + (f"({values})" if node.listed else values)
        case Not(operand=operand):
            return "not " + flat(operand, 3)
        case And(operands=operands):
            return " and ".join(flat(o, 3) for o in operands)
        case Or(operands=operands):
            return " or ".join(flat(o, 3) for o in operands)
        case _:
            assert_never(node)


def _list(nodes: tuple[Expression, ...]) -> str:
    return ", ".join(map(flat, nodes))


def _head(node: Predicate) -> str:
    return f"{flat(node.left, 9)} {'not ' if node.negated else ''}{node.operator} "


def _category(node: EventFilter) -> str:
    if node.category is None:
        return "any where"
    quoted = node.quoted or name(node.category) != node.category
    return (quote(node.category) if quoted else node.category) + " where"


def _keys(keys: tuple[Field, ...]) -> str:
    return " by " + ", ".join(map(field, keys)) if keys else ""


def _tail(term: Term) -> str:
    return _keys(term.keys) + (f" with runs={term.runs}" if term.runs is not None else "")


# ---- on several lines -------------------------------------------------------------------------------


class _Writer:
    """Lines so far, and the comments that are still to be written, in order."""

    def __init__(self, comments: tuple[Comment, ...]) -> None:
        self.lines: list[str] = []
        self.pending = list(comments)

    def put(self, indent: int, text: str) -> None:
        self.lines.append(" " * indent + text)

    def comments_before(self, place: int, indent: int) -> None:
        """Write the comments that stood before `place` on lines of their own."""
        while self.pending and self.pending[0].span.start < place:
            for line in self.pending.pop(0).text.split("\n"):
                self.put(indent, line.strip())

    def beside(self, start: int, stop: int) -> None:
        """Put a comment that stood right after `start` to `stop` on the same line at the last line's end."""
        first = self.pending[0] if self.pending else None
        if (
            first is not None
            and first.after is not None
            and start <= first.after <= stop
            and "\n" not in first.text
        ):
            self.lines[-1] += " " + self.pending.pop(0).text

    def commented(self, end: int) -> bool:
        return bool(self.pending) and self.pending[0].span.start < end

    def query(self, tree: Query) -> str:
        body = tree.body
        if isinstance(body, EventFilter):
            self.comments_before(body.span.start, 0)
            self.event(body, 0, "", "", body.span.end)
        else:
            self.stages(body)
        for pipe in tree.pipes:
            self.pipe(pipe)
        self.comments_before(1 << 60, 0)
        return "\n".join(self.lines)

    def pipe(self, pipe: PipeCommand) -> None:
        self.comments_before(pipe.span.start, 0)
        self.put(0, f"| {pipe.name} {pipe.count}")
        self.beside(pipe.span.end, pipe.span.end)

    def stages(self, body: SequenceQuery | SampleQuery) -> None:
        self.comments_before(body.span.start, 0)
        head = ("sequence" if isinstance(body, SequenceQuery) else "sample") + _keys(body.keys)
        until = None
        if isinstance(body, SequenceQuery):
            until = body.until
            if body.maxspan is not None:
                head += f" with maxspan={body.maxspan.count}{body.maxspan.unit}"
        self.put(0, head)
        for term in body.terms:
            self.term(term, 2, "")
        if until is not None:
            self.term(until, 0, "until ")

    def term(self, term: Term, indent: int, before: str) -> None:
        self.comments_before(term.span.start, indent)
        stop = term.keys[0].span.start if term.keys else term.span.end
        self.event(term.filter, indent, before + ("![" if term.missing else "["), "]" + _tail(term), stop)
        self.beside(term.span.end, term.span.end)

    def event(self, node: EventFilter, indent: int, before: str, after: str, stop: int) -> None:
        """One `category where condition` between `before` and `after`; its comments begin before `stop`."""
        head = before + _category(node)
        if not self.commented(stop):
            text = f"{head} {flat(node.condition)}{after}"
            if indent + len(text) <= WIDTH:
                self.put(indent, text)
                return
        self.put(indent, head)
        self.condition(node.condition, indent + 2)
        if after:
            self.comments_before(stop, indent + 2)
            self.put(indent, after)

    def condition(self, node: Expression, indent: int) -> None:
        """A condition of its own lines; `and` and `or` end the line of the operand before them."""
        match node:
            case And(operands=operands) | Or(operands=operands):
                word = " and" if isinstance(node, And) else " or"
                for operand, following in pairwise(operands):
                    self.operand(operand, indent, word, following.span.start)
                self.operand(operands[-1], indent, "", operands[-1].span.end)
            case _:
                self.operand(node, indent, "", node.span.end)

    def operand(self, node: Expression, indent: int, word: str, stop: int) -> None:
        """One operand, broken when it does not fit or has comments inside, then its `and` or `or`, which
        ends before `stop`."""
        self.comments_before(node.span.start, indent)
        text = flat(node, 3)
        inside = self.commented(node.span.end)
        if inside or indent + len(text) + len(word) > WIDTH:
            self.broken(node, indent)
        else:
            self.put(indent, text)
        self.lines[-1] += word
        self.beside(node.span.end, stop)

    def broken(self, node: Expression, indent: int) -> None:
        inner = node
        before = ""
        while isinstance(inner, Not):
            before += "not "
            inner = inner.operand
        match inner:
            case And() | Or():
                self.put(indent, before + "(")
                self.condition(inner, indent + 2)
                self.comments_before(inner.span.end, indent + 2)
                self.put(indent, ")")
            case Predicate(listed=True):
                self.values(inner, indent, before)
            case _:
                self.comments_before(node.span.end, indent)
                self.put(indent, flat(node, 3))

    def values(self, node: Predicate, indent: int, before: str) -> None:
        """A list with a line for each value."""
        self.comments_before(node.left.span.end, indent)
        self.put(indent, before + _head(node) + "(")
        stops = [v.span.start for v in node.values[1:]] + [node.values[-1].span.end]
        for at, (value, stop) in enumerate(zip(node.values, stops, strict=True), 1):
            self.comments_before(value.span.start, indent + 2)
            self.put(indent + 2, flat(value) + ("," if at < len(node.values) else ""))
            self.beside(value.span.end, stop)
        self.comments_before(node.span.end, indent + 2)
        self.put(indent, ")")
