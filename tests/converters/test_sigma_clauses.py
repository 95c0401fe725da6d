"""One clause as a Sigma item: keys, modifiers, escapes; and what Sigma cannot say, word by word."""

from __future__ import annotations

from typing import Any

import pytest

from samefire.query.ast import (
    AnyField,
    AtLeast,
    DatePart,
    Exists,
    FieldsCompare,
    Fold,
    Fuzzy,
    IpRange,
    Leaf,
    Node,
    NumberIs,
    NumberRange,
    Or,
    Regex,
    RegexSyntax,
    Relation,
    Term,
    TokenRange,
    TokenRegex,
    Wild,
    Wildcard,
)
from tests.converters.sigma_cases import convert, detection, of_node, problems

MANY, ONE = Wild.MANY, Wild.ONE


def selection(node: Node) -> Any:
    return detection(of_node(node))["selection"]


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("process.name: cmd.exe", {"process.name|cased": "cmd.exe"}),
        ("event.code: 4624", {"event.code": "4624"}),
        ("process.name: (cmd.exe or 7z)", {"process.name|cased": ["cmd.exe", "7z"]}),
        ("process.pid: 4", {"process.pid": 4}),
        ("process.pid: (4 or 8)", {"process.pid": [4, 8]}),
        ("process.pid > 4", {"process.pid|gte": 5}),
        ("process.uptime < 4", {"process.uptime|lte": 3}),
        ("host.cpu.usage > 0.5", {"host.cpu.usage|gt": 0.5}),
        ("process.name: *", {"process.name|exists": True}),
        ("not process.name: *", {"process.name|exists": False}),
        ("process.name: ps*", {"process.name|startswith|cased": "ps"}),
        ("process.name: *.exe", {"process.name|endswith|cased": ".exe"}),
        ("process.name: *sh*", {"process.name|contains|cased": "sh"}),
        ("process.name: a*b", {"process.name|cased": "a*b"}),
        ("process.name: (*sh* or bash)", {"process.name|cased": ["*sh*", "bash"]}),
        ('process.args: "a*b?"', {"process.args|cased": "a\\*b\\?"}),
        ('file.path: "C:\\\\x\\\\"', {"file.path|cased": "C:\\\\x\\\\"}),
        ("source.ip: 10.0.0.0/8", {"source.ip|cidr": "10.0.0.0/8"}),
        ('source.ip: (10.1.2.3 or "::1")', {"source.ip|cidr": ["10.1.2.3/32", "::1/128"]}),
        ("process.args: (*a* and *b*)", {"process.args|contains|all|cased": ["a", "b"]}),
        ("process.code_signature.exists: true", {"process.code_signature.exists": True}),
        ('process.name: ""', {"process.name": ""}),
    ],
)
def test_kql(query: str, written: dict[str, Any]) -> None:
    result = convert(query)
    assert not result.problems
    assert detection(result) == {"selection": written, "condition": "selection"}


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ('process where process.name : "CMD.exe"', {"process.name": "CMD.exe"}),
        ('process where process.name : ("a*", "b?")', {"process.name": ["a*", "b?"]}),
        ('process where process.name : ("CMD", "cmd")', {"process.name": "CMD"}),
        ('process where process.name like "a*"', {"process.name|startswith|cased": "a"}),
        ('process where process.name in~ ("a", "b")', {"process.name": ["a", "b"]}),
        ('process where process.name regex "a.b"', {"process.name|re|s": "^a.b$"}),
        ('process where process.name regex~ "a|b"', {"process.name|re|i|s": "^(a|b)$"}),
        ("process where length(process.name) > 9", {"process.name|re|s": "^.{10,}$"}),
        ("process where length(process.name) < 9", {"process.name|re|s": "^.{0,8}$"}),
        ("process where length(process.name) == 2000", {"process.name|re|s": "^.{1000}.{1000}$"}),
        ('process where substring(process.name, 0, 2) == "ab"', {"process.name|startswith|cased": "ab"}),
        ('process where substring(process.name, -2) == "ab"', {"process.name|endswith|cased": "ab"}),
        ('process where substring(process.name, 2, 4) == "ab"', {"process.name|startswith|cased": "??ab"}),
        ('process where startsWith~(process.name, "ab")', {"process.name|startswith": "ab"}),
        ('process where endsWith(process.name, "ab")', {"process.name|endswith|cased": "ab"}),
        ('process where stringContains(process.name, "a-b")', {"process.name|contains|cased": "a-b"}),
        ('network where cidrMatch(source.ip, "10.0.0.0/8")', {"source.ip|cidr": "10.0.0.0/8"}),
        ('process where string(process.pid) : "1*"', {"process.pid|startswith": "1"}),
        ("process where process.pid >= 7", {"process.pid|gte": 7}),
        ("process where process.name != null", {"process.name|exists": True}),
        ("process where process.parent.name == null", {"process.parent.name|exists": False}),
    ],
)
def test_eql(query: str, written: dict[str, Any]) -> None:
    result = convert(query, "eql")
    assert not result.problems, problems(result)
    category = query.split()[0]
    assert detection(result)["selection"] == {"event.category|cased": category, **written}


