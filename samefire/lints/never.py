"""What can never be true: clauses that contradict each other, branches of an `or` that cannot be reached,
exceptions that except nothing, ranges without a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samefire.fields import CONTAINERS
from samefire.lints.claims import Claim, claims, contradict
from samefire.lints.relations import empty
from samefire.lints.subject import Subject
from samefire.problems import Problem
from samefire.query import ast
from samefire.query.ast import And, Leaf, Node, Not, Or
from samefire.query.clauses import TEXTS
from samefire.query.wording import wording
from samefire.source import Span

NEVER, UNREACHABLE, IDLE = "lint-never-true", "lint-unreachable", "lint-idle-exception"
LIMIT = 100_000
"""Comparisons of clauses in one condition: a query that needs more is not looked at further."""

Frame = tuple[dict[str, list[tuple[int, Claim]]], int]
"""The claims of the children of one `and`, by field, and the child that is being looked at."""


def check(subject: Subject) -> Iterator[Problem]:
    """Findings in every condition."""
    for condition in subject.conditions:
        finder = _Finder(subject)
        finder.visit(condition, (), excepting=False)
        yield from finder.found
        yield from _nothing(subject, condition)


class _Finder:
    """Walks one condition with what is known to hold around each node."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.found: list[Problem] = []
        self.left = LIMIT

    def visit(self, node: Node, around: tuple[Frame, ...], *, excepting: bool) -> None:
        match node:
            case And(children=children):
                self.together(children, around, excepting)
            case Or(children=children):
                for child in children:
                    self.branch(child, around, excepting)
            case Not(child=Or(children=children)):
                for child in children:
                    self.branch(child, around, not excepting)
            case Not(child=child):
                self.branch(child, around, not excepting)
            case _:
                return

    def together(self, children: Sequence[Node], around: tuple[Frame, ...], excepting: bool) -> None:
        """The children of an `and`: they must agree with each other."""
        table: dict[str, list[tuple[int, Claim]]] = {}
        spoilt: set[int] = set()
        for i, child in enumerate(children):
            for claim in claims(child):
                told = table.setdefault(claim.field, [])
                clash = self.clash(claim, (other for _, other in told))
                if clash is not None and i not in spoilt:
                    spoilt.add(i)
                    self.report(NEVER, claim, clash)
                told.append((i, claim))
        for i, child in enumerate(children):
            if i not in spoilt:
                self.visit(child, (*around, (table, i)), excepting=excepting)

    def branch(self, node: Node, around: tuple[Frame, ...], excepting: bool) -> None:
        """One alternative, which may be impossible after what is known around it."""
        for claim in claims(node):
            known = _known(claim.field, around)
            if excepting and isinstance(node, Leaf):
                known = (k for k in known if k.holds)  # excepted twice: `covered` tells
            clash = self.clash(claim, known)
            if clash is not None:
                self.report(IDLE if excepting else UNREACHABLE, claim, clash)
                return
        self.visit(node, around, excepting=excepting)

    def clash(self, claim: Claim, others: Iterator[Claim]) -> Claim | None:
        single = self.subject.single(claim.field)
        for other in others:
            self.left -= len(claim.leaves) * len(other.leaves)
            if self.left < 0:
                return None
            if (claim.holds or other.holds) and contradict(claim, other, single=single):
                return other
        return None

    def report(self, code: str, claim: Claim, other: Claim) -> None:
        line = self.subject.line(other.span)
        what = {
            NEVER: "both can never hold",
            UNREACHABLE: "this alternative can never hold",
            IDLE: "this exception never applies",
        }[code]
        message = f"{what}: `{_said(claim)}`, and line {line} asks for `{_said(other)}`"
        self.found.append(self.subject.problem(code, message, claim.span, _hint(code, claim, other)))


def _known(field: str, around: tuple[Frame, ...]) -> Iterator[Claim]:
    for table, skipped in around:
        yield from (claim for i, claim in table.get(field, ()) if i != skipped)


def _said(claim: Claim) -> str:
    node: Node = claim.leaves[0] if len(claim.leaves) == 1 else Or(claim.leaves)
    return wording(node) if claim.holds else f"not ({wording(node)})"


def _hint(code: str, claim: Claim, other: Claim) -> str:
    if code == NEVER and claim.holds and other.holds:
        return "write `or` between the two, or take one away"
    if code == NEVER:
        return "take one of the two away"
    return "take it away, or mend the value that keeps it from matching"


def _nothing(subject: Subject, condition: Node) -> Iterator[Problem]:
    """Clauses that nothing satisfies on their own."""
    for node in ast.walk(condition):
        match node:
            case Leaf(test=test) if empty(test):
                message = f"no value is in this range: `{wording(node)}`"
                yield subject.problem(NEVER, message, node.span, "swap the two ends")
            case Or(children=()) if subject.text(node.span).lower() not in ("false", "null", ""):
                yield subject.problem(NEVER, *_why(subject, node))
            case _:
                pass


def _field_of(subject: Subject, node: Or) -> str:
    """The field of a clause, as it is written before the colon of the clause or of the list around it."""
    text = subject.text(node.span)
    head = text.partition(":")[0] if ":" in text else subject.query.text[: node.span.start].rpartition(":")[0]
    words = head.split()
    return words[-1].lstrip("(") if words else ""


def _why(subject: Subject, node: Or) -> tuple[str, Span, str]:
    """Why a clause was lowered to nothing: its field is an object, or cannot have the value."""
    name = _field_of(subject, node)
    kind = subject.fields.resolve(name)
    if kind is not None and kind.type in TEXTS:
        hint = "ask for a word, or for a field of type keyword"
        return f"`{name}` is analysed text, and this has no word in it", node.span, hint
    if kind is not None and kind.type in CONTAINERS:
        parts = subject.fields.subfields(name)
        hint = f"name one of its fields, such as `{parts[0]}`" if parts else "name one of its fields"
        return f"`{name}` is an object and has no value of its own", node.span, hint
    return "no event can satisfy this clause", node.span, "take it away, or mend its value"
