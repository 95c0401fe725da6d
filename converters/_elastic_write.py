"""A rule as the JSON object that Kibana's detection engine imports.

The object is the `[rule]` table and little else: no defaults are added, Kibana fills in its own. What is
changed on the way is listed in `api_rule`, step by step, in the order of Elastic's own exporter, so that both
give the same object for the same file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from string import Template
from typing import Any

from samefire.fields import FieldTypes
from samefire.forms import Options
from samefire.problems import Problem, Severity
from samefire.rule import Rule
from samefire.rulequery import parse_query
from samefire.source import Span

from . import _elastic_setup
from ._elastic_exceptions import add_references

_VERBATIM = frozenset(("note", "setup", "message"))
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLACEHOLDER = re.compile(r"(?<!\$)\$\{?((?:osquery|investigate)_\d+)\b\}?")
_WITHOUT_THROTTLE = (".cases", ".workflows")


def api_rule(rule: Rule, fields: FieldTypes, options: Options) -> tuple[dict[str, Any], list[Problem]]:
    """The object, and what was lost on the way; raises ProblemError when the query cannot be read."""
    problems: list[Problem] = []
    out = _without_nothing(dict(rule.contents))
    if not rule.deprecated:
        _close_links(out)
    if isinstance(note := out.get("note"), str) and note:
        known = placeholders(rule.transform)
        problems.extend(_unknown_placeholders(rule, known))
        if rule.transform:
            out["note"] = Template(note).safe_substitute(known)
    out = {key: _trimmed(key, value) for key, value in out.items()}
    if not rule.deprecated:
        _filters_alone(out)
        _throttles(out)
    _threat(rule, out, problems)
    if not rule.deprecated:
        _required_fields(rule, out, fields)
        _setup(rule, out, problems)
        _new_terms(out)
    problems.extend(add_references(rule, out))
    if (version := options.versions.get(rule.id)) is not None:
        out["version"] = version
    return out, problems


def _without_nothing(value: Any) -> Any:
    """A copy of tables and lists all the way down."""
    if isinstance(value, dict):
        return {key: _without_nothing(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nothing(item) for item in value]
    return value


def _close_links(out: dict[str, Any]) -> None:
    """Links into ATT&CK end in a slash."""
    for entry in (*out.get("threat", ()), *(t for m in out.get("threat_mappings", ()) for t in m["threat"])):
        techniques = entry.get("technique", ())
        subtechniques = (s for t in techniques for s in t.get("subtechnique", ()))
        for item in (entry["tactic"], *techniques, *subtechniques):
            link = item["reference"]
            if _SCHEME.match(link) and not link.endswith("/"):
                item["reference"] = link + "/"


def placeholders(transform: Mapping[str, Any]) -> dict[str, str]:
    """What `$osquery_0`, `$investigate_0` … stand for in a note: the entry as compact JSON, marked for
    Kibana's Markdown."""
    found = {}
    for plugin in ("osquery", "investigate"):
        for i, entry in enumerate(transform.get(plugin, ())):
            text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
            found[f"{plugin}_{i}"] = f"!{{{plugin}{text}}}"
    return found


def _unknown_placeholders(rule: Rule, known: Mapping[str, str]) -> Iterator[Problem]:
    """Placeholders of the note that `[transform]` has nothing for: they would be shown as they are."""
    source = rule.string("rule", "note")
    for match in _PLACEHOLDER.finditer(source.text):
        name = match[1]
        if name not in known:
            message = f"`[transform]` has no entry for `${name}`; the note would show it as it stands"
            hint = "entries are counted from 0, as $osquery_0 and $investigate_0"
            span = Span(*match.span())
            yield Problem("elastic-unknown-placeholder", message, source, span, Severity.WARNING, hint)


def _trimmed(key: str, value: Any) -> Any:
    """A value with the white space of its strings set in order, but for queries and Markdown."""
    if key == "query" or (key in _VERBATIM and isinstance(value, str)):
        return value
    return _one_line(value)


def _one_line(value: Any) -> Any:
    """Strings on one line: each line stripped, lines joined by one space."""
    if isinstance(value, str):
        return " ".join(line.strip() for line in value.strip().splitlines())
    if isinstance(value, list):
        return [_one_line(item) for item in value]
    if isinstance(value, dict):
        return {key: _trimmed(key, item) for key, item in value.items()}
    return value


def _filters_alone(out: dict[str, Any]) -> None:
    """A rule of filters without a query says so: Kibana wants an empty one."""
    if out["type"] not in ("machine_learning", "saved_query") and not out.get("query", "").strip():
        out["query"] = ""


