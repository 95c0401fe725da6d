"""The policy's checks of rules: each broken rule of it is a Problem with its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from samefire.gate.policy import Policy
from samefire.harness.coverage import Coverage
from samefire.harness.report import FormResult, RuleReport, Status
from samefire.problems import Problem, Severity
from samefire.query.wording import wording
from samefire.rule import Rule
from samefire.source import NOWHERE, Source
from samefire.workspace import named

REPEATED = frozenset({"rule-without-fixtures", "rule-without-positive", "rule-without-negative"})
"""Warnings of `check` that `policy-cases` says again, as an error."""

KEEP_ID = "keep the id: alerts, exceptions and versions hang on it"


def check_report(report: RuleReport, policy: Policy, *, excused: bool, home: Path) -> Iterator[Problem]:
    """What the policy says of one judged rule. A form that is refused for an error that the rule was told of
    already (its query does not parse) is not told again."""
    if report.rule.deprecated:
        return
    if not excused:
        yield from _cases(report, policy)
    if not report.forms:
        message = "none of the forms that are judged is one of this rule: nothing was judged"
        hint = "name the form of its own text, `sigma`, among the `forms` in the settings"
        yield _at(report.rule, "policy-form-missing", message, ("rule", "query"), hint)
    told = {(p.code, p.message) for p in report.problems if p.severity is Severity.ERROR}
    for form in report.forms:
        if not form.derived and not any(
            (p.code, p.message) in told for p in form.problems if p.severity is Severity.ERROR
        ):
            yield from _form(report.rule, form, policy, home)


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


def _form(rule: Rule, form: FormResult, policy: Policy, home: Path) -> Iterator[Problem]:
    if form.status is Status.APPROXIMATE and not named(rule, policy.approximate, home):
        message = f"{form.form} is only approximate: {form.why}"
        hint = "make it exact, or name the rule under `gate.approximate` in the settings"
        yield _at(rule, "policy-approximate", message, ("rule", "query"), hint)
    missing = form.status in (Status.REFUSED, Status.UNREADABLE)
    if missing and form.form in policy.required and not named(rule, policy.refused, home):
        word = "refused" if form.status is Status.REFUSED else "cannot be run"
        message = f"the policy asks for {form.form}, and it is {word}: {form.why}"
        hint = "change the rule, or name it under `gate.refused` in the settings"
        yield _at(rule, "policy-form-missing", message, ("rule", "query"), hint)


def check_coverage(rule: Rule, found: Coverage, policy: Policy) -> Iterator[Problem]:
    """Whether the cases reach enough clauses."""
    if found.share < policy.coverage and not rule.deprecated:
        message = (
            f"the cases reach {len(found.reached)} of {found.total} clauses, "
            f"the policy asks for {policy.coverage:.0%}"
        )
        missed = "; ".join(wording(clause.node) for clause in found.missed[:3])
        more = f"; and {len(found.missed) - 3} more" if len(found.missed) > 3 else ""
        hint = f"no case reaches: {missed}{more}"
        yield _at(rule, "policy-coverage", message, ("rule", "query"), hint)


def check_proven(rule: Rule, found: Coverage, policy: Policy) -> Iterator[Problem]:
    """Whether the cases prove enough clauses: would notice the loss of each."""
    if found.proven_share < policy.proven and not rule.deprecated:
        message = (
            f"the cases prove {len(found.proven)} of {found.total} clauses, "
            f"the policy asks for {policy.proven:.0%}"
        )
        missed = "; ".join(f"{wording(clause.node)} ({clause.lacks})" for clause in found.unproven[:3])
        more = f"; and {len(found.unproven) - 3} more" if len(found.unproven) > 3 else ""
        hint = f"no case would miss: {missed}{more}; `samefire fixtures` writes such cases"
        yield _at(rule, "policy-proven", message, ("rule", "query"), hint)


@dataclass(frozen=True, slots=True)
class Exports:
    """The digest of a rule's export, as it was and as it is (None: refused), and its entry in the lock file:
    the version as it was and is (0: none), and the digest that the lock holds now. `day`: that of the commit which
    the change is compared with, `today` now; both `YYYY/MM/DD` or ""."""

    before: str | None
    now: str | None
    version_before: int
    version_now: int
    locked: str | None
    day: str = ""
    today: str = ""


def check_change(rule: Rule, old: Rule | None, exports: Exports, policy: Policy) -> Iterator[Problem]:
    """What the policy says of a changed rule; `old` None: a new one."""
    yield from check_type(rule, old, policy)
    if old is None or _date(old) != _date(rule):
        yield from _ahead(rule, exports.today, policy)
    if rule.deprecated:
        return
    if old is not None:
        yield from _dated(rule, old, exports, policy)
    if policy.version:
        yield from _versioned(rule, exports)


def check_type(rule: Rule, old: Rule | None, policy: Policy) -> Iterator[Problem]:
    """Whether a rule has the type that it had; `old` None: it is a new one."""
    if old is not None and policy.stable_type and rule.type != old.type:
        message = f"the rule's type changed from {old.type} to {rule.type}"
        hint = "a new type is a new rule: give it a new `rule_id` and deprecate the old one"
        yield _at(rule, "policy-type-changed", message, ("rule", "type"), hint)


def _ahead(rule: Rule, today: str, policy: Policy) -> Iterator[Problem]:
    """Whether the date has come; tomorrow's has, somewhere."""
    if policy.updated_date and today and _date(rule) > _after(today):
        message = f"`updated_date` lies ahead ({_date(rule)}): until then no change would have to move it"
        hint = "set it to today"
        place = rule.value_span("metadata", "updated_date")
        yield Problem("policy-date-ahead", message, rule.source, place, Severity.WARNING, hint)


