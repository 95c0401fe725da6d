"""Expressions over a table: every function column by column, null and multi-values as Elasticsearch treats them.

A function is registered with one of four decorators. `single`: it sees one value of each argument; null in
gives null, a multi-value gives null with a warning. `whole`: it sees values as they are. `built_single`
and `built_whole` are given the call and the setting first and return such a function.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, assert_never

from samefire.engine.automaton import RegexTooHard
from samefire.engine.regex import RegexRefused
from samefire.engine.rows.table import Setting, Table, Value
from samefire.query.pipeline import Apply, Asked, Clock, ColumnValue, Expression, Literal

Function = Callable[..., Value]
Maker = Callable[[Apply, Setting], Function]
_F = TypeVar("_F", bound=Function)

SEVERAL = "it meets a multi-value, and takes single values"

_SINGLE: dict[str, Maker] = {}
_WHOLE: dict[str, Maker] = {}
_ROOMS = ("operators", "numbers", "texts", "dates", "moments", "lists", "convert", "points")


class Refusal(Exception):
    """Why a query cannot be run at all."""


def single(*names: str) -> Callable[[_F], _F]:
    """Register a function of single values."""

    def register(function: _F) -> _F:
        _SINGLE.update(dict.fromkeys(names, lambda call, setting: function))
        return function

    return register


def whole(*names: str) -> Callable[[_F], _F]:
    """Register a function of values as they are."""

    def register(function: _F) -> _F:
        _WHOLE.update(dict.fromkeys(names, lambda call, setting: function))
        return function

    return register


def built_single(*names: str) -> Callable[[Maker], Maker]:
    """Register what makes a function of single values."""

    def register(maker: Maker) -> Maker:
        _SINGLE.update(dict.fromkeys(names, maker))
        return maker

    return register


def built_whole(*names: str) -> Callable[[Maker], Maker]:
    """Register what makes a function of values as they are."""

    def register(maker: Maker) -> Maker:
        _WHOLE.update(dict.fromkeys(names, maker))
        return maker

    return register


def known(name: str) -> bool:
    """Whether a function can be run."""
    _load()
    return name in _SINGLE or name in _WHOLE


def _load() -> None:
    for room in _ROOMS:
        importlib.import_module(f"samefire.engine.rows.{room}")


def evaluate(expression: Expression, table: Table, setting: Setting) -> list[Value]:
    """The expression's value for each row. Raises Refusal."""
    match expression:
        case ColumnValue(name=name):
            return table.columns[name]
        case Literal(value=value):
            return [list(value) if type(value) is tuple else value] * table.size
        case Asked(number=number):
            hits = setting.asked[number]
            return [bool(origin) and origin[0] in hits for origin in table.origins]
        case Clock():
            return [setting.now // 1_000_000 * 1_000_000] * table.size
        case Apply():
            return _apply(expression, table, setting)
        case _:
            assert_never(expression)


def _apply(call: Apply, table: Table, setting: Setting) -> list[Value]:
    if not table.size:
        return []
    if call.arguments and all(isinstance(a, Literal | Clock) for a in call.arguments) and table.size > 1:
        return _apply(call, table.take([0]), setting) * table.size
    columns = [evaluate(a, table, setting) for a in call.arguments if a.type != "pattern"]
    _load()
    try:
        if call.function in _SINGLE:
            function = _SINGLE[call.function](call, setting)
            return _singles(function, columns, call, setting, table.size)
        function = _WHOLE[call.function](call, setting)
        return [function(*values) for values in _zipped(columns, table.size)]
    except RegexRefused as error:
        raise Refusal(f"`{call.shown}`: {error}") from None
    except RegexTooHard as error:
        raise Refusal(f"`{call.shown}`: {error}") from None
    except KeyError as error:
        if error.args == (call.function,):
            raise Refusal(f"samefire does not run the function {call.function.upper()}") from None
        raise


def _zipped(columns: list[list[Value]], size: int) -> Iterable[tuple[Value, ...]]:
    return zip(*columns, strict=True) if columns else [()] * size


def _singles(
    function: Function, columns: list[list[Value]], call: Apply, setting: Setting, size: int
) -> list[Value]:
    """The function for each row of single values."""
    out: list[Value] = []
    add = out.append
    for values in _zipped(columns, size):
        several = False
        missing = False
        for value in values:
            if value is None:
                missing = True
            elif type(value) is list:
                several = True
        if missing or several:
            if several and not missing:
                setting.warn(call.shown, SEVERAL)
            add(None)
            continue
        try:
            add(function(*values))
        except (ValueError, OverflowError, ArithmeticError) as error:
            if isinstance(error, RegexRefused):
                raise
            setting.warn(call.shown, str(error))
            add(None)
    return out


def constant(call: Apply, place: int) -> Any:
    """The value of an argument that is a constant, else None."""
    if place < len(call.arguments):
        argument = call.arguments[place]
        if isinstance(argument, Literal):
            return argument.value
    return None
