"""The policy's checks of what lies around rules: the lock file, fixtures without a rule, names in the settings."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from samefire.gate.changed import Layout
from samefire.gate.policy import Policy
from samefire.lock import Lock
from samefire.problems import Problem, Severity, did_you_mean
from samefire.ruleset import SIGMA, TOML
from samefire.settings import Settings, key_span
from samefire.source import NOWHERE, Source, Span


def check_lock(before: Lock, now: Lock, source: Source) -> Iterator[Problem]:
    """A version is never given twice: no entry goes away, none goes back. `source`: the lock file now."""
    hint = "restore the entry from git: versions may only rise"
    for rule_id, entry in before.items():
        fresh = now.get(rule_id)
        if fresh is None:
            message = f"the entry of {rule_id} ({entry.rule_name}) is gone from the lock file"
            yield Problem("policy-lock-entry-gone", message, source, NOWHERE, hint=hint)
        elif fresh.version < entry.version:
            message = f"the locked version of {rule_id} went back from {entry.version} to {fresh.version}"
            yield Problem("policy-version-back", message, source, _entry_span(source, rule_id), hint=hint)


def _entry_span(source: Source, rule_id: str) -> Span:
    key = json.dumps(rule_id)
    at = source.text.find(key)
    return Span(at, at + len(key)) if at >= 0 else NOWHERE


def check_orphans(fixtures: Iterable[str], layout: Layout, root: Path) -> Iterator[Problem]:
    """Fixtures whose rule is not there, once for each folder. `fixtures`: paths from the repository's root."""
    seen: set[str] = set()
    for path in sorted(fixtures):
        rules = layout.rule_of_fixture(path)
        folder = str(PurePosixPath(layout.fixtures, *_below_fixtures(path, layout)))
        if not rules or folder in seen or not (root / path).is_file():
            continue
        seen.add(folder)
        if not any((root / rule).with_suffix(end).is_file() for rule in rules for end in (TOML, *SIGMA)):
            message = f"no rule belongs to these fixtures: there is no {' or '.join(rules)}"
            hint = "rename the folder after the rule's file, or remove it with the rule"
            yield Problem("policy-fixtures-without-rule", message, Source(folder, ""), NOWHERE, hint=hint)


def _below_fixtures(path: str, layout: Layout) -> tuple[str, ...]:
    rule = layout.rule_of_fixture(path)
    if not rule:
        return ()
    inside = PurePosixPath(rule[0].removesuffix(".toml"))
    return inside.relative_to(layout.rules[0]).parts if layout.rules[0] not in ("", ".") else inside.parts


def check_forms(settings: Settings, policy: Policy, forms: Collection[str]) -> Iterator[Problem]:
    """Forms that the policy asks for and nobody judges. `forms`: those that are judged."""
    source = settings.source or Source("samefire.toml", "")
    for name in policy.required:
        if name not in forms:
            message = f"the policy asks for the form {name}, which is not judged"
            hint = did_you_mean(name, forms) or f"judged are: {', '.join(sorted(forms))}"
            span = key_span(source, "required")
            yield Problem("policy-unknown-form", message, source, span, hint=hint)


def check_names(settings: Settings, policy: Policy, known: Collection[str]) -> Iterator[Problem]:
    """Names in the settings that no rule has: excuses that excuse nobody. `known`: everything that a rule may
    be called."""
    source = settings.source or Source("samefire.toml", "")
    for key, names in (
        ("without_fixtures", settings.without_fixtures),
        ("approximate", policy.approximate),
        ("refused", policy.refused),
    ):
        for name in names:
            if name not in known:
                message = f"`{key}` names {name}, which is no rule"
                hint = did_you_mean(name, known) or "remove it, or write the rule's id, path or file name"
                at = source.text.find(json.dumps(name, ensure_ascii=False))
                span = Span(at + 1, at + 1 + len(name)) if at >= 0 else key_span(source, key)
                yield Problem("policy-unknown-name", message, source, span, Severity.WARNING, hint)


def check_policy_change(settings: Settings, before: Mapping[str, Any] | None) -> Iterator[Problem]:
    """What the change does to the policy that it is judged by: for a reviewer to see. `before` None: there
    were no settings."""
    if before is None:
        return
    source = settings.source or Source("samefire.toml", "")
    for key in sorted({*before, *settings.gate}):
        old, new = before.get(key), settings.gate.get(key)
        if old != new:
            message = (
                f"the change moves the policy it is judged by: `{key}` was {_told(old)}, is {_told(new)}"
            )
            hint = "somebody who may change the policy should look at this"
            yield Problem("policy-changed", message, source, key_span(source, key), Severity.WARNING, hint)


def _told(value: Any) -> str:
    return "not set" if value is None else json.dumps(value, ensure_ascii=False, default=str)
