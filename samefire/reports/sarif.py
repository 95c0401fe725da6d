"""SARIF 2.1.0: every problem and wrong verdict with its place, for code scanning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from samefire import __version__
from samefire.harness.report import Outcome, Report, Verdict
from samefire.problems import Problem, Severity
from samefire.reports.text import in_order

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def report_sarif(report: Report) -> dict[str, Any]:
    """The whole run as a SARIF log."""
    return problems_sarif(report.all_problems(), [v for r in report.rules for v in r.verdicts])


def problems_sarif(problems: list[Problem], verdicts: list[Verdict] | None = None) -> dict[str, Any]:
    """Problems (and wrong verdicts) as a SARIF log."""
    results = [*(_problem(p) for p in in_order(problems)), *_verdicts(verdicts or [])]
    codes = sorted({r["ruleId"] for r in results})
    driver = {
        "name": "samefire",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [{"id": code, "name": code} for code in codes],
    }
    for result in results:
        result["ruleIndex"] = codes.index(result["ruleId"])
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the folder that samefire ran in"}}},
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _problem(problem: Problem) -> dict[str, Any]:
    at = problem.location
    text = problem.message + (f" ({problem.hint})" if problem.hint else "")
    region = {"startLine": at.line, "startColumn": at.column, "endLine": at.end_line}
    region["endColumn"] = max(at.end_column, at.column + 1) if at.end_line == at.line else at.end_column
    return {
        "ruleId": problem.code,
        "level": LEVELS[problem.severity],
        "message": {"text": text},
        "locations": [_location(at.path, region)],
    }


def _verdicts(verdicts: list[Verdict]) -> Iterator[dict[str, Any]]:
    for verdict in verdicts:
        if verdict.outcome is Outcome.FAIL:
            did = "fired" if verdict.fired else "stayed silent"
            lines = [f"{verdict.form} {did}, expected: {verdict.expected}", *verdict.reason]
            yield {
                "ruleId": "verdict-wrong",
                "level": "error",
                "message": {"text": "\n".join(lines)},
                "locations": [_location(verdict.case.path, {"startLine": 1})],
            }


def _location(path: str, region: dict[str, int]) -> dict[str, Any]:
    artifact = {"uri": _quoted(path), "uriBaseId": "SRCROOT"}
    if path.startswith("/"):
        artifact = {"uri": "file://" + _quoted(path)}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _quoted(path: str) -> str:
    """A path as part of a URI: bytes that are no UTF-8 as those bytes, and no `:` in the first folder's name, which
    would end a scheme."""
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "replace")
    first, slash, rest = raw.partition(b"/")
    return quote(first, safe="._-~") + slash.decode() + quote(rest, safe="/:._-~")