@pytest.mark.parametrize(
    ("node", "written"),
    [
        (Leaf("f", Term("É", Fold.ASCII)), {"f|re|s": "^É$"}),
        (Leaf("f", Wildcard((MANY, "éK.", ONE), Fold.ASCII)), {"f|re|s": ".*é[Kk]\\..$"}),
        (Leaf("f", Term("x", Fold.UNICODE)), {"f": "x"}),
        (Leaf("f", Regex("<1-3>", RegexSyntax.LUCENE)), {"f|re|s": "^[1-3]$"}),
        (Leaf("f", Regex(".*a.*", RegexSyntax.LUCENE)), {"f|re|s": ".*a.*"}),
        (Leaf("f", Regex('"a.b"\\d', RegexSyntax.LUCENE)), {"f|re|s": "^a\\.b[0-9]$"}),
        (Leaf("f", Regex("a", RegexSyntax.PCRE, Fold.UNICODE, dotall=False)), {"f|re|i": "a"}),
        (Leaf("f", Wildcard((MANY,))), {"f|exists": True}),
        (Leaf("f", NumberIs(80.0)), {"f": 80}),
        (Leaf("f", NumberRange(None, None)), {"f|exists": True}),
        (Leaf("process.pid", NumberRange(1, 4, high_inclusive=False)), {"process.pid": [1, 2, 3]}),
        (Leaf("f", IpRange(0xFFFF0A000001, 0xFFFF0A000002)), {"f|cidr": ["10.0.0.1/32", "10.0.0.2/32"]}),
        (Leaf("f", IpRange(0, (1 << 128) - 1)), {"f|cidr": "::/0"}),
        (Leaf("f", DatePart("hour", NumberRange(3, 3))), {"f|hour": 3}),
        (Leaf("f", DatePart("hour", NumberRange(None, 6))), {"f|hour|lte": 6}),
        (
            FieldsCompare("source.port", Relation.EQUALS, "destination.port"),
            {"source.port|fieldref": "destination.port"},
        ),
        (Leaf("g", Exists(), column="f"), {"f|exists": True}),
    ],
)
def test_nodes(node: Node, written: dict[str, Any]) -> None:
    result = of_node(node)
    assert not result.problems, problems(result)
    assert selection(node) == written


