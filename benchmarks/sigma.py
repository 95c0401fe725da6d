"""How fast Sigma rules are matched: `python benchmarks/sigma.py EVENTS.ndjson[.gz] RULES_FOLDER... [--check N]`.

Reads every Windows rule below the folders (with its log source), matches all of them together over the events
in blocks, and prints events a CPU second. `--copies` reads the events several times over; `--check N`
compares the hits of the first N events with the plain evaluator of the tests.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from match import check, read

from samefire.engine.alerts import Context
from samefire.engine.events import read_blocks, read_ndjson
from samefire.engine.match import Plan
from samefire.fields import FieldTypes
from samefire.languages import sigma
from samefire.problems import ProblemError
from samefire.query.ast import Node
from samefire.query.detection import EventQuery
from samefire.source import Source


def nodes_of(folders: list[Path]) -> list[Node]:
    """The queries of all Windows rules that can be read; the others are counted aloud."""
    fields = FieldTypes.known()
    found: list[Node] = []
    refused: Counter[str] = Counter()
    for path in sorted(p for folder in folders for p in folder.rglob("*.yml")):
        text = path.read_text(encoding="utf-8")
        if "product: windows" not in text:
            continue
        try:
            rules = sigma.load(Source(str(path), text), fields, logsource=True)
        except ProblemError as error:
            refused[error.problems[0].code] += 1
            continue
        bodies = [rule.detection.body for rule in rules]
        found.extend(body.where for body in bodies if isinstance(body, EventQuery))
    print(f"{len(found)} rules; refused: {dict(refused)}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("events", type=Path)
    parser.add_argument("rules", type=Path, nargs="+")
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--check", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    started = time.process_time()
    nodes = nodes_of(arguments.rules)
    print(f"read and lowered in {time.process_time() - started:.2f} CPU s")
    data = read(arguments.events)
    started = time.process_time()
    plan = Plan(nodes)
    print(f"plan {time.process_time() - started:.3f} CPU s")
    counts = [0] * len(nodes)
    total = 0
    for block in read_blocks(data.split(b"\n") * arguments.copies):
        total += len(block)
        for number, ordinals in enumerate(plan.run(block, Context(now=0)).ordinals):
            counts[number] += len(ordinals)
    spent = time.process_time() - started
    print(f"{total} events in {spent:.2f} CPU s: {total / spent:,.0f} a CPU second, JSON and plan included")
    print(f"{sum(counts)} hits of {sum(map(bool, counts))} rules")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
    if arguments.check:
        events = read_ndjson(data)
        wrong = check(nodes, events, plan.run(events, Context(now=0)), arguments.check)
        print(f"{wrong} differences from the plain evaluator")
        return 1 if wrong else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
