"""A Sigma rule, the rule file made of it, and the Sigma written from that file say the same of every event."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from samefire.engine.events import Events
from samefire.engine.match import match
from samefire.engine.regex import lucene, pcre
from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.importing.text import toml_text
from samefire.query.ast import Fold, Node, Regex, RegexSyntax
from samefire.query.detection import EventQuery
from samefire.rule import load
from samefire.sigma_import import import_sigma
from samefire.sigma_import.losses import Unsayable
from samefire.sigma_import.regex import whole_value
from samefire.source import Source
from tests.conftest import examples

pytestmark = pytest.mark.property

FIELDS = FieldTypes({})
NAMES = ["Image", "c-uri", "a.b", "EventID", "my field", "and"]
WORDS = [
    "cmd.exe",
    "CMD.EXE",
    "x",
    "\\temp\\",
    "a*b",
    "a\\*b",
    "?",
    "4624",
    "true",
    "'\"",
    "-enc",
    "",
    "a b",
    "{x}",
]

values = st.one_of(st.sampled_from(WORDS), st.sampled_from([0, 80, 4624, True]))
plain = st.one_of(values, st.none(), st.lists(values, min_size=1, max_size=3))
texts = st.sampled_from([word for word in WORDS if word])
items = st.one_of(
    st.tuples(st.sampled_from(NAMES), plain),
    st.tuples(
        st.builds(
            "|".join,
            st.tuples(
                st.sampled_from(NAMES),
                st.sampled_from(["contains", "startswith", "endswith", "contains|cased"]),
            ),
        ),
        st.one_of(texts, st.lists(texts, min_size=1, max_size=3)),
    ),
    st.tuples(
        st.sampled_from(["Image|contains|all", "a.b|contains|all"]), st.lists(texts, min_size=2, max_size=3)
    ),
    st.tuples(st.sampled_from(["EventID|gte", "EventID|lt"]), st.sampled_from([80, 1.5, 4624])),
    st.tuples(st.just("Image|cased"), texts),
    st.tuples(st.just("a.b|exists"), st.booleans()),
    st.tuples(
        st.sampled_from(["Image|re", "Image|re|i"]),
        st.sampled_from(["^c.d", "(x|cmd)$", "[a-c]\\*?b", "\\d+"]),
    ),
)
selections = st.lists(items, min_size=1, max_size=3).map(dict)
CONDITIONS = ["s", "not s", "s and not t", "s or not t", "1 of *", "not (s or t)", "not (s and t)"]
rules = st.builds(
    lambda s, t, condition: {
        "title": "A rule",
        "logsource": {"category": "test"},
        "detection": {"s": s, "t": t, "condition": condition},
    },
    selections,
    selections,
    st.sampled_from(CONDITIONS),
)
SCALARS = [*WORDS, "CMD.exe", "xcmd", "a*B", "a\\*b", 80, 4624, 81, True, "80", "cxd", "zzb"]
NUMBERS = [80, 4624, 81, "80", 1.5]  # a field that is compared as a number holds numbers
events = st.fixed_dictionaries(
    {},
    optional={name: st.sampled_from(NUMBERS if name == "EventID" else SCALARS) for name in NAMES},
)


def where(detection: Any) -> Node:
    assert isinstance(detection.body, EventQuery)
    return detection.body.where


@examples(150)
@given(rules, st.lists(events, min_size=1, max_size=6))
def test_the_same_verdicts_before_and_after(rule: dict[str, Any], found: list[dict[str, Any]]) -> None:
    text = yaml.safe_dump(rule, sort_keys=False)
    (one,) = import_sigma(Source("x.yml", text), "2026/01/01")
    assert one.tables is not None
    made = load(Source("x.toml", toml_text(one.tables)))
    nodes = [where(converters()["sigma"].read(text, FIELDS))]
    for form in (converters()["elastic"], converters()["sigma"]):
        written = form.write(made, FIELDS, Options())
        assert written.document is not None, written.problems
        nodes.append(where(form.read(written.document.text, FIELDS)))
    before, elastic, sigma = match(nodes, Events.of(found)).ordinals
    assert (sorted(elastic), sorted(sigma)) == (sorted(before), sorted(before)), made.contents["query"]


atoms = st.sampled_from(
    ["a", "b", "1", ".", "[ab]", "[^a]", "\\.", "\\d", "\\w", "\\s", "\\W", "-", "[\\s\\S]", '"']
)
patterns = st.recursive(
    atoms,
    lambda below: st.one_of(
        st.tuples(below, below).map("".join),
        st.tuples(below, below).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(below, below).map(lambda pair: f"(?:{pair[0]}|{pair[1]}|)"),
        below.map(lambda part: f"(?:{part})*"),
        below.map(lambda part: f"({part}){{1,3}}?"),
        below.map(lambda part: f"^{part}"),
        below.map(lambda part: f"{part}$"),
        below.map(lambda part: f"\\b{part}"),
    ),
    max_leaves=6,
)
strings = st.text(st.sampled_from('ab1-. \n"B'), max_size=6)


@examples(300)
@given(patterns, st.booleans(), st.booleans(), st.booleans(), st.lists(strings, min_size=1, max_size=8))
def test_an_expression_fits_the_values_in_which_it_finds_something(
    pattern: str, fold: bool, multiline: bool, dotall: bool, found: list[str]
) -> None:
    folds = Fold.UNICODE if fold else Fold.NONE
    test = Regex(pattern, RegexSyntax.PCRE, folds, multiline, dotall)
    try:
        whole, spelled = whole_value(test), whole_value(test, spell=True)
    except Unsayable:
        return
    searched = pcre(pattern, folds, multiline=multiline, dotall=dotall)
    wanted = [searched(value) for value in found]
    assert [lucene(whole, Fold.ASCII if fold else Fold.NONE)(value) for value in found] == wanted
    assert [lucene(spelled, Fold.NONE)(value) for value in found] == wanted
