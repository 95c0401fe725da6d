"""A rules repository on disk: settings, field types, rules, fixtures. The one place that walks folders."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import orjson

from samefire.fields import FieldTypes
from samefire.harness.case import Cases, folder_of, load_folder
from samefire.problems import Problem, ProblemError, Severity
from samefire.rule import Rule
from samefire.ruleset import SIGMA, TOML
from samefire.ruleset import load as load_rules
from samefire.settings import Settings, find
from samefire.source import Source, Span

if TYPE_CHECKING:
    from samefire.exception_list import ExceptionList


@dataclass(frozen=True)
class Workspace:
    """What a command works on. `problems` are those of files that gave no rule."""

    settings: Settings
    fields: FieldTypes
    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...] = ()

    def cases(self, rule: Rule) -> Cases:
        """The fixtures of a rule."""
        roots = [self.settings.path(r) for r in self.settings.rules]
        folder = folder_of(Path(rule.path), roots, self.settings.path(self.settings.fixtures))
        return load_folder(folder, shown(folder))

    def excused(self, rule: Rule) -> bool:
        """Whether the settings name the rule as one without fixtures."""
        return named(rule, self.settings.without_fixtures, self.settings.home)


def named(rule: Rule, names: Collection[str], home: Path) -> bool:
    """Whether a list of the settings names the rule: by id, by path (from the settings' folder) or by the
    file's name without its ending."""
    if not names:
        return False
    path = str(Path(rule.path).resolve())
    return not set(names).isdisjoint(names_of(rule.id, rule.path, path, home))


def names_of(rule_id: str | None, shown: str, path: str, home: Path) -> Iterator[str]:
    """What a rule may be called in the settings. `shown` is its path as people see it, `path` the real one."""
    yield shown
    yield PurePath(shown).stem
    yield path.removeprefix(f"{home}/")
    if rule_id is not None:
        yield rule_id


def shown(path: Path) -> str:
    """A path as people read it: relative to the working folder when it lies below."""
    try:
        return Path(os.path.realpath(path)).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def open_workspace(
    paths: Sequence[str],
    settings: Settings | None = None,
    mapping: Path | None = None,
    *,
    sigma: bool = False,
) -> Workspace:
    """The rules at `paths` (files, folders, globs; none: the settings' folders; a fixture stands for its rule).
    `sigma`: Sigma files too. Raises ProblemError when the settings or field types cannot be read."""
    settings = settings or settings_for(paths)
    fields = load_fields(settings, mapping)
    targets, orphans = _targets(paths, settings)
    loaded = load_rules(targets, sigma=sigma, more=_query_problems)
    found = (*loaded.problems, *orphans)
    if not settings.path(settings.exceptions).is_dir():
        return Workspace(settings, fields, loaded.rules, found)
    from samefire.exceptions import attached, unknown_rules

    lists, problems = load_exceptions(settings)
    if not paths:
        problems += unknown_rules({rule.id for rule in loaded.rules}, lists)
    return Workspace(settings, fields, attached(loaded.rules, lists), (*found, *problems))


def settings_for(paths: Sequence[str]) -> Settings:
    """The settings that hold for the first of the paths; for the working folder when there is none, or no such file.
    Raises ProblemError."""
    first = Path(paths[0]) if paths else Path.cwd()
    if first.is_dir():
        return find(first)
    return find(first.parent if first.is_file() else Path.cwd())


def _query_problems(draft: Rule) -> list[Problem]:
    from samefire.check import check_draft

    return check_draft(draft)


def _targets(paths: Sequence[str], settings: Settings) -> tuple[list[str], list[Problem]]:
    """What to load, and a problem for each fixture that has no rule."""
    if not paths:
        return [shown(settings.path(r)) for r in settings.rules], []
    targets: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        rule = rule_of(path, settings)
        if rule is not None:
            targets.append(rule)
        else:
            hint = "fixtures lie where their rule does, in a folder named after its file"
            message = "no rule belongs to this fixture"
            problems.append(Problem("fixture-without-rule", message, Source(path, ""), hint=hint))
    return targets, problems


def rule_of(path: str, settings: Settings) -> str | None:
    """The rule file that a fixture (`…/positive/x.json`, or the folder of a rule's fixtures) belongs to, None
    when there is none; any other path is itself."""
    fixtures = settings.path(settings.fixtures).resolve()
    given = Path(os.path.realpath(path))
    if not given.is_relative_to(fixtures) or given == fixtures:
        return path
    inside = given.relative_to(fixtures)
    sides = [i for i, part in enumerate(inside.parts) if part in ("positive", "negative")]
    stem = Path(*inside.parts[: sides[-1]]) if sides and sides[-1] else inside
    for root in settings.rules:
        for ending in (TOML, *SIGMA):
            rule = settings.path(root) / stem.parent / f"{stem.name}{ending}"
            if rule.is_file():
                return shown(rule)
    return None


def load_exceptions(settings: Settings) -> tuple[list[ExceptionList], list[Problem]]:
    """The exception lists of the project, and what is wrong with their files. Value lists lie in the folder
    `lists` beside them, a file each, named as in Kibana."""
    from samefire.exceptions import load as load_lists

    folder, values = settings.path(settings.exceptions), value_lists(settings)
    lists: list[ExceptionList] = []
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*.toml")):
        try:
            lists.extend(load_lists(read_text(path, "exceptions"), values))
        except ProblemError as error:
            problems.extend(error.problems)
    return lists, problems


def value_lists(settings: Settings) -> dict[str, Source]:
    """The values of the project's value lists, by the name of the list. Raises ProblemError."""
    from samefire.exceptions import by_name

    folder = settings.path(settings.exceptions) / "lists"
    files = (path for path in sorted(folder.glob("*")) if path.is_file())
    return by_name((path, read_text(path, "exceptions")) for path in files)


def load_fields(settings: Settings, mapping: Path | None = None) -> FieldTypes:
    """ECS and vendor fields, the project's own `fields/`, and a mapping file, later ones winning."""
    fields = FieldTypes.known()
    layers = [_layer(path) for path in field_files(settings)]
    if mapping is not None:
        layers.append(_layer(mapping))
    return fields.layered(*layers) if layers else fields


def field_files(settings: Settings) -> Iterable[Path]:
    """The files of the project's own field types, in the order in which they are laid over each other."""
    for name in settings.fields:
        path = settings.path(name)
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.suffix in (".toml", ".json"))
        elif path.is_file():
            yield path


