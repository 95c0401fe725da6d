"""The Query DSL of Elasticsearch to the query tree: clauses, and the queries that ask one field.

One method for each kind of query; those made of other queries are in `compound.py`, those on several fields in
`fulltext.py`. What a clause asks of a type of field is said in `samefire.query.typed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from samefire.fields import FieldTypes
from samefire.languages.dsl.counting import enough_of, minimum_should_match
from samefire.languages.dsl.options import Notes, Options, Path
from samefire.query import typed, values
from samefire.query.anywhere import fields_like
from samefire.query.ast import Fails, Fold, Node, Or, Pattern, Wild
from samefire.source import Span

Json = Mapping[str, Any]

MAX_DEPTH = 150
"""Keys and list places down to a clause: some fifty bool queries (Elasticsearch allows thirty)."""
_DEPTH_HINT = "Elasticsearch allows 30 queries inside each other"

_FORMATS = frozenset(
    {
        "strict_date_optional_time||epoch_millis",
        "strict_date_optional_time",
        "date_optional_time",
        "epoch_millis",
    }
)
_DATED = frozenset({"date", "date_nanos", "dynamic"})
_UTC = frozenset({"zulu", "utc", "z", "gmt", "+00:00", "+0000", "+00", "etc/utc", "universal"})
_BOUNDS = {"gt": ("low", False), "gte": ("low", True), "lt": ("high", False), "lte": ("high", True)}


class Clauses:
    """Lowers clauses with one table of field types. `within` is the nested path that a clause stands in."""

    def __init__(self, fields: FieldTypes, notes: Notes) -> None:
        self.fields = fields
        self.notes = notes

    def clause(self, clause: object, path: Path, within: str | None) -> Node:
        """One clause: an object with one key, the kind of query."""
        if len(path) > MAX_DEPTH:
            self.notes.add("dsl-too-deep", "too many queries inside each other", path, _DEPTH_HINT)
            return typed.nothing()
        if not isinstance(clause, Mapping):
            self.notes.bad_value(path, "a query object", clause)
            return typed.nothing()
        if len(clause) != 1:
            names = ", ".join(f"`{name}`" for name in clause) or "none"
            self.notes.add("dsl-malformed", f"a clause has one kind of query, here are {names}", path)
            return typed.nothing()
        name, body = next(iter(clause.items()))
        reader = readers().get(name)
        if reader is None:
            self.notes.unknown("query", str(name), readers(), (*path, name))
            return typed.nothing()
        if not isinstance(body, Mapping):
            self.notes.bad_value((*path, name), "an object", body)
            return typed.nothing()
        return reader(self, body, (*path, name), within)

    # ---- parts of queries

    def enough(self, options: Options, optional: int, default: int) -> int:
        """How many of the optional clauses must match."""
        if options.get("minimum_should_match") is None:
            return min(default, optional)
        spec = options.get("minimum_should_match")
        count = minimum_should_match(spec, optional)
        if count is None:
            self.notes.bad_value((*options.path, "minimum_should_match"), "a number or a percentage", spec)
        return count or 0

    def clauses(self, body: Json, key: str, path: Path, within: str | None) -> list[Node]:
        """The clauses of one part of a bool query: a list, or one alone."""
        part = body.get(key, [])
        if isinstance(part, list):
            return [self.clause(clause, (*path, key, at), within) for at, clause in enumerate(part)]
        return [self.clause(part, (*path, key), within)]

    def with_nested(self, name: str) -> FieldTypes | None:
        """The fields, `name` nested among them: a path that nothing is known of is taken at its word."""
        listed = self.fields.resolve(name)
        if listed is not None and listed.type == "nested":
            return self.fields
        if listed is not None and listed.type == "dynamic":
            return self.fields.with_fields({name: "nested"})
        return None

    # ---- queries on one field

    def field(
        self, body: Json, path: Path, value_names: tuple[str, ...], known: tuple[str, ...]
    ) -> tuple[str, Any, Options] | None:
        """(field, value, options) of `{field: value}` or `{field: {value_name: value, …}}`."""
        names = [name for name in body if name not in ("boost", "_name") or isinstance(body[name], Mapping)]
        if len(names) != 1:
            self.notes.add("dsl-malformed", f"`{path[-1]}` asks one field, here are {len(names)}", path)
            return None
        name = str(names[0])
        inner = body[name]
        if not isinstance(inner, Mapping):
            return name, inner, Options(self.notes, {}, (*path, name), ())
        options = Options(self.notes, inner, (*path, name), (*value_names, *known))
        given = [inner[key] for key in value_names if key in inner]
        if not given:
            self.notes.add(
                "dsl-malformed", f"`{path[-1]}` on `{name}` has no `{value_names[0]}`", (*path, name)
            )
            return None
        return name, given[0], options

    def scalar(self, value: object, path: Path) -> typed.Scalar | None:
        """A value that a field can be asked for; lists and objects are refused, null is None."""
        if value is None or isinstance(value, str | int | float):
            return value
        self.notes.bad_value(path, "a text, a number, true or false", value)
        return None

    def text(self, value: object, path: Path) -> str | None:
        scalar = self.scalar(value, path)
        return None if scalar is None else values.text(scalar)

    def missing(self, path: Path, value: object, query: str) -> Node:
        """A null where a value must be: Elasticsearch refuses the search."""
        return Fails(f"[{query}] requires a value, not null", self.notes.place(path))

    def match(self, body: Json, path: Path, within: str | None) -> Node:
        """`match`: any token of an analysed field, the value of another one."""
        known = ("operator", "minimum_should_match", "zero_terms_query", "lenient", *_ANALYSIS, *_FUZZY)
        found = self.field(body, path, ("query",), (*known, "auto_generate_synonyms_phrase_query"))
        if found is None:
            return typed.nothing()
        name, value, options = found
        options.refuse(*_ANALYSIS, *_FUZZY)
        plain = self.scalar(value, options.path)
        if plain is None:
            return self.missing(path, value, "match")
        every = options.word("operator", "or", ("and", "or")) == "and"
        lenient = options.flag("lenient")
        span = self.notes.place(path)
        node = typed.match(name, self.fields, plain, span, every=every, lenient=lenient, within=within)
        return self.matched(node, options, span)

    def matched(self, node: Node, options: Options, span: Span) -> Node:
        """What `zero_terms_query` and `minimum_should_match` make of the tokens of a `match`."""
        if node == Or(()) and options.word("zero_terms_query", "none", ("none", "all")) == "all":
            return typed.everything(span)
        if "minimum_should_match" in options and isinstance(node, Or) and node.children:
            parts = enough_of(list(node.children), self.enough(options, len(node.children), 1), span)
            return parts[0] if parts else node
        return node

    def match_phrase(self, body: Json, path: Path, within: str | None) -> Node:
        """`match_phrase`: the tokens in order."""
        return self.phrase(body, path, within, False)

    def match_phrase_prefix(self, body: Json, path: Path, within: str | None) -> Node:
        """`match_phrase_prefix`: the tokens in order, the last one as a beginning."""
        return self.phrase(body, path, within, True)

    def phrase(self, body: Json, path: Path, within: str | None, is_prefix: bool) -> Node:
        known = ("slop", "zero_terms_query", "analyzer", *(("max_expansions",) if is_prefix else ()))
        found = self.field(body, path, ("query",), known)
        if found is None:
            return typed.nothing()
        name, value, options = found
        options.refuse("analyzer")
        plain = self.scalar(value, options.path)
        if plain is None:
            return self.missing(path, value, str(path[-1]))
        span = self.notes.place(path)
        slop = options.number("slop")
        if slop < 0:
            return Fails("No negative slop allowed.", span)
        node = typed.phrase(name, self.fields, plain, span, slop=slop, is_prefix=is_prefix, within=within)
        return self.matched(node, options, span)

    def term(self, body: Json, path: Path, within: str | None) -> Node:
        """`term`: the value as it is indexed."""
        found = self.field(body, path, ("value", "term"), ("case_insensitive",))
        if found is None:
            return typed.nothing()
        name, value, options = found
        plain = self.scalar(value, options.path)
        if plain is None:
            return self.missing(path, value, "term")
        return typed.term(
            name, self.fields, plain, self.notes.place(path), fold=_fold(options), within=within
        )

    def terms(self, body: Json, path: Path, within: str | None) -> Node:
        """`terms`: any of a list of values."""
        names = [name for name in body if name not in ("boost", "_name")]
        if len(names) != 1:
            self.notes.add("dsl-malformed", f"`terms` asks one field, here are {len(names)}", path)
            return typed.nothing()
        name = str(names[0])
        wanted = body[name]
        if isinstance(wanted, Mapping):
            self.notes.unsupported((*path, name), "a lookup in another index")
            return typed.nothing()
        if not isinstance(wanted, list):
            self.notes.bad_value((*path, name), "a list of values", wanted)
            return typed.nothing()
        plain = [self.scalar(value, (*path, name, at)) for at, value in enumerate(wanted)]
        if None in plain:
            return self.missing(path, None, "terms")
        given = [value for value in plain if value is not None]
        return typed.terms(name, self.fields, given, self.notes.place(path), within=within)

    def wildcard(self, body: Json, path: Path, within: str | None) -> Node:
        """`wildcard`: the whole value fits `*` and `?`; a backslash makes the next character literal."""
        found = self.field(body, path, ("value", "wildcard"), ("case_insensitive", "rewrite"))
        if found is None:
            return typed.nothing()
        name, value, options = found
        text = self.text(value, options.path)
        if text is None:
            return self.missing(path, value, "wildcard")
        span = self.notes.place(path)
        return typed.wildcard(name, self.fields, pattern(text), span, fold=_fold(options), within=within)

    def prefix(self, body: Json, path: Path, within: str | None) -> Node:
        """`prefix`: the value starts with the text."""
        found = self.field(body, path, ("value",), ("case_insensitive", "rewrite"))
        if found is None:
            return typed.nothing()
        name, value, options = found
        text = self.text(value, options.path)
        if text is None:
            return self.missing(path, value, "prefix")
        return typed.prefix(
            name, self.fields, text, self.notes.place(path), fold=_fold(options), within=within
        )

    def regexp(self, body: Json, path: Path, within: str | None) -> Node:
        """`regexp`: Lucene's regular expression fits the whole value."""
        known = ("case_insensitive", "flags", "max_determinized_states", "rewrite")
        found = self.field(body, path, ("value",), known)
        if found is None:
            return typed.nothing()
        name, value, options = found
        text = self.text(value, options.path)
        if text is None:
            return self.missing(path, value, "regexp")
        flags = str(options.get("flags") or "ALL").upper()
        if unknown := [flag for flag in flags.split("|") if flag not in _REGEX_FLAGS]:
            return Fails(f"Unknown regexp flag [{unknown[0]}]", self.notes.place(path))
        if reason := typed.unreadable(text):  # also where nobody would be asked
            return Fails(reason, self.notes.place(path))
        if flags != "ALL" and any(c in text for c in '~&@<>#"'):
            options.refuse("flags")
        return typed.regexp(
            name, self.fields, text, self.notes.place(path), fold=_fold(options), within=within
        )

    def fuzzy(self, body: Json, path: Path, within: str | None) -> Node:
        """`fuzzy`: a value or token a few steps away."""
        known = ("fuzziness", "prefix_length", "max_expansions", "transpositions", "rewrite")
        found = self.field(body, path, ("value",), known)
        if found is None:
            return typed.nothing()
        name, value, options = found
        text = self.text(value, options.path)
        if text is None:
            return self.missing(path, value, "fuzzy")
        if "transpositions" in options and not options.flag("transpositions"):
            options.refuse("transpositions")
        auto = str(options.get("fuzziness") or "AUTO").upper() == "AUTO"
        edits = None if auto else options.number("fuzziness", 2)
        beginning = options.number("prefix_length")
        span = self.notes.place(path)
        if edits is not None and edits not in (0, 1, 2):
            return Fails(f"Valid edit distances are [0, 1, 2] but was [{edits}]", span)
        return typed.fuzzy(name, self.fields, text, span, edits=edits, prefix_length=beginning, within=within)

    def range(self, body: Json, path: Path, within: str | None) -> Node:
        """`range`: between two bounds, each given once; null is open."""
        names = [name for name in body if name not in ("boost", "_name")]
        if len(names) != 1 or not isinstance(body[names[0]], Mapping):
            self.notes.add("dsl-malformed", "`range` asks one field, with its bounds in an object", path)
            return typed.nothing()
        name = str(names[0])
        inner = body[name]
        at = (*path, name)
        older = ("from", "to", "include_lower", "include_upper")
        options = Options(self.notes, inner, at, (*_BOUNDS, *older, "format", "time_zone", "relation"))
        bounds: dict[str, Any] = {}
        if "from" in options or "include_lower" in options:
            bounds |= {"low": self.scalar(inner.get("from"), (*at, "from"))}
            bounds["low_inclusive"] = "include_lower" not in options or options.flag("include_lower")
        if "to" in options or "include_upper" in options:
            bounds |= {"high": self.scalar(inner.get("to"), (*at, "to"))}
            bounds["high_inclusive"] = "include_upper" not in options or options.flag("include_upper")
        for key in inner:  # of two bounds at one end the later one counts
            if key in _BOUNDS:
                end, inclusive = _BOUNDS[key]
                bounds |= {end: self.scalar(inner[key], (*at, key)), f"{end}_inclusive": inclusive}
        self.dated(name, options)
        relation = options.get("relation")
        if relation is not None and str(relation).upper() not in _RELATIONS:
            return Fails(f"{relation} is not a valid relation", self.notes.place(path))
        return typed.range_(name, self.fields, self.notes.place(path), within=within, **bounds)

    def dated(self, name: str, options: Options) -> None:
        """Refuse formats and time zones that would change how the dates of a range are read."""
        listed = self.fields.resolve(name)
        if listed is None or listed.type not in _DATED:
            return
        if "format" in options and str(options.get("format")) not in _FORMATS:
            options.refuse("format")
        if "time_zone" in options and str(options.get("time_zone")).lower() not in _UTC:
            options.refuse("time_zone")

    def exists(self, body: Json, path: Path, within: str | None) -> Node:
        """`exists`: the field has a value; a name with `*` asks all fields that fit."""
        Options(self.notes, body, path, ("field",))
        name = self.text(body.get("field"), (*path, "field"))
        span = self.notes.place(path)
        if name is None:
            return self.missing(path, None, "exists")
        if "*" not in name:
            return typed.exists(name, self.fields, span, within=within)
        return fields_like(
            name, lambda fields, one: typed.exists(one, fields, span, within=within), self.fields, span
        )


