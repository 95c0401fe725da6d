"""What pySigma's Elasticsearch backends are known to get wrong: each fault with what it does and a detector.

A verdict of a derived form that differs is explained by a fault that its text shows. `tests/converters/` runs the
backends for every entry and fails when a fault is gone, so that the table shrinks with their mends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from samefire.fields import FieldTypes
from samefire.languages.sigma_tree import Both, CorrelationDocument, Definition, Either, Item
from samefire.source import Source


@dataclass(frozen=True, slots=True)
class Seen:
    """What a detector looks at: the items and correlations of a Sigma text, the query made of it, and the types
    of fields."""

    items: tuple[Item, ...]
    correlations: tuple[CorrelationDocument, ...]
    query: str
    fields: FieldTypes


@dataclass(frozen=True, slots=True)
class Fault:
    """One known fault, and the languages whose backend has it."""

    code: str
    message: str
    languages: tuple[str, ...]
    shows: Callable[[Seen], bool] = field(repr=False)


def faults_of(language: str, text: str, query: str, fields: FieldTypes) -> list[Fault]:
    """The faults that the query of a Sigma text shows."""
    from samefire.languages import sigma

    documents = sigma.parse(Source("<sigma>", text)).documents
    correlations = tuple(d for d in documents if isinstance(d, CorrelationDocument))
    searches = [d.search for d in documents if not isinstance(d, CorrelationDocument)]
    items = tuple(item for one in searches for _, below in one.names for item in _items(below))
    seen = Seen(items, correlations, query, fields)
    return [fault for fault in FAULTS if language in fault.languages and fault.shows(seen)]


def _items(definition: Definition) -> Iterator[Item]:
    match definition:
        case Item():
            yield definition
        case Both(items=items):
            yield from items
        case Either(children=children):
            for child in children:
                yield from _items(child)


# ---- what detectors look for ------------------------------------------------------------------------

_PLACES = {"contains", "startswith", "endswith"}
_PARTS = {"minute", "hour", "day", "week", "month", "year"}
_TYPED = {"re", "cidr", "exists", "fieldref", "lt", "lte", "gt", "gte"} | _PARTS
_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\[*?]")
_WILD = re.compile(r"(?<!\\)(?:\\\\)*[*?]")


def _any(test: Callable[[Item], bool]) -> Callable[[Seen], bool]:
    return lambda seen: any(map(test, seen.items))


def _query(pattern: str) -> Callable[[Seen], bool]:
    """The query, outside its quoted strings, has a part like this."""
    return lambda seen: re.search(pattern, re.sub(r'"(?:[^"\\]|\\.)*"', '""', seen.query)) is not None


def _correlated(*types: str) -> Callable[[Seen], bool]:
    return lambda seen: any(c.type in types for c in seen.correlations)


def _strings(item: Item) -> list[str]:
    return [] if _TYPED & set(item.modifiers) else [v for v in item.values if isinstance(v, str)]


def _folded(item: Item) -> bool:
    """A value whose letters may have any case."""
    return "cased" not in item.modifiers and any(c.isalpha() for value in _strings(item) for c in value)


def _wild(item: Item) -> bool:
    return bool(_PLACES & set(item.modifiers)) or any(map(_WILD.search, _strings(item)))


def _escaped(item: Item) -> bool:
    return any(map(_ESCAPED.search, _strings(item)))


def _cased(item: Item) -> bool:
    return "cased" in item.modifiers


def _regex(item: Item) -> bool:
    return "re" in item.modifiers


def _number(item: Item) -> bool:
    if {"lt", "lte", "gt", "gte"} & set(item.modifiers):
        return True
    return not _TYPED & set(item.modifiers) and any(isinstance(v, bool | int | float) for v in item.values)


def _quoted_regex(item: Item) -> bool:
    return _regex(item) and any('"' in str(value) for value in item.values)


def _like_backslash(seen: Seen) -> bool:
    patterns = re.findall(r'\blike ("(?:[^"\\]|\\.)*")', seen.query)
    return any("\\" in pattern for pattern in patterns)


def _flattened(seen: Seen) -> bool:
    kinds = (seen.fields.get(item.field) for item in seen.items if item.field)
    return any(kind is not None and kind.type.startswith("flattened") for kind in kinds)


def _text(seen: Seen) -> bool:
    kinds = (seen.fields.get(item.field) for item in seen.items if item.field)
    return any(kind is not None and kind.type in ("text", "match_only_text") for kind in kinds)


def _not_at_least(seen: Seen) -> bool:
    """A count whose condition is not `gte` a number of at least two."""
    counted = [c for c in seen.correlations if c.type == "event_count"]
    return any([op for op, _ in c.comparisons] != ["gte"] or c.comparisons[0][1] < 2 for c in counted)


FAULTS: tuple[Fault, ...] = (
    Fault(
        "case",
        "letter case counts, where values in Sigma are caseless",
        ("lucene", "esql"),
        _any(_folded),
    ),
    Fault(
        "cased-list",
        "`cased` is dropped from a list of values",
        ("lucene", "eql"),
        _any(lambda item: _cased(item) and len(item.values) > 1),
    ),
    Fault(
        "cased-wildcard",
        "wildcards beside `cased` are compared as if they were letters",
        ("eql",),
        _any(lambda item: _cased(item) and _wild(item)),
    ),
    Fault(
        "escaped-wildcard",
        "an escaped wildcard becomes an escape that the language does not have",
        ("eql", "esql"),
        _any(_escaped),
    ),
    Fault(
        "like-backslash",
        "a backslash in a pattern of `like` is escaped once instead of twice",
        ("esql",),
        _like_backslash,
    ),
    Fault(
        "regex-anchored",
        "a regular expression must fit the whole value, and `^` and `$` stand for themselves",
        ("lucene", "eql", "esql"),
        _any(_regex),
    ),
    Fault(
        "regex-caseless",
        "a regular expression is matched without letter case",
        ("eql",),
        _any(lambda item: _regex(item) and not {"i", "ignorecase"} & set(item.modifiers)),
    ),
    Fault(
        "regex-quote",
        "a quotation mark in a regular expression ends the string",
        ("eql",),
        _any(_quoted_regex),
    ),
    Fault(
        "field-name",
        "signs in the name of a field are read as operators",
        ("lucene", "eql"),
        _any(lambda item: re.search(r"[^\w.@*\s-]", item.field or "") is not None),
    ),
    Fault(
        "field-number",
        "a part of a field's name that begins with a digit is not quoted",
        ("eql", "esql"),
        _any(lambda item: re.search(r"\.\d", item.field or "") is not None),
    ),
    Fault(
        "line-break",
        "a line break in a value breaks the string",
        ("eql", "esql"),
        _any(lambda item: any("\n" in value for value in _strings(item))),
    ),
    Fault(
        "angle-bracket",
        "a value that begins with `<` or `>` is read as a range: Lucene has no escape for these",
        ("lucene",),
        _any(lambda item: any(value.startswith(("<", ">")) for value in _strings(item))),
    ),
    Fault(
        "text-field",
        "an analysed text is compared as a whole, which EQL refuses",
        ("eql",),
        _text,
    ),
    Fault(
        "colon-number",
        "a number or a flag is compared with `:` or `like~`, which take strings",
        ("eql",),
        _query(r":(?:-?\d|true\b|false\b)|like~ \((?:[^()]*, )?(?:-?\d|true\b|false\b)"),
    ),
    Fault(
        "or-not",
        "`OR NOT` is written without brackets: Lucene excludes there instead of choosing",
        ("lucene",),
        _query(r"\bOR \(?NOT\b|\(NOT [^()]*\bOR\b"),
    ),
    Fault(
        "keywords",
        "a keyword without a field stands alone in the query, which is no EQL",
        ("eql",),
        _any(lambda item: item.field is None),
    ),
    Fault(
        "keyword-fields",
        "a keyword without a field is searched as a pattern of single words",
        ("lucene",),
        _any(lambda item: item.field is None),
    ),
    Fault(
        "date-part",
        "how a part of the date is compared is dropped",
        ("lucene", "eql", "esql"),
        _any(lambda item: bool(_PARTS & set(item.modifiers))),
    ),
    Fault(
        "missing",
        "an event without the field is excluded by `not`, since its comparison is null",
        ("esql",),
        _query(r"(?i)\bnot\b|!="),
    ),
    Fault(
        "flattened",
        "ES|QL has no access to flattened fields",
        ("esql",),
        _flattened,
    ),
    Fault(
        "flattened-case",
        "values of flattened fields are compared without letter case, which Elasticsearch refuses",
        ("eql",),
        lambda seen: _flattened(seen) and _any(_folded)(seen),
    ),
    Fault(
        "typed",
        "a number or a flag is compared as such, and not with a column that holds texts",
        ("esql",),
        _any(_number),
    ),
    Fault(
        "buckets",
        "events are counted in fixed parts of time instead of a window that slides",
        ("esql",),
        lambda seen: bool(seen.correlations),
    ),
    Fault(
        "temporal-span",
        "the timespan of `temporal` is dropped",
        ("eql",),
        _correlated("temporal"),
    ),
    Fault(
        "temporal-ordered",
        "`by  with runs=2` is put behind the last stage, which is no EQL",
        ("eql",),
        lambda seen: _correlated("temporal_ordered")(seen) and "by  with runs=" in seen.query,
    ),
    Fault(
        "value-count",
        "`value_count` becomes a sequence of one value, instead of so many different ones",
        ("eql",),
        _correlated("value_count"),
    ),
    Fault(
        "event-count",
        "every condition of `event_count` becomes `at least`, and one event is no sequence",
        ("eql",),
        _not_at_least,
    ),
)
