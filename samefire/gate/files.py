"""The policy's checks of what lies around rules: the lock file, fixtures without a rule, names in the settings."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath

from samefire.gate.changed import Layout
from samefire.gate.policy import Policy
from samefire.gate.shelf import Shelf
from samefire.gate.unseen import below
from samefire.lock import Lock, entry_span
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
            yield Problem("policy-version-back", message, source, entry_span(source, rule_id), hint=hint)


def check_orphans(fixtures: Iterable[str], layout: Layout, root: Path) -> Iterator[Problem]:
    """Fixtures whose rule is not there, once for each rule. `fixtures`: paths from the repository's root."""
    seen: set[tuple[str, ...]] = set()
    for path in sorted(set(fixtures)):
        rules = layout.rule_of_fixture(path)
        mine = below(path, layout.fixtures) and (root / path).is_file()
        if not mine or tuple(rules) in seen:
            continue
        seen.add(tuple(rules))
        if not any((root / (rule + end)).is_file() for rule in rules for end in (TOML, *SIGMA)):
            missing = " or ".join(rule + TOML for rule in rules) or "file of that name in the settings"
            message = f"no rule belongs to these fixtures: there is no {missing}"
            hint = "rename the folder after the rule's file, or remove it with the rule"
            place = Source(_folder(path, layout), "")
            yield Problem("policy-fixtures-without-rule", message, place, NOWHERE, hint=hint)


def _folder(path: str, layout: Layout) -> str:
    """The folder of the rule's fixtures that a fixture lies in."""
    parts = PurePosixPath(path).parts
    first = 0 if layout.fixtures in ("", ".") else len(PurePosixPath(layout.fixtures).parts)
    sides = [i for i, part in enumerate(parts) if i >= first and part in ("positive", "negative")]
    return "/".join(parts[: sides[-1]] if sides and sides[-1] > first else parts[:-1])


def check_folders(settings: Settings, shelf: Shelf, *, rules_went: bool) -> Iterator[Problem]:
    """Folders of rules that are not there, and a gate without a rule, which is none. `rules_went`: the change
    took rules away."""
    source = settings.source or Source("samefire.toml", "")
    for name in shelf.nowhere if settings.source else ():
        message = f"`rules` names {name}, where there is no file or folder"
        hint = "name folders (or files) as they are; patterns are not read here"
        yield Problem("settings-no-folder", message, source, _name_span(source, "rules", name), hint=hint)
    if not rules_went and not any(file.is_rule for file in shelf.files):
        where = ", ".join(settings.rules) or "no folder"
        hint = "name their folders under `rules` in the settings"
        yield Problem("no-rules", f"no rule found in {where}", Source(where, ""), hint=hint)


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
                span = _name_span(source, key, name)
                yield Problem("policy-unknown-name", message, source, span, Severity.WARNING, hint)


def _name_span(source: Source, key: str, name: str) -> Span:
    """Where the settings write a name under a key."""
    at = source.text.find(json.dumps(name, ensure_ascii=False))
    return Span(at + 1, at + 1 + len(name)) if at >= 0 else key_span(source, key)