def _throttles(out: dict[str, Any]) -> None:
    """An action without a throttle says so: null, which TOML cannot write."""
    for action in out.get("actions", ()):
        if action.get("action_type_id") not in _WITHOUT_THROTTLE:
            frequency = action.setdefault("frequency", {})
            if isinstance(frequency, dict):
                frequency.setdefault("throttle", None)


def _threat(rule: Rule, out: dict[str, Any], problems: list[Problem]) -> None:
    """Every mapping has a list of techniques; alternatives for other versions of ATT&CK are not exported."""
    if out.pop("threat_mappings", None):
        message = "`threat_mappings` has no place in the export; `threat` is exported as it is"
        problems.append(_warning("elastic-threat-mappings", message, rule, "rule", "threat_mappings"))
    threat = out.get("threat")
    for entry in threat if isinstance(threat, list) else ():
        if isinstance(entry, dict):
            entry.setdefault("technique", [])


def _required_fields(rule: Rule, out: dict[str, Any], fields: FieldTypes) -> None:
    """The fields that the query names, with their types. Raises ProblemError when it cannot be read."""
    tree = parse_query(rule)
    named = {"eql": _written_in_eql, "esql": _kept_in_esql}.get(rule.language or "", _named_in_kql)
    names = named(rule, tree)
    if names and "required_fields" not in out:
        out["required_fields"] = [required_field(name, fields) for name in sorted(names)]


def _named_in_kql(rule: Rule, tree: Any) -> set[str]:
    """Names in KQL. Lucene may mean any field."""
    from samefire.languages import kuery

    return kuery.field_names(tree) if rule.language == "kuery" and tree is not None else set()


def _kept_in_esql(rule: Rule, tree: Any) -> set[str]:
    """Fields among the columns that an ES|QL query gives, where its text alone tells them."""
    from samefire.languages.esql.kept import kept_fields

    return set(kept_fields(tree)) if tree is not None else set()


def _written_in_eql(rule: Rule, tree: Any) -> set[str]:
    """Names of EQL as the query writes them, backticks and all, which is how Elastic exports them."""
    from samefire.languages.eql.tree import Field, filters, terms, walk

    if tree is None:
        return set()
    text = str(rule.contents["query"])
    read = [node for event in filters(tree) for node in walk(event.condition) if isinstance(node, Field)]
    keys = [*getattr(tree.body, "keys", ()), *(key for term in terms(tree) for key in term.keys)]
    return {text[slice(*field.span)].lstrip("?") for field in (*read, *keys)}


def required_field(name: str, fields: FieldTypes) -> dict[str, Any]:
    """One entry of `required_fields`."""
    ecs = _ecs().get(name)
    if ecs is not None and ecs.ecs:
        return {"name": name, "type": ecs.type, "ecs": True}
    known = fields.get(name)
    return {"name": name, "type": known.type if known else "unknown", "ecs": False}


@cache
def _ecs() -> FieldTypes:
    return FieldTypes.ecs()


def _setup(rule: Rule, out: dict[str, Any], problems: list[Problem]) -> None:
    """The setup section of the note, as a text of its own."""
    note = out.get("note")
    if not note:
        return
    taken = _elastic_setup.take(str(rule.contents["note"]), note, has_setup=bool(out.get("setup")))
    if taken.complaint:
        problems.append(_in_note("elastic-setup-heading", taken.complaint, rule, taken.heading, taken.hint))
    if taken.setup is None:
        return
    out["note"], out["setup"] = taken.note, taken.setup
    if taken.setup and taken.setup not in note:
        message = (
            "the setup section loses its lists, links or emphasis in the export, and stays in the note too"
        )
        hint = "write it as the rule's `setup`, which is exported as it is"
        problems.append(_in_note("elastic-setup-plain", message, rule, taken.heading, hint))


def _new_terms(out: dict[str, Any]) -> None:
    """`[rule.new_terms]` as Kibana's two keys; a rule may also be written with them."""
    table = out.pop("new_terms", None)
    if table is not None:
        out[table["field"]] = table["value"]
        out["history_window_start"] = table["history_window_start"][0]["value"]


def _warning(code: str, message: str, rule: Rule, *key: str | int) -> Problem:
    return Problem(code, message, rule.source, rule.key_span(*key), Severity.WARNING)


def _in_note(code: str, message: str, rule: Rule, heading: str, hint: str) -> Problem:
    """A warning at a heading of the note."""
    source = rule.string("rule", "note")
    found = re.search(rf"^[# \t]*{re.escape(heading)}[ \t#]*$", source.text, re.MULTILINE)
    span = Span(*found.span()) if found else Span(0, 0)
    return Problem(code, message, source, span, Severity.WARNING, hint)
