"""Make `samefire/data/vendors.tsv`: types of the fields of well-known data sets that ECS does not have.

    python scripts/update_vendors.py VERSION --beats PATH --packages PATH [PATH ...]

`--beats` is a checkout of elastic/beats (`**/_meta/fields*.yml`), `--packages` folders of elastic/integrations
or elastic/endpoint-package (`**/fields/*.yml`); packages win over Beats. Only names and types are taken, which
are facts about the data; options are those of `update_ecs.py`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from update_ecs import nested_path, options

from samefire.fields import CONTAINERS, TYPES, FieldTypes

DATA = Path(__file__).resolve().parent.parent / "samefire" / "data"
BEATS = ("filebeat", "auditbeat", "winlogbeat", "packetbeat", "osquerybeat")
Entry = Mapping[str, Any]


def read(path: Path) -> list[Entry]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [entry for entry in yaml.load(path.read_text(encoding="utf-8"), loader) or [] if entry]


def flat(entries: Iterable[Entry] | None, prefix: str) -> Iterator[tuple[str, Entry]]:
    """Every field below `entries` with its full name; groups without a name are sections."""
    for entry in entries or ():
        name = f"{prefix}{entry['name']}" if "key" not in entry and entry.get("name") else prefix.rstrip(".")
        kind = entry.get("type") or ("group" if "fields" in entry else "keyword")
        inner = f"{name}." if name else ""
        if kind in ("group", "object", "nested", "array") or "fields" in entry:
            if kind == "nested":
                yield name, {**entry, "type": "nested"}
            yield from flat(entry.get("fields"), inner)
        else:
            yield name, {**entry, "type": kind}


def root(module: Path) -> str:
    """The name that a Beats module puts before the fields of its file sets: its last group, to which Beats
    appends them."""
    path = module / "_meta" / "fields.yml"
    sections = read(path) if path.is_file() else []
    groups = (sections[-1].get("fields") or []) if sections else []
    last = groups[-1] if groups else {}
    return f"{last['name']}." if last.get("type") == "group" and last.get("name") else ""


def beats(checkout: Path) -> Iterator[tuple[str, Entry]]:
    for path in sorted(checkout.rglob("_meta/fields*.yml")):
        parts = path.relative_to(checkout).parts
        if not set(parts) & set(BEATS) or "test" in parts:
            continue
        fileset = path.parent.parent
        inside = "module" in parts and fileset.parent.name != "module"
        yield from flat(read(path), root(fileset.parent) if inside else "")


def packages(folder: Path) -> Iterator[tuple[str, Entry]]:
    for path in sorted(folder.rglob("fields/*.yml")):
        yield from flat(read(path), "")


def table(found: Iterable[tuple[str, Entry]], ecs: FieldTypes) -> dict[str, dict[str, Any]]:
    """One entry a name: the type that most sources give it. Names with `*` and those of ECS are left out."""
    votes: dict[str, Counter[str]] = {}
    entries: dict[tuple[str, str], Entry] = {}
    for name, entry in found:
        kind = entry["type"]
        if "*" not in name and kind in TYPES - {"alias"} and ecs.get(name) is None:
            votes.setdefault(name, Counter())[kind] += 1
            entries.setdefault((name, kind), entry)
    return {
        name: dict(entries[name, kinds.most_common(1)[0][0]])
        for name, kinds in votes.items()
        if _usable(name)
    }


def copies(found: Iterable[tuple[str, Entry]], ecs: FieldTypes) -> Iterator[str]:
    """The lines of multi-fields that sources add to fields of ECS, such as `process.executable.caseless`."""
    lines = set()
    for name, entry in found:
        known = ecs.get(name)
        for part in (entry.get("multi_fields") or ()) if known is not None else ():
            full = f"{name}.{part['name']}"
            if known is not None and part.get("type") in TYPES - CONTAINERS and ecs.get(full) is None:
                limit = {"ignore_above": 1024} if part["type"] == "keyword" else {}
                lines.add(
                    "\t".join((full, part["type"], f"m={name}", *options({**limit, **part}, known.nested)))
                )
    yield from sorted({line.split("\t")[0]: line for line in sorted(lines)}.values())


def _usable(name: str) -> bool:
    return not name.startswith(".") and all(name.split(".")) and not any(c.isspace() for c in name)


def rows(types: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    nested = frozenset(name for name, entry in types.items() if entry["type"] == "nested")
    for name, entry in sorted(types.items()):
        if entry["type"] == "keyword":
            entry.setdefault("ignore_above", 1024)
        path = nested_path(name, nested)
        yield "\t".join((name, entry["type"], *options(entry, path)))
        for part in entry.get("multi_fields") or ():
            if part.get("type") in TYPES - CONTAINERS and f"{name}.{part['name']}" not in types:
                limit = {"ignore_above": 1024} if part["type"] == "keyword" else {}
                told = options({**limit, **part}, path)
                yield "\t".join((f"{name}.{part['name']}", part["type"], f"m={name}", *told))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("version")
    parser.add_argument("--beats", type=Path)
    parser.add_argument("--packages", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()
    ecs = FieldTypes.ecs()
    types = table(beats(arguments.beats), ecs) if arguments.beats else {}
    types |= table((entry for folder in arguments.packages for entry in packages(folder)), ecs)
    more = copies((entry for folder in arguments.packages for entry in packages(folder)), ecs)
    head = f"# data sets {arguments.version}"
    (DATA / "vendors.tsv").write_text("\n".join((head, *rows(types), *more)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
