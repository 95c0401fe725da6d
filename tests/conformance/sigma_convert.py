"""Elastic rule → Sigma, against `convertibility.jsonl`: what can be said exactly is written exactly and not
labelled; everything else is refused or labelled as approximate.

A text counts only when the v2.1 JSON schemas accept it, pySigma reads it, and our own reader does.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from samefire.fields import FieldTypes
from tests.conformance import Tally, sample
from tests.conformance._sigma_text import reached, rows


def run(root: Path) -> Tally:
    tally = Tally()
    fields = FieldTypes.known()
    for row in sample(rows(root)):
        tally.check(row["file"], partial(reached, root, row, fields))
    return tally
