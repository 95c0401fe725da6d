"""What each problem code means, with an example and its mend: `data/problems.toml`, for `samefire explain-code` and
`docs/problems.md`. That every code of the source is there, and no other, is held by a test.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DATA = Path(__file__).resolve().parent / "data" / "problems.toml"
_ALIKE = ("exceptions", "elastic", "import")
"""Readers that check by the same model as rule files, and tell `rule-…` problems under their own name."""

FAMILIES: Mapping[str, str] = {
    "file": "Files",
    "toml": "TOML",
    "settings": "Settings",
    "rule": "Rule files",
    "ruleset": "Rules together",
    "no": "Rules together",
    "query": "Queries",
    "dsl": "Filters and exceptions",
    "lint": "Lints",
    "fields": "Field types",
    "mapping": "Mappings",
    "exceptions": "Exception lists",
    "fixture": "Fixtures",
    "events": "Events and searches",
    "search": "Events and searches",
    "elastic": "Elastic JSON",
    "form": "Forms",
    "pysigma": "Forms",
    "known": "Forms",
    "sigma": "Sigma",
    "approximate": "Approximations",
    "policy": "The gate's policy",
    "gate": "The gate's policy",
    "git": "The gate's policy",
    "lock": "The lock file",
    "bundle": "Bundles and connectors",
    "connector": "Bundles and connectors",
    "import": "Imports",
    "fmt": "Formatting",
}
"""The first word of a code, and the heading under which it is told."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: what it says, a message as it is shown, and what to do."""

    code: str
    about: str
    example: str
    mend: str


@cache
def entries() -> Mapping[str, Entry]:
    """Every code, in alphabetical order."""
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return {
        code: Entry(code, one["about"], one["example"], one["mend"]) for code, one in sorted(data.items())
    }


def entry(code: str) -> Entry | None:
    """The entry of a code, or of its group; `import-bad-value` and its like are told as `rule-bad-value`."""
    found = entries().get(code) or _of_a_group(code)
    family, _, rest = code.partition("-")
    if found is None and family in _ALIKE:
        found = entries().get(f"rule-{rest}")
    return found


def _of_a_group(code: str) -> Entry | None:
    """The entry `known-fault-*` of a code such as `known-fault-or-not`."""
    groups = (name for name in entries() if name.endswith("-*"))
    return next((entries()[name] for name in groups if code.startswith(name[:-1])), None)


def shown(found: Entry) -> str:
    """An entry as plain text."""
    return f"{found.code}\n\n{found.about}\n\n{_indented(found.example)}\n\nmend: {found.mend}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip("\n").split("\n"))


def document() -> str:
    """All entries as Markdown: `docs/problems.md`."""
    return "\n".join(_document()) + "\n"


def _document() -> Iterator[str]:
    yield "# Problems"
    yield ""
    yield from _HEAD.strip().split("\n")
    told = dict.fromkeys(FAMILIES.values())
    for heading in told:
        yield ""
        yield f"## {heading}"
        for found in entries().values():
            if FAMILIES[found.code.split("-")[0]] == heading:
                yield from _section(found)


def _section(found: Entry) -> Iterator[str]:
    yield ""
    yield f"### `{found.code}`"
    yield ""
    yield found.about
    yield ""
    yield "```text"
    yield from found.example.rstrip("\n").split("\n")
    yield "```"
    yield ""
    yield f"Mend: {found.mend}"


_HEAD = """
Every problem has a stable code, in brackets at the end of its first line. `samefire explain-code CODE` prints its
entry; this page is made of the same texts (`samefire/data/problems.toml`). An example is a message as samefire
shows it.

Exception lists (`exceptions-…`), Elastic JSON (`elastic-…`) and imports (`import-…`) are checked by the same model as
rule files: where such a code has no entry, that of `rule-…` holds. Levels of codes are changed in the settings: `lints`
for `lint-…`, `gate.levels` for what the gate tells. `…-*` stands for codes whose last words name the case.
"""
