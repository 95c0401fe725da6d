"""A rule from a few answers: its tables, complete and valid, as TOML text."""

from __future__ import annotations

import datetime
import textwrap
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from samefire import attack
from samefire.attack import Tactic, Technique
from samefire.importing.text import toml_text
from samefire.problems import did_you_mean, nearest

WIDTH = 110
COUNT, HISTORY, SCORE = 10, "now-14d", 75  # when nothing is said
RISK = {"low": 21, "medium": 47, "high": 73, "critical": 99}
TYPES = ("query", "eql", "threshold", "new_terms", "threat_match", "machine_learning", "esql")
LANGUAGES = {
    "query": "kuery",
    "threshold": "kuery",
    "new_terms": "kuery",
    "threat_match": "kuery",
    "eql": "eql",
    "esql": "esql",
}
SPOKEN = {
    "kql": ("query", "kuery"),
    "kuery": ("query", "kuery"),
    "lucene": ("query", "lucene"),
    "es|ql": ("esql", ""),
}
"""What people call types, and the types and languages that they mean."""
_WITH_QUERY = tuple(LANGUAGES)
_OF_TYPES = {
    "--query": _WITH_QUERY,
    "--language": _WITH_QUERY,
    "--index": tuple(t for t in _WITH_QUERY if t != "esql"),
    "--field": ("threshold", "new_terms"),
    "--count": ("threshold",),
    "--history": ("new_terms",),
    "--job": ("machine_learning",),
    "--score": ("machine_learning",),
    "--mapping": ("threat_match",),
    "--indicators": ("threat_match",),
}
"""The types that take a flag; the others take any."""


class BadAnswer(Exception):
    """An answer that makes no rule; the message says what would."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a rule is made of. `techniques` are ids or names of ATT&CK; `fields` are grouped by (threshold) or
    looked at (new terms); `mapping` pairs a field of the event with one of the indicator. Empty and None: not
    said."""

    name: str
    type: str
    query: str
    description: str = ""
    language: str = ""
    index: Sequence[str] = ()
    severity: str = "medium"
    techniques: Sequence[str] = ()
    tactic: str = ""
    author: str = ""
    fields: Sequence[str] = ()
    count: int | None = None
    history: str = ""
    jobs: Sequence[str] = ()
    score: int | None = None
    mapping: Sequence[str] = ()
    indicator_index: Sequence[str] = ()


def rule_text(answers: Answers, today: datetime.date, rule_id: uuid.UUID) -> str:
    """The rule as a TOML file. Raises BadAnswer."""
    day = f"{today:%Y/%m/%d}"
    metadata = {"creation_date": day, "maturity": "production", "updated_date": day}
    return toml_text({"metadata": metadata, "rule": _rule(answers, str(rule_id))})


def _rule(answers: Answers, rule_id: str) -> dict[str, Any]:
    chosen("type", answers.type, TYPES)
    chosen("severity", answers.severity, tuple(RISK))
    threat = list(threats(answers.techniques, answers.tactic))
    tactics = dict.fromkeys(f"Tactic: {one['tactic']['name']}" for one in threat)
    rule: dict[str, Any] = {
        "author": [answers.author or "security team"],
        "description": _wrapped(answers.description or f"{answers.name.rstrip('.')}."),
        "from": "now-9m",
        "license": "Apache-2.0",
        "name": answers.name,
        "risk_score": RISK[answers.severity],
        "rule_id": rule_id,
        "severity": answers.severity,
        "tags": list(tactics),
        "type": answers.type,
    }
    rule |= _query(answers)
    rule |= _of_type(answers)
    _all_fit(answers)
    return rule | ({"threat": threat} if threat else {})


def spoken(answers: Answers) -> Answers:
    """The answers with the type and the language that a name of people's own means."""
    kind, language = SPOKEN.get(answers.type.lower(), (answers.type, ""))
    asked = "kuery" if answers.language.lower() == "kql" else answers.language
    return replace(answers, type=kind, language=asked or language)


def language_of(answers: Answers) -> str:
    """The language of the query; the type's usual one when none was said."""
    return answers.language or LANGUAGES.get(answers.type, "")


def _all_fit(answers: Answers) -> None:
    """Refuse a flag that the rule has no place for: it would say something and mean nothing."""
    said = {
        "--query": answers.query,
        "--language": answers.language,
        "--index": answers.index,
        "--field": answers.fields,
        "--count": answers.count,
        "--history": answers.history,
        "--job": answers.jobs,
        "--score": answers.score,
        "--mapping": answers.mapping,
        "--indicators": answers.indicator_index,
    }
    for flag, value in said.items():
        types = _OF_TYPES[flag]
        if value not in (None, "", (), []) and answers.type not in types:
            raise BadAnswer(
                f"{flag} is for rules of type {', '.join(types)}; this one is of type {answers.type}"
            )


def _wrapped(text: str) -> str:
    """A text in lines; a short one stays as it is."""
    lines = textwrap.wrap(text, WIDTH)
    return "\n".join([*lines, ""]) if len(lines) > 1 else text


def _query(answers: Answers) -> dict[str, Any]:
    """The query and where it looks; nothing for anomalies."""
    if answers.type == "machine_learning":
        return {}
    query = answers.query.rstrip()
    if len(query) > WIDTH or "\n" in query:
        query += "\n"
    found: dict[str, Any] = {"language": language_of(answers), "query": query}
    if not answers.query.strip():
        raise BadAnswer("a rule needs a query (--query)")
    if answers.type != "esql":
        found["index"] = list(answers.index) or ["logs-*"]
    return found


