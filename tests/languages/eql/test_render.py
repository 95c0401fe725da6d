"""How EQL is laid out, comments in their places, and the names of a query's fields."""

from __future__ import annotations

import time

import pytest

from samefire.languages import eql
from samefire.source import Source


def laid_out(text: str) -> str:
    return eql.render(eql.parse(Source("<query>", text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("process   where\n true", "process where true"),
        ('"my cat" where x==1', '"my cat" where x == 1'),
        ('"process" where true', '"process" where true'),
        ("any where a and b or not c", "any where (a and b) or not c"),
        ("any where ((a or b)) and (c == 1)", "any where (a or b) and c == 1"),
        ("any where not (a and not not b)", "any where not (a and not not b)"),
        ("any where a+1*2-(3-b)>=-c", "any where a + 1 * 2 - (3 - b) >= -c"),
        ('any where (a:"x") == true', 'any where a : "x" == true'),
        ("any where ?a.`b c`.`and` == null", "any where ?a.`b c`.`and` == null"),
        ('any where a not   in~ ("x" , 1.50)', 'any where a not in~ ("x", 1.50)'),
        ('any where a like~ ("x*")', 'any where a like~ ("x*")'),
        ('any where a == """C:\\x"""', 'any where a == """C:\\x"""'),
        (r'any where a == "\t\u{1F600}\u{200b}\"\\"', r'any where a == "\t😀\u{200b}\"\\"'),
        ('any where startswith~( a,"x" )', 'any where startswith~(a, "x")'),
        ("any where true|head 3|tail 2", "any where true\n| head 3\n| tail 2"),
        (
            "sequence by a,?b with maxspan = 5m [any where true] by c with runs = 2 ![file where x] "
            "until [any where y] by d",
            "sequence by a, ?b with maxspan=5m\n  [any where true] by c with runs=2\n  ![file where x]\n"
            "until [any where y] by d",
        ),
        ("sample by a [any where true] [any where b]", "sample by a\n  [any where true]\n  [any where b]"),
    ],
)
def test_on_one_line(text: str, expected: str) -> None:
    assert laid_out(text) == expected
    assert laid_out(expected) == expected


LONG = """
// what this is about
process where host.os.type == "linux" and event.type == "start" and // only starts
  (process.name : ("first-program", "second-program", /* odd one */ "third-program", "fourth-program") or
   // the old name
   process.args : "--old" /* kept */
   // nothing more
  ) and not (user.name == "root" and process.parent.name : "cron*")
| head 5 // enough
// the end
"""
LAID_OUT = """
// what this is about
process where
  host.os.type == "linux" and
  event.type == "start" and // only starts
  (
    process.name : (
      "first-program",
      "second-program", /* odd one */
      "third-program",
      "fourth-program"
    ) or
    // the old name
    process.args : "--old" /* kept */
    // nothing more
  ) and
  not (user.name == "root" and process.parent.name : "cron*")
| head 5 // enough
// the end
"""


def test_comments_stay_where_they_were() -> None:
    assert laid_out(LONG) == LAID_OUT.strip()
    assert laid_out(LAID_OUT) == LAID_OUT.strip()


def test_comments_between_and_inside_stages() -> None:
    text = """
sequence
  // first
  [any where true] // beside
  [any where a and // why
   b
   // last
  ] by c
  /* before
     until */
until [any where d]
"""
    expected = """
sequence
  // first
  [any where true] // beside
  [any where
    a and // why
    b
    // last
  ] by c
/* before
until */
until [any where d]
"""
    assert laid_out(text) == expected.strip()


def test_long_conditions_are_broken() -> None:
    text = "any where " + " or ".join(f'some.field.name.{n} == "a value of it"' for n in "abcd")
    assert laid_out(text) == "any where\n  " + " or\n  ".join(
        f'some.field.name.{n} == "a value of it"' for n in "abcd"
    )


def test_field_names() -> None:
    tree = eql.parse(
        Source(
            "<query>",
            "sequence by host.id, ?user.id [process where a.b == 1 and length(c) > `d e`] by f "
            "[any where ?a.b] by g until [any where h in (1)] by i",
        )
    )
    assert eql.field_names(tree) == ("host.id", "user.id", "a.b", "c", "d e", "h", "f", "g", "i")


def test_a_thousand_queries_are_read_in_a_second() -> None:
    clause = 'process.name : ("a.exe", "b.exe") and not process.args : "--x*" and event.code in ("1", "2")'
    query = f"process where {' and '.join([clause] * 4)}"
    start = time.process_time()
    for _ in range(1000):
        eql.parse(Source("<query>", query))
    assert time.process_time() - start < 3


def test_long_chains_are_read_without_recursion() -> None:
    many = " or ".join(f"a == {n}" for n in range(5_000))
    tree = eql.parse(Source("<query>", f"any where {many}"))
    assert eql.parse(Source("<query>", eql.render(tree))) == tree
