"""The policy's checks: each broken rule of it is a Problem with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from samefire.gate.policy import Policy
from samefire.harness.report import FormResult, RuleReport, Status
from samefire.problems import Problem, Severity
from samefire.rule import Rule
from samefire.source import NOWHERE, Source


def named(rule: Rule, names: Sequence[str]) -> bool:
    """Whether a policy list names the rule: by id, path or file stem."""
    return bool({rule.id, rule.path, PurePosixPath(rule.path).stem} & set(names))


def check_report(report: RuleReport, policy: Policy, excused: bool) -> Iterator[Problem]:
    """What the policy says of one judged rule."""
    if report.rule.deprecated:
        return
    if not excused:
        yield from _cases(report, policy)
    for form in report.forms:
        yield from _form(report.rule, form, policy)


def _cases(report: RuleReport, policy: Policy) -> Iterator[Problem]:
    positive = sum(case.positive for case in report.cases)
    for kind, have, need in (
        ("positive", positive, policy.positive),
        ("negative", len(report.cases) - positive, policy.negative),
    ):
        if have < need:
            message = f"the rule has {have} {kind} case{'s' if have != 1 else ''}, the policy asks for {need}"
            hint = f"add cases under `{kind}/`, or name the rule under `without_fixtures` in the settings"
            yield _at(report.rule, "policy-cases", message, ("rule", "name"), hint)


def _form(rule: Rule, form: FormResult, policy: Policy) -> Iterator[Problem]:
    if form.status is Status.APPROXIMATE and not named(rule, policy.approximate):
        message = f"{form.form} is only approximate: {form.why}"
        hint = "make it exact, or name the rule under `gate.approximate` in the settings"
        yield _at(rule, "policy-approximate", message, ("rule", "query"), hint)
    missing = form.status in (Status.REFUSED, Status.UNREADABLE)
    if missing and form.form in policy.required and not named(rule, policy.refused):
        word = "refused" if form.status is Status.REFUSED else "cannot be run"
        message = f"the policy asks for {form.form}, and it is {word}: {form.why}"
        hint = "change the rule, or name it under `gate.refused` in the settings"
        yield _at(rule, "policy-form-missing", message, ("rule", "query"), hint)


def check_change(
    rule: Rule,
    old: Rule | None,
    exports: tuple[str | None, str | None],
    versions: tuple[int, int],
    policy: Policy,
) -> Iterator[Problem]:
    """What the policy says of a changed rule. `exports`: the Elastic export before and now, without version;
    `versions`: what the lock file said before and says now (0: not locked)."""
    if old is None or rule.deprecated:
        return
    if policy.stable_type and rule.type != old.type:
        message = f"the rule's type changed from {old.type} to {rule.type}"
        hint = "a new type is a new rule: give it a new `rule_id` and deprecate the old one"
        yield _at(rule, "policy-type-changed", message, ("rule", "type"), hint)
    before, now = exports
    if before is None or now is None or before == now:
        return
    if policy.updated_date and _date(rule) <= _date(old):
        message = f"the rule's export changed, `updated_date` did not move ({_date(rule)})"
        yield _at(rule, "policy-updated-date", message, ("metadata", "updated_date"), "set it to today")
    if policy.version and versions[1] <= versions[0]:
        message = f"the rule's export changed, its locked version did not ({versions[1] or 'none'})"
        yield _at(
            rule,
            "policy-version",
            message,
            ("rule", "rule_id"),
            "run `samefire lock` and commit the lock file",
        )


def check_gone(before: Mapping[str, Rule], now: Mapping[str, Rule], policy: Policy) -> Iterator[Problem]:
    """What the policy says of rules that are gone. Both mappings are by rule id."""
    paths = {PurePosixPath(rule.path).as_posix(): rule for rule in now.values()}
    for rule_id, old in sorted(before.items()):
        if rule_id in now:
            continue
        successor = paths.get(PurePosixPath(old.path).as_posix())
        if successor is not None and policy.stable_id:
            message = f"`rule_id` changed from {rule_id} to {successor.id}"
            hint = "keep the id: alerts, exceptions and versions hang on it"
            yield _at(successor, "policy-id-changed", message, ("rule", "rule_id"), hint)
        elif successor is None and policy.deprecate_first and not old.deprecated:
            message = f"the rule `{old.name}` was deleted without having been deprecated"
            hint = 'first release it with maturity = "deprecated"'
            yield Problem("policy-deleted", message, Source(old.path, ""), NOWHERE, hint=hint)


def _date(rule: Rule) -> str:
    return str(rule.metadata.get("updated_date", ""))


def _at(rule: Rule, code: str, message: str, key: tuple[str, ...], hint: str) -> Problem:
    return Problem(code, message, rule.source, rule.value_span(*key), hint=hint)


def levelled(problems: Sequence[Problem], policy: Policy) -> list[Problem]:
    """The problems at the levels that the policy gives their codes."""
    found: list[Problem] = []
    for problem in problems:
        level = policy.levels.get(problem.code)
        if level is None:
            found.append(problem)
        elif level != "off":
            found.append(replace(problem, severity=Severity(level)))
    return found
