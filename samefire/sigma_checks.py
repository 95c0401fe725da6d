"""What Sigma's community checks: pySigma's validators and SigmaHQ's, and ours where theirs would ask the network.

Checks the Sigma text of a rule and places what it finds at the rule's own keys. pySigma is imported when asked.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields as parts_of
from functools import cache
from typing import Any

from samefire import attack
from samefire.languages import sigma
from samefire.languages.sigma_pysigma import refusals
from samefire.problems import Problem, Severity, did_you_mean
from samefire.rule import Rule
from samefire.source import Source

ONLINE = frozenset(
    {
        "ATTACKTagValidator",
        "D3FENDTagValidator",
        "SigmahqCategoryEventIdValidator",
        "SigmahqCategoryWindowsProviderNameValidator",
        "SigmahqFieldnameCastValidator",
        "SigmahqFilenamePrefixValidator",
        "SigmahqInvalidFieldnameValidator",
        "SigmahqLogsourceUnknownValidator",
        "SigmahqRedundantFieldValidator",
        "SigmahqTagsTechniquesWithoutTacticsValidator",
        "SigmahqUnknownFieldValidator",
    }
)
"""Validators that load data from the network when they are asked."""
_ALONE = frozenset(
    {
        "DuplicateTitleValidator",
        "DuplicateFilenameValidator",
        "IdentifierUniquenessValidator",
        "SigmahqStatusValidator",
    }
)
"""Validators over many rules, which samefire checks itself, and over the folders of SigmaHQ's repository."""
_KEYS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("Title", ("rule", "name")),
    ("Filename", ("rule", "name")),
    ("Description", ("rule", "description")),
    ("Author", ("rule", "author")),
    ("Falsepositive", ("rule", "false_positives")),
    ("Reference|Link", ("rule", "references")),
    ("Tag|TLP", ("rule", "threat")),
    ("Level", ("rule", "severity")),
    ("Status", ("metadata", "maturity")),
    ("Date|Modified", ("metadata", "updated_date")),
    ("Identifier", ("rule", "rule_id")),
    ("Logsource", ("rule", "index")),
)
_SEVERITIES = {"HIGH": Severity.WARNING, "MEDIUM": Severity.WARNING, "LOW": Severity.NOTE}


def sigma_problems(rule: Rule, text: str, *, house: bool = False) -> list[Problem]:
    """What pySigma refuses in the Sigma text of a rule, and what validators have against it. `house`: also
    SigmaHQ's own conventions, as far as their package is installed."""
    tree = sigma.parse(Source("<sigma>", text))
    refused = refusals(tree)
    if refused:
        return [_at(rule, p.code, p.message, Severity.ERROR, ("rule", "query")) for p in refused]
    found = [problem for data in tree.data for problem in _tags(rule, data.get("tags") or (), house=house)]
    packages = ("core", "sigmahq") if house else ("core",)
    found += [
        _issue(rule, issue) for name in packages for issue in _issues(text, name, tree.data[0].get("title"))
    ]
    return list(dict.fromkeys(found))


def _issues(text: str, package: str, head: Any) -> Iterator[Any]:
    from sigma.collection import SigmaCollection
    from sigma.validation import SigmaValidator

    rules: Any = SigmaCollection.from_yaml(text).rules
    for validator in _validators(package):
        try:
            found = list(SigmaValidator([validator]).validate_rules(iter(rules)))
        except Exception:  # a validator that fails on a valid rule has nothing to say of it
            continue
        yield from (issue for issue in found if _belongs(issue, head))


def _belongs(issue: Any, head: Any) -> bool:
    """What a document must say of itself is said by the first one; the rules of a correlation need not repeat it."""
    return "Existence" not in type(issue).__name__ or any(rule.title == head for rule in issue.rules)


@cache
def _validators(package: str) -> tuple[Any, ...]:
    """The validators of a package that need no network; none when it is not installed."""
    from sigma.validators.base import SigmaRuleValidator

    try:
        found = importlib.import_module(f"sigma.validators.{package}")
    except ImportError:
        return ()
    classes: dict[str, Any] = {}
    for module in pkgutil.iter_modules(found.__path__):
        if not module.ispkg:
            classes |= vars(importlib.import_module(f"{found.__name__}.{module.name}"))
    return tuple(
        one
        for name, one in sorted(classes.items())
        if isinstance(one, type)
        and issubclass(one, SigmaRuleValidator)
        and one.__module__.startswith(found.__name__)
        and not getattr(one, "__abstractmethods__", None)
        and not name.endswith("Base")
        and name not in ONLINE | _ALONE
    )


def installed() -> bool:
    """Whether SigmaHQ's validators are there."""
    return bool(_validators("sigmahq"))


def _issue(rule: Rule, issue: Any) -> Problem:
    name = type(issue).__name__.removesuffix("Issue")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
    code = words if words.startswith("sigmahq-") else f"pysigma-{words}"
    told = [f"{part.name}: {value}" for part in parts_of(issue) if (value := _value(issue, part.name))]
    said = str(issue.description).rstrip(".")
    message = f"{said[:1].lower()}{said[1:]}" + (f" ({', '.join(told)})" if told else "")
    return _at(rule, code, message, _SEVERITIES[issue.severity.name], _key(name))


def _value(issue: Any, name: str) -> str:
    """A part of an issue that names what is wrong."""
    value = None if name in ("rules", "severity", "description") else getattr(issue, name)
    return "" if value is None else " ".join(str(value).split())[:80]


def _key(name: str) -> tuple[str, ...]:
    return next((key for words, key in _KEYS if re.search(words, name)), ("rule", "query"))


def _at(rule: Rule, code: str, message: str, severity: Severity, key: tuple[str, ...]) -> Problem:
    return Problem(code, message, rule.source, rule.value_span(*key), severity)


# ---- ATT&CK, from the data that we ship --------------------------------------------------------------


def _tags(rule: Rule, tags: Sequence[Any], *, house: bool) -> Iterator[Problem]:
    """Tags of ATT&CK that it does not have, and by SigmaHQ's custom techniques without their tactic."""
    words = [
        str(tag).lower().removeprefix("attack.") for tag in tags if str(tag).lower().startswith("attack.")
    ]
    named = {found.id for word in words if (found := attack.tactic(word)) is not None}
    for word in words:
        technique = attack.technique(word)
        if technique is None:
            if attack.tactic(word) is None and not re.fullmatch(r"(?:g|s|c|ds)\d{4}", word):
                near = did_you_mean(word, [t.shortname for t in attack.tactics()])
                yield _tag(rule, "sigma-attack-unknown", f"ATT&CK has no `{word}`", Severity.WARNING, near)
            continue
        if not technique.current:
            newer = attack.successor(word)
            hint = f"it became {newer.id}" if newer else None
            yield _tag(
                rule, "sigma-attack-revoked", f"`{word}` is no longer part of ATT&CK", Severity.WARNING, hint
            )
        served = {found.id for one in technique.tactics if (found := attack.tactic(one)) is not None}
        if house and served and not served & named:
            message = f"the tag of a tactic of `{word}` is missing"
            yield _tag(rule, "sigma-attack-tactic", message, Severity.WARNING, None)


def _tag(rule: Rule, code: str, message: str, severity: Severity, hint: str | None) -> Problem:
    return Problem(code, message, rule.source, rule.value_span("rule", "threat"), severity, hint)
