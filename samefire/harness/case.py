"""Fixture cases: one file, one case. Reading and checking them; judging is up to `run.py`.

`fixtures/<path of the rule>/positive/*` must fire, `…/negative/*` must stay silent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from samefire.harness.places import element_span, key_span
from samefire.problems import Problem, ProblemError, Severity, did_you_mean, nearest
from samefire.source import NOWHERE, Source, Span

SUFFIXES = (".json", ".ndjson", ".jsonl", ".yaml", ".yml")
CASE_KEYS = ("events", "description", "history", "indicators", "alerts", "now", "forms", "mapping")
MAX_BYTES = 16 * 1024 * 1024

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One fixture. `name` is `positive/<stem>` or `negative/<stem>`; `now` is nanoseconds since the epoch.
    `expect` overrides the expectation for a form: `fires` or `silent`, with the reason why."""

    name: str
    source: Source
    positive: bool
    events: tuple[Event, ...]
    description: str = ""
    history: tuple[Event, ...] = ()
    indicators: tuple[Event, ...] = ()
    alerts: int | None = None
    now: int | None = None
    expect: Mapping[str, str] = field(default_factory=dict)
    because: str = ""
    mapping: Mapping[str, Any] | None = None

    @property
    def path(self) -> str:
        return self.source.path

    def expected(self, form: str) -> str:
        """`fires` or `silent`, for a form."""
        return self.expect.get(self.excepted(form) or "", "fires" if self.positive else "silent")

    def excepted(self, form: str) -> str | None:
        """The form in `expect` whose word holds for `form`: itself, or the one that it is derived from
        (`sigma` for `sigma:eql`)."""
        return next((name for name in (form, form.partition(":")[0]) if name in self.expect), None)


@dataclass(frozen=True)
class Cases:
    """All cases of one rule, and what is wrong with its fixture folder."""

    cases: tuple[Case, ...] = ()
    problems: tuple[Problem, ...] = ()


def folder_of(rule: Path, roots: Sequence[Path], fixtures: Path) -> Path:
    """The fixture folder that mirrors a rule's path."""
    resolved = rule.resolve()
    for root in roots:
        try:
            return fixtures / resolved.relative_to(root.resolve()).with_suffix("")
        except ValueError:
            continue
    return fixtures / resolved.stem


def load_folder(folder: Path, shown: str) -> Cases:
    """Every case below a rule's fixture folder, in order of name. `shown` is the folder as users see it."""
    if not folder.is_dir():
        return Cases()
    cases: list[Case] = []
    problems: list[Problem] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.name not in ("positive", "negative"):
            problems.append(_stray(f"{shown}/{entry.name}", entry.is_dir()))
            continue
        for file in sorted(entry.iterdir()):
            if file.name.startswith("."):
                continue
            found = load_file(file, f"{shown}/{entry.name}/{file.name}", positive=entry.name == "positive")
            cases.extend(found.cases)
            problems.extend(found.problems)
    return Cases(tuple(cases), tuple(problems))


def _stray(path: str, is_folder: bool) -> Problem:
    name = path.rsplit("/", 1)[-1]
    near = nearest(name, ("positive", "negative"))
    hint = f"did you mean `{near}`?" if near else "cases lie in `positive/` and `negative/`"
    kind = "folder" if is_folder else "file"
    return Problem("fixture-stray", f"the {kind} `{name}` is no case", Source(path, ""), hint=hint)


def load_file(file: Path, shown: str, *, positive: bool) -> Cases:
    """The case of one file."""
    try:
        if file.is_symlink() and not file.exists():
            raise FileNotFoundError(2, "the link leads nowhere")
        if file.is_file() and file.stat().st_size > MAX_BYTES:
            return _bad(Source(shown, ""), "fixture-too-big", f"larger than {MAX_BYTES >> 20} MiB")
        if file.exists() and not file.is_file() and not file.is_dir():
            return _bad(Source(shown, ""), "fixture-unreadable", "cannot be read: it is no plain file")
        raw = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        return _bad(Source(shown, ""), "fixture-unreadable", f"cannot be read: {reason.lower()}")
    return load_text(raw, shown, positive=positive)


def load_text(raw: bytes, shown: str, *, positive: bool) -> Cases:
    """The case in the bytes of a file called `shown`."""
    name = shown.rsplit("/", 1)[-1]
    suffix = "." + name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if suffix not in SUFFIXES:
        hint = f"known endings: {', '.join(SUFFIXES)}"
        return _bad(Source(shown, ""), "fixture-unknown-format", f"`{name}` is no JSON, NDJSON or YAML", hint)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start}"
        return _bad(Source(shown, ""), "fixture-not-utf8", message)
    source = Source(shown, text)
    if not text.strip():
        return _bad(source, "fixture-empty", "the file is empty", "write the event that the case is about")
    data = _parse(source, suffix)
    if isinstance(data, Problem):
        return Cases(problems=(data,))
    stem = name[: -len(suffix)]
    return _case(f"{'positive' if positive else 'negative'}/{stem}", source, positive, data)


