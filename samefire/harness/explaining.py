"""A detection on a case, clause by clause, as text and as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from samefire.engine.alerts import Context
from samefire.engine.explain import Explanation, explain, seen
from samefire.engine.run import narrowed, queries, run
from samefire.harness.case import Case
from samefire.harness.reasons import because, reasons
from samefire.query.ast import And, AtLeast, Nested, Node, Not, Or, fields_read
from samefire.query.detection import Detection, EventQuery
from samefire.query.wording import wording
from samefire.reports.style import PLAIN, Style


def explained(detection: Detection, case: Case, context: Context) -> Iterator[tuple[str, Explanation]]:
    """Every query of the detection on every event of the case, with a name for each."""
    asked = [narrowed(node, detection) for node in queries(detection.body)]
    single = isinstance(detection.body, EventQuery)
    for ordinal, event in enumerate(case.events):
        for number, node in enumerate(asked):
            where = f"event {ordinal + 1}" + ("" if single or len(asked) == 1 else f", stage {number + 1}")
            yield where, explain(node, event, context)


def explained_text(detection: Detection, case: Case, context: Context, style: Style = PLAIN) -> str:
    """The case, its verdict, and a tree of clauses for each event."""
    alerts = run(detection, case.events, context)
    word = (
        f"fires ({len(alerts)} alerts)" if len(alerts) > 1 else "fires" if alerts.alerts else "stays silent"
    )
    lines = [f"{style.strong(case.name)}  {style.good(word) if alerts.alerts else style.warn(word)}"]
    parts = list(explained(detection, case, context))
    for where, explanation in parts:
        if len(parts) > 1:
            lines.append(f"  {style.strong(where)}")
        lines.extend(f"  {line}" for line in tree_lines(explanation, style))
    if not isinstance(detection.body, EventQuery):
        lines.extend(f"  {line}" for line in reasons(detection, case, alerts, context))
    return "\n".join(lines)


def tree_lines(explanation: Explanation, style: Style = PLAIN, depth: int = 0) -> Iterator[str]:
    """One line a node, children indented."""
    mark = style.good("✓") if explanation.matched else style.bad("✗")
    yield f"{'  ' * depth}{mark} {label(explanation.node)}{style.faint(why(explanation))}"
    for child in explanation.children:
        yield from tree_lines(child, style, depth + 1)


def label(node: Node) -> str:
    """A node in a tree, whose children follow on lines of their own."""
    match node:
        case And():
            return node.name or "all of"
        case Or():
            return node.name or "any of"
        case Not():
            return "not"
        case AtLeast(count=count):
            return f"at least {count} of"
        case Nested(path=path):
            return f"one object of {path}"
        case _:
            return wording(node)


def why(explanation: Explanation) -> str:
    """What a leaf saw, for the end of its line."""
    if isinstance(explanation.node, And | Or | Not | AtLeast | Nested):
        return ""
    if not explanation.matched:
        return f"  — {because(explanation)}"
    return f"  — the event has {seen(explanation.values)}" if explanation.values else ""


def tree_json(explanation: Explanation) -> dict[str, Any]:
    """A tree as data: `{text, matched, reason, fields, children}`; `fields` are those that a leaf reads."""
    leaf = not explanation.children
    return {
        "fields": sorted(fields_read(explanation.node)) if leaf else [],
        "text": label(explanation.node),
        "matched": explanation.matched,
        "reason": why(explanation).removeprefix("  — ") if leaf else "",
        "children": [tree_json(child) for child in explanation.children],
    }


def explained_json(detection: Detection, case: Case, context: Context) -> dict[str, Any]:
    """The case, its number of alerts and the trees, as data."""
    alerts = run(detection, case.events, context)
    trees = [{"of": where, **tree_json(e)} for where, e in explained(detection, case, context)]
    return {"case": case.name, "path": case.path, "alerts": len(alerts), "explained": trees}
