"""Generated fixtures for every rule of the corpus that can be run: positives that fire and near misses that do not.

`corpus/elastic/rules*/**.toml`; one case a rule. A generated case is written as a fixture file would be, read back, and
judged on the exported text. A rule that no engine can run offline (it asks a language model) is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.generate.drafts import Drafts, drafts
from samefire.generate.files import text_of
from samefire.harness.case import Case, load_text
from samefire.harness.report import Outcome
from samefire.harness.run import Prepared, verdicts_of
from samefire.query.detection import Detection, Pipeline
from samefire.query.pipeline import Refused
from samefire.rule import Rule, load_path
from tests.conformance import Failed, Tally, sample


def run(root: Path) -> Tally:
    tally = Tally()
    fields = FieldTypes.known()
    for path, prepared in prepared_rules(root, fields):
        if prepared.detection is None or runs(prepared.detection):
            tally.check(str(path), partial(_case, prepared, fields))
    return tally


def prepared_rules(root: Path, fields: FieldTypes) -> Iterator[tuple[Path, Prepared]]:
    """Every rule of the corpus as Elastic would run it."""
    form = converters()["elastic"]
    for path in sample(sorted((root / "corpus/elastic").rglob("*.toml"))):
        rule: Rule = load_path(path)
        yield path.relative_to(root), Prepared(form, rule, fields, Options())


def runs(detection: Detection) -> bool:
    """Whether the detection can be run here at all."""
    body = detection.body
    return not (isinstance(body, Pipeline) and any(isinstance(c, Refused) for c in body.commands))


def _case(prepared: Prepared, fields: FieldTypes) -> bool | Failed:
    if prepared.detection is None:
        return Failed([p.message for p in prepared.result.problems])
    made = drafts(prepared.detection, fields)
    wrong = [v.case.name for v in verdicts_of(prepared, cases(made)) if v.outcome is not Outcome.PASS]
    if wrong:
        return Failed({"wrong": wrong[:5]})
    return bool(made.of(True) and made.of(False)) or Failed(list(made.notes))


def cases(made: Drafts) -> list[Case]:
    """Generated cases, read from the text that their files would have."""
    found: list[Case] = []
    for draft in made.cases:
        read = load_text(text_of(draft).encode(), f"{draft.name}.json", positive=draft.positive)
        assert not read.problems, read.problems
        found.extend(read.cases)
    return found
