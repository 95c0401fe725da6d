"""YAML of a Sigma file: documents as plain data, and where each key and value stands.

The text is not trusted: depth, size, aliases and duplicate keys are checked before anything walks it.
Places are found only when a problem needs one. What the documents mean is for `sigma_documents.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, ClassVar

from samefire.problems import Problem, ProblemError
from samefire.source import NOWHERE, Source, Span

_SIGMA_LIKE = re.compile(r"^(?:detection|correlation|filter)\s*:", re.MULTILINE)
MAX_CHARACTERS = 4_000_000
MAX_DEPTH = 60
MAX_NODES = 200_000

Path = tuple[str | int, ...]
"""Keys and list positions from the top of one document; the first element is the document's number."""


def looks_like_sigma(text: str) -> bool:
    """Whether a YAML text is meant as Sigma, whatever is wrong with it."""
    return _SIGMA_LIKE.search(text) is not None


@dataclass(frozen=True)
class Documents:
    """The documents of one text. `data[i]` is whatever document `i` holds (empty documents are None)."""

    source: Source
    data: tuple[Any, ...]
    _shown: dict[Path, Span] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def _nodes(self) -> list[Any]:
        import yaml

        return list(yaml.compose_all(self.source.text, Loader=_loader()))

    def key_span(self, path: Path) -> Span:
        """Where the last key of `path` stands; a list element has no key and gives its value."""
        return self._span(path, key=True)

    def value_span(self, path: Path) -> Span:
        """Where the value at `path` stands; the nearest enclosing one when it is not in the text."""
        return self._span(path, key=False)

    def _span(self, path: Path, *, key: bool) -> Span:
        nodes = self._nodes
        if not path or not isinstance(path[0], int) or path[0] >= len(nodes) or nodes[path[0]] is None:
            return NOWHERE
        node, last = nodes[path[0]], None
        for step in path[1:]:
            found = _step(node, step)
            if found is None:
                return _mark(last or node, self.source.text)
            last, node = found
        return _mark(last if key and last is not None else node, self.source.text)


def _step(node: Any, step: str | int) -> tuple[Any, Any] | None:
    """The key node (None in a list) and the value node one step below `node`."""
    if isinstance(step, int) and isinstance(node.value, list) and node.id == "sequence":
        return (None, node.value[step]) if step < len(node.value) else None
    if node.id != "mapping":
        return None
    for key, value in node.value:
        if key.id == "scalar" and key.value == step:
            return key, value
    return None


def _mark(node: Any, text: str) -> Span:
    """The range of a node, without the blank space that ends a block."""
    start, end = node.start_mark.index, node.end_mark.index
    return Span(start, start + max(1, len(text[start:end].rstrip())))


@cache
def _loader() -> Any:
    """CSafeLoader that keeps dates as they are written and refuses a key that stands twice."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {
            first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
            for first, pairs in base.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            _refuse_twins(node)
            return super().construct_mapping(node, deep)

    return Loader


class _Twin(Exception):
    """A key that stands twice in one mapping."""

    def __init__(self, node: Any) -> None:
        super().__init__(str(node.value))
        self.node = node


def _refuse_twins(node: Any) -> None:
    seen: set[tuple[str, str]] = set()
    for key, _ in node.value:
        if key.id != "scalar" or key.tag == "tag:yaml.org,2002:merge":
            continue
        name = (key.tag, key.value)
        if name in seen:
            raise _Twin(key)
        seen.add(name)


def read(source: Source) -> Documents:
    """The documents of a text; raises ProblemError when it is not YAML or not safe to walk."""
    _refuse_huge(source)
    data = _load(source)
    if "&" in source.text:
        _refuse_bomb(source, data)
    return Documents(source, tuple(data))


def _load(source: Source) -> list[Any]:
    import yaml

    try:
        _refuse_deep(source)
        return list(yaml.load_all(source.text, Loader=_loader()))
    except _Twin as twin:
        name, span = str(twin), _mark(twin.node, source.text)
        raise ProblemError([_twin_problem(name, source, span)]) from None
    except yaml.MarkedYAMLError as error:
        raise ProblemError([_syntax_problem(error, source)]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"the text is not YAML: {_first_line(error)}"
        raise ProblemError(
            [Problem("sigma-yaml", message, source, _reader_span(error, source.text))]
        ) from None


def _twin_problem(name: str, source: Source, span: Span) -> Problem:
    return Problem(
        "sigma-duplicate-key",
        f"the key `{name}` stands twice in one mapping",
        source,
        span,
        hint="only one of them would count: merge them into a list, or give one another name",
    )


def _syntax_problem(error: Any, source: Source) -> Problem:
    mark = error.problem_mark or error.context_mark
    span = Span(mark.index, mark.index + 1) if mark is not None else NOWHERE
    said = " ".join(part for part in (error.context, error.problem) if part)
    return Problem("sigma-yaml", f"the text is not YAML: {said or 'unreadable'}", source, span)


def _reader_span(error: Exception, text: str) -> Span:
    """libyaml counts bytes here."""
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return NOWHERE
    at = len(text.encode("utf-8", "replace")[:position].decode("utf-8", "ignore"))
    return Span(at, at + 1)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["unreadable"])[0]


def _refuse_huge(source: Source) -> None:
    if len(source.text) > MAX_CHARACTERS:
        message = f"the text has {len(source.text):,} characters; at most {MAX_CHARACTERS:,} are read"
        raise ProblemError([Problem("sigma-too-large", message, source)])


_OPENERS = re.compile(r"[\[{]")


def _refuse_deep(source: Source) -> None:
    """libyaml's composer recurses on the C stack: count levels first when the text could be deep."""
    text = source.text
    openers = sum(1 for _ in _OPENERS.finditer(text))
    if openers <= 400 and max(map(len, text.split("\n"))) <= 600:
        return
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=_loader()):
        if isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                at = event.start_mark.index if event.start_mark is not None else 0
                raise ProblemError([_deep_problem(source, Span(at, at + 1))])
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1


def _deep_problem(source: Source, span: Span) -> Problem:
    return Problem("sigma-too-deep", f"more than {MAX_DEPTH} levels inside each other", source, span)


def _refuse_bomb(source: Source, data: Sequence[Any]) -> None:
    """Aliases share data, so a small text can be a huge tree, or one that contains itself."""
    for count, depth in enumerate(_depths(data)):
        if depth > MAX_DEPTH or count > MAX_NODES:
            span = Span(source.text.index("&"), source.text.index("&") + 1)
            message = f"aliases unfold to more than {MAX_NODES:,} values or {MAX_DEPTH} levels"
            raise ProblemError([Problem("sigma-alias-bomb", message, source, span)])


def _depths(data: Sequence[Any]) -> Iterator[int]:
    """The depth of every value below `data`, aliases unfolded."""
    stack: list[tuple[Any, int]] = [(value, 1) for value in data]
    while stack:
        value, depth = stack.pop()
        yield depth
        if isinstance(value, dict):
            stack.extend((child, depth + 1) for child in value.values())
        elif isinstance(value, list | tuple | set):
            stack.extend((child, depth + 1) for child in value)
