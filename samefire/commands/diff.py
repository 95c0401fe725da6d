"""`samefire diff`: what changed between two versions of rules, in the terms of a detection engineer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from samefire import ruleset
from samefire.commands import Exit, Result, WrongUse
from samefire.commands.arguments import check_format, chosen_forms, terminal_style
from samefire.diff import RuleDiff, compare
from samefire.diff_beside import same_exceptions
from samefire.exception_list import ExceptionList
from samefire.exceptions import attached, by_name
from samefire.exceptions import load as load_lists
from samefire.forms import Options
from samefire.problems import Problem, ProblemError, Severity
from samefire.reports.text import problems_text
from samefire.revision import Repository
from samefire.rule import Rule, load
from samefire.ruleset import looks_like_a_rule
from samefire.settings import KIBANA, Settings
from samefire.source import Source
from samefire.workspace import Workspace, load_exceptions, load_fields, settings_for, shown

FORMATS = ("text", "markdown", "json")


@dataclass(frozen=True)
class Side:
    """One of the two: its rules. `single`: one file was named, which is the other side's whatever its id."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...] = ()
    single: bool = False


def run(old: str, new: str | None, *, forms: Sequence[str], format: str) -> Result:
    """Compare `old` with `new` (None: the work tree). Each is a file, a folder, a revision, or
    `revision:path`. Rules that cannot be read end in exit 1, after all that could be compared."""
    check_format(format, FORMATS)
    settings = settings_for([new] if new is not None else [old])
    before = _side(old, settings)
    now = _side(new, settings) if new is not None else _work_tree(before, old, settings)
    diffs = list(differences(before, now, settings, forms))
    told_of = dict.fromkeys((*before.problems, *now.problems))
    problems = [p for p in told_of if p.severity is Severity.ERROR]
    told = problems_text(problems, terminal_style()) if problems else ""
    return Result(Exit.FINDINGS if problems else Exit.FINE, _drawn(diffs, format), told)


def _drawn(diffs: Sequence[RuleDiff], format: str) -> str:
    from samefire.reports.difference import diff_json, diff_markdown, diff_text
    from samefire.reports.json import dumps

    if format == "json":
        return dumps(diff_json(diffs))
    return diff_markdown(diffs) if format == "markdown" else diff_text(diffs, terminal_style())


def differences(before: Side, now: Side, settings: Settings, names: Sequence[str]) -> Iterator[RuleDiff]:
    """Each rule of either side, in order of path."""
    fields = load_fields(settings)
    forms = chosen_forms(names, settings.forms)
    export = chosen_forms([KIBANA])[0]
    workspace = Workspace(settings, fields, ())
    asked = Options(taxonomy=settings.taxonomy)
    for old, new in _pairs(before, now):
        if old and new and old.source.text == new.source.text and same_exceptions(old, new):
            yield RuleDiff(old, new)
            continue
        cases = workspace.cases(new).cases if new else ()
        yield compare(old, new, export, fields, cases, forms, asked)


def _pairs(before: Side, now: Side) -> list[tuple[Rule | None, Rule | None]]:
    if before.single and now.single and len(before.rules) == len(now.rules) == 1:
        return [(before.rules[0], now.rules[0])]
    old = {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in now.rules}
    pairs = [(old.get(i), new.get(i)) for i in {**old, **new}]
    return sorted(pairs, key=lambda pair: next((r.path for r in reversed(pair) if r is not None), ""))


def _side(name: str, settings: Settings) -> Side:
    """The rules that a name stands for. Raises WrongUse when it stands for nothing, ProblemError."""
    if Path(name).exists():
        return _now([name], settings, single=Path(name).is_file())
    revision, _, path = name.partition(":")
    try:
        repository = Repository.around(settings.home)
        commit = repository.commit(revision)
    except ProblemError as error:
        raise WrongUse(
            f"{name} is no file, no folder and no revision: {error.problems[0].message}"
        ) from error
    folders = [path] if path else _folders(repository, settings)
    lists = _lists_then(repository, commit, settings)
    side = _then(repository, commit, revision, folders)
    return replace(side, rules=attached(side.rules, lists))


def _now(paths: Sequence[str], settings: Settings, *, single: bool = False) -> Side:
    """The rules of the work tree, with their exceptions; a list that cannot be read is told."""
    loaded = ruleset.load(paths)
    lists, problems = load_exceptions(settings)
    return Side(attached(loaded.rules, lists), (*loaded.problems, *problems), single)


def _lists_then(repository: Repository, commit: str, settings: Settings) -> list[ExceptionList]:
    """The exception lists as a commit has them; what could not be read even then is left out."""
    root, folder = repository.root.resolve(), settings.path(settings.exceptions).resolve()
    if not folder.is_relative_to(root):
        return []
    inside = folder.relative_to(root).as_posix()
    files = repository.read(commit, repository.files(commit, inside))
    texts = {path: Source(path, raw.decode("utf-8", "replace")) for path, raw in files.items()}
    named = ((PurePosixPath(path), text) for path, text in texts.items())
    values = by_name((path, text) for path, text in named if path.parent == PurePosixPath(inside) / "lists")
    found: list[ExceptionList] = []
    for path, text in texts.items():
        if path.endswith(".toml"):
            with contextlib.suppress(ProblemError):
                found.extend(load_lists(text, values))
    return found


def _folders(repository: Repository, settings: Settings) -> list[str]:
    """The rules' folders, from the repository's root."""
    root = repository.root.resolve()
    found = [settings.path(name).resolve() for name in settings.rules]
    return [p.relative_to(root).as_posix() for p in found if p.is_relative_to(root)]


def _then(repository: Repository, commit: str, revision: str, folders: Sequence[str]) -> Side:
    """The rules as a commit has them."""
    names = [n for f in folders for n in repository.files(commit, f) if n.endswith(".toml")]
    if not names:
        raise WrongUse(f"{revision} has no rules in {', '.join(folders)}")
    rules: list[Rule] = []
    problems: list[Problem] = []
    for path, raw in repository.read(commit, names).items():
        source = Source(shown(repository.root / path), raw.decode("utf-8", "replace"))
        try:
            if looks_like_a_rule(source.text):
                rules.append(load(source))
        except ProblemError as error:
            then = Source(f"{revision}:{source.path}", source.text)
            problems.extend(
                Problem(p.code, p.message, then, p.source.rooted(p.span)[1], p.severity, p.hint)
                for p in error.problems
            )
    return Side(tuple(rules), tuple(problems), folders == names)


def _work_tree(before: Side, old: str, settings: Settings) -> Side:
    """What to compare with when only one side is named: the same rules as they are now."""
    if Path(old).exists():
        raise WrongUse(f"what is {old} to be compared with? give a second file, folder or revision")
    path = old.partition(":")[2]
    if path:
        return _side(shown(Repository.around(settings.home).root / path), settings)
    return _now([shown(settings.path(r)) for r in settings.rules], settings)