REFUSED = [
    (
        'event.ingested > "now-5m"',
        "sigma-cannot-compare-dates",
        "Sigma cannot compare the dates of `event.ingested`",
        None,
    ),
    (
        'process.name > "m"',
        "sigma-cannot-order-strings",
        "Sigma cannot compare the strings of `process.name` by order",
        None,
    ),
    (
        "acme.build: 1.2",
        "sigma-cannot-compare-versions",
        "Sigma cannot compare the versions of `acme.build`",
        None,
    ),
    (
        "acme.rows: { a: b }",
        "sigma-cannot-nested",
        "Sigma cannot say that one and the same object of `acme.rows` satisfies all of this",
        "--approximate lets different objects satisfy it",
    ),
    (
        "acme.*: bash",
        "sigma-cannot-fail",
        "Elasticsearch refuses this search, Sigma would match: failed to parse date field [bash] with format "
        "[strict_date_optional_time||epoch_millis]",
        None,
    ),
    (
        "nowhere*: bash",
        "sigma-cannot-field-pattern",
        "Sigma has no wildcard in a field's name (`nowhere*`)",
        "name the fields",
    ),
    (
        "o365.audit.Members > Kim",
        "sigma-cannot-field-pattern",
        "`o365.audit.Members` is an object of any keys, and Sigma cannot look into all of them",
        "name the key: `o365.audit.Members.…`",
    ),
    (
        "process.pid: four",
        "sigma-cannot-fail",
        'Elasticsearch refuses this search, Sigma would match: For input string: "four"',
        None,
    ),
]


@pytest.mark.parametrize(("query", "code", "message", "hint"), REFUSED, ids=[r[1] for r in REFUSED])
def test_refused_kql(query: str, code: str, message: str, hint: str | None) -> None:
    result = convert(f"event.kind: event and {query}")
    (problem,) = result.problems
    assert result.document is None
    assert (problem.code, problem.message, problem.hint) == (code, message, hint)
    assert problem.location.line == 17
    assert problem.location.column == 10 + len("event.kind: event and ")


def test_refused_with_place() -> None:
    assert problems(convert('event.kind: event and not process.name > "m"')) == (
        "rule.toml:17:36: error: Sigma cannot compare the strings of `process.name` by order "
        "[sigma-cannot-order-strings]\n"
        "  17 | query = 'event.kind: event and not process.name > \"m\"'\n"
        "     |                                    ^^^^^^^^^^^^^^^^^^"
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ('concat(process.name, "x") == "ax"', "Sigma cannot say the function `concat` of a field"),
        ('indexOf(process.name, "x") > 3', "Sigma cannot say the function `indexOf` of a field"),
        ('substring(process.name, 1, -1) == "ab"', "Sigma cannot say this `substring` of a field"),
        ("process.pid % 2 == 0", "Sigma cannot say the function `modulo` of a field"),
        ("length(process.name) > 30000", "Sigma cannot say this length: more than 20000 repetitions"),
    ],
)
def test_refused_functions(query: str, message: str) -> None:
    (problem,) = convert(f"process where {query}", "eql").problems
    assert (problem.code, problem.message) == ("sigma-cannot-function", message)


@pytest.mark.parametrize(
    ("node", "code", "message"),
    [
        (
            Leaf("a|b", Term("x")),
            "sigma-cannot-name-field",
            "Sigma reads the `|` in the field `a|b` as a modifier",
        ),
        (Leaf("f", Fuzzy("x", 1)), "sigma-cannot-fuzzy", "Sigma has no fuzzy match (`f`)"),
        (
            Leaf("f", Regex("~a", RegexSyntax.LUCENE)),
            "sigma-cannot-regex",
            "this regular expression cannot be said in Sigma: the complement `~`",
        ),
        (
            Leaf("f", Regex("a&b", RegexSyntax.LUCENE)),
            "sigma-cannot-regex",
            "this regular expression cannot be said in Sigma: the intersection `&`",
        ),
        (
            Leaf("f", Regex("(a", RegexSyntax.LUCENE)),
            "sigma-cannot-regex",
            "this regular expression cannot be said in Sigma: `(` without `)` at character 1",
        ),
        (
            Leaf("f", TokenRange("a", "b")),
            "sigma-cannot-order-strings",
            "Sigma cannot compare the strings of `f` by order",
        ),
        (Leaf("f", NumberIs(float("inf"))), "sigma-cannot-number", "Sigma has no number inf"),
        (
            FieldsCompare("a", Relation.LESS, "b"),
            "sigma-cannot-order-fields",
            "Sigma cannot say that `a` < `b`",
        ),
        (AnyField(Exists()), "sigma-cannot-free-text", "Sigma's keywords know text only"),
        (
            AtLeast(10, tuple(Leaf(f"f{n}", Exists()) for n in range(20))),
            "sigma-cannot-count-clauses",
            "Sigma cannot say at least 10 of 20",
        ),
    ],
)
def test_refused_nodes(node: Node, code: str, message: str) -> None:
    result = of_node(node)
    assert result.document is None
    assert [(p.code, p.message) for p in result.problems] == [(code, message)]