def _layer(path: Path) -> FieldTypes:
    source = read_text(path, "fields")
    if path.suffix == ".toml":
        return FieldTypes.from_toml(source)
    return FieldTypes.from_mapping(read_json(source, "mapping"))


def read_text(path: Path, kind: str) -> Source:
    """A text file; raises ProblemError `<kind>-unreadable`."""
    try:
        return Source(shown(path), path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        message = f"cannot be read: {str(reason).lower()}"
        raise ProblemError([Problem(f"{kind}-unreadable", message, Source(shown(path), ""))]) from error


def read_json(source: Source, kind: str) -> dict[str, Any]:
    """A JSON object; raises ProblemError `<kind>-syntax`."""
    try:
        data = orjson.loads(source.text)
    except orjson.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg.split(': line')[0]}"
        span = Span(error.pos, error.pos + 1)
        raise ProblemError([Problem(f"{kind}-syntax", message, source, span)]) from error
    if not isinstance(data, dict):
        raise ProblemError([Problem(f"{kind}-syntax", "must be a JSON object", source)])
    return data


def without_rules(workspace: Workspace, paths: Sequence[str]) -> Workspace:
    """The workspace, with an error when it holds no rule at all: a gate on nothing is no gate."""
    if workspace.rules or workspace.problems:
        return workspace
    where = ", ".join(paths) or ", ".join(workspace.settings.rules)
    problem = Problem(
        "no-rules",
        f"no rule found in {where}",
        Source(where, ""),
        severity=Severity.ERROR,
        hint="give a rule file (`*.toml`), a folder or a pattern",
    )
    return replace(workspace, problems=(problem,))
