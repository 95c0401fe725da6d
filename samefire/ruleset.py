"""Many rules: the files that paths name, loaded, and what they must not share (ids, names)."""

from __future__ import annotations

import gc
import glob
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from samefire.files import read_source
from samefire.problems import Problem, ProblemError, Severity
from samefire.rule import Rule, RuleError
from samefire.rule import load as load_rule
from samefire.source import Source

STDIN = "-"
TOML = ".toml"
SIGMA = (".yml", ".yaml")
_RULE_LIKE = re.compile(
    r"""^\s*(?:["']?rule_id["']?\s*=|\[+\s*["']?rule\b|["']?rule["']?\s*(?:=\s*\{|\.\s*["']?\w+["']?\s*=))""",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules in order of their paths, and the problems of files that gave none and of rules together.
    Warnings of one rule stay with the rule."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...] = ()


def no_more(draft: Rule) -> Iterable[Problem]:
    """Nothing beyond what reading a file says of it."""
    del draft
    return ()


def load(
    paths: Iterable[str | os.PathLike[str]],
    *,
    sigma: bool = False,
    more: Callable[[Rule], Iterable[Problem]] = no_more,
) -> Ruleset:
    """The rules of files, folders (every `*.toml` below that looks like a rule) and glob patterns; `-` is
    standard input. `sigma`: Sigma files (`*.yml`) too; `more`: what else is wrong with a file that gives no rule.
    Never raises: what cannot be read is a problem."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    with _collector_paused():
        endings = (TOML, *SIGMA) if sigma else (TOML,)
        for path, named in files([os.fspath(p) for p in paths], problems, endings):
            try:
                source = read(path)
                if path.endswith(SIGMA):
                    rules.extend(_sigma(source, named=named))
                elif named or looks_like_a_rule(source.text):
                    rules.append(load_rule(source))
            except RuleError as error:
                problems.extend(sorted((*error.problems, *more(error.draft)), key=_place))
            except ProblemError as error:
                problems.extend(error.problems)
    problems.extend(_shared(rules))
    return Ruleset(tuple(rules), tuple(problems))


def _place(problem: Problem) -> tuple[int, int]:
    return problem.location.line, problem.location.column


def _sigma(source: Source, *, named: bool) -> Iterator[Rule]:
    """The rule of a Sigma file; of a file that was only found in a folder none when it is no Sigma."""
    from samefire.languages.sigma_yaml import looks_like_sigma
    from samefire.sigma_rule import load as load_sigma

    if named or looks_like_sigma(source.text):
        yield load_sigma(source)


def looks_like_a_rule(text: str) -> bool:
    """Whether a TOML text is meant as a rule, whatever is wrong with it."""
    return _RULE_LIKE.search(text) is not None


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Tables of a thousand rules hold no cycles: looking for them costs a third of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def read(path: str) -> Source:
    """The text of a file, or of standard input; raises ProblemError."""
    if path != STDIN:
        return read_source(path)
    data = sys.stdin.buffer.read()
    return Source(STDIN, data.decode("utf-8", "replace"))


def files(
    paths: Sequence[str], problems: list[Problem], endings: tuple[str, ...] = (TOML,)
) -> Iterator[tuple[str, bool]]:
    """Each file once, sorted, and whether it was named itself (rather than found in a folder)."""
    found: dict[str, tuple[str, bool]] = {}
    for path in paths:
        files = [(path, True)] if path == STDIN or _is(path, stat.S_ISREG) else list(_below(path, endings))
        if not files and not _is(path, stat.S_ISDIR):
            message = "no file matches" if glob.has_magic(path) else "there is no such file or folder"
            problems.append(Problem("file-unreadable", message, Source(path, "")))
        for file, named in files:
            found.setdefault(os.path.realpath(file), (file, named))
    yield from sorted(found.values())


def _below(path: str, endings: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """The files with these endings of a folder at any depth (hidden folders aside), or of a glob pattern."""
    if _is(path, stat.S_ISDIR):
        yield from ((file, False) for file in _walk(path, endings))
    elif glob.has_magic(path):
        for match in glob.glob(path, recursive=True):  # noqa: PTH207 - a pattern may be absolute
            yield from (
                ((file, False) for file in _walk(match, endings))
                if _is(match, stat.S_ISDIR)
                else ((match, True),)
            )


def _is(path: str, kind: Callable[[int], bool]) -> bool:
    """Whether a file of this kind is at `path`; nothing is at a path that the system refuses."""
    try:
        return kind(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False


def _walk(path: str, endings: tuple[str, ...]) -> Iterator[str]:
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(endings) and not name.startswith("."):
                yield Path(folder, name).as_posix()


def _shared(rules: Sequence[Rule]) -> Iterator[Problem]:
    """Ids and names that two rules have: the first keeps it, the problem is on the others."""
    ids: dict[str, Rule] = {}
    names: dict[str, Rule] = {}
    for rule in rules:
        first = ids.setdefault(rule.id, rule)
        if first is not rule:
            hint = "give one of the two a fresh UUID"
            yield _twice("ruleset-duplicate-id", "rule_id", rule, first, Severity.ERROR, hint)
        first = names.setdefault(rule.name, rule)
        if first is not rule:
            hint = "analysts tell rules apart by their names"
            yield _twice("ruleset-duplicate-name", "name", rule, first, Severity.WARNING, hint)


def _twice(code: str, key: str, rule: Rule, first: Rule, severity: Severity, hint: str) -> Problem:
    line = first.source.locate(first.value_span("rule", key)).line
    message = f"another rule has this `{key}` already: {first.path}:{line}"
    return Problem(code, message, rule.source, rule.value_span("rule", key), severity, hint)
