"""What every Sigma text that we write must stand: the v2.1 JSON schemas, pySigma, and our own reader."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from samefire.fields import FieldTypes
from samefire.forms import Converted, Options, converters
from samefire.problems import ProblemError
from samefire.query.detection import Body, Correlation
from samefire.rule import load_path
from tests.conformance import Failed

SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "schemas" / "sigma"


def rows(root: Path) -> list[dict[str, Any]]:
    """`convertibility.jsonl`: what one analyst says that each rule can reach."""
    text = (root / "corpus/elastic/convertibility.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def converted(root: Path, file: str, fields: FieldTypes) -> Converted:
    """The rule of a file as Sigma; a rule that cannot be read is refused with its problems."""
    try:
        rule = load_path(root / "corpus/elastic" / file)
    except ProblemError as error:
        return Converted(None, error.problems)
    return converters()["sigma"].write(rule, fields, Options())


def status(result: Converted) -> str:
    return "refused" if result.document is None else "approximate" if result.approximate else "exact"


ARGUED = {"approximate-flattened", "approximate-order", "approximate-analysed-text"}
"""Labels of clauses that the classification takes for exact because it did not know the type of a vendor's field
(decision 0072). The rule must convert all the same."""


def reached(root: Path, row: dict[str, Any], fields: FieldTypes) -> bool | Failed:
    """What the row says can be exact is converted, exactly (or with a label of ARGUED alone), and valid;
    everything else is refused or labelled."""
    result = converted(root, row["file"], fields)
    got, exact = status(result), row["cls"].startswith("exact")
    told = [p.message for p in result.problems]
    labels = {p.code for p in result.problems if p.code.startswith("approximate-")}
    argued = exact and got == "approximate" and labels <= ARGUED
    if not argued and exact is not (got == "exact"):
        return Failed({"expected": row["cls"], "got": got, "problems": told[:3], "reasons": row["blockers"]})
    if result.document is None:
        return bool(told) or Failed("refused without a reason")
    against = complaints(result.document.text)
    if against:
        return Failed({"complaints": against})
    return bool(parts(read_back(result.document.text, fields))) or Failed("nothing was read back")


def complaints(text: str) -> list[str]:
    """What the schemas and pySigma have against a text."""
    return [*schema_complaints(text), *pysigma_complaints(text)]


def schema_complaints(text: str) -> list[str]:
    if not SCHEMAS.is_dir():
        return []
    found = []
    for document in yaml.load_all(text, yaml.CSafeLoader):
        kind = "correlation-rules" if "correlation" in document else "detection-rule"
        found += [error.message for error in _validator(kind).iter_errors(document)]
    return found


@cache
def _validator(kind: str) -> Any:
    from jsonschema import Draft202012Validator

    schema = json.loads((SCHEMAS / f"sigma-{kind}-schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def pysigma_complaints(text: str) -> list[str]:
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaError

    try:
        collection = SigmaCollection.from_yaml(text)
        for rule in collection.rules:
            detection = getattr(rule, "detection", None)
            for condition in detection.parsed_condition if detection is not None else ():
                _ = condition.parsed
    except SigmaError as error:
        return [f"pySigma: {error}"]
    return [f"pySigma: {error}" for rule in collection.rules for error in rule.errors]


def read_back(text: str, fields: FieldTypes) -> Body:
    return converters()["sigma"].read(text, fields, "<export>").body


def parts(body: Body) -> list[Body]:
    """The event queries of a correlation; otherwise the body itself."""
    return [part for _, part in body.rules] if isinstance(body, Correlation) else [body]
