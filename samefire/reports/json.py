"""The report as JSON, for programs. The shape is versioned: `docs/report-schema.json`."""

from __future__ import annotations

import json
from typing import Any

import orjson

from samefire.harness.report import FormResult, Outcome, Report, RuleReport, Verdict
from samefire.problems import Problem

VERSION = 1


def problem_json(problem: Problem) -> dict[str, Any]:
    """One problem; places are 1-based, columns count characters."""
    at = problem.location
    return {
        "code": problem.code,
        "severity": str(problem.severity),
        "message": problem.message,
        "hint": problem.hint,
        "path": at.path,
        "line": at.line,
        "column": at.column,
        "end_line": at.end_line,
        "end_column": at.end_column,
    }


def _form(form: FormResult) -> dict[str, Any]:
    return {
        "form": form.form,
        "status": str(form.status),
        "derived": form.derived,
        "document": form.document.name if form.document else None,
        "problems": [problem_json(p) for p in form.problems],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "case": verdict.case.name,
        "path": verdict.case.path,
        "form": verdict.form,
        "expected": verdict.expected,
        "expected_alerts": verdict.case.alerts,
        "alerts": verdict.alerts,
        "outcome": str(verdict.outcome),
        "known_difference": verdict.outcome is Outcome.DIFFERS,
        "reason": list(verdict.reason),
        "explained": verdict.explained or [],
    }


def _rule(report: RuleReport) -> dict[str, Any]:
    return {
        "path": report.rule.path,
        "rule_id": report.rule.id,
        "name": report.rule.name,
        "type": report.rule.type,
        "failed": report.failed,
        "forms": [_form(f) for f in report.forms],
        "verdicts": [_verdict(v) for v in report.verdicts],
        "problems": [problem_json(p) for p in report.problems],
    }


def report_json(report: Report) -> dict[str, Any]:
    """The whole run as plain data."""
    return {
        "version": VERSION,
        "passed": report.passed,
        "scope": report.scope,
        "base": report.base,
        "rules": [_rule(r) for r in report.rules],
        "problems": [problem_json(p) for p in report.problems],
        "skipped": dict(sorted(report.skipped.items())),
        "totals": {str(outcome): number for outcome, number in sorted(report.outcomes().items())},
    }


def dumps(data: Any) -> str:
    """Indented, stable JSON text with a final newline."""
    try:
        text = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE, default=str)
    except TypeError:  # half a surrogate pair, as YAML can write it; whole numbers beyond 64 bits
        return json.dumps(data, indent=2, default=str) + "\n"
    return text.decode("utf-8")
