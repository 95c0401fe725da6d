"""Every fault that is known of pySigma's backends is still there, and is told of the text that shows it.

When one of these tests fails, the backend was mended (or broken otherwise): look, and take the entry out of
`converters/_pysigma_faults.py`.
"""

from __future__ import annotations

import importlib

import pytest

from samefire.fields import FieldTypes
from samefire.forms import Options

pysigma = importlib.import_module("samefire.converters._pysigma")
faults = importlib.import_module("samefire.converters._pysigma_faults")

HEAD = "title: x\nname: x\nlogsource: {category: test}\ntaxonomy: ecs\n"
OTHER = (
    "title: y\nname: y\nlogsource: {category: test}\ntaxonomy: ecs\ndetection: {s: {b: 2}, condition: s}\n"
)
FLATTENED = FieldTypes.known().with_fields({"flat": "flattened"})


def rule(selection: str, condition: str = "s") -> str:
    return f"{HEAD}detection:\n  s: {selection}\n  t: {{d: 1}}\n  condition: {condition}\n"


def correlation(kind: str, condition: str, rules: str = "[x]") -> str:
    section = f"{{type: {kind}, rules: {rules}, group-by: [g], timespan: 5m, condition: {condition}}}"
    if not condition:
        section = section.replace(", condition: ", "")
    other = f"---\n{OTHER}" if "y" in rules else ""
    return f"title: z\ncorrelation: {section}\n---\n{rule('{a: 1}')}{other}"


EXAMPLES = [
    ("case", "lucene", rule("{f: Abc}"), "f:Abc"),
    ("case", "esql", rule("{f: Abc}"), 'f=="Abc"'),
    ("cased-list", "lucene", rule("{'f|cased': [Abc, Def]}"), "f:(Abc OR Def)"),
    ("cased-list", "eql", rule("{'f|cased': [Abc, Def]}"), 'f like~ ("Abc", "Def")'),
    ("cased-wildcard", "eql", rule("{'f|contains|cased': Abc}"), 'f == "*Abc*"'),
    ("escaped-wildcard", "eql", rule(r"{f: 'a\*b'}"), r'"a\*b"'),
    ("escaped-wildcard", "esql", rule(r"{f: 'a\*b'}"), r'"a\*b"'),
    ("like-backslash", "esql", rule(r"{f: 'a\\b*c'}"), r'like "a\\b*c"'),
    ("regex-anchored", "lucene", rule("{'f|re': '^ab$'}"), "f:/^ab$/"),
    ("regex-anchored", "eql", rule("{'f|re': '^ab$'}"), 'regex~ "^ab$"'),
    ("regex-anchored", "esql", rule("{'f|re': '^ab$'}"), 'rlike "^ab$"'),
    ("regex-caseless", "eql", rule("{'f|re': 'Ab'}"), 'regex~ "Ab"'),
    ("regex-quote", "eql", rule("{'f|re': 'a\"b'}"), 'regex~ "a"b"'),
    ("field-name", "lucene", rule("{'a.b/c': '1'}"), "a.b/c:1"),
    ("field-name", "eql", rule("{'a.b/c': '1'}"), 'a.b/c:"1"'),
    ("field-number", "eql", rule("{a.0.b: '1'}"), 'a.0.b:"1"'),
    ("field-number", "esql", rule("{a.0.b: '1'}"), 'a.0.b=="1"'),
    ("line-break", "eql", rule(r'{f: "a\nb"}'), '"a\\\nb"'),
    ("line-break", "esql", rule(r'{f: "a\nb"}'), '"a\nb"'),
    ("angle-bracket", "lucene", rule("{f: '>1'}"), r"f:\>1"),
    ("flattened-case", "eql", rule("{flat.a: Abc}"), 'flat.a:"Abc"'),
    ("typed", "esql", rule("{f: 23}"), "f==23"),
    ("text-field", "eql", rule("{message: '1'}"), 'message:"1"'),
    ("colon-number", "eql", rule("{f: 23}"), "f:23"),
    ("colon-number", "eql", rule("{f: [ab, 23]}"), 'f like~ ("ab", 23)'),
    ("or-not", "lucene", rule("{f: '1'}", "s or not t"), "f:1 OR (NOT d:1)"),
    ("keywords", "eql", rule("['a b', 'c']"), 'any where "a b" or "c"'),
    ("keyword-fields", "lucene", rule("['a b']"), r"*a\ b*"),
    ("date-part", "lucene", rule("{'f|hour|gte': 20}"), "f:>=20"),
    ("date-part", "eql", rule("{'f|hour|gte': 20}"), "f >= 20"),
    ("date-part", "esql", rule("{'f|hour|gte': 20}"), "f>=20"),
    ("missing", "esql", rule("{f: '1'}", "s and not t"), "not d==1"),
    ("flattened", "esql", rule("{flat.a: '1'}"), 'flat.a=="1"'),
    ("buckets", "esql", correlation("event_count", "{gte: 3}"), "date_trunc(5minutes, @timestamp)"),
    ("temporal-span", "eql", correlation("temporal", "", "[x, y]"), "sample by g"),
    ("temporal-ordered", "eql", correlation("temporal_ordered", "", "[x, y]"), "by  with runs="),
    ("value-count", "eql", correlation("value_count", "{field: v, gte: 3}"), "by v with runs=3"),
    ("event-count", "eql", correlation("event_count", "{lt: 3}"), "with runs=3"),
]


def query(language: str, text: str) -> str:
    form = importlib.import_module(f"samefire.converters.sigma_{language}").converter
    made: str = pysigma.query_of(text, form, Options())
    return made


@pytest.mark.parametrize(
    ("code", "language", "text", "part"), EXAMPLES, ids=lambda v: str(v).split("\n")[0][:30]
)
def test_the_fault_is_there_and_is_seen(code: str, language: str, text: str, part: str) -> None:
    made = query(language, text)
    assert part in made
    assert code in {fault.code for fault in faults.faults_of(language, text, made, FLATTENED)}


def test_every_fault_has_an_example_in_every_language() -> None:
    known = {(fault.code, language) for fault in faults.FAULTS for language in fault.languages}
    assert known == {(code, language) for code, language, _, _ in EXAMPLES}


@pytest.mark.parametrize("language", ["lucene", "eql", "esql"])
def test_a_plain_text_shows_none(language: str) -> None:
    text = rule("{f: '1', 'g|cidr': 10.0.0.0/8}").replace("t: {d: 1}", "t: {d: '1'}")
    assert faults.faults_of(language, text, query(language, text), FLATTENED) == []
