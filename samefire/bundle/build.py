"""The files of a bundle out of converted rules. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from samefire.bundle.manifest import MANIFEST, manifest, record
from samefire.fields import FieldTypes
from samefire.file_names import free_name, safe
from samefire.forms import Companions, Converted, Converter, Options
from samefire.harness.report import Verdict
from samefire.problems import Problem
from samefire.rule import Rule


@dataclass(frozen=True)
class Entry:
    """One rule in one form. `unread`: the document cannot be run here; `verdicts` of the rule's cases, None
    when they were not run."""

    rule: Rule
    converter: Converter
    converted: Converted
    unread: bool = False
    verdicts: tuple[Verdict, ...] | None = None

    @property
    def form(self) -> str:
        return self.converter.name

    @property
    def suffix(self) -> str:
        return self.converter.suffix


@dataclass(frozen=True)
class Bundle:
    """Files by their path inside the bundle, and what could not be said."""

    files: Mapping[str, bytes]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Content:
    """What a bundle holds beside its rules. `sources`: a rule's path as the manifest shows it; `versions` by
    rule id; `about`: further keys of the manifest; `files`: further files."""

    sources: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    companions: Companions = field(default_factory=Companions)
    about: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


def convert_all(
    rules: Iterable[Rule], forms: Sequence[Converter], fields: FieldTypes, options: Options
) -> list[Entry]:
    """Every rule in every form, sorted by rule id."""
    ordered = sorted(rules, key=lambda rule: (rule.id, rule.path))
    return [Entry(rule, form, _written(rule, form, fields, options)) for rule in ordered for form in forms]


def _written(rule: Rule, form: Converter, fields: FieldTypes, options: Options) -> Converted:
    if rule.takes(form.name, derived=form.derived):
        return form.write(rule, fields, options)
    message = f"a Sigma rule has no form `{form.name}` of its own"
    hint = "`samefire import` makes a rule file of it, which has"
    return Converted(
        None, (Problem("form-not-of-rule", message, rule.source, rule.value_span("rule"), hint=hint),)
    )


def build(entries: Sequence[Entry], content: Content | None = None) -> Bundle:
    """The bundle: the files of each form, those of `content`, and the manifest."""
    content = content or Content()
    files: dict[str, bytes] = dict(content.files)
    where: dict[tuple[str, str], str] = {}
    for form in {entry.form: entry.converter for entry in entries}.values():
        found, places = _form(form, [e for e in entries if e.form == form.name], content)
        files.update(found)
        where.update(places)
    records = [record(entry, where.get((entry.form, entry.rule.path)), content) for entry in entries]
    files[MANIFEST] = manifest(files, records, content.about)
    problems = tuple(p for e in entries for p in e.converted.problems)
    return Bundle(dict(sorted(files.items())), problems)


def _form(
    form: Converter, entries: Sequence[Entry], content: Content
) -> tuple[dict[str, bytes], dict[tuple[str, str], str]]:
    """The files of one form, and the file that each of its rules is in."""
    folder = safe(form.name)
    parts = [(e.rule, e.converted.document) for e in entries if e.converted.document is not None]
    collect = getattr(form, "collect", None)
    files: dict[str, bytes] = {}
    where: dict[tuple[str, str], str] = {}
    if collect is not None:
        found = collect(parts, content.companions)
        files = {f"{folder}/{name}": raw for name, raw in found.files.items()}
        where = {(form.name, path): f"{folder}/{name}" for path, name in found.places.items()}
        return files, where
    taken: set[str] = set()
    for rule, document in parts:
        name = free_name(taken, safe(document.name), rule.id)
        taken.add(name.lower())
        files[f"{folder}/{name}"] = document.text.encode("utf-8", "backslashreplace")
        where[form.name, rule.path] = f"{folder}/{name}"
    return files, where