def _of_type(answers: Answers) -> dict[str, Any]:
    """What only some types have."""
    fields = list(answers.fields)
    match answers.type:
        case "threshold":
            return {"threshold": {"field": fields, "value": answers.count or COUNT}}
        case "new_terms":
            if not fields:
                raise BadAnswer("new terms of which field? (--field user.name)")
            start = [{"field": "history_window_start", "value": answers.history or HISTORY}]
            return {
                "new_terms": {"field": "new_terms_fields", "value": fields, "history_window_start": start}
            }
        case "threat_match":
            return _indicators(answers)
        case "machine_learning":
            if not answers.jobs:
                raise BadAnswer("the anomalies of which job? (--job ID)")
            return {
                "machine_learning_job_id": list(answers.jobs),
                "anomaly_threshold": SCORE if answers.score is None else answers.score,
            }
        case _:
            return {}


def _indicators(answers: Answers) -> dict[str, Any]:
    pairs = [one.partition("=") for one in answers.mapping]
    if not pairs or not all(value for _, _, value in pairs):
        raise BadAnswer("which field is looked up? (--mapping source.ip=threat.indicator.ip)")
    entries = [
        {"entries": [{"field": field.strip(), "type": "mapping", "value": value.strip()}]}
        for field, _, value in pairs
    ]
    return {
        "threat_index": list(answers.indicator_index) or ["logs-ti_*"],
        "threat_indicator_path": "threat.indicator",
        "threat_language": "kuery",
        "threat_query": '@timestamp >= "now-30d/d" and event.category:threat and event.type:indicator',
        "threat_mapping": entries,
    }


def chosen(what: str, value: str, known: Sequence[str]) -> None:
    """Refuse what is none of the known ones. Raises BadAnswer."""
    if value not in known:
        hint = did_you_mean(value, known) or f"one of {', '.join(known)}"
        raise BadAnswer(f"there is no {what} `{value}`; {hint}")


# ---- ATT&CK -------------------------------------------------------------------------------------------


def technique_of(word: str) -> Technique:
    """The technique with this id or name; a revoked one's successor. Raises BadAnswer with the nearest ones."""
    found = attack.technique(word) or attack.technique_named(word)
    if found is not None:
        return found if found.current else attack.successor(found.id) or found
    like = techniques_like(word)
    near = attack.nearest_technique(word)
    told = like[:5] or ([near] if near else [])
    hint = f"; did you mean {', '.join(f'{t.id} ({t.name})' for t in told)}?" if told else ""
    raise BadAnswer(f"ATT&CK has no technique `{word}`{hint}")


def techniques_like(word: str) -> list[Technique]:
    """Current techniques whose names hold all of the words."""
    words = word.casefold().split()
    found = [t for t in attack.techniques() if t.current and all(w in t.name.casefold() for w in words)]
    return sorted(found, key=lambda t: (t.domain != "enterprise", len(t.name), t.id)) if words else []


def threats(words: Sequence[str], tactic: str = "") -> Iterator[dict[str, Any]]:
    """The threat tables of a rule: one for each tactic, with its techniques. Raises BadAnswer."""
    by_tactic: dict[str, list[Technique]] = {}
    for word in words:
        found = technique_of(word)
        by_tactic.setdefault(_tactic(found, tactic).id, []).append(found)
    if tactic and not words:
        by_tactic[_known_tactic(tactic).id] = []
    for tactic_id, techniques in by_tactic.items():
        chosen = attack.tactic(tactic_id)
        assert chosen is not None
        entry: dict[str, Any] = {"framework": "MITRE ATT&CK"}
        if techniques:
            entry["technique"] = _nested(techniques)
        yield entry | {"tactic": _entry(chosen)}


def _known_tactic(word: str) -> Tactic:
    found = attack.tactic(word)
    if found is None:
        names = [t.name for t in attack.tactics()]
        near = nearest(word, names)
        raise BadAnswer(f"ATT&CK has no tactic `{word}`{f'; did you mean {near}?' if near else ''}")
    return found


def _tactic(technique: Technique, wanted: str) -> Tactic:
    """The tactic that was asked for, or the technique's first."""
    if wanted:
        found = _known_tactic(wanted)
        if found.shortname not in technique.tactics:
            names = ", ".join(technique.tactics)
            raise BadAnswer(f"{technique.id} ({technique.name}) does not serve {found.name}, but {names}")
        return found
    first = attack.tactic(technique.tactics[0]) if technique.tactics else None
    if first is None:
        raise BadAnswer(f"{technique.id} ({technique.name}) belongs to no tactic")
    return first


def _nested(techniques: Sequence[Technique]) -> list[dict[str, Any]]:
    """Techniques with the chosen sub-techniques below them."""
    found: dict[str, dict[str, Any]] = {}
    for one in techniques:
        parent = attack.technique(one.parent) if one.parent else None
        entry = found.setdefault((parent or one).id, _entry(parent or one))
        if parent is not None:
            entry.setdefault("subtechnique", []).append(_entry(one))
    return list(found.values())


def _entry(known: Tactic | Technique) -> dict[str, str]:
    return {"id": known.id, "name": known.name, "reference": known.url}
