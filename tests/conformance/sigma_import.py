"""SigmaHQ's rules as rule files and back: the same verdicts on every event, as Elastic's form, and as Sigma again.

One case a rule of the regression set, judged on all its events: the Sigma text, the JSON exported from the imported
rule, and the Sigma exported from it. Also every rule below `corpus/sigma/` when there is one: it must be imported.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.importing.text import toml_text
from samefire.problems import ProblemError
from samefire.query.ast import Node
from samefire.query.detection import EventQuery
from samefire.rule import Rule, load
from samefire.sigma_import import import_sigma
from samefire.source import Source
from tests.conformance import Failed, Tally, sample
from tests.conformance.sigma_regression import _lines

TODAY = "2026/01/01"


def run(root: Path) -> Tally:
    folder = root / "suites/sigma/regression"
    events = Events.of([event["event"] for event in _lines(folder / "events.jsonl")])
    tally = Tally()
    fields = FieldTypes.known()
    for path in sample(sorted((folder / "rules").glob("*.yml"))):
        tally.check(path.name, partial(same_verdicts, path, events, fields))
    for path in sample(sorted((root / "corpus/sigma").rglob("*.yml"))):
        tally.check(path.name, partial(_imports, path))
    return tally


def imported(path: Path) -> list[Rule]:
    """The rules of a Sigma file as rule files; raises ProblemError for one that is refused."""
    rules = []
    for one in import_sigma(Source(path.name, path.read_text(encoding="utf-8")), TODAY):
        if one.tables is None:
            raise ProblemError(one.problems)
        rules.append(load(Source(f"{path.stem}.toml", toml_text(one.tables))))
    return rules


def _imports(path: Path) -> bool:
    return bool(imported(path))


def same_verdicts(path: Path, events: Events, fields: FieldTypes) -> bool | Failed:
    """Whether a rule says the same of every event before and after."""
    text = path.read_text(encoding="utf-8")
    nodes = {"before": _where(converters()["sigma"].read(text, FieldTypes({})))}
    (rule,) = imported(path)
    for name in ("elastic", "sigma"):
        form = converters()[name]
        made = form.write(rule, fields, Options())
        if made.document is None:
            return Failed({name: [p.message for p in made.problems]})
        nodes[name] = _where(form.read(made.document.text, fields))
    hits = dict(zip(nodes, match(list(nodes.values()), events).ordinals, strict=True))
    wrong = {name: sorted(set(hits[name]) ^ set(hits["before"])) for name in ("elastic", "sigma")}
    return not any(wrong.values()) or Failed(wrong)


def _where(detection: Any) -> Node:
    assert isinstance(detection.body, EventQuery)
    return detection.body.where
