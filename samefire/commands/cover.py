"""`samefire cover`: which clauses of each rule its cases prove, and which none would miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from samefire.commands import Result, ended
from samefire.commands.arguments import check_format, terminal_style
from samefire.commands.convert import Choices, options
from samefire.commands.fixtures import locked_form
from samefire.gate.policy import policy_of
from samefire.harness.coverage import Coverage, coverage
from samefire.harness.run import Prepared
from samefire.problems import visible
from samefire.query.wording import wording
from samefire.reports.style import Style
from samefire.reports.text import problems_text
from samefire.rule import Rule
from samefire.workspace import Workspace, open_workspace, without_rules

FORMATS = ("text", "json")
Found = list[tuple[Rule, Coverage]]


def run(paths: Sequence[str], *, least: float | None, format: str, mapping: Path | None) -> Result:
    """The coverage of the rules at `paths`. `least` is the share of clauses (0 to 1) that each rule needs; None:
    what the gate's policy asks for as `proven`."""
    check_format(format, FORMATS)
    workspace = without_rules(open_workspace(paths, mapping=mapping, sigma=True), paths)
    needed = policy_of(workspace.settings).proven if least is None else least
    found = covered(workspace)
    poor = any(one.proven_share < needed for rule, one in found if not workspace.excused(rule))
    style = terminal_style()
    problems = problems_text(workspace.problems, style) if workspace.problems else ""
    text = _json(found) if format == "json" else "\n".join(coverage_lines(found, style))
    return Result(ended(workspace.problems, failed=poor), text, problems)


def covered(workspace: Workspace) -> Found:
    """The coverage of each rule by its cases, as the form that versions are locked by says it."""
    found: Found = []
    for rule in workspace.rules:
        form = locked_form(workspace, rule)
        prepared = Prepared(form, rule, workspace.fields, options(workspace, Choices()))
        found.append((rule, coverage(prepared, workspace.cases(rule).cases)))
    return found


def coverage_lines(found: Found, style: Style) -> Iterator[str]:
    """A line a rule, one for each clause that is not proven, and the sum."""
    for rule, one in found:
        count = f"{len(one.proven)}/{one.total} clauses"
        yield f"{style.strong(visible(rule.path))}  {style.bad(count) if one.unproven else style.good(count)}"
        for clause in one.unproven:
            yield f"  {style.warn(clause.lacks)}: {visible(wording(clause.node))}"
    reached, total = sum(len(c.proven) for _, c in found), sum(c.total for _, c in found)
    share = f" ({reached / total:.0%})" if total else ""
    yield f"\n{len(found)} rule{'' if len(found) == 1 else 's'}: cases prove {reached} of {total} clauses{share}"


def _json(found: Found) -> str:
    from samefire.reports.json import dumps

    return dumps([_told(rule, one) for rule, one in found])


def _told(rule: Rule, one: Coverage) -> dict[str, Any]:
    clauses = [
        {"clause": wording(c.node), "true": c.true, "false": c.false, "reached": c.reached}
        for c in one.clauses
    ]
    return {"path": rule.path, "id": rule.id, "share": round(one.proven_share, 4), "clauses": clauses}
