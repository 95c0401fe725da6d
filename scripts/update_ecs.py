"""Make `samefire/data/ecs*.{tsv,json}` from the Elastic Common Schema.

    python scripts/update_ecs.py PATH/generated/ecs/ecs_flat.yml VERSION

`ecs_flat.yml` lies in the elastic/ecs repository (Apache-2.0). Written are three files, each read on its own:
`ecs.tsv` (name, type, options: what `samefire.fields` loads), `ecs_values.json` (allowed and expected values)
and `ecs_texts.tsv` (one line on what a field is for).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).resolve().parent.parent / "samefire" / "data"
KEYWORD_LIMIT = 1024  # what a `keyword` without the option `i` has


def nested_path(name: str, nested: frozenset[str]) -> str | None:
    """The innermost nested container around `name`."""
    parts = name.split(".")
    paths = (".".join(parts[:size]) for size in range(len(parts) - 1, 0, -1))
    return next((path for path in paths if path in nested), None)


def options(field: Mapping[str, Any], path: str | None) -> Iterator[str]:
    """`a` array, `i=` ignore_above, `l` indexed in lower case, `x` not searchable, `s=` scaling factor, `n=` nested
    path."""
    if "array" in field.get("normalize", ()):
        yield "a"
    limit = field.get("ignore_above", 0)
    if field["type"] == "keyword" and limit != KEYWORD_LIMIT:
        yield f"i={limit}"
    if field.get("normalizer") == "lowercase":
        yield "l"
    if field.get("index") is False:
        yield "x"
    if "scaling_factor" in field:
        yield f"s={field['scaling_factor']}"
    if path:
        yield f"n={path}"


def rows(table: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The lines of `ecs.tsv`; a multi-field has the option `m=` naming the field whose values it holds."""
    nested = frozenset(name for name, field in table.items() if field["type"] == "nested")
    for name, field in sorted(table.items()):
        path = nested_path(name, nested)
        yield "\t".join((name, field["type"], *options(field, path)))
        for part in field.get("multi_fields", ()):
            part = {"normalize": field["normalize"], **part}
            yield "\t".join((part["flat_name"], part["type"], f"m={name}", *options(part, path)))


def values(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Allowed values (with the event types expected of a category) and expected values."""
    found: dict[str, Any] = {"allowed": {}, "expected": {}, "types": {}}
    for name, field in sorted(table.items()):
        if allowed := field.get("allowed_values"):
            found["allowed"][name] = [value["name"] for value in allowed]
        if expected := field.get("expected_values"):
            found["expected"][name] = list(expected)
    for value in table["event.category"]["allowed_values"]:
        found["types"][value["name"]] = value.get("expected_event_types", [])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", type=Path)
    parser.add_argument("version")
    arguments = parser.parse_args()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    table = yaml.load(arguments.source.read_text(encoding="utf-8"), loader)
    head = f"# ECS {arguments.version}"
    (DATA / "ecs.tsv").write_text("\n".join((head, *rows(table))) + "\n", encoding="utf-8")
    text = json.dumps(values(table), separators=(",", ":"))
    (DATA / "ecs_values.json").write_text(text + "\n", encoding="utf-8")
    texts = (f"{name}\t{' '.join(field['short'].split())}" for name, field in sorted(table.items()))
    (DATA / "ecs_texts.tsv").write_text("\n".join((head, *texts)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
