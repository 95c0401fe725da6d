"""Lints: what a rule says that its author cannot have meant.

One file for each kind of mistake; each has `check(subject)`, which gives Problems with codes `lint-…` and the
severity of a warning. They look at rules that are valid; what makes a rule invalid is found before.
`docs/lints.md` shows each of them with its mend.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from samefire.problems import Problem, Severity

if TYPE_CHECKING:
    from typing import Any

    from samefire.fields import FieldTypes
    from samefire.lints.subject import Subject
    from samefire.query.detection import Body
    from samefire.rule import Rule

ALL = ("kuery", "eql", "lucene")
KINDS: Mapping[str, tuple[str, ...]] = {
    "allowed": ALL,
    "covered": ALL,
    "datasets": ALL,
    "never": ALL,
    "always": ALL,
    "refused": ALL,
    "regex": ALL,
    "blocks": ALL,
    "grouping": ("kuery", "eql"),
    "kuery_values": ("kuery",),
    "kuery_wildcards": ("kuery",),
    "eql_strings": ("eql",),
    "eql_functions": ("eql",),
    "eql_sequences": ("eql",),
}
"""The kinds that look at a query, and the languages that each is for."""

CODES = (
    "lint-always-true",
    "lint-attack-deprecated",
    "lint-attack-name",
    "lint-attack-revoked",
    "lint-attack-tactic",
    "lint-attack-unknown",
    "lint-block-as-text",
    "lint-covered",
    "lint-double-negation",
    "lint-duplicate",
    "lint-equals-wildcard",
    "lint-function-wildcard",
    "lint-idle-exception",
    "lint-index-without-dataset",
    "lint-mixed-and-or",
    "lint-never-true",
    "lint-only-negative",
    "lint-question-mark",
    "lint-quoted-wildcard",
    "lint-regex-anchor",
    "lint-regex-never",
    "lint-regex-operator",
    "lint-search-fails",
    "lint-sequence-beyond-window",
    "lint-sequence-no-key",
    "lint-sequence-no-maxspan",
    "lint-substring-length",
    "lint-unreachable",
    "lint-value-case",
    "lint-value-comma",
    "lint-value-double-space",
    "lint-value-edge-space",
    "lint-value-line-break",
    "lint-value-not-allowed",
    "lint-wildcard-space",
    "lint-wildcard-type",
)
"""The code of every lint."""


def lint(rule: Rule, tree: Any | None, fields: FieldTypes, body: Body | None) -> list[Problem]:
    """Findings in a rule, in order of their places. `tree` is the syntax tree of its query, `body` what that
    means with the types `fields`; both None: there is no query that can be read here."""
    from samefire.lints import threat

    found = list(threat.check(rule))
    if rule.language in ALL and tree is not None and body is not None:
        found.extend(_of_query(rule, tree, fields, body))
    once = {(p.code, p.source.text is rule.source.text, p.span): p for p in reversed(found)}
    return sorted(once.values(), key=lambda p: p.source.rooted(p.span)[1])


def _of_query(rule: Rule, tree: Any, fields: FieldTypes, body: Body) -> Iterator[Problem]:
    from samefire.lints.subject import subject_of

    subject = subject_of(rule, tree, fields, body)
    for name, languages in KINDS.items():
        if rule.language in languages:
            yield from _kind(name, subject)


def _kind(name: str, subject: Subject) -> Iterator[Problem]:
    found: Iterator[Problem] = importlib.import_module(f"samefire.lints.{name}").check(subject)
    return found


def levelled(problems: list[Problem], levels: Mapping[str, str]) -> list[Problem]:
    """The findings at the levels (`error`, `warning`, `off`) that the settings give their codes."""
    chosen = [(p, levels.get(p.code, p.severity)) for p in problems]
    return [
        p if p.severity == level else replace(p, severity=Severity(level))
        for p, level in chosen
        if level != "off"
    ]