@pytest.mark.parametrize(
    ("query", "code", "message", "written"),
    [
        (
            'message: "access denied"',
            "approximate-analysed-text",
            "`message` is analysed text: Elasticsearch looks for words, Sigma for a part of the text",
            {"message|contains": "access*denied"},
        ),
        (
            "denied",
            "approximate-keywords",
            "a value without a field: Sigma's keywords look for it anywhere in the event's text",
            ["denied"],
        ),
        (
            "file.extension > 1",
            "approximate-order",
            "`file.extension` is text: Elasticsearch puts `10` before `2`, Sigma compares numbers",
            {"file.extension|gt": 1},
        ),
        (
            "o365.audit.Members: *Kim*",
            "approximate-flattened",
            "`o365.audit.Members` is an object of any keys: Sigma's keywords look for the value anywhere in the event",
            {"|cased": ["Kim"]},
        ),
        (
            "o365.audit.Members: Kim.Lee",
            "approximate-flattened",
            "`o365.audit.Members` is an object of any keys: Sigma's keywords look for the value anywhere in the event",
            {"|re|s": ["^Kim\\.Lee$"]},
        ),
    ],
)
def test_approximate(query: str, code: str, message: str, written: Any) -> None:
    result = convert(query)
    assert result.approximate
    assert [(p.code, p.message) for p in result.problems] == [(code, message)]
    assert detection(result)["selection"] == written


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (
            Leaf("f", NumberRange(1, 9)),
            "where `f` holds several numbers, Sigma lets one meet the lower and another the upper bound",
        ),
        (
            FieldsCompare("a", Relation.ENDSWITH, "b"),
            "Sigma does not say whether case counts between `a` and `b`",
        ),
        (
            Leaf("f", Term("x"), null_value="x"),
            "the mapping puts `x` in the place of null in `f`, Sigma sees null",
        ),
        (
            Leaf("f", TokenRegex("a.b")),
            "`f` is analysed text: Elasticsearch looks for words, Sigma for a part of the text",
        ),
    ],
)
def test_approximate_nodes(node: Node, message: str) -> None:
    result = of_node(node)
    assert result.approximate
    assert [p.message for p in result.problems] == [message]


def test_functions_of_an_array_look_at_every_value() -> None:
    assert not convert("process where length(process.args) > 3", "eql").problems
    result = convert('process where substring(process.args, 0, 2) != "ab"', "eql")
    assert [(p.code, p.message) for p in result.problems] == [
        (
            "approximate-list",
            "of several values of `process.args` Elasticsearch wants one that passes all of this, "
            "Sigma lets each part have its own",
        )
    ]


def test_nested_flattened_when_asked() -> None:
    result = convert("acme.rows: { a: b and c: d }", approximate=True)
    assert [p.code for p in result.problems] == ["approximate-nested"]
    assert detection(result)["selection"] == {"acme.rows.a|cased": "b", "acme.rows.c|cased": "d"}


def test_at_least() -> None:
    node = AtLeast(2, tuple(Leaf(name, Term("1")) for name in "abc"))
    assert selection(node) == [{"a": "1", "b": "1"}, {"a": "1", "c": "1"}, {"b": "1", "c": "1"}]
    assert detection(of_node(Or(())))["condition"] == "no_event and not no_event"
