"""The tree of a query: precedence, names, sources, and how it is written again."""

from __future__ import annotations

import pytest

from samefire.languages.esql import field_names, parse, render
from samefire.languages.esql.tree import Comparison, From, Logical, Not, Query, Where
from samefire.source import Source


def tree(text: str) -> Query:
    return parse(Source("<query>", text))


def condition(text: str) -> object:
    command = tree(f"FROM x | WHERE {text}").commands[1]
    assert isinstance(command, Where)
    return command.condition


def test_not_binds_tighter_than_and() -> None:
    found = condition("NOT a == 1 AND b == 2")
    assert isinstance(found, Logical)
    assert [type(o) for o in found.operands] == [Not, Comparison]


def test_and_binds_tighter_than_or() -> None:
    found = condition("a == 1 OR b == 2 AND c == 3 OR d == 4")
    assert isinstance(found, Logical)
    assert found.operator == "or"
    assert len(found.operands) == 3


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a - (b - c) * -d % 2", "a - (b - c) * -d % 2"),
        ("(a + b) + c - d", "a + b + c - d"),
        ("(a::int + 1)::string", "(a::int + 1)::string"),
        ("- - 1", "-(-1)"),
        ("not (a in (1, 2)) is null", "NOT (a IN (1, 2)) IS NULL"),
        ('not a like "x"', 'a NOT LIKE "x"'),
        ('a rlike ("x", "y")', 'a RLIKE ("x", "y")'),
        ("(a or b) and not c", "(a OR b) AND NOT c"),
        ('a:"b"', 'a:"b"'),
        (r'"a\\b\"c"', '"""a\\b"c"""'),
        ('"""ends with "quote""""', r'"ends with \"quote\""'),
        ("1 day + 2 hours", "1 day + 2 hours"),
    ],
)
def test_expressions_are_written_with_the_parentheses_that_they_need(text: str, written: str) -> None:
    assert render(tree(f"FROM x | WHERE {text}")).removeprefix("FROM x\n| WHERE ") == written


@pytest.mark.parametrize(
    "text",
    [
        'from logs-*, -logs-x*, "quoted index", cluster:a, <logs-{now/d}> metadata _id, _index',
        "FROM a [METADATA _id]",
        'ROW a = 1, `b c` = [1, 2], c = "x"',
        "FROM x | STATS COUNT(*), m = MAX(a) WHERE b > 1, AVG(a) + 1 BY c, d = DATE_TRUNC(1 hour, t), LENGTH(e)",
        "FROM x | INLINESTATS a = COUNT(*) | INLINE STATS b = MAX(a) BY c",
        "FROM x | SORT a DESC NULLS FIRST, b ASC, LENGTH(c) | LIMIT 5 | SAMPLE 0.5",
        "FROM x | KEEP a*, *b, `c d`, e.*.f, `a*b`* | DROP *x* | RENAME a AS b, c = d",
        'FROM x | DISSECT a "%{b} %{c}" APPEND_SEPARATOR="," | GROK b "%{WORD:x}", "%{INT:y:int}"',
        "FROM x | MV_EXPAND a | ENRICH p ON a WITH x, y = z | LOOKUP JOIN idx ON a, b",
        'FROM x | COMPLETION CONCAT("a", b) WITH {"inference_id": "m"} | CHANGE_POINT a ON b AS c, d',
        "FROM x // a comment\n| /* another */ WHERE a == ?p AND b IN (?, ?1)",
    ],
)
def test_the_text_of_a_tree_reads_back(text: str) -> None:
    assert tree(render(tree(text))) == tree(text)


def test_sources_are_words_with_marks() -> None:
    command = tree('FROM logs-a.b*,.alerts-*, "x y" METADATA _id').commands[0]
    assert isinstance(command, From)
    assert command.indices == ("logs-a.b*", ".alerts-*", "x y")
    assert [name.name for name in command.metadata] == ["_id"]


def test_a_column_without_a_name_is_called_as_it_is_written() -> None:
    again = tree("ROW a = 1 | STATS  couNt( * )  BY a")
    assert render(again).endswith("| STATS `couNt( * )` = COUNT(*) BY a")


def test_field_names_are_told_once_in_order() -> None:
    names = field_names(tree("FROM x | WHERE b.c == 1 AND a > 2 | EVAL z = LENGTH(b.c) | KEEP a, z | SORT z"))
    assert names == ("b.c", "a", "z")


def test_every_broken_command_is_told() -> None:
    from samefire.problems import ProblemError

    with pytest.raises(ProblemError) as raised:
        tree("FROM x | WHERE a = 1 | KEEP | LIMIT 5 | EVAL b = (")
    assert [p.code for p in raised.value.problems] == ["query-assignment", "query-syntax", "query-incomplete"]
