"""How fast queries are matched: `python benchmarks/match.py EVENTS.ndjson[.gz] RULES [--check N]`.

Reads every KQL `query` rule (`--language eql`: every EQL event query) of RULES, a folder of TOML files or an
NDJSON export, matches all of them together over the events, and prints events a CPU second for the whole
(JSON and plan included) and for matching alone. `--check N` compares the hits of the first N events with the
plain evaluator of the tests.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from samefire.engine.alerts import Context
from samefire.engine.events import Events, read_blocks, read_ndjson
from samefire.engine.match import Hits, Plan
from samefire.fields import FieldTypes
from samefire.languages import language
from samefire.problems import ProblemError
from samefire.query.ast import Node
from samefire.query.detection import EventQuery
from samefire.source import Source


def rules(path: Path, wanted: str) -> dict[str, str]:
    """Queries of the `query` (or `eql`) rules in one language, by name."""
    kind = "eql" if wanted == "eql" else "query"
    found: dict[str, str] = {}
    for name, rule in exported(path) if path.is_file() else written(path):
        if rule.get("type") == kind and rule.get("language") == wanted:
            found[name] = rule["query"]
    return found


def written(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rules of a folder of TOML files."""
    for path in sorted(folder.rglob("*.toml")):
        yield str(path), tomllib.loads(path.read_text(encoding="utf-8")).get("rule", {})


def exported(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rules of an NDJSON export."""
    for number, line in enumerate(read(path).splitlines(), 1):
        rule = json.loads(line)
        yield f"{path}:{number}", rule.get("json", rule)


def lowered(queries: dict[str, str], name: str, fields: FieldTypes) -> list[Node]:
    """The nodes of the event queries; what cannot be read is counted aloud."""
    nodes: list[Node] = []
    refused = 0
    for path, query in queries.items():
        try:
            body = language(name).lower_text(Source(path, query), fields)
        except ProblemError:
            refused += 1
            continue
        if isinstance(body, EventQuery):
            nodes.append(body.where)
    print(f"{len(nodes)} event queries ({refused} refused)")
    return nodes


def read(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def check(nodes: list[Node], events: Events, hits: Hits, count: int) -> int:
    """Pairs of node and event on which the plan and the plain evaluator differ."""
    from tests.reference import holds

    wrong = 0
    for number, node in enumerate(nodes):
        if hits.failures[number]:
            continue
        found = set(hits.ordinals[number])
        for ordinal, event in enumerate(events.documents[:count]):
            wrong += holds(node, event) != (ordinal in found)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("events", type=Path)
    parser.add_argument("rules", type=Path)
    parser.add_argument("--language", default="kuery")
    parser.add_argument("--copies", type=int, default=1, help="read the events this many times over")
    parser.add_argument("--check", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    started = time.process_time()
    nodes = lowered(rules(arguments.rules, arguments.language), arguments.language, FieldTypes.known())
    lowering = time.process_time()
    print(f"read and lowered in {lowering - started:.2f} CPU s")
    plan = Plan(nodes)
    built = time.process_time()
    lines = read(arguments.events).split(b"\n") * arguments.copies
    counts = [0] * len(nodes)
    total, matching, started = 0, 0.0, time.process_time()
    for block in read_blocks(lines):
        total += len(block)
        before = time.process_time()
        hits = plan.run(block, Context(now=0))
        matching += time.process_time() - before
        counts = [count + len(found) for count, found in zip(counts, hits.ordinals, strict=True)]
    spent = time.process_time() - started
    print(f"plan {built - lowering:.3f}, JSON {spent - matching:.3f}, match {matching:.3f} CPU s")
    whole = spent + built - lowering
    print(f"{total} events: {total / whole:,.0f} a CPU second, {total / matching:,.0f} in matching alone")
    print(f"{sum(counts)} hits of {sum(map(bool, counts))} queries")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
    if arguments.check:
        events = read_ndjson(b"\n".join(lines[: arguments.check]))
        wrong = check(nodes, events, plan.run(events, Context(now=0)), arguments.check)
        print(f"{wrong} differences from the plain evaluator")
        return 1 if wrong else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
