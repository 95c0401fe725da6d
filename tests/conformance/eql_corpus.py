"""Every EQL query of Elastic's detection rules: parses, what is rendered is the same tree, and the rule becomes
Sigma as far as `convertibility.jsonl` says.

`corpus/elastic/rules*/**.toml`; one case a query and part.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from samefire.fields import FieldTypes
from samefire.languages.eql import parse, render
from samefire.source import Source
from tests.conformance import Failed, Tally, sample
from tests.conformance._sigma_text import reached, rows

Part = Callable[[Source], Any]


def same_tree(source: Source) -> Any:
    """The query parses, its rendering reads back as the same tree with the same comments, and is stable."""
    tree = parse(source)
    text = render(tree)
    again = parse(Source("<rendered>", text))
    if again != tree or len(again.comments) != len(tree.comments):
        return Failed(f"rendered as another tree: {text}")
    return render(again) == text or Failed(f"rendering is not stable: {text}")


PARTS: dict[str, Part] = {"same tree": same_tree}


def run(root: Path) -> Tally:
    tally = Tally()
    for source in sample(queries(root)):
        for name, part in PARTS.items():
            tally.check({"rule": source.path, "part": name}, partial(part, source))
    fields = FieldTypes.known()
    for row in sample(rows(root)):
        if row["type"] == "eql":
            tally.check({"rule": row["file"], "part": "sigma"}, partial(reached, root, row, fields))
    return tally


def queries(root: Path) -> Iterator[Source]:
    """The EQL queries, under the path of their rule."""
    folder = root / "corpus" / "elastic"
    for path in sorted(folder.glob("rules*/**/*.toml")):
        rule = tomllib.loads(path.read_text(encoding="utf-8"))["rule"]
        if rule.get("type") == "eql":
            yield Source(str(path.relative_to(folder)), rule["query"])
