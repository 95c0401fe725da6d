"""The terminal report: failures whole, the rest in a line each, and a last line that says it all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from samefire.harness.report import FormResult, Outcome, Report, RuleReport, Status, Verdict
from samefire.problems import Problem, Severity, render, visible
from samefire.reports.style import PLAIN, Style

LISTED = 60  # with more rules than this, those that are as expected are only counted


def problems_text(problems: Iterable[Problem], style: Style = PLAIN) -> str:
    """Problems in order of place, one block each."""
    return "\n".join(_coloured(p, style) for p in in_order(problems))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    def key(problem: Problem) -> tuple[str, int, int, str]:
        at = problem.location
        return at.path, at.line, at.column, problem.code

    return sorted(problems, key=key)


def _coloured(problem: Problem, style: Style) -> str:
    text = render(problem)
    if not style.colour:
        return text
    head, *rest = text.split("\n")
    word = f" {problem.severity}: "
    place, _, message = head.partition(word)
    paint = style.bad if problem.severity is Severity.ERROR else style.warn
    return "\n".join([f"{style.strong(place)} {paint(problem.severity)}: {message}", *rest])


def report_text(report: Report, style: Style = PLAIN, *, verbose: bool = False) -> str:
    """The whole run."""
    blocks: list[str] = []
    listed = verbose or len(report.rules) <= LISTED
    lines = [line for rule in report.rules if listed or rule.failed for line in _rule(rule, style, verbose)]
    if lines:
        blocks.append("\n".join(lines))
    found = [p for p in report.all_problems() if p.severity is not Severity.NOTE]
    if found:
        blocks.append(problems_text(found, style))
    blocks.append("\n".join(summary(report, style)))
    return "\n\n".join(blocks)


def _rule(rule: RuleReport, style: Style, verbose: bool) -> Iterator[str]:
    yield f"{style.strong(visible(rule.rule.path))}  {visible(rule.rule.name)}"
    for form in rule.forms:
        verdicts = rule.of(form.form)
        if form.derived and not verbose and not _told(verdicts):
            continue
        yield f"  {form.form:<13} {_form(form, verdicts, style)}"
        for verdict in verdicts:
            if verbose or not form.derived or verdict.outcome is Outcome.FAIL:
                yield from _verdict(verdict, style, verbose)


def _told(verdicts: Sequence[Verdict]) -> bool:
    """Whether a form that another program makes is worth a line: some case does not go as expected there."""
    return any(v.outcome is not Outcome.PASS for v in verdicts)


def _form(form: FormResult, verdicts: Sequence[Verdict], style: Style) -> str:
    if form.status in (Status.REFUSED, Status.UNREADABLE):
        word = "refused" if form.status is Status.REFUSED else "not run"
        return f"{style.warn(word)}: {visible(form.why)}"
    fire = [v for v in verdicts if v.expected == "fires"]
    silent = [v for v in verdicts if v.expected == "silent"]
    text = f"{_share(fire)} fire, {_share(silent)} silent"
    wrong = any(v.outcome is Outcome.FAIL for v in verdicts)
    text = style.bad(text) if wrong else style.good(text) if verdicts else style.warn("no cases")
    if form.faults:
        return f"{text}  {style.warn('known difference')}: {visible('; '.join(form.faults))}"
    if form.status is Status.APPROXIMATE:
        text += f"  {style.warn('approximate')}: {visible(form.why)}"
    return text


def _share(verdicts: Sequence[Verdict]) -> str:
    right = sum(v.fired == (v.expected == "fires") for v in verdicts)
    return f"{right}/{len(verdicts)}"


def _verdict(verdict: Verdict, style: Style, verbose: bool) -> Iterator[str]:
    did = "fired" if verdict.fired else "stayed silent"
    if verdict.outcome is Outcome.FAIL:
        yield f"    {style.bad('FAIL')} {visible(verdict.case.path)}: {did}, expected {_wanted(verdict)}"
    elif verdict.outcome is Outcome.DIFFERS:
        yield f"    {style.warn('differs')} {visible(verdict.case.path)}: {did}"
    elif verbose:
        yield f"    {style.good('ok')} {visible(verdict.case.path)}: {did}"
        return
    else:
        return
    for line in verdict.reason:
        yield f"         {visible(line)}"


def _wanted(verdict: Verdict) -> str:
    if verdict.counted is not None and verdict.fired:
        return f"{verdict.counted} alert{'s' if verdict.counted != 1 else ''}"
    return "it to fire" if verdict.expected == "fires" else "silence"


def summary(report: Report, style: Style = PLAIN) -> Iterator[str]:
    """The last lines: all counts, what was judged, and what was not."""
    outcomes = report.outcomes()
    total = sum(outcomes.values())
    failed = outcomes[Outcome.FAIL]
    differs = outcomes[Outcome.DIFFERS]
    parts = [f"{total - failed - differs} as expected"]
    if differs:
        parts.append(f"{differs} known differences")
    parts.append(f"{failed} failed")
    line = f"{_count(len(report.rules), 'rule')}, {_count(total, 'verdict')}: {', '.join(parts)}"
    errors = sum(p.severity is Severity.ERROR for p in report.all_problems())
    warnings = sum(p.severity is Severity.WARNING for p in report.all_problems())
    if errors or warnings:
        line += f"; {_count(errors, 'error')}, {_count(warnings, 'warning')}"
    yield style.good(line) if report.passed else style.bad(line)
    if report.scope:
        base = f", compared with {report.base[:12]}" if report.base else ""
        yield style.faint(f"judged: {visible(report.scope)}{base}")
    for status, word in ((Status.REFUSED, "refused"), (Status.UNREADABLE, "not run")):
        counts = {form: n for (form, s), n in report.statuses().items() if s is status}
        if counts:
            told = ", ".join(f"{form} {n}" for form, n in sorted(counts.items()))
            yield style.faint(f"{word}: {told}")
    for what, number in sorted(report.skipped.items()):
        yield style.faint(f"skipped: {visible(what)}: {number}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
