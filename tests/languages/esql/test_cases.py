"""`tests/cases/esql/*.toml`: a query over events, and its columns and rows, its problems, or why it cannot run.

A file has a `[mapping]` of its fields, `[[event]]`s, and `[[case]]`s. `""` stands for null, `columns` are
`name type`; `problem` are the codes of all problems. The clock is the newest event's.
"""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from samefire.engine.run import Refused, table
from samefire.fields import FieldType, FieldTypes
from samefire.languages.esql import lower, parse, render
from samefire.problems import ProblemError
from samefire.source import Source
from tests.conftest import HOME


def cases() -> list[Any]:
    found = []
    for path in sorted((HOME / "tests/cases/esql").glob("*.toml")):
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        fields = FieldTypes({}, dynamic=False).with_fields(
            {n: k if isinstance(k, str) else FieldType(n, **k) for n, k in file["mapping"].items()}
        )
        for at, case in enumerate(file["case"]):
            found.append(pytest.param(case, file["event"], fields, id=f"{path.stem}-{at}"))
    return found


def plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return "" if value is None else value


@pytest.mark.parametrize(("case", "events", "fields"), cases())
def test_case(case: dict[str, Any], events: list[dict[str, Any]], fields: FieldTypes) -> None:
    source = Source("<query>", case["query"])
    if "problem" in case:
        with pytest.raises(ProblemError) as raised:
            lower(parse(source), fields, source)
        assert [problem.code for problem in raised.value.problems] == case["problem"]
        return
    body = lower(parse(source), fields, source)
    if "fails" in case:
        with pytest.raises(Refused) as refused:
            table(body, events)
        assert str(refused.value) == case["fails"]
        return
    found, notes = table(body, events)
    assert plain(found.rows) == case["rows"]
    if "columns" in case:
        assert [f"{name} {kind}" for name, kind in found.columns] == case["columns"]
    assert list(notes) == case.get("notes", list(notes))


@pytest.mark.parametrize(("case", "events", "fields"), cases())
def test_its_text_reads_back(case: dict[str, Any], events: Any, fields: Any) -> None:
    tree = parse(Source("<query>", case["query"]))
    assert parse(Source("<query>", render(tree))) == tree


def test_every_case_says_what_is_expected() -> None:
    for parameter in cases():
        case = parameter.values[0]
        assert len(case.keys() & {"rows", "fails", "problem"}) == 1
        assert case.keys() <= {"query", "rows", "columns", "notes", "fails", "problem"}
