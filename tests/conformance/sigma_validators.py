"""Exact rules of the corpus as Sigma: no error and nothing against it from pySigma's validators, nor, in SigmaHQ's
own style, an error from SigmaHQ's. Only validators that need no network."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.problems import Severity
from samefire.rule import load_path
from samefire.sigma_checks import sigma_problems
from tests.conformance import Failed, Tally, sample
from tests.conformance._sigma_text import complaints, rows


def run(root: Path) -> Tally:
    tally = Tally()
    fields = FieldTypes.known()
    for row in sample(rows(root)):
        if row["cls"].startswith("exact"):
            tally.check(row["file"], partial(_case, root, row, fields))
    return tally


def _case(root: Path, row: dict[str, Any], fields: FieldTypes) -> bool | Failed:
    rule = load_path(root / "corpus/elastic" / row["file"])
    for options, house in ((Options(), False), (Options(profile="sigmahq"), True)):
        document = converters()["sigma"].write(rule, fields, options).document
        if document is None:
            return Failed("there is no Sigma")
        against = complaints(document.text)
        found = sigma_problems(rule, document.text, house=house)
        errors = [p.message for p in found if p.severity is Severity.ERROR]
        if against or errors:
            return Failed({"profile": options.profile, "against": [*against, *errors]})
    return True
