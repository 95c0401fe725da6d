"""Documents as Elasticsearch would hold them, read by field path: every value of a field, in order.

Keys may be nested, dotted or mixed; lists and lists of objects are flattened; null and [] are no value.
Only the paths that somebody asks for are walked. Knows no query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Self

from samefire.query import dates

Scalar = str | int | float | bool
Document = Mapping[str, Any]

_REMEMBERED_KEYS = 4096
"""Unwanted and dotted keys that one trie level remembers; documents are untrusted."""


class Trie(dict[str, "Trie | None"]):
    """Wanted field paths by segment. A key that is no segment (dotted, unwanted: None) is resolved once and
    remembered.

    `slot` is the place of the values in a row; -1: only a way to longer paths."""

    __slots__ = ("remembered", "slot")

    def __init__(self) -> None:
        super().__init__()
        self.slot = -1
        self.remembered = 0

    def __missing__(self, key: str) -> Trie | None:
        node = self._descend(key) if "." in key else None
        if self.remembered < _REMEMBERED_KEYS:
            self.remembered += 1
            self[key] = node
        return node

    def _descend(self, key: str) -> Trie | None:
        node: Trie | None = self
        for part in key.split("."):
            node = dict.get(node, part) if node is not None else None
        return node

    def add(self, path: str) -> Self:
        """The node of `path`, made when absent."""
        node = self
        for part in path.split("."):
            below: Any = dict.get(node, part)
            if below is None:
                below = node[part] = type(self)()
            node = below
        return node


def trie_of(paths: Sequence[str]) -> Trie:
    """A trie whose slots are the positions in `paths`."""
    root = Trie()
    for slot, path in enumerate(paths):
        root.add(path).slot = slot
    return root


def collect(trie: Trie, document: Document, row: list[list[Scalar]]) -> None:
    """Put the values of every wanted path of `document` into `row` (one list a slot)."""
    queue: list[tuple[Trie, Document]] = [(trie, document)]
    for node, obj in queue:  # grows while it is read: breadth first keeps lists in order
        for key, value in obj.items():
            child = node[key]
            if child is None or value is None:
                continue
            if isinstance(value, (dict, list)):
                _collect_inside(child, value, row, queue)
            elif child.slot >= 0:
                row[child.slot].append(value)


def _collect_inside(
    child: Trie, value: Any, row: list[list[Scalar]], queue: list[tuple[Trie, Document]]
) -> None:
    for item in leaves(value):
        if isinstance(item, dict):
            if child:
                queue.append((child, item))
        elif child.slot >= 0:
            row[child.slot].append(item)


def leaves(value: Any) -> Iterator[Any]:
    """The objects and scalars of a value, lists of lists flattened, null left out."""
    if not isinstance(value, list):
        if value is not None:
            yield value
        return
    stack = [iter(value)]
    while stack:
        for item in stack[-1]:
            if isinstance(item, list):
                stack.append(iter(item))
                break
            if item is not None:
                yield item
        else:
            stack.pop()


def has_value(value: Any) -> bool:
    """Whether anything but null, [] and {} lies in a value."""
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, dict):
            stack.extend(current.values())
        elif isinstance(current, list):
            stack.extend(current)
        elif current is not None:
            return True
    return False


def flatten(document: Document) -> Iterator[tuple[str, Scalar]]:
    """Every (dotted path, scalar) of a document, outer objects first, lists in order."""
    queue: list[tuple[str, Any]] = [("", document)]
    for prefix, obj in queue:
        for key, value in obj.items():
            name = prefix + key
            if value.__class__ is str:
                yield name, value
                continue
            for item in leaves(value):
                if isinstance(item, dict):
                    queue.append((name + ".", item))
                else:
                    yield name, item


def is_present(document: Document, path: str) -> bool:
    """Whether the field is in the document, if only with null, [] or as an object."""
    queue: list[tuple[Document, str]] = [(document, path)]
    for obj, rest in queue:
        for key, value in obj.items():
            if key == rest or key.startswith(rest + "."):
                return True
            if rest.startswith(key + "."):
                below = rest[len(key) + 1 :]
                queue.extend((item, below) for item in leaves(value) if isinstance(item, dict))
    return False


def values_at(document: Document, path: str) -> Iterator[Scalar | None]:
    """The values of one field, nulls too: None for each null that stands in the document."""
    queue: list[tuple[Document, str]] = [(document, path)]
    for obj, rest in queue:
        for key, value in obj.items():
            if key == rest:
                yield from _with_nulls(value)
            elif rest.startswith(key + "."):
                below = rest[len(key) + 1 :]
                queue.extend((item, below) for item in leaves(value) if isinstance(item, dict))


def _with_nulls(value: Any) -> Iterator[Scalar | None]:
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, list):
            stack.extend(reversed(current))
        elif not isinstance(current, dict):
            yield current


_PLAIN = frozenset({str, int, type(None)})


def all_text(document: Document) -> str:
    """The texts of all values of a document, one a line; for looking into all of them at once."""
    values = document.values()
    if _PLAIN.issuperset(map(type, values)):
        return "\n".join(map(str, values))
    return "\n".join(text(value) for _, value in flatten(document))


def objects_at(document: Document, path: str) -> list[dict[str, Any]]:
    """The objects that lie at `path`, each on its own (the elements of a nested field). A dotted key that leads
    into the path is an object of its own, as Elasticsearch expands it."""
    found: list[dict[str, Any]] = []
    queue: list[tuple[Document, str]] = [(document, path)]
    for obj, rest in queue:
        for key, value in obj.items():
            if key == rest:
                found.extend(item for item in leaves(value) if isinstance(item, dict))
            elif key.startswith(rest + "."):
                found.append({key[len(rest) + 1 :]: value})
            elif rest.startswith(key + "."):
                below = rest[len(key) + 1 :]
                queue.extend((item, below) for item in leaves(value) if isinstance(item, dict))
    return found


def text(value: Scalar) -> str:
    """The value as a keyword field indexes it: strings as they are, the others as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    try:
        return str(value)
    except ValueError:  # more digits than Python turns into text
        return hex(value)


