"""JUnit XML: a suite for each rule, a test for each form and case, as CI servers read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from samefire.harness.report import FormResult, Outcome, Report, RuleReport, Status, Verdict
from samefire.problems import Problem, Severity, render, visible
from samefire.reports.text import in_order

# Nothing here reads the clock or the machine's name, so that two runs give the same bytes.
EPOCH = "1970-01-01T00:00:00"


def report_junit(report: Report) -> str:
    """The whole run as JUnit XML."""
    root = ET.Element("testsuites")
    for number, rule in enumerate(report.rules):
        _suite(root, number, rule.rule.path, list(_cases(rule)))
    if report.problems:
        loose = [_problem(p) for p in in_order(report.problems)]
        _suite(root, len(report.rules), "files", loose)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, number: int, name: str, cases: Sequence[ET.Element]) -> None:
    count = {kind: sum(c.find(kind) is not None for c in cases) for kind in ("failure", "error", "skipped")}
    suite = ET.SubElement(
        root,
        "testsuite",
        name=xml_text(name),
        package="samefire",
        id=str(number),
        timestamp=EPOCH,
        hostname="localhost",
        tests=str(len(cases)),
        failures=str(count["failure"]),
        errors=str(count["error"]),
        skipped=str(count["skipped"]),
        time="0",
    )
    ET.SubElement(suite, "properties")
    suite.extend(cases)
    ET.SubElement(suite, "system-out")
    ET.SubElement(suite, "system-err")


def _cases(rule: RuleReport) -> Iterator[ET.Element]:
    for problem in in_order(p for p in rule.problems if p.severity is not Severity.NOTE):
        yield _problem(problem)
    for form in rule.forms:
        if form.status in (Status.REFUSED, Status.UNREADABLE):
            yield _skipped(rule, form)
        for verdict in rule.of(form.form):
            yield _verdict(rule, verdict)


def _element(classname: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=xml_text(classname), name=xml_text(name), time="0")


def _verdict(rule: RuleReport, verdict: Verdict) -> ET.Element:
    case = _element(rule.rule.path, f"{verdict.form} {verdict.case.name}")
    if verdict.outcome is Outcome.FAIL:
        message = f"{'fired' if verdict.fired else 'stayed silent'}, expected: {verdict.expected}"
        failure = ET.SubElement(case, "failure", message=message, type="verdict")
        failure.text = xml_text("\n".join((verdict.case.path, *verdict.reason)))
    return case


def _skipped(rule: RuleReport, form: FormResult) -> ET.Element:
    case = _element(rule.rule.path, f"{form.form} {form.status}")
    ET.SubElement(case, "skipped", message=xml_text(form.why))
    return case


def _problem(problem: Problem) -> ET.Element:
    at = problem.location
    case = _element(at.path, f"{problem.code} line {at.line}")
    if problem.severity is Severity.ERROR:
        error = ET.SubElement(case, "error", message=xml_text(problem.message), type=problem.code)
        error.text = xml_text(render(problem))
    return case


def xml_text(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold (they are shown as escapes)."""
    return "\n".join(visible(line) for line in text.split("\n"))
