"""YAML documents → syntax tree: rules, filters, collections (`action`), with every problem placed.

Headers are read by `sigma_header.py`, correlation sections by `sigma_correlation.py`. Checks form only: what
modifiers and values mean is for `sigma_values.py`, which names refer to what for `sigma_lower.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samefire.languages.sigma_conditions import Condition
from samefire.languages.sigma_header import header, logsource, missing
from samefire.languages.sigma_reader import Reader, kind
from samefire.languages.sigma_tree import (
    Both,
    Definition,
    Document,
    Either,
    FilterDocument,
    Item,
    RuleDocument,
    Search,
    SigmaTree,
)
from samefire.languages.sigma_yaml import Documents, Path
from samefire.problems import Problem, ProblemError, Severity, did_you_mean

MAX_LISTS = 10
_SCALARS = (str, int, float, bool, type(None))


def read(yaml: Documents) -> SigmaTree:
    """The tree of all documents; raises ProblemError with every problem of the text."""
    from samefire.languages.sigma_correlation import read_correlation

    reader = Reader(yaml)
    documents: list[Document] = []
    merged: list[Mapping[str, Any]] = []
    for number, data in collected(reader):
        merged.append(data)
        if "correlation" in data:
            document: Document | None = read_correlation(reader, data, (number,))
        elif "filter" in data:
            document = _filter(reader, data, (number,))
        else:
            document = _rule(reader, data, (number,))
        if document is not None:
            documents.append(document)
    if not merged and not reader.found:
        message = "there is no Sigma rule in this text"
        reader.found.append(Problem("sigma-no-rule", message, yaml.source))
    if any(p.severity is Severity.ERROR for p in reader.found):
        raise ProblemError(sorted(reader.found, key=lambda p: p.span))
    return SigmaTree(tuple(documents), yaml, tuple(reader.found), tuple(merged))


# ---- collections ------------------------------------------------------------------------------------


def collected(reader: Reader) -> list[tuple[int, Mapping[str, Any]]]:
    """Documents after `action`: `global` is laid over the rules that follow, `reset` ends that,
    `repeat` lays its own keys over the rule before."""
    out: list[tuple[int, Mapping[str, Any]]] = []
    shared: Mapping[str, Any] = {}
    previous: Mapping[str, Any] = {}
    for number, value in enumerate(reader.yaml.data):
        if value is None:
            continue
        data = reader.mapping(value, (number,), "a Sigma document")
        if data is None:
            continue
        match data.get("action"):
            case None if "correlation" in data or "filter" in data:
                out.append((number, data))
            case None:
                previous = _laid_over(data, shared)
                out.append((number, previous))
            case "global":
                shared = {k: v for k, v in data.items() if k != "action"}
                previous = shared
            case "reset":
                shared = {}
            case "repeat":
                previous = {k: v for k, v in _laid_over(previous, data).items() if k != "action"}
                out.append((number, previous))
            case other:
                hint = did_you_mean(str(other), ("global", "reset", "repeat"))
                known = hint or "known actions: global, reset, repeat"
                reader.problem(
                    "sigma-action", f"the action `{other}` is not known", (number, "action"), hint=known
                )
    return out


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Mapping[str, Any]:
    """`below` with the keys of `above`, mappings merged key by key."""
    if not above:
        return below
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _laid_over(old, value) if both else value  # type: ignore[arg-type]
    return merged


# ---- detections -------------------------------------------------------------------------------------


def _rule(reader: Reader, data: Mapping[str, Any], path: Path) -> RuleDocument | None:
    head = header(reader, data, path)
    origin = logsource(reader, data, path)
    if "detection" not in data:
        missing(reader, data, path, "detection")
        return None
    search = _search(reader, data["detection"], (*path, "detection"))
    return RuleDocument(head, origin, search, path) if search is not None else None


def _filter(reader: Reader, data: Mapping[str, Any], path: Path) -> FilterDocument | None:
    head = header(reader, data, path)
    origin = logsource(reader, data, path)
    here = (*path, "filter")
    section = reader.mapping(data["filter"], here, "`filter`")
    if section is None:
        return None
    rules: tuple[str, ...] | None = None
    if "rules" not in section:
        missing(reader, section, here, "rules")
    elif section["rules"] not in ("any", "Any", "ANY", []):
        rules = reader.texts(section["rules"], (*here, "rules"), "`rules`")
    search = _search(reader, {k: v for k, v in section.items() if k != "rules"}, here)
    return FilterDocument(head, origin, rules, search, path) if search is not None else None


def _search(reader: Reader, value: Any, path: Path) -> Search | None:
    section = reader.mapping(value, path, f"`{path[-1]}`")
    if section is None:
        return None
    names = []
    for name, content in section.items():
        if name == "condition":
            continue
        if name == "timeframe":
            hint = "write a correlation document with `timespan`"
            reader.warning("sigma-timeframe", "`timeframe` has no effect", (*path, name), key=True, hint=hint)
            continue
        definition = _definition(reader, content, (*path, name), 0)
        if definition is not None:
            names.append((name, definition))
    if not names and not reader.found:
        reader.problem("sigma-no-selection", f"`{path[-1]}` defines nothing to search for", path, key=True)
    return Search(tuple(names), _conditions(reader, section, path), path)


def _conditions(reader: Reader, section: Mapping[str, Any], path: Path) -> tuple[Condition, ...]:
    if "condition" not in section:
        missing(reader, section, path, "condition")
        return ()
    here = (*path, "condition")
    value = section["condition"]
    parts = [(value, here)] if not isinstance(value, list) else [(v, (*here, n)) for n, v in enumerate(value)]
    if not parts:
        reader.problem("sigma-condition", "there is no condition in the list", here)
    found = []
    for one, where in parts:
        text = reader.text(one, where, "a condition")
        condition = reader.condition(text, where) if text is not None else None
        if condition is not None:
            found.append(condition)
    return tuple(found)


def _definition(reader: Reader, value: Any, path: Path, depth: int) -> Definition | None:
    """A search identifier: a mapping, a keyword, or a list of keywords, mappings or lists."""
    if isinstance(value, Mapping):
        return _both(reader, value, path)
    if isinstance(value, _SCALARS):
        return _item(reader, None, (), value, path)
    if not isinstance(value, list):
        reader.problem("sigma-type", f"`{path[-1]}` cannot be {kind(value)}", path)
        return None
    if not value:
        reader.problem("sigma-empty", f"`{path[-1]}` is an empty list: it selects nothing", path, key=True)
        return None
    if all(isinstance(one, _SCALARS) for one in value):
        return _item(reader, None, (), value, path)
    if depth >= MAX_LISTS:
        reader.problem("sigma-too-deep", f"more than {MAX_LISTS} lists inside each other", path)
        return None
    children = (_definition(reader, one, (*path, n), depth + 1) for n, one in enumerate(value))
    return Either(tuple(child for child in children if child is not None))


def _both(reader: Reader, value: Mapping[Any, Any], path: Path) -> Definition | None:
    section = reader.mapping(value, path, f"`{path[-1]}`")
    if section is None:
        return None
    if not section:
        reader.problem("sigma-empty", f"`{path[-1]}` is an empty mapping: it selects nothing", path, key=True)
        return None
    items = []
    for key, content in section.items():
        name, *modifiers = key.split("|")
        item = _item(reader, name or None, tuple(modifiers), content, (*path, key))
        if item is not None:
            items.append(item)
    return Both(tuple(items))


def _item(
    reader: Reader, name: str | None, modifiers: tuple[str, ...], value: Any, path: Path
) -> Item | None:
    values = value if isinstance(value, list) else [value]
    if not values:
        said = f"`{path[-1]}` has an empty list of values"
        reader.problem("sigma-empty", said, path, key=True, hint="write null for a field that is not there")
        return None
    for number, one in enumerate(values):
        if not isinstance(one, _SCALARS):
            where = (*path, number) if isinstance(value, list) else path
            _no_value(reader, one, where, name)
            return None
    return Item(name, modifiers, tuple(values), isinstance(value, list), path)


def _no_value(reader: Reader, value: Any, path: Path, name: str | None) -> None:
    hint = None
    if isinstance(value, Mapping) and name and value:
        hint = f"write a nested field with a dot: `{name}.{next(iter(value))}`"
    reader.problem(
        "sigma-type",
        f"a value must be text, a number, true/false or null, not {kind(value)}",
        path,
        hint=hint,
    )
