"""The functions of EQL: names, arguments, results. Names ignore case, as Elasticsearch reads them."""

from __future__ import annotations

from dataclasses import dataclass

STRING = frozenset({"string"})
NUMBER = frozenset({"integer", "double"})
INTEGER = frozenset({"integer"})
BOOLEAN = frozenset({"boolean"})
ADDRESS = frozenset({"ip"})
ANY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Signature:
    """`name` as it is documented; `arguments` what each takes; the first `least` are needed; `more` is what
    further ones take. `folds`: there is a form with `~` that ignores case."""

    name: str
    arguments: tuple[frozenset[str], ...]
    least: int
    result: str
    more: frozenset[str] | None = None
    folds: bool = False

    def argument(self, index: int) -> frozenset[str]:
        """The kinds that the argument takes; empty for any."""
        if index < len(self.arguments):
            return self.arguments[index]
        return self.more if self.more is not None else ANY

    @property
    def count(self) -> str:
        """How many arguments it takes, in words."""
        most = len(self.arguments)
        if self.more is not None:
            return f"at least {_words(self.least)}"
        if self.least == most:
            return f"exactly {_words(most)}"
        return f"{_number(self.least)} or {_words(most)}"

    def takes(self, count: int) -> bool:
        return self.least <= count and (self.more is not None or count <= len(self.arguments))


def _number(count: int) -> str:
    return ("no", "one", "two", "three", "four")[count]


def _words(count: int) -> str:
    return f"{_number(count)} argument{'' if count == 1 else 's'}"


def _pair(name: str, kind: frozenset[str], result: str, *, folds: bool = False) -> Signature:
    return Signature(name, (kind, kind), 2, result, folds=folds)


_ALL = (
    _pair("add", NUMBER, "number"),
    Signature("between", (STRING, STRING, STRING, BOOLEAN), 3, "string", folds=True),
    Signature("cidrMatch", (ADDRESS, STRING), 2, "boolean", more=STRING),
    Signature("concat", (ANY,), 1, "string", more=ANY),
    _pair("divide", NUMBER, "number"),
    _pair("endsWith", STRING, "boolean", folds=True),
    Signature("indexOf", (STRING, STRING, INTEGER), 2, "integer", folds=True),
    Signature("length", (STRING,), 1, "integer"),
    _pair("modulo", NUMBER, "number"),
    _pair("multiply", NUMBER, "number"),
    Signature("number", (STRING, INTEGER), 1, "double"),
    _pair("startsWith", STRING, "boolean", folds=True),
    Signature("string", (ANY,), 1, "string"),
    _pair("stringContains", STRING, "boolean", folds=True),
    Signature("substring", (STRING, INTEGER, INTEGER), 2, "string"),
    _pair("subtract", NUMBER, "number"),
)
FUNCTIONS = {signature.name.lower(): signature for signature in _ALL}
"""Signatures by their names in lower case."""

ELSEWHERE = {
    "wildcard": 'write `field like "…"` or `field : "…"`',
    "match": 'write `field regex "…"`',
    "matchlite": 'write `field regex "…"`',
    "arraycontains": "a condition on a field looks at every value of an array",
    "arraysearch": "a condition on a field looks at every value of an array",
    "arraycount": None,
    "safe": "mark fields that may be missing with `?`",
    "contains": "write `stringContains(field, …)`",
    "lower": "compare with `:` or `like~`, which ignore case",
    "upper": "compare with `:` or `like~`, which ignore case",
    "len": "write `length(field)`",
}
"""What to write in place of functions of other dialects."""


def signature(name: str) -> Signature | None:
    """The signature of a name as written, with or without `~`; None when there is no such function."""
    found = FUNCTIONS.get(name.rstrip("~").lower())
    return None if found is None or (name.endswith("~") and not found.folds) else found
