"""The head of a Sigma document: what a rule says about itself, in Sigma's words.

`[sigma]` of the rule overrides each key. What Sigma has no key for is kept under `samefire:`, which the schema
allows and pySigma keeps as a custom attribute.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from samefire.forms import Options
from samefire.problems import Problem
from samefire.rule import Rule

from . import _attack
from ._sigma_names import slug
from ._sigma_yaml import Prose

NAMESPACE = uuid.UUID("6b1d4f0e-6d0a-5d4e-9a3c-5a6d65666972")
LONGEST_TITLE = 256
KEPT = (
    "risk_score",
    "index",
    "data_view_id",
    "from",
    "to",
    "interval",
    "max_signals",
    "timestamp_override",
    "timestamp_field",
    "tiebreaker_field",
    "alert_suppression",
    "building_block_type",
    "severity_mapping",
    "risk_score_mapping",
    "rule_name_override",
)

_STATUS = {"development": "experimental", "experimental": "experimental", "beta": "test"} | {
    "production": "stable",
    "deprecated": "deprecated",
}
_LICENCES = {"Elastic License v2": "Elastic-2.0", "Elastic License": "Elastic-2.0"}


def head(rule: Rule, options: Options) -> dict[str, Any]:
    """Everything that stands above `logsource`, in Sigma's order; absent keys are left out."""
    own = rule.sigma
    entries = {
        "title": own.get("title", rule.name)[:LONGEST_TITLE],
        "id": own.get("id", identifier(rule)),
        "name": own.get("name"),
        "related": own.get("related"),
        **taxonomy(rule, options),
        "status": own.get("status", _STATUS.get(str(rule.metadata.get("maturity")), "experimental")),
        "description": Prose(_description(own.get("description", rule.contents.get("description", "")))),
        "license": own.get("license", _licence(rule)),
        "references": _unique(own.get("references", rule.contents.get("references", ()))),
        "author": own.get("author", _authors(rule)),
        "date": _date(rule.metadata.get("creation_date")),
        "modified": _date(rule.metadata.get("updated_date")),
        "tags": _unique([*_attack.tags(rule.contents.get("threat", ())), *own.get("tags", ())]),
    }
    return _present(entries)


def renames(rule: Rule, options: Options) -> bool:
    """Whether the fields get Sigma's own names: not when the rule says whose its names are."""
    return options.taxonomy == "sigma" and "taxonomy" not in rule.sigma


def taxonomy(rule: Rule, options: Options) -> dict[str, str]:
    """Whose field names these are; Sigma's own need no word."""
    name = rule.sigma.get("taxonomy", options.taxonomy)
    return {} if name == "sigma" else {"taxonomy": name}


def tail(rule: Rule, *, approximations: Sequence[Problem] = ()) -> dict[str, Any]:
    """Everything that stands below the detection."""
    own = rule.sigma
    positives = own.get("falsepositives", rule.contents.get("false_positives", ()))
    investigated = rule.contents.get("investigation_fields", {}).get("field_names", ())
    entries = {
        "fields": _unique(own.get("fields", investigated)),
        "falsepositives": [Prose(p) for p in _unique(positives) if len(p) > 1],
        "level": own.get("level", _level(rule)),
        "scope": own.get("scope"),
        "samefire": kept(rule, approximations),
    }
    return {**_present(entries), **own.get("custom", {})}


def kept(rule: Rule, approximations: Sequence[Problem]) -> dict[str, Any]:
    """What Sigma has no place for, and what this document says otherwise than the rule."""
    block: dict[str, Any] = {}
    if identifier(rule) != rule.id:
        block["rule_id"] = rule.id
    block["type"] = rule.type
    block |= {key: rule.contents[key] for key in KEPT if key in rule.contents}
    told = dict.fromkeys(p.message for p in approximations if p.code.startswith("approximate-"))
    if told:
        block["approximate"] = [Prose(message) for message in told]
    noted = dict.fromkeys(p.message for p in approximations if p.code.startswith("sigma-note-"))
    if noted:
        block["notes"] = [Prose(message) for message in noted]
    return block


def identifier(rule: Rule) -> str:
    """The rule_id where it is a UUID, otherwise one that is always the same for it."""
    try:
        return str(uuid.UUID(rule.id)) if len(rule.id) == 36 else derived_id(rule.id)
    except ValueError:
        return derived_id(rule.id)


def derived_id(*parts: str) -> str:
    """A UUID made of these words."""
    return str(uuid.uuid5(NAMESPACE, "/".join(parts)))


def short_name(rule: Rule) -> str:
    """The rule's name as an identifier, for documents that refer to each other."""
    return slug(rule.sigma.get("name", rule.name))[:48].strip("_") or "rule"


def _description(text: str) -> str:
    """The text as it is broken into lines, without blanks at the ends."""
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def _licence(rule: Rule) -> str | None:
    licence = rule.contents.get("license")
    known = _LICENCES.get(str(licence), licence)
    return known if isinstance(known, str) and re.fullmatch(r"[A-Za-z0-9.+-]+", known) else None


def _authors(rule: Rule) -> str | None:
    author = rule.contents.get("author", ())
    names = [author] if isinstance(author, str) else list(author)
    return ", ".join(names) or None


def _date(value: Any) -> str | None:
    found = re.fullmatch(r"(\d{4})[/-](\d{2})[/-](\d{2})", str(value or ""))
    return "-".join(found.groups()) if found else None


def _level(rule: Rule) -> str:
    """The severity; a building block alone alerts nobody."""
    return "informational" if rule.contents.get("building_block_type") else str(rule.contents["severity"])


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _present(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if value not in (None, "", [], {})}
