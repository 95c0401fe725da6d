"""Queries that are made of other queries, and those that ask nothing: `bool`, `nested` and their like."""

from __future__ import annotations

from samefire.languages.dsl.clauses import Clauses, Json
from samefire.languages.dsl.counting import enough_of
from samefire.languages.dsl.options import Options, Path
from samefire.query import typed
from samefire.query.ast import And, Fails, Nested, Node, Not, Or

_SCORE_MODES = ("avg", "max", "min", "none", "sum")


def bool_(clauses: Clauses, body: Json, path: Path, within: str | None) -> Node:
    """`bool`: all of must and filter, enough of should, none of must_not; an empty one matches all."""
    known = ("must", "filter", "should", "must_not", "minimum_should_match", "adjust_pure_negative")
    options = Options(clauses.notes, body, path, known)
    must = clauses.clauses(body, "must", path, within) + clauses.clauses(body, "filter", path, within)
    should = clauses.clauses(body, "should", path, within)
    must_not = clauses.clauses(body, "must_not", path, within)
    span = clauses.notes.place(path)
    if not must and not should and not must_not:
        return typed.everything(span)
    enough = clauses.enough(options, len(should), 0 if must else 1)
    if should and not must:
        enough = max(enough, 1)
    parts = [*must, *enough_of(should, enough, span), *(Not(child, child.span) for child in must_not)]
    pure = "adjust_pure_negative" in options and not options.flag("adjust_pure_negative")
    if pure and not must and not should:
        parts.append(typed.nothing(span))
    return parts[0] if len(parts) == 1 else And(tuple(parts), span)


def nested(clauses: Clauses, body: Json, path: Path, within: str | None) -> Node:
    """`nested`: one object of the array satisfies the query."""
    options = Options(
        clauses.notes, body, path, ("path", "query", "score_mode", "ignore_unmapped", "inner_hits")
    )
    name = body.get("path")
    span = clauses.notes.place(path)
    if not isinstance(name, str):
        clauses.notes.bad_value((*path, "path"), "the name of a nested field", name)
        return typed.nothing(span)
    mode = options.get("score_mode")
    if mode is not None and mode not in _SCORE_MODES:
        return Fails(f"No score mode for child query [{mode}] found", span)
    inside = clauses.with_nested(name)
    if inside is None:
        if options.flag("ignore_unmapped"):
            return typed.nothing(span)
        return Fails(f"[nested] failed to find nested object under path [{name}]", span)
    child = Clauses(inside, clauses.notes).clause(body.get("query"), (*path, "query"), name)
    return Nested(name, child, span)


def constant_score(clauses: Clauses, body: Json, path: Path, within: str | None) -> Node:
    """`constant_score`: its filter; the score is of no matter."""
    Options(clauses.notes, body, path, ("filter",))
    return clauses.clause(body.get("filter"), (*path, "filter"), within)


def dis_max(clauses: Clauses, body: Json, path: Path, within: str | None) -> Node:
    """`dis_max`: some one of its queries."""
    Options(clauses.notes, body, path, ("queries", "tie_breaker"))
    if not body.get("queries"):
        reason = "[dis_max] requires 'queries' field with at least one clause"
        return Fails(reason, clauses.notes.place(path))
    return Or(tuple(clauses.clauses(body, "queries", path, within)), clauses.notes.place(path))


def match_all(clauses: Clauses, body: Json, path: Path, within: str | None) -> Node:
    """`match_all`: every document."""
    Options(clauses.notes, body, path, ())
    return typed.everything(clauses.notes.place(path))


def match_none(clauses: Clauses, body: Json, path: Path, within: str | None) -> Node:
    """`match_none`: no document."""
    Options(clauses.notes, body, path, ())
    return typed.nothing(clauses.notes.place(path))
