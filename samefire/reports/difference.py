"""The differences of two versions of rules, as text, Markdown and plain data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from samefire.diff import Difference, RuleDiff, Turn
from samefire.problems import visible
from samefire.reports.markdown import code, escape
from samefire.reports.style import PLAIN, Style

VERSION = 1
LONGEST = 100
"""Characters of a value that stand in a line; longer ones are only counted."""


def diff_text(diffs: Sequence[RuleDiff], style: Style = PLAIN) -> str:
    """Each rule that is not the same, and a last line that says it all."""
    blocks = ["\n".join(_rule(diff, style)) for diff in diffs if diff.kind != "same"]
    return "\n\n".join([*blocks, summary(diffs)])


def summary(diffs: Sequence[RuleDiff]) -> str:
    """All of it in a line."""
    counts = Counter(diff.kind for diff in diffs)
    turns = sum(len(diff.turns) for diff in diffs)
    parts = [f"{counts[kind]} {kind}" for kind in ("changed", "added", "removed", "same")]
    cases = f"{turns} verdict{'s' if turns != 1 else ''} of cases changed" if turns else "no verdict changed"
    return f"{_count(len(diffs), 'rule')}: {', '.join(parts)}; {cases}"


def _rule(diff: RuleDiff, style: Style) -> Iterator[str]:
    rule = diff.rule
    yield f"{style.strong(visible(rule.path))}  {visible(rule.name)}: {diff.kind}"
    for area, found in groupby(diff.differences, key=lambda d: d.area):
        for number, difference in enumerate(found):
            head = f"{area:<10}" if number == 0 else " " * 10
            yield from _difference(difference, f"  {style.faint(head)}", style)
    for number, turn in enumerate(diff.turns):
        head = f"{'cases':<10}" if number == 0 else " " * 10
        change = f"{turn.old} → {turn.new}"
        yield f"  {style.faint(head)}{visible(turn.case)} ({turn.form}): {style.bad(change)}"


def _difference(found: Difference, head: str, style: Style) -> Iterator[str]:
    if found.note and found.path == "query":
        paint = style.faint if "layout" in found.note else style.warn
        yield f"{head}{paint(found.note)}"
        for sign, text, colour in (("-", found.old, style.bad), ("+", found.new, style.good)):
            for line in str(text or "").strip().split("\n"):
                yield f"    {colour(f'{sign} {visible(line)}')}"
    elif found.note:
        yield f"{head}{found.note}: {visible(str(found.new or found.old))}"
    else:
        yield f"{head}{visible(found.path)}: {visible(told(found.old, found.new))}"


def told(old: Any, new: Any) -> str:
    """What became of a value, in a line."""
    if old is None:
        return f"+ {_value(new)}"
    if new is None:
        return f"- {_value(old)}"
    one, other = _whole(old), _whole(new)
    if max(len(one), len(other)) > LONGEST:
        return f"changed ({len(one)} → {len(other)} characters)"
    return f"{one} → {other}"


def _value(value: Any) -> str:
    text = _whole(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _whole(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def diff_markdown(diffs: Sequence[RuleDiff]) -> str:
    """For a comment on a pull request."""
    lines = [f"### samefire diff: {summary(diffs)}"]
    for diff in diffs:
        if diff.kind != "same":
            lines += ["", f"**{escape(diff.rule.name)}** {code(diff.rule.path)}: {diff.kind}"]
            lines += ["", *_markdown(diff)] if diff.differences or diff.turns else []
    return "\n".join(lines) + "\n"


def _markdown(diff: RuleDiff) -> Iterator[str]:
    for found in diff.differences:
        if found.note and found.path == "query":
            yield f"- query: {found.note}"
            yield ""
            yield from (f"  {line}" for line in _fenced(found))
            yield ""
        elif found.note:
            yield f"- {found.note}: {code(str(found.new or found.old))}"
        else:
            yield f"- {found.area}: {code(found.path)} {escape(told(found.old, found.new))}"
    for turn in diff.turns:
        yield f"- case {code(turn.case)} ({escape(turn.form)}): **{turn.old} → {turn.new}**"


def _fenced(found: Difference) -> Iterator[str]:
    """A diff block that no query can end."""
    lines = [
        f"{sign} {visible(line)}"
        for sign, text in (("-", found.old), ("+", found.new))
        for line in str(text or "").strip().split("\n")
    ]
    ticks = sum(line.count("`") for line in lines)
    fence = "`" * max(3, ticks + 1)
    yield from (f"{fence}diff", *lines, fence)


def diff_json(diffs: Sequence[RuleDiff]) -> dict[str, Any]:
    """As plain data; `differences` of a rule that came or went are empty."""
    return {"version": VERSION, "rules": [_plain(diff) for diff in diffs]}


def _plain(diff: RuleDiff) -> dict[str, Any]:
    return {
        "rule_id": diff.rule.id,
        "name": diff.rule.name,
        "old": diff.old.path if diff.old else None,
        "new": diff.new.path if diff.new else None,
        "kind": diff.kind,
        "differences": [
            {"area": d.area, "path": d.path, "old": d.old, "new": d.new, "note": d.note}
            for d in diff.differences
        ],
        "cases": [_turn(turn) for turn in diff.turns],
    }


def _turn(turn: Turn) -> dict[str, Any]:
    return {"case": turn.case, "form": turn.form, "old": turn.old, "new": turn.new}
