"""Matches what RE2 cannot say: Lucene's complement and intersection, by derivatives of the expression.

One pass over a value, states made on demand and bounded. Raises RegexTooHard instead of growing past the
bound, where Elasticsearch refuses such a pattern as too complex.
"""

from __future__ import annotations

from collections.abc import Callable

from samefire.engine.refusals import RegexTooHard as RegexTooHard
from samefire.query.ast import Fold
from samefire.query.lucene_regex import (
    Chars,
    Complement,
    Concat,
    Intersection,
    Regex,
    Repeat,
    Union,
    fold_ascii,
    fold_letters,
)

MAX_NODES = 50_000
MAX_SET = 2_000


Ranges = tuple[tuple[int, int], ...]
Key = tuple[str, tuple[int, ...]]

_FOLDING: dict[Fold, Callable[[Ranges], Ranges]] = {
    Fold.NONE: tuple,
    Fold.ASCII: fold_ascii,
    Fold.UNICODE: fold_letters,
}


class Automaton:
    """A lazily built automaton for one tree. `accepts(value)` is about the whole value."""

    def __init__(self, tree: Regex, *, fold: Fold = Fold.NONE) -> None:
        self._tree = tree
        self._fold = fold
        self._reset()

    def _reset(self) -> None:
        self._index: dict[object, int] = {}
        self._keys: list[Key] = []
        self._nullable: list[bool] = []
        self._ranges: dict[int, tuple[Ranges, bool]] = {}
        self._bounds: dict[int, tuple[int, int | None]] = {}
        self._steps: dict[tuple[int, str], int] = {}
        self._empty = self._node("concat", (), True)
        self._nothing = self._node("union", (), False)
        self._all = self._complement(self._nothing)
        self._start = self._build(self._tree)

    def accepts(self, value: str) -> bool:
        """Whether the whole value is in the language. Raises RegexTooHard."""
        if len(self._keys) > MAX_NODES // 2 or len(self._steps) > MAX_NODES:
            self._reset()
        state, steps = self._start, self._steps
        for char in value:
            following = steps.get((state, char))
            if following is None:
                following = self._derive(state, char)
            if following == self._nothing:
                return False
            if following == self._all:
                return True
            state = following
        return self._nullable[state]

    def _node(self, kind: str, parts: tuple[int, ...], nullable: bool, extra: object = None) -> int:
        key = (kind, parts, extra)
        known = self._index.get(key)
        if known is not None:
            return known
        if len(self._keys) >= MAX_NODES or len(parts) > MAX_SET:
            raise RegexTooHard("the regular expression needs too many states")
        self._index[key] = len(self._keys)
        self._keys.append((kind, parts))
        self._nullable.append(nullable)
        return len(self._keys) - 1

    def _build(self, tree: Regex) -> int:
        match tree:
            case Chars(ranges=ranges, negated=negated):
                wide = _FOLDING[self._fold](ranges)
                node = self._node("chars", (), False, (wide, negated))
                self._ranges[node] = (wide, negated)
                return node
            case Concat(parts=parts):
                return self._concat([self._build(part) for part in parts])
            case Union(parts=parts):
                return self._union({self._build(part) for part in parts})
            case Intersection(parts=parts):
                return self._intersection({self._build(part) for part in parts})
            case Complement(part=part):
                return self._complement(self._build(part))
            case Repeat(part=part, low=low, high=high):
                return self._repeat(self._build(part), low, high)

    def _concat(self, parts: list[int]) -> int:
        flat: list[int] = []
        for part in parts:
            if part == self._nothing:
                return part
            kind, inside = self._keys[part]
            flat.extend(inside if kind == "concat" else (part,))
        if len(flat) == 1:
            return flat[0]
        return self._node("concat", tuple(flat), all(self._nullable[p] for p in flat))

    def _union(self, parts: set[int]) -> int:
        flat = self._flat("union", parts) - {self._nothing}
        if self._all in flat:
            return self._all
        if len(flat) == 1:
            return flat.pop()
        return self._node("union", tuple(sorted(flat)), any(self._nullable[p] for p in flat))

    def _intersection(self, parts: set[int]) -> int:
        flat = self._flat("and", parts) - {self._all}
        if self._nothing in flat:
            return self._nothing
        if not flat:
            return self._all
        if len(flat) == 1:
            return flat.pop()
        return self._node("and", tuple(sorted(flat)), all(self._nullable[p] for p in flat))

    def _flat(self, kind: str, parts: set[int]) -> set[int]:
        flat: set[int] = set()
        for part in parts:
            inner, inside = self._keys[part]
            flat.update(inside if inner == kind else (part,))
        return flat

    def _complement(self, part: int) -> int:
        kind, inside = self._keys[part]
        return inside[0] if kind == "not" else self._node("not", (part,), not self._nullable[part])

    def _repeat(self, part: int, low: int, high: int | None) -> int:
        if high == 0 or part == self._empty:
            return self._empty
        if (low, high) == (1, 1):
            return part
        node = self._node("repeat", (part,), low == 0 or self._nullable[part], (low, high))
        self._bounds[node] = (low, high)
        return node

    def _derive(self, node: int, char: str) -> int:
        """The expression for what may follow `char`."""
        known = self._steps.get((node, char))
        if known is not None:
            return known
        kind, parts = self._keys[node]
        match kind:
            case "chars":
                ranges, negated = self._ranges[node]
                inside = any(low <= ord(char) <= high for low, high in ranges)
                following = self._empty if inside != negated else self._nothing
            case "concat":
                following = self._derive_concat(parts, char)
            case "union":
                following = self._union({self._derive(part, char) for part in parts})
            case "and":
                following = self._intersection({self._derive(part, char) for part in parts})
            case "not":
                following = self._complement(self._derive(parts[0], char))
            case _:
                following = self._derive_repeat(node, parts[0], char)
        self._steps[node, char] = following
        return following

    def _derive_concat(self, parts: tuple[int, ...], char: str) -> int:
        found: set[int] = set()
        for at, part in enumerate(parts):
            rest = list(parts[at + 1 :])
            for head in self._flat("union", {self._derive(part, char)}):
                found.add(self._concat([head, *rest]))
            if not self._nullable[part]:
                break
        return self._union(found)

    def _derive_repeat(self, node: int, part: int, char: str) -> int:
        low, high = self._bounds[node]
        rest = self._repeat(part, max(low - 1, 0), None if high is None else high - 1)
        heads = self._flat("union", {self._derive(part, char)})
        return self._union({self._concat([head, rest]) for head in heads})
