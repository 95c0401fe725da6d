"""Judging: every form of a rule, written, read back, and run over the rule's cases.

What is judged is `read(write(rule))`: the exported text. Nothing here names a form or a language.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from samefire.engine.alerts import Context
from samefire.engine.run import Runner
from samefire.fields import FieldTypes
from samefire.forms import Converted, Converter, Options
from samefire.harness.case import Case, Cases
from samefire.harness.checks import check_cases
from samefire.harness.reasons import reasons
from samefire.harness.report import FormResult, Outcome, Report, RuleReport, Status, Verdict
from samefire.problems import Problem, ProblemError
from samefire.query.detection import Detection
from samefire.rule import Rule

MOST_TREES = 12
"""Events and stages of a failed case that are explained clause by clause."""


@dataclass(frozen=True)
class Subject:
    """A rule and its cases. `excused`: named in the settings as having no fixtures."""

    rule: Rule
    cases: Cases
    excused: bool = False


def judge(
    subjects: Sequence[Subject],
    forms: Sequence[Converter],
    fields: FieldTypes,
    options: Options,
    problems: Sequence[Problem] = (),
) -> Report:
    """The verdict of each form of each rule on each of its cases."""
    return Report(tuple(judge_rule(s, forms, fields, options) for s in subjects), tuple(problems))


def judge_rule(
    subject: Subject, forms: Sequence[Converter], fields: FieldTypes, options: Options
) -> RuleReport:
    """All forms of one rule on all its cases."""
    results: list[FormResult] = []
    verdicts: list[Verdict] = []
    problems: list[Problem] = [*subject.rule.problems, *subject.cases.problems]
    for form in forms:
        if not subject.rule.judged_as(form.name, derived=form.derived):
            continue
        prepared = Prepared(form, subject.rule, fields, options)
        results.append(prepared.result)
        if prepared.detection is not None:
            checked = verdicts_of(prepared, subject.cases.cases)
            verdicts.extend(checked)
    problems.extend(check_cases(subject.rule, subject.cases, fields, excused=subject.excused))
    return RuleReport(
        subject.rule, tuple(results), tuple(verdicts), subject.cases.cases, tuple(dict.fromkeys(problems))
    )


class Prepared:
    """One form of one rule: its text, and the detections read from it for each mapping of field types."""

    def __init__(self, form: Converter, rule: Rule, fields: FieldTypes, options: Options) -> None:
        self.form = form
        self.fields = fields
        self._runners: dict[str, Runner | None] = {}
        self.converted: Converted = form.write(rule, fields, options)
        self._problems: list[Problem] = list(self.converted.problems)
        self.detection = self._read(fields) if self.converted.document else None
        self.result = FormResult(
            form.name, self._status(), self.converted.document, tuple(self._problems), form.derived
        )

    def _status(self) -> Status:
        if self.converted.document is None:
            return Status.REFUSED
        if self.detection is None:
            return Status.UNREADABLE
        return Status.APPROXIMATE if self.converted.approximate else Status.EXACT

    def _read(self, fields: FieldTypes) -> Detection | None:
        document, unread = self.converted.document, self.converted.unread
        assert document is not None
        if unread is not None:
            self._problems.append(unread)
            return None
        try:
            return self.form.read(document.text, fields, document.name)
        except ProblemError as error:
            self._problems.extend(error.problems)
            return None

    def runner_for(self, mapping: Mapping[str, object] | None) -> Runner | None:
        """The detection, ready to run, under a case's own mapping of field types."""
        key = json.dumps(mapping, sort_keys=True, default=str) if mapping else ""
        if key not in self._runners:
            detection = self.detection
            if mapping:
                detection = self._read(self.fields.layered(FieldTypes.from_mapping(mapping)))
            self._runners[key] = Runner([detection]) if detection is not None else None
        return self._runners[key]


def verdicts_of(prepared: Prepared, cases: Sequence[Case]) -> list[Verdict]:
    """The verdict of one form on each case."""
    found: list[Verdict] = []
    for case in cases:
        runner = prepared.runner_for(case.mapping)
        if runner is not None:
            found.append(verdict(prepared, runner, case))
    return found


def context_of(case: Case) -> Context:
    return Context(now=case.now, history=case.history, indicators=case.indicators)


def verdict(prepared: Prepared, runner: Runner, case: Case) -> Verdict:
    """One case judged against one detection of a form, made ready to run."""
    result = prepared.result
    detection = runner.detections[0]
    context = context_of(case)
    alerts = runner.run(case.events, context)[0]
    expected = case.expected(result.form)
    differs = case.excepted(result.form) is not None
    counted = case.alerts if prepared.form.counts_alerts and not differs else None
    right = len(alerts) == counted if counted is not None else (len(alerts) > 0) == (expected == "fires")
    if right:
        outcome = Outcome.DIFFERS if differs else Outcome.PASS
        return Verdict(case, result.form, expected, len(alerts), outcome, (case.because,) if differs else ())
    lines = tuple(reasons(detection, case, alerts, context, counted))
    if result.status is Status.APPROXIMATE and expected == "silent":
        return Verdict(case, result.form, expected, len(alerts), Outcome.DIFFERS, (result.why, *lines))
    if result.faults:
        return Verdict(case, result.form, expected, len(alerts), Outcome.DIFFERS, (*result.faults, *lines))
    trees = _trees(detection, case, context)
    return Verdict(case, result.form, expected, len(alerts), Outcome.FAIL, lines, trees, counted)


def _trees(detection: Detection, case: Case, context: Context) -> list[dict[str, object]]:
    """The detection on the case, clause by clause, as far as somebody will read it."""
    from itertools import islice

    from samefire.harness.explaining import explained, tree_json

    parts = islice(explained(detection, case, context), MOST_TREES)
    return [{"of": where, **tree_json(explanation)} for where, explanation in parts]
