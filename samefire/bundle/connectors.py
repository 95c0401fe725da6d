"""Action connectors as TOML files (`connectors/*.toml`, shaped as in elastic/detection-rules): what rules act
through, for the import into Kibana. Secrets are never in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from samefire.files import read_source
from samefire.problems import Problem, ProblemError
from samefire.rule import Rule
from samefire.source import NOWHERE, Source, Span
from samefire.toml_text import tables
from samefire.workspace import shown

KEY = "action_connectors"


@dataclass(frozen=True)
class Connector:
    """One connector: the object of the export, and the rules that its file names."""

    contents: Mapping[str, Any]
    rule_ids: tuple[str, ...]

    @property
    def id(self) -> str:
        return str(self.contents["id"])


def load_folder(folder: Path) -> tuple[Connector, ...]:
    """Every connector of a folder, none when there is no such folder; raises ProblemError with every problem."""
    found: list[Connector] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else []:
        try:
            text = read_source(path).text
            found.extend(load(Source(shown(path), text)))
        except ProblemError as error:
            problems.extend(error.problems)
    if problems:
        raise ProblemError(problems)
    return tuple(found)


def load(source: Source) -> tuple[Connector, ...]:
    """The connectors of one file; raises ProblemError (`connector-syntax`, `connector-wrong`)."""
    try:
        data = tables(source)[0]
    except ProblemError as error:
        raise ProblemError([replace(p, code="connector-syntax") for p in error.problems]) from None
    problems = [*_wrong_file(data, source), *_wrong_connectors(data, source)]
    if problems:
        raise ProblemError(problems)
    ids = tuple(data["metadata"]["rule_ids"])
    return tuple(Connector({"type": "action", **one}, ids) for one in data[KEY])


def _wrong_file(data: Mapping[str, Any], source: Source) -> Iterator[Problem]:
    metadata = data.get("metadata")
    ids = metadata.get("rule_ids") if isinstance(metadata, dict) else None
    if not isinstance(ids, list) or not all(isinstance(i, str) for i in ids):
        yield _problem(source, "rule_ids", "[metadata] needs `rule_ids`, a list of the rules that use these")
    if not isinstance(data.get(KEY), list) or not all(isinstance(one, dict) for one in data[KEY]):
        yield _problem(source, KEY, f"the file needs [[{KEY}]], a table for each connector")
    for key in data:
        if key not in ("metadata", KEY):
            yield _problem(source, key, f"unknown key `{key}` in a file of connectors")


def _wrong_connectors(data: Mapping[str, Any], source: Source) -> Iterator[Problem]:
    listed = data.get(KEY)
    for number, one in enumerate(listed if isinstance(listed, list) else []):
        attributes = one.get("attributes") if isinstance(one, dict) else None
        if not isinstance(one, dict):
            continue
        if not isinstance(one.get("id"), str) or not one["id"]:
            yield _problem(source, KEY, f"connector {number + 1} needs an `id`")
        if not isinstance(attributes, dict):
            yield _problem(source, KEY, f"connector {number + 1} needs [{KEY}.attributes]")
            continue
        for key in ("actionTypeId", "name"):
            if not isinstance(attributes.get(key), str):
                yield _problem(source, "attributes", f"connector {number + 1} needs `attributes.{key}`")
        if attributes.get("secrets"):
            message = f"connector {number + 1} holds secrets: they do not belong in a repository"
            yield _problem(source, "secrets", message)


def _problem(source: Source, key: str, message: str) -> Problem:
    at = source.text.find(key)
    return Problem("connector-wrong", message, source, Span(at, at + len(key)) if at >= 0 else NOWHERE)


def used(connectors: Collection[Connector], rules: Collection[Rule]) -> list[Mapping[str, Any]]:
    """The connectors that these rules use: named by their files, or by an action; sorted by id."""
    ids = {rule.id for rule in rules}
    named = {
        str(a.get("id")) for rule in rules for a in rule.contents.get("actions") or () if isinstance(a, dict)
    }
    found = {c.id: c.contents for c in connectors if ids & set(c.rule_ids) or c.id in named}
    return [found[i] for i in sorted(found)]
