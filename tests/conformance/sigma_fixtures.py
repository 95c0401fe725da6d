"""The two forms of a rule agree on generated events: every rule of the corpus whose Sigma is exact fires and stays
silent as its Elastic form does, on each generated positive and near miss.

`corpus/elastic/rules*/**.toml`; one case a rule. Both forms are judged on the text that they export. A rule that is
refused or labelled approximate is not counted, nor one for which nothing is generated.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.generate.drafts import drafts
from samefire.harness.case import Case
from samefire.harness.report import Outcome, Status
from samefire.harness.run import Prepared, verdicts_of
from samefire.rule import load_path
from tests.conformance import Failed, Tally, sample
from tests.conformance.fixtures_corpus import cases


def run(root: Path) -> Tally:
    tally = Tally()
    fields = FieldTypes.known()
    elastic, sigma = converters()["elastic"], converters()["sigma"]
    for path in sample(sorted((root / "corpus/elastic").rglob("*.toml"))):
        rule = load_path(path)
        prepared = Prepared(sigma, rule, fields, Options())
        if prepared.result.status is not Status.EXACT:
            continue
        whole = Prepared(elastic, rule, fields, Options())
        made = cases(drafts(whole.detection, fields)) if whole.detection else []
        if made:
            tally.check(str(path.relative_to(root)), partial(_agree, whole, prepared, made))
    return tally


def _agree(elastic: Prepared, sigma: Prepared, made: Sequence[Case]) -> bool | Failed:
    pairs = zip(verdicts_of(elastic, made), verdicts_of(sigma, made), strict=True)
    wrong = [e.case.name for e, s in pairs if e.outcome is Outcome.PASS and s.outcome is not Outcome.PASS]
    return not wrong or Failed({"wrong": wrong[:10], "of": len(made)})
