"""What is told of a rule: values only, the same for every way to write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from samefire.harness.coverage import Coverage
from samefire.harness.report import FormResult, Outcome, RuleReport, Status, Verdict
from samefire.query.wording import wording

Facts = tuple[tuple[str, str], ...]
TYPES = {
    "query": "Query",
    "saved_query": "Saved query",
    "eql": "Event correlation (EQL)",
    "esql": "ES|QL",
    "threshold": "Threshold",
    "new_terms": "New terms",
    "threat_match": "Indicator match",
    "machine_learning": "Machine learning",
}


@dataclass(frozen=True, slots=True)
class Tactic:
    """A tactic with the techniques and sub-techniques of a rule: (id, name, link, sub-techniques)."""

    id: str
    name: str
    url: str
    techniques: tuple[tuple[str, str, str, tuple[tuple[str, str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case: what it is for, what was expected, and what each form said (`pass`, `fail`, `differs`)."""

    name: str
    about: str
    expected: str
    verdicts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All that is told of one rule. `place` is its page without ending (`aws/x`); `forms` are the exported
    texts (name, status, reason, text)."""

    place: str
    name: str
    path: str
    id: str
    severity: str
    risk: str
    type: str
    description: str
    facts: Facts
    tags: tuple[str, ...]
    references: tuple[str, ...]
    false_positives: tuple[str, ...]
    guide: str
    setup: str
    language: str
    query: str
    tactics: tuple[Tactic, ...]
    forms: tuple[tuple[str, str, str, str], ...]
    cases: tuple[CaseRow, ...]
    covered: tuple[int, int]
    unproven: tuple[str, ...]
    deprecated: bool

    @property
    def passed(self) -> bool:
        return not any(verdict == "fail" for case in self.cases for _, verdict in case.verdicts)


def page_of(report: RuleReport, coverage: Coverage, place: str, version: int | None) -> Page:
    """The page of one judged rule."""
    rule, contents = report.rule, report.rule.contents
    return Page(
        place=place,
        name=rule.name,
        path=rule.path,
        id=rule.id,
        severity=str(contents.get("severity", "")),
        risk=str(contents.get("risk_score", "")),
        type=TYPES.get(rule.type, rule.type),
        description=str(contents.get("description", "")).strip(),
        facts=tuple(_facts(report, version)),
        tags=_texts(contents.get("tags")),
        references=_texts(contents.get("references")),
        false_positives=_texts(contents.get("false_positives")),
        guide=str(contents.get("note", "")),
        setup=str(contents.get("setup", "")),
        language=rule.language or "",
        query=str(contents.get("query", "")).strip("\n"),
        tactics=tuple(_tactics(contents)),
        forms=tuple(_form(form) for form in report.forms if not form.derived),
        cases=tuple(_cases(report)),
        covered=(len(coverage.proven), coverage.total),
        unproven=tuple(f"{wording(c.node)} ({c.lacks})" for c in coverage.unproven),
        deprecated=rule.deprecated,
    )


def place_of(path: str, roots: Sequence[str]) -> str:
    """Where the page of a rule lies: as the rule below its folder."""
    pure = PurePosixPath(path)
    for root in roots:
        if pure.is_relative_to(root):
            return pure.relative_to(root).with_suffix("").as_posix()
    return pure.stem


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _facts(report: RuleReport, version: int | None) -> Iterator[tuple[str, str]]:
    contents, metadata = report.rule.contents, report.rule.metadata
    index = ", ".join(_texts(contents.get("index"))) or str(contents.get("data_view_id", ""))
    told: Mapping[str, Any] = {
        "Rule type": TYPES.get(report.rule.type, report.rule.type),
        "Rule indices": index,
        "Severity": contents.get("severity"),
        "Risk score": contents.get("risk_score"),
        "Runs every": contents.get("interval", "5m"),
        "Searches from": contents.get("from", "now-6m"),
        "Maximum alerts": contents.get("max_signals", 100),
        **_of_type(contents),
        "Rule id": report.rule.id,
        "Version": version,
        "Created": metadata.get("creation_date"),
        "Last changed": metadata.get("updated_date"),
        "Authors": ", ".join(_texts(contents.get("author"))),
        "License": contents.get("license"),
        "Integrations": _joined(metadata.get("integration")),
    }
    yield from ((name, str(value)) for name, value in told.items() if value not in (None, ""))


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _of_type(contents: Mapping[str, Any]) -> dict[str, str]:
    threshold, terms = contents.get("threshold"), contents.get("new_terms")
    found: dict[str, str] = {}
    if isinstance(threshold, dict):
        fields = _joined(threshold.get("field")) or "all events"
        found["Threshold"] = f"{threshold.get('value')} by {fields}"
    if isinstance(terms, dict):
        found["New terms"] = _joined(terms.get("value"))
        start = (terms.get("history_window_start") or [{}])[0]
        found["History from"] = str(start.get("value", "")) if isinstance(start, dict) else ""
    if "machine_learning_job_id" in contents:
        found["Job"] = _joined(contents["machine_learning_job_id"])
        found["Anomaly threshold"] = str(contents.get("anomaly_threshold", ""))
    if "threat_index" in contents:
        found["Indicator indices"] = _joined(contents["threat_index"])
    return found


def _tactics(contents: Mapping[str, Any]) -> Iterator[Tactic]:
    for threat in contents.get("threat") or []:
        tactic = threat.get("tactic") or {}
        techniques = tuple(
            (*_named(technique), tuple(_named(sub) for sub in technique.get("subtechnique") or []))
            for technique in threat.get("technique") or []
        )
        yield Tactic(*_named(tactic), techniques)


def _named(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(entry.get("id", "")), str(entry.get("name", "")), str(entry.get("reference", ""))


def _form(form: FormResult) -> tuple[str, str, str, str]:
    why = form.why if form.status is not Status.EXACT else ""
    return form.form, form.status.value, why, form.document.text if form.document else ""


def _cases(report: RuleReport) -> Iterator[CaseRow]:
    by_case: dict[str, list[Verdict]] = {}
    derived = {form.form for form in report.forms if form.derived}
    for verdict in report.verdicts:
        if verdict.form not in derived:
            by_case.setdefault(verdict.case.name, []).append(verdict)
    for case in sorted(report.cases, key=lambda c: (not c.positive, c.name)):
        told = tuple((v.form, _word(v)) for v in by_case.get(case.name, ()))
        yield CaseRow(case.name, case.description, "fires" if case.positive else "silent", told)


def _word(verdict: Verdict) -> str:
    return {Outcome.PASS: "pass", Outcome.FAIL: "fail"}.get(verdict.outcome, "differs")
