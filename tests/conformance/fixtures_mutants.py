"""Generated fixtures notice when a clause is lost: each clause of each KQL and EQL event rule of the corpus in turn is
replaced by `true`, and some generated case must then be judged otherwise.

One case a mutant: every clause and every group of clauses below the root of the query. A mutant that means the same as
the query (one of two equal clauses) is counted too, and missed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from samefire.engine.circuit import Circuit
from samefire.engine.events import Events
from samefire.engine.match import Plan
from samefire.engine.run import narrowed
from samefire.fields import FieldTypes
from samefire.generate.drafts import drafts
from samefire.query.ast import FALSE, TRUE, And, AtLeast, Node, Not, Or
from samefire.query.detection import Detection, EventQuery
from samefire.query.wording import wording
from tests.conformance import Failed, Tally
from tests.conformance.fixtures_corpus import cases, prepared_rules

CHUNK = 200


def run(root: Path) -> Tally:
    tally = Tally()
    fields = FieldTypes.known()
    for path, prepared in prepared_rules(root, fields):
        detection = prepared.detection
        asked = prepared.converted.document is not None and detection is not None
        if asked and detection is not None and isinstance(detection.body, EventQuery):
            for words, noticed in judged(detection, fields):
                tally.check(f"{path}: {words}", partial(_verdict, noticed))
    return tally


def _verdict(noticed: bool) -> bool | Failed:
    return noticed or Failed("no generated case notices")


def judged(detection: Detection, fields: FieldTypes) -> Iterator[tuple[str, bool]]:
    """Each mutant of the rule's query in words, and whether a generated case notices it."""
    assert isinstance(detection.body, EventQuery)
    made = cases(drafts(detection, fields))
    events = [event for case in made for event in case.events]
    ends = [0]
    for case in made:
        ends.append(ends[-1] + len(case.events))
    circuit = Circuit.of(detection.body.where)
    mutants = {place: without(circuit, place) for place in range(1, len(circuit.nodes))}
    distinct = list(dict.fromkeys(mutants.values()))
    noticed: dict[Node, bool] = {}
    data = Events.of(events)
    for at in range(0, len(distinct), CHUNK):
        chunk = distinct[at : at + CHUNK]
        hits = Plan([narrowed(node, detection) for node in chunk]).run(data).ordinals
        for node, ordinals in zip(chunk, hits, strict=True):
            found = set(ordinals)
            fired = [any(i in found for i in range(a, b)) for a, b in itertools.pairwise(ends)]
            noticed[node] = any(f is not case.positive for f, case in zip(fired, made, strict=True))
    for place, mutant in mutants.items():
        yield wording(circuit.nodes[place])[:120], noticed[mutant]


def without(circuit: Circuit, lost: int) -> Node:
    """The query with one place replaced by `true`, in its shortest form."""
    done: dict[int, Node] = {}
    for place in reversed(range(len(circuit.nodes))):
        below = [done[child] for child in circuit.below[place]]
        done[place] = TRUE if place == lost else _short(circuit.nodes[place], below)
    return done[0]


def _short(node: Node, below: list[Node]) -> Node:
    match node:
        case And():
            return FALSE if FALSE in below else And(tuple(c for c in below if c != TRUE))
        case Or():
            return TRUE if TRUE in below else Or(tuple(c for c in below if c != FALSE))
        case Not():
            return FALSE if below[0] == TRUE else TRUE if below[0] == FALSE else Not(below[0])
        case AtLeast(count=count):
            return AtLeast(count, tuple(below))
        case _:
            return node