def _bad(source: Source, code: str, message: str, hint: str | None = None) -> Cases:
    return Cases(problems=(Problem(code, message, source, hint=hint),))


def _parse(source: Source, suffix: str) -> Any:
    if suffix in (".yaml", ".yml"):
        return _parse_yaml(source)
    text = source.text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if suffix != ".json":
            return _parse_lines(source)
        return _json_problem(source, error.msg, min(error.pos, len(text)))


def _json_problem(source: Source, message: str, offset: int) -> Problem:
    shown = message.split(": line ")[0].rstrip(".")
    return Problem("fixture-syntax", f"not valid JSON: {shown}", source, Span(offset, offset + 1))


def _parse_lines(source: Source) -> Any:
    """NDJSON: a list of the values, one a line."""
    values: list[Any] = []
    offset = 0
    for line in source.text.split("\n"):
        if line.strip():
            try:
                values.append(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                return _json_problem(source, error.msg, offset + error.pos)
        offset += len(line) + 1
    return values


def _parse_yaml(source: Source) -> Any:
    import yaml

    from samefire.harness.yaml_events import EventLoader, refuse_bombs

    try:
        refuse_bombs(source.text)
        return yaml.load(source.text, Loader=EventLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        offset = mark.index if mark is not None else 0
        reason = getattr(error, "problem", None) or str(error).split("\n")[0]
        return Problem("fixture-syntax", f"not valid YAML: {reason}", source, Span(offset, offset + 1))
    except (RecursionError, ValueError) as error:
        return Problem("fixture-syntax", f"not valid YAML: {error}", source)


def _case(name: str, source: Source, positive: bool, data: Any) -> Cases:
    problems: list[Problem] = []
    if isinstance(data, list):
        events = _events(source, data, (), problems)
        return _made(Case(name, source, positive, events), problems)
    if not isinstance(data, dict):
        return _bad(
            source, "fixture-not-an-event", f"a case is an event, a list or a case object, not {_kind(data)}"
        )
    if "events" not in data:
        _suspect_case_object(source, data, problems)
        if not data:
            return _bad(
                source, "fixture-empty", "the event has no fields", "write the event that the case is about"
            )
        return _made(Case(name, source, positive, (data,)), problems)
    return _made(_case_object(name, source, positive, data, problems), problems)


def _made(case: Case, problems: list[Problem]) -> Cases:
    errors = any(p.severity is Severity.ERROR for p in problems)
    return Cases(() if errors else (case,), tuple(problems))


def _suspect_case_object(source: Source, data: Mapping[str, Any], problems: list[Problem]) -> None:
    """An object with case keys or a misspelt `events` was meant as a case object."""
    for key, value in data.items():
        listed = isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)
        if listed and nearest(key, ("events",)):
            message = f"unknown key `{key}` in a case object"
            span = key_span(source, (key,))
            problems.append(
                Problem("fixture-unknown-key", message, source, span, hint="did you mean `events`?")
            )
            return
    known = [key for key in data if key in ("history", "indicators", "alerts", "now", "forms", "mapping")]
    if known:
        message = f"`{known[0]}` belongs in a case object, and this object has no `events`"
        hint = "put the events under `events`"
        span = key_span(source, (known[0],))
        problems.append(Problem("fixture-no-events", message, source, span, hint=hint))


def _events(
    source: Source, values: Any, path: tuple[str | int, ...], problems: list[Problem]
) -> tuple[Event, ...]:
    label = f"`{path[0]}`" if path else "a scenario"
    if not isinstance(values, list):
        span = element_span(source, path)
        message = f"{label} must be a list of events, not {_kind(values)}"
        problems.append(Problem("fixture-wrong-type", message, source, span))
        return ()
    if not values:
        span = element_span(source, path)
        problems.append(Problem("fixture-empty", f"{label} has no events", source, span))
    for index, value in enumerate(values):
        if not isinstance(value, dict) or not value:
            what = "has no fields" if value == {} else f"must be an object, not {_kind(value)}"
            span = element_span(source, (*path, index))
            problems.append(Problem("fixture-not-an-event", f"event {index + 1} {what}", source, span))
    return tuple(v for v in values if isinstance(v, dict) and v)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names: dict[type, str] = {str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "an object" if isinstance(value, dict) else "a list")


def _case_object(
    name: str, source: Source, positive: bool, data: Mapping[str, Any], problems: list[Problem]
) -> Case:
    def wrong(key: str, message: str, hint: str | None = None, code: str = "fixture-wrong-type") -> None:
        problems.append(Problem(code, message, source, key_span(source, (key,)), hint=hint))

    for key in data:
        if key not in CASE_KEYS:
            hint = did_you_mean(key, CASE_KEYS) or f"known keys: {', '.join(CASE_KEYS)}"
            wrong(key, f"unknown key `{key}` in a case object", hint, "fixture-unknown-key")
    alerts = data.get("alerts")
    if alerts is not None and (isinstance(alerts, bool) or not isinstance(alerts, int) or alerts < 0):
        wrong("alerts", f"`alerts` must be a number of alerts, not {_kind(alerts)}")
        alerts = None
    if alerts is not None and positive != (alerts > 0):
        folder = "positive" if positive else "negative"
        wrong("alerts", f"a {folder} case cannot expect {alerts} alerts", code="fixture-contradiction")
    description = data.get("description", "")
    if not isinstance(description, str):
        wrong("description", f"`description` must be a string, not {_kind(description)}")
    expect, because = _forms(data, wrong)
    return Case(
        name=name,
        source=source,
        positive=positive,
        events=_events(source, data["events"], ("events",), problems),
        description=description if isinstance(description, str) else "",
        history=_optional_events(source, data, "history", problems),
        indicators=_optional_events(source, data, "indicators", problems),
        alerts=alerts,
        now=_now(data, wrong),
        expect=expect,
        because=because,
        mapping=_mapping(data, wrong),
    )


def _optional_events(
    source: Source, data: Mapping[str, Any], key: str, problems: list[Problem]
) -> tuple[Event, ...]:
    if key not in data or data[key] == []:
        return ()
    return _events(source, data[key], (key,), problems)


def _forms(data: Mapping[str, Any], wrong: Any) -> tuple[dict[str, str], str]:
    forms = data.get("forms", {})
    if not isinstance(forms, dict):
        wrong("forms", f"`forms` must be an object, not {_kind(forms)}")
        return {}, ""
    because = forms.get("because", "")
    expect = {k: v for k, v in forms.items() if k != "because"}
    for form, value in expect.items():
        if value not in ("fires", "silent"):
            hint = did_you_mean(str(value), ("fires", "silent"))
            wrong(
                "forms",
                f"`forms.{form}` must be `fires` or `silent`, not {value!r}",
                hint,
                "fixture-bad-value",
            )
    if expect and not (isinstance(because, str) and because.strip()):
        hint = "add `because` with the reason why this form differs"
        wrong("forms", "a form that differs needs a reason", hint, "fixture-no-reason")
    good = {k: v for k, v in expect.items() if v in ("fires", "silent")}
    return good, because if isinstance(because, str) else ""


def _mapping(data: Mapping[str, Any], wrong: Any) -> Mapping[str, Any] | None:
    """Types of fields that are not known elsewhere: `{"field.name": "long"}`, or an Elasticsearch mapping. Given
    as an Elasticsearch mapping."""
    from samefire.fields import FieldTypes

    value = data.get("mapping")
    if value is None:
        return None
    if not isinstance(value, dict):
        wrong("mapping", f"`mapping` must be an object, not {_kind(value)}")
        return None
    mapping = value
    if not {"properties", "mappings", "_source", "dynamic"} & value.keys():
        types = {name: {"type": kind} if isinstance(kind, str) else kind for name, kind in value.items()}
        mapping = {"properties": types}
    try:
        FieldTypes.from_mapping(mapping)
    except ProblemError as error:
        for problem in error.problems:
            wrong("mapping", problem.message, problem.hint, "fixture-bad-mapping")
        return None
    return mapping


_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$")


def _now(data: Mapping[str, Any], wrong: Any) -> int | None:
    value = data.get("now")
    if value is None:
        return None
    if isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, str):
        nanos = parse_time(value)
        if nanos is not None:
            return nanos
    if isinstance(value, int) and not isinstance(value, bool):
        return value * 1_000_000
    hint = 'write a time such as "2026-01-31T12:00:00Z"'
    wrong("now", f"`now` must be a time, not {value!r}", hint, "fixture-bad-value")
    return None


def parse_time(text: str) -> int | None:
    """Nanoseconds since the epoch of an ISO 8601 time (UTC when no zone is written), or None."""
    found = _ISO.match(text.strip())
    if not found:
        return None
    day, clock, zone = found.groups()
    clock = clock or "00:00:00"
    whole, _, fraction = clock.partition(".")
    try:
        moment = datetime.fromisoformat(f"{day}T{whole}{'+00:00' if zone in (None, 'Z') else zone}")
    except ValueError:
        return None
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return seconds * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))


__all__ = ["NOWHERE", "Case", "Cases", "folder_of", "load_file", "load_folder", "load_text", "parse_time"]