class Events:
    """Documents in the order of a run; ordinals count from 0."""

    __slots__ = ("_columns", "_times", "documents", "facts")

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents
        self._columns: dict[str, list[tuple[Scalar, ...]]] = {}
        self._times: dict[tuple[str, ...], list[int | None]] = {}
        self.facts: dict[str, Any] = {}
        """What others worked out of the documents once, by a name of theirs."""

    @classmethod
    def of(cls, documents: Iterable[Document]) -> Events:
        """Events over these documents; no document is copied."""
        return cls(documents if isinstance(documents, (list, tuple)) else list(documents))

    def __len__(self) -> int:
        return len(self.documents)

    def column(self, path: str) -> list[tuple[Scalar, ...]]:
        """For each event the values of one field, in the order of writing; () where there is none."""
        column = self._columns.get(path)
        if column is None:
            self.read([path])
            column = self._columns[path]
        return column

    def read(self, paths: Iterable[str]) -> None:
        """Read several columns in one pass; asking for them later costs nothing."""
        wanted = [p for p in dict.fromkeys(paths) if p not in self._columns]
        trie = trie_of(wanted)
        columns: list[list[tuple[Scalar, ...]]] = [[] for _ in wanted]
        for document in self.documents:
            row: list[list[Scalar]] = [[] for _ in wanted]
            collect(trie, document, row)
            for column, values in zip(columns, row, strict=True):
                column.append(tuple(values))
        self._columns.update(zip(wanted, columns, strict=True))

    def values(self, ordinal: int, path: str) -> tuple[Scalar, ...]:
        """The values of one field of one event; from its column where that has been read."""
        column = self._columns.get(path)
        if column is not None:
            return column[ordinal]
        return tuple(value for value in values_at(self.documents[ordinal], path) if value is not None)

    def times(self, fields: Sequence[str] = ("@timestamp",)) -> list[int | None]:
        """For each event its time in nanoseconds: of the first of `fields` that holds a date; None: none."""
        known = self._times.get(tuple(fields))
        if known is None:
            self.read(fields)
            columns = [self.column(field) for field in fields]
            known = [_first_time(row) for row in zip(*columns, strict=True)]
            self._times[tuple(fields)] = known
        return known


def _first_time(row: Iterable[tuple[Scalar, ...]]) -> int | None:
    for values in row:
        for value in values:
            nanos = date_nanos(value)
            if nanos is not None:
                return nanos
    return None


def date_nanos(value: Scalar) -> int | None:
    """A value as a date field reads it: ISO 8601, or milliseconds since the epoch; None: no date."""
    if isinstance(value, str):
        try:
            return dates.parse(value)
        except dates.DateError:
            return None
    if isinstance(value, bool):
        return None
    try:
        return int(value * dates.MILLI) if isinstance(value, float) else value * dates.MILLI
    except (OverflowError, ValueError):
        return None


def read_ndjson(data: bytes) -> Events:
    """Events of newline-delimited JSON; blank lines are skipped. Raises ValueError (orjson.JSONDecodeError is
    one) that names the line when a line is no JSON object."""
    return Events(_listed(_documents(data.split(b"\n"))))


def read_blocks(lines: Iterable[bytes], size: int = 4096) -> Iterator[Events]:
    """Events of newline-delimited JSON in blocks of `size`, so that a file of any length fits into memory.
    Raises as `read_ndjson`."""
    documents = _documents(lines)
    while block := _listed(islice(documents, size)):
        yield Events(block)


def _listed(documents: Iterable[Document]) -> list[Document]:
    """The documents, read without the collector: JSON makes no cycles, and looking for some again and again
    takes as long as reading."""
    import gc

    collecting = gc.isenabled()
    gc.disable()
    try:
        return list(documents)
    finally:
        if collecting:
            gc.enable()


def _documents(lines: Iterable[bytes]) -> Iterator[Document]:
    import orjson

    for number, line in enumerate(lines, 1):
        if not line or line.isspace():
            continue
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise orjson.JSONDecodeError(f"line {number}: {error.msg}", error.doc, error.pos) from None
        if not isinstance(document, dict):
            raise ValueError(f"line {number}: an event is an object, not {type(document).__name__}")
        yield document
