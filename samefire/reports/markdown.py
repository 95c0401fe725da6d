"""Markdown: for a pull-request comment or a job summary."""

from __future__ import annotations

from collections.abc import Iterator

from samefire.harness.report import Outcome, Report, RuleReport, Status
from samefire.problems import Severity, visible
from samefire.reports.text import in_order

MOST = 50  # rows of a table; a comment has room for about 65,000 characters


def report_markdown(report: Report) -> str:
    """The whole run."""
    return "\n".join(_lines(report)) + "\n"


def escape(text: str) -> str:
    """Text that stays text in a table cell: no markup, no HTML, no line break, no mention."""
    shown = visible(text.replace("\n", " "))
    for c in "\\`*_{}[]()#+!|~":
        shown = shown.replace(c, "\\" + c)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")


def code(text: str) -> str:
    """Text as inline code that no content can break out of."""
    shown = visible(text.replace("\n", " ")).replace("&", "&amp;").replace("<", "&lt;")
    for c in "|\\`*~[]":
        shown = shown.replace(c, f"&#{ord(c)};")
    return f"<code>{shown}</code>"


def _lines(report: Report) -> Iterator[str]:
    outcomes = report.outcomes()
    word = "passed" if report.passed else "failed"
    mark = "✅" if report.passed else "❌"
    total = sum(outcomes.values())
    yield f"### {mark} samefire: {word}"
    yield ""
    yield (
        f"{len(report.rules)} rules, {total} verdicts: {outcomes[Outcome.PASS]} as expected, "
        f"{outcomes[Outcome.DIFFERS]} known differences, **{outcomes[Outcome.FAIL]} failed**"
    )
    yield from _failures(report)
    yield from _problems(report)
    yield from _refusals(report)
    for what, number in sorted(report.skipped.items()):
        yield ""
        yield f"Not run: {escape(what)}: {number}"


def _failures(report: Report) -> Iterator[str]:
    failed = [(r, v) for r in report.rules for v in r.verdicts if v.outcome is Outcome.FAIL]
    if not failed:
        return
    yield from ("", "| rule | form | case | did | why |", "| --- | --- | --- | --- | --- |")
    for rule, verdict in failed[:MOST]:
        did = "fired" if verdict.fired else "stayed silent"
        why = escape("; ".join(verdict.reason)[:300])
        case = code(verdict.case.name)
        yield f"| {escape(rule.rule.name)} | {escape(verdict.form)} | {case} | {did} | {why} |"
    yield from _more(len(failed))


def _problems(report: Report) -> Iterator[str]:
    found = [p for p in in_order(report.all_problems()) if p.severity is not Severity.NOTE]
    if not found:
        return
    yield from ("", "| place | | problem | |", "| --- | --- | --- | --- |")
    for problem in found[:MOST]:
        at = problem.location
        place = code(f"{at.path}:{at.line}:{at.column}")
        hint = escape(problem.hint or "")
        yield f"| {place} | {problem.severity} | {escape(problem.message)} `{problem.code}` | {hint} |"
    yield from _more(len(found))


def _refusals(report: Report) -> Iterator[str]:
    rows = [(r, f) for r in report.rules for f in r.forms if f.status is not Status.EXACT]
    if not rows:
        return
    yield from ("", "<details><summary>Forms that are not exact</summary>", "")
    yield from ("| rule | form | | why |", "| --- | --- | --- | --- |")
    for rule, form in rows[:MOST]:
        yield f"| {escape(_name(rule))} | {escape(form.form)} | {form.status} | {escape(form.why)} |"
    yield from _more(len(rows))
    yield from ("", "</details>")


def _name(rule: RuleReport) -> str:
    return rule.rule.name


def _more(number: int) -> Iterator[str]:
    if number > MOST:
        yield ""
        yield f"… and {number - MOST} more"