def _after(day: str) -> str:
    return (datetime.strptime(day, "%Y/%m/%d") + timedelta(days=1)).strftime("%Y/%m/%d")


def _dated(rule: Rule, old: Rule, exports: Exports, policy: Policy) -> Iterator[Problem]:
    changed = None not in (exports.before, exports.now) and exports.before != exports.now
    again = _date(rule) == _date(old) and bool(exports.day) and _date(old) >= exports.day  # twice on one day
    if policy.updated_date and changed and _date(rule) <= _date(old) and not again:
        moved = "did not move" if _date(rule) == _date(old) else f"went back from {_date(old)}"
        message = f"the rule's export changed, `updated_date` {moved} ({_date(rule)})"
        yield _at(rule, "policy-updated-date", message, ("metadata", "updated_date"), "set it to today")


def _versioned(rule: Rule, exports: Exports) -> Iterator[Problem]:
    hint = "run `samefire lock` and commit the lock file"
    changed = exports.before is not None and exports.now != exports.before
    if exports.now is None:
        return
    if not exports.version_now:
        message = "the lock file has no version for the rule"
        yield _at(rule, "policy-version", message, ("rule", "rule_id"), hint)
    elif changed and exports.version_before and exports.version_now <= exports.version_before:
        message = f"the rule's export changed, its locked version did not ({exports.version_now})"
        yield _at(rule, "policy-version", message, ("rule", "rule_id"), hint)
    elif exports.locked != exports.now:
        message = f"the lock file holds another export of the rule as version {exports.version_now}"
        yield _at(rule, "policy-version", message, ("rule", "rule_id"), hint)


def check_gone(
    before: Mapping[str, Rule],
    ids: Collection[str],
    standing: Collection[str],
    now: Mapping[str, Rule],
    policy: Policy,
) -> Iterator[Problem]:
    """What the policy says of rules that are gone. `before`: by id; `ids`: every id that some file has now;
    `standing`: paths of the files that are there, `now`: those of them that could be read, by path."""
    holders = {rule.id: rule for rule in now.values()}
    for rule_id, old in sorted(before.items()):
        successor = now.get(old.path)
        holder = holders.get(rule_id)
        if rule_id in ids:
            if successor is None or holder is None or successor.id == rule_id or not policy.stable_id:
                continue
            if successor.name == old.name != holder.name:
                message = f"`rule_id` changed from {rule_id}, which {holder.path} has now, to {successor.id}"
                yield _at(successor, "policy-id-changed", message, ("rule", "rule_id"), KEEP_ID)
        elif successor is not None and successor.id != rule_id and policy.stable_id:
            message = f"`rule_id` changed from {rule_id} to {successor.id}"
            yield _at(successor, "policy-id-changed", message, ("rule", "rule_id"), KEEP_ID)
        elif old.path not in standing:
            yield from _deleted(old, policy)


def check_unread(
    drafts: Mapping[str, Rule], ids: Collection[str], standing: Collection[str], policy: Policy
) -> Iterator[Problem]:
    """What the policy says of rules that are gone and could not be read then either. `drafts`: by id."""
    for rule_id, old in sorted(drafts.items()):
        if rule_id not in ids and old.path not in standing:
            yield from _deleted(old, policy)


def _deleted(old: Rule, policy: Policy) -> Iterator[Problem]:
    if policy.deprecate_first and not old.deprecated:
        there = Path(old.path).is_file()
        what = "is in no folder that the settings name for rules" if there else "was deleted"
        message = f"the rule `{old.name}` {what} without having been deprecated"
        hint = 'first release it with maturity = "deprecated"'
        yield Problem("policy-deleted", message, Source(old.path, ""), NOWHERE, hint=hint)


def _date(rule: Rule) -> str:
    return str(rule.metadata.get("updated_date", ""))


def _at(rule: Rule, code: str, message: str, key: tuple[str, ...], hint: str) -> Problem:
    return Problem(code, message, rule.source, rule.value_span(*key), hint=hint)


def levelled(problems: Sequence[Problem], policy: Policy) -> list[Problem]:
    """The problems at the levels that the policy gives their codes, or their groups (`known-fault-*`)."""
    groups = [code for code in policy.levels if code.endswith("-*")]
    found: list[Problem] = []
    for problem in problems:
        level = policy.levels.get(problem.code)
        if level is None and groups:
            level = next((policy.levels[g] for g in groups if problem.code.startswith(g[:-1])), None)
        if level is None:
            found.append(problem)
        elif level != "off":
            found.append(replace(problem, severity=Severity(level)))
    return found