_ANALYSIS = ("analyzer",)
_REGEX_FLAGS = frozenset({"ALL", "NONE", "INTERSECTION", "COMPLEMENT", "EMPTY", "ANYSTRING", "INTERVAL"})
_RELATIONS = frozenset({"INTERSECTS", "CONTAINS", "WITHIN"})
_FUZZY = ("fuzziness", "prefix_length", "max_expansions", "fuzzy_transpositions", "fuzzy_rewrite")


def pattern(text: str) -> Pattern:
    """The text of a wildcard query in pieces: `*` any run, `?` one character, `\\` before a literal one."""
    parts: list[str | Wild] = []
    literal = ""
    characters = iter(text)
    for c in characters:
        if c == "\\":
            literal += next(characters, "\\")
        elif c in "*?":
            parts += [literal, Wild(c)] if literal else [Wild(c)]
            literal = ""
        else:
            literal += c
    return tuple([*parts, literal] if literal else parts)


def _fold(options: Options) -> Fold:
    return Fold.ASCII if options.flag("case_insensitive") else Fold.NONE


Reader = Callable[[Clauses, Json, Path, str | None], Node]


@cache
def readers() -> Mapping[str, Reader]:
    """Every kind of query that is understood, by name."""
    from samefire.languages.dsl import compound, fulltext

    return {
        "bool": compound.bool_,
        "constant_score": compound.constant_score,
        "dis_max": compound.dis_max,
        "exists": Clauses.exists,
        "fuzzy": Clauses.fuzzy,
        "match": Clauses.match,
        "match_all": compound.match_all,
        "match_none": compound.match_none,
        "match_phrase": Clauses.match_phrase,
        "match_phrase_prefix": Clauses.match_phrase_prefix,
        "nested": compound.nested,
        "prefix": Clauses.prefix,
        "range": Clauses.range,
        "regexp": Clauses.regexp,
        "term": Clauses.term,
        "terms": Clauses.terms,
        "wildcard": Clauses.wildcard,
        "multi_match": fulltext.multi_match,
        "query_string": fulltext.query_string,
    }
