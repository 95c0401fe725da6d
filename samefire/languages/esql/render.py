"""ES|QL text of a syntax tree: one command a line; reading it again gives the same tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import assert_never

from samefire.languages.esql.expressions import ADD, AND, COMPARE, MULTIPLY, NOT, OR, SIGN
from samefire.languages.esql.reader import KEYWORDS
from samefire.languages.esql.tree import (
    Aggregate,
    Arithmetic,
    Call,
    Cast,
    ChangePoint,
    Column,
    Command,
    Comparison,
    Completion,
    Dissect,
    Drop,
    Enrich,
    Eval,
    Expression,
    From,
    Grok,
    In,
    Interval,
    IsNull,
    Keep,
    Like,
    Limit,
    Logical,
    LookupJoin,
    Map,
    Matches,
    MvExpand,
    Name,
    NamePattern,
    Negative,
    Not,
    Null,
    Number,
    Order,
    Parameter,
    Query,
    Rename,
    Row,
    Sample,
    Sort,
    Star,
    Stats,
    Text,
    Truth,
    Values,
    Where,
)
from samefire.query.ast import Wild

_PLAIN = re.compile(r"(?:[A-Za-z]|[_@](?=[A-Za-z0-9_@]))[A-Za-z0-9_]*")
_PLAIN_INDEX = re.compile(r"(?:[^\"=|,\[\]()\s/]|/(?![*/]))+")
_LEVELS = {"+": ADD, "-": ADD, "*": MULTIPLY, "/": MULTIPLY, "%": MULTIPLY}
_ATOM = SIGN + 1


def render(query: Query) -> str:
    """The query as text; comments are not kept."""
    return "\n| ".join(_command(command) for command in query.commands)


# ---- commands -------------------------------------------------------------------------------------------


def _command(command: Command) -> str:
    match command:
        case From(indices=indices, metadata=metadata):
            tail = f" METADATA {_listed(map(_name, metadata))}" if metadata else ""
            return f"FROM {', '.join(map(_index, indices))}{tail}"
        case Row(columns=columns):
            return f"ROW {_listed(map(_column, columns))}"
        case Where(condition=condition):
            return f"WHERE {expression(condition)}"
        case Eval(columns=columns):
            return f"EVAL {_listed(map(_column, columns))}"
        case Stats():
            return _stats(command)
        case Keep(names=names):
            return f"KEEP {_listed(map(_name, names))}"
        case Drop(names=names):
            return f"DROP {_listed(map(_name, names))}"
        case Rename(pairs=pairs):
            return f"RENAME {_listed(f'{_name(old)} AS {_name(new)}' for old, new in pairs)}"
        case Sort(orders=orders):
            return f"SORT {_listed(map(_order, orders))}"
        case Limit(count=count):
            return f"LIMIT {count}"
        case Dissect(expression=text, pattern=pattern, separator=separator):
            option = f" APPEND_SEPARATOR={quoted(separator)}" if separator else ""
            return f"DISSECT {expression(text)} {quoted(pattern.value)}{option}"
        case Grok(expression=text, patterns=patterns):
            return f"GROK {expression(text)} {_listed(quoted(p.value) for p in patterns)}"
        case MvExpand(name=name):
            return f"MV_EXPAND {_name(name)}"
        case Sample(probability=probability):
            return f"SAMPLE {_number(probability)}"
        case Enrich() | LookupJoin() | Completion() | ChangePoint():
            return _outside(command)
        case _:
            assert_never(command)


def _outside(command: Enrich | LookupJoin | Completion | ChangePoint) -> str:
    """The commands that need more than the events."""
    match command:
        case Enrich(policy=policy, on=on, columns=columns):
            tail = f" ON {_name(on)}" if on else ""
            pairs = (column_name(a) if a == b else f"{column_name(a)} = {column_name(b)}" for a, b in columns)
            return f"ENRICH {_index(policy)}{tail}" + (f" WITH {_listed(pairs)}" if columns else "")
        case LookupJoin(index=index, on=conditions):
            return f"LOOKUP JOIN {_index(index)} ON {_listed(map(expression, conditions))}"
        case Completion(name=name, prompt=prompt, options=options):
            given = "" if name == "completion" else f"{column_name(name)} = "
            tail = f" WITH {expression(options)}" if options is not None else ""
            return f"COMPLETION {given}{_at_least(prompt, ADD)}{tail}"
        case ChangePoint(value=value, key=key, kind=kind, pvalue=pvalue):
            tail = f" ON {_name(key)}" if key else ""
            names = f" AS {_name(kind)}, {_name(pvalue)}" if kind and pvalue else ""
            return f"CHANGE_POINT {_name(value)}{tail}{names}"
        case _:
            assert_never(command)


def _listed(items: Iterable[str]) -> str:
    return ", ".join(items)


def _stats(command: Stats) -> str:
    parts = ["INLINE STATS" if command.inline else "STATS"]
    if command.aggregates:
        parts.append(_listed(map(_aggregate, command.aggregates)))
    if command.groups:
        parts.append(f"BY {_listed(map(_column, command.groups))}")
    return " ".join(parts)


def _column(column: Column) -> str:
    return _named(column.name, column.expression, expression(column.expression))


def _aggregate(aggregate: Aggregate) -> str:
    text = expression(aggregate.expression)
    if aggregate.condition is not None:
        text += f" WHERE {expression(aggregate.condition)}"
    return _named(aggregate.name, aggregate.expression if aggregate.condition is None else None, text)


def _named(name: str, asked: Expression | None, text: str) -> str:
    """Without the name where reading the text would give the same one."""
    given = asked.name if isinstance(asked, Name) else text
    return text if name == given else f"{column_name(name)} = {text}"


def _order(order: Order) -> str:
    nulls = {None: "", True: " NULLS FIRST", False: " NULLS LAST"}[order.nulls_first]
    return expression(order.expression) + (" DESC" if order.descending else "") + nulls


def _index(index: str) -> str:
    plain = _PLAIN_INDEX.fullmatch(index) and index.lower() not in ("metadata", "on", "with")
    return index if plain and not index.startswith(("//", "/*")) else quoted(index)


# ---- names and values -----------------------------------------------------------------------------------


def _name(name: Name | NamePattern) -> str:
    if isinstance(name, Name):
        return column_name(name.name)
    return "".join("*" if isinstance(p, Wild) else _piece(p) for p in name.pattern)


def _piece(piece: str) -> str:
    """A literal piece of a name with wildcards: plain where every part is a word."""
    plain = all(not part or re.fullmatch(r"[A-Za-z0-9_@]+", part) for part in piece.split("."))
    return piece if plain else _ticked(piece)


def column_name(name: str) -> str:
    """A column's name as a query writes it."""
    parts = name.split(".")
    plain = all(_PLAIN.fullmatch(part) for part in parts) and parts[0].lower() not in KEYWORDS
    return name if plain else _ticked(name)


