"""What is wrong with a KQL text, in words: the problem at the place where the parser stopped.

Only called when a query is refused, so it may look around at leisure: at the literal before the place, the
word after it, the parenthesis that is open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from samefire.problems import Problem
from samefire.source import Source, Span

_OPERATOR = re.compile(r"==|!=|&&|\|\||=~|(?<![<>])=")
_WORD = re.compile(r"[^\s():<>\"{}\\]+")
_KEYWORD = re.compile(r"(?:and|or|not)\b", re.IGNORECASE)
_NEGATION = re.compile(r"not[ \t\r\n\xa0]", re.IGNORECASE)
_KEYWORD_BEFORE = re.compile(r"(?:^|[\s(){}])((?:and|or|not))$", re.IGNORECASE)

_MEANT = {
    "==": "KQL compares with `:`, as in `field: value`",
    "=": "KQL compares with `:`, as in `field: value`",
    "=~": "KQL compares with `:`, as in `field: value`; a `*` in the value is a wildcard",
    "!=": "write `not field: value`",
    "&&": "write `and`",
    "||": "write `or`",
}


def bad_escape(source: Source, span: Span) -> Problem:
    """A backslash before a character that needs none."""
    escape = source.text[span.start : span.end]
    if escape.startswith("\\u"):
        message, hint = (
            f"`{escape}` is no escape",
            "write four hexadecimal digits after \\u, or \\\\ for a backslash",
        )
    elif len(escape) == 1:
        message, hint = "a backslash ends the query", "write \\\\ for a backslash"
    else:
        message = f"`{escape}` is no escape"
        hint = "write \\\\ for a backslash, or put the value in double quotes"
    return Problem("query-bad-escape", message, source, span, hint=hint)


def too_deep(source: Source, at: int, limit: int) -> Problem:
    """More parentheses inside each other than can be read."""
    return Problem(
        "query-too-deep",
        f"more than {limit} parentheses inside each other",
        source,
        Span(at, at + 1),
        hint="take parentheses away that change nothing, or split the query",
    )


def unexpected(source: Source, at: int, opened: Sequence[int]) -> Problem:
    """The problem at `at`, where nothing that the grammar allows follows; `opened`: where the parentheses
    that are still open stand."""
    text = source.text
    if at >= len(text):
        return _end(source, opened)
    sign = text[at]
    if sign == '"' and _unclosed(text, at):
        return Problem(
            "query-unclosed-string",
            "unclosed quotation mark in the query",
            source,
            Span(at, at + 1),
            hint='write \\" for a quotation mark inside the value',
        )
    return _foreign_operator(source, at) or _sign(source, at, opened)


def _end(source: Source, opened: Sequence[int]) -> Problem:
    """The query ends too early: a parenthesis is open, or a value is missing."""
    text = source.text
    before = text.rstrip()
    if opened and not _wants_value(before):
        sign = text[opened[-1]]
        close = ")" if sign == "(" else "}"
        return Problem(
            "query-unclosed-group",
            f"`{sign}` is never closed",
            source,
            Span(opened[-1], opened[-1] + 1),
            hint=f"write the missing `{close}`",
        )
    last = _last_token(before)
    return Problem(
        "query-missing-value",
        f"the query ends after `{before[last:]}`, where a value is missing",
        source,
        Span(last, len(before)),
        hint=_value_hint(before[last:]),
    )


def _value_hint(token: str) -> str:
    if token == ":":
        return "write a value, or `*` for any value"
    if token[:1] in "<>":
        return "write the number or date to compare with"
    return f"write a query after `{token}`, or take it away"


def _wants_value(before: str) -> bool:
    return (
        before.endswith((":", "<", ">", "<=", ">=", "(", "{")) or _KEYWORD_BEFORE.search(before) is not None
    )


def _last_token(before: str) -> int:
    keyword = _KEYWORD_BEFORE.search(before)
    if keyword:
        return keyword.start(1)
    return len(before) - (2 if before.endswith(("<=", ">=")) else 1)


def _unclosed(text: str, at: int) -> bool:
    """Whether the quotation mark at `at` has no partner."""
    return re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL).match(text, at) is None


def _foreign_operator(source: Source, at: int) -> Problem | None:
    """An operator of another language in the literal before `at`: the reason why the rest does not fit."""
    start = _literal_start(source.text, at)
    found = None
    for found in _OPERATOR.finditer(source.text, start, at):
        if found[0] in ("&&", "||"):
            break
    if found is None or (found[0] == "=" and source.text[at] not in '"('):
        return None
    return Problem(
        "query-foreign-operator",
        f"KQL has no operator `{found[0]}`",
        source,
        Span(*found.span()),
        hint=_MEANT[found[0]],
    )


def _literal_start(text: str, at: int) -> int:
    """Where the bare text that ends at `at` begins."""
    start = at
    while start > 0 and (text[start - 1] not in '():<>"{}' or text[start - 2 : start - 1] == "\\"):
        start -= 1
    return start


def _sign(source: Source, at: int, opened: Sequence[int]) -> Problem:
    """The message for what stands at `at`."""
    text = source.text
    before = text[:at].rstrip()
    after = before[-1:]
    match text[at]:
        case ")" | "}" as close:
            return _closing(source, at, opened, close, before)
        case ":" if not before or after in "({" or _KEYWORD_BEFORE.search(before):
            return _problem(source, at, 1, "a `:` without a field before it", "write `field: value`")
        case ":":
            return _problem(
                source, at, 1, "a second `:`", "write \\: for a colon in a value, or put the value in quotes"
            )
        case "<" | ">" if after == ":":
            sign = text[at : at + 2] if text[at + 1 : at + 2] == "=" else text[at]
            return _problem(
                source,
                at,
                len(sign),
                f"`{sign}` cannot stand behind `:`",
                f"write `field {sign} value` without `:`",
            )
        case "<" | ">" as sign:
            hint = f"write \\{sign} for the character in a value, or put the value in quotes"
            return _problem(source, at, 1, f"`{sign}` has no place here", hint)
        case "(" if after in "<>=" and after:
            return _problem(
                source,
                at,
                1,
                "a comparison takes one value, not a list",
                "write one comparison for each value",
            )
        case "(" if keyword := _KEYWORD_BEFORE.search(before):
            word = keyword[1]
            return _problem(
                source, at, 1, f"`{word}` runs into `(`", f"write a space between `{word}` and `(`"
            )
        case "(" | "{" as sign:
            hint = f"write \\{sign} for the character in a value, or put the value in quotes"
            return _problem(source, at, 1, f"`{sign}` has no place here", hint)
        case '"':
            return _problem(source, at, 1, "a second value without `and` or `or` before it", _QUOTE_HINT)
        case _:
            return _word(source, at, after)


_QUOTE_HINT = 'join values with `and` or `or`; write \\" for a quotation mark inside a value'


def _closing(source: Source, at: int, opened: Sequence[int], close: str, before: str) -> Problem:
    """A `)` or `}` that closes nothing, the wrong thing, or comes where a value is missing."""
    if not opened:
        hint = f"take it away, or write \\{close} for the character in a value"
        return _problem(source, at, 1, f"`{close}` closes nothing", hint)
    if _wants_value(before):
        empty = before[-1] in "({"
        what = f"nothing between `{before[-1]}` and `{close}`" if empty else f"no value before `{close}`"
        return _problem(source, at, 1, what, "write a value, or `*` for any value", "query-missing-value")
    opening = source.text[opened[-1]]
    return _problem(source, at, 1, f"`{close}` cannot close `{opening}`", f"close `{opening}` first")


def _word(source: Source, at: int, after: str) -> Problem:
    """A word where none can stand."""
    found = _WORD.match(source.text, at)
    length = found.end() - at if found else 1
    word = source.text[at : at + length]
    if _NEGATION.match(source.text, at):
        return _negation(source, at, after)
    if _KEYWORD.match(word) and after in '")}' and source.text[at - 1] == after:
        keyword = word[:3].rstrip("\"'") if word[:2].lower() != "or" else word[:2]
        return _problem(
            source, at, len(keyword), f"`{keyword}` runs into what is before it", "write a space before it"
        )
    return _problem(
        source, at, length, f"`{word}` follows without `and` or `or`", "write `and` or `or` between the two"
    )


def _negation(source: Source, at: int, after: str) -> Problem:
    """`not ` where it cannot stand."""
    if after == ":":
        return _problem(
            source, at, 3, "`not` cannot stand behind `:`", "write `not field: value` or `field: (not value)`"
        )
    if after in "<>":
        return _problem(source, at, 3, "`not` cannot stand in a comparison", "write `not` before the field")
    if re.search(r"(?:^|[\s({])not\s*$", source.text[:at], re.IGNORECASE):
        return _problem(source, at, 3, "`not` after `not`", "write `not (not …)`, or take both away")
    if source.text[at - 1 : at].strip() and after:
        hint = "KQL reads `not` and a blank as the operator, also inside a word; put the value in quotes"
        return _problem(source, at, 3, "`not` at the end of a word", hint)
    return _problem(source, at, 3, "`not` follows without `and` or `or`", "write `and not` or `or not`")


def _problem(
    source: Source, at: int, length: int, message: str, hint: str, code: str = "query-unexpected"
) -> Problem:
    return Problem(code, message, source, Span(at, at + length), hint=hint)