def _ticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def quoted(text: str) -> str:
    """A string, in three quotes where that spares escapes."""
    if ("\\" in text or '"' in text) and '"""' not in text and not text.endswith('"') and "\r" not in text:
        return f'"""{text}"""'
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _number(value: int | float) -> str:
    if isinstance(value, int):
        return str(value)
    text = repr(value)
    return {"inf": "1e999", "-inf": "-1e999"}.get(text, text)


# ---- expressions ----------------------------------------------------------------------------------------


def expression(node: Expression) -> str:
    """An expression as text, with the parentheses that it needs."""
    return _written(node)[0]


def _at_least(node: Expression, level: int) -> str:
    """The text of an operand, in parentheses when it binds more loosely than `level`."""
    text, own = _written(node)
    return text if own >= level else f"({text})"


def _written(node: Expression) -> tuple[str, int]:
    """The text and how tightly it binds."""
    match node:
        case Logical(operator=operator, operands=operands):
            level = OR if operator == "or" else AND
            return f" {operator.upper()} ".join(_at_least(o, level + 1) for o in operands), level
        case Not(operand=In() | Like() as inner):
            return _negated(inner), COMPARE
        case Not(operand=operand):
            return f"NOT {_at_least(operand, NOT)}", NOT
        case Comparison(operator=operator, left=left, right=right):
            return f"{_at_least(left, ADD)} {operator} {_at_least(right, ADD)}", COMPARE
        case In() | Like():
            return f"{_at_least(node.operand, ADD)} {_tail(node)}", COMPARE
        case IsNull(operand=operand, negated=negated):
            return f"{_at_least(operand, ADD)} IS {'NOT ' if negated else ''}NULL", COMPARE
        case Matches(operand=operand, value=value):
            return f"{_at_least(operand, ADD)}:{_at_least(value, SIGN)}", COMPARE
        case Arithmetic(operator=operator, left=left, right=right):
            level = _LEVELS[operator]
            return f"{_at_least(left, level)} {operator} {_at_least(right, level + 1)}", level
        case Negative(operand=operand):
            return f"-{_operand(operand)}", SIGN
        case Cast(operand=operand, type=kind):
            return f"{_at_least(operand, _ATOM)}::{kind}", _ATOM
        case _:
            return _atom(node)


def _operand(operand: Expression) -> str:
    """What follows a minus: a sign of its own stands in parentheses."""
    text, level = _written(operand)
    return text if level >= SIGN and not text.startswith("-") else f"({text})"


def _negated(node: In | Like) -> str:
    return f"{_at_least(node.operand, ADD)} NOT {_tail(node)}"


def _tail(node: In | Like) -> str:
    if isinstance(node, In):
        return f"IN ({_listed(map(expression, node.items))})"
    patterns = [expression(p) for p in node.patterns]
    simple = len(patterns) == 1 and isinstance(node.patterns[0], Text | Parameter)
    return f"{node.operator.upper()} {patterns[0] if simple else f'({_listed(patterns)})'}"


def _atom(node: Expression) -> tuple[str, int]:
    match node:
        case Name(name=name):
            return column_name(name), _ATOM
        case Text(value=text):
            return quoted(text), _ATOM
        case Number(value=value):
            text = _number(value)
            return text, SIGN if text.startswith("-") else _ATOM
        case Interval(count=count, unit=unit):
            return f"{count} {unit}", SIGN if count < 0 else _ATOM
        case Truth(value=truth):
            return str(truth).lower(), _ATOM
        case Null():
            return "null", _ATOM
        case Parameter(text=text):
            return text, _ATOM
        case Star():
            return "*", _ATOM
        case Values(items=items):
            return f"[{_listed(map(expression, items))}]", _ATOM
        case Map(entries=entries):
            pairs = (f"{quoted(key)}: {_at_least(value, SIGN)}" for key, value in entries)
            return f"{{{_listed(pairs)}}}", _ATOM
        case Call(function=function, arguments=arguments):
            return f"{function.upper()}({_listed(map(expression, arguments))})", _ATOM
        case _:
            raise AssertionError(f"{type(node).__name__} has a level of its own")
