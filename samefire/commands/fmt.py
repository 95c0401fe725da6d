"""`samefire fmt`: rule and exception files in one layout."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from samefire.commands import Exit, Result, WrongUse, ended
from samefire.commands.arguments import terminal_style
from samefire.files import read_source, write_file
from samefire.fmt import formatted
from samefire.problems import Problem, ProblemError, visible
from samefire.reports.text import problems_text
from samefire.ruleset import STDIN, files, looks_like_a_rule, read
from samefire.settings import find
from samefire.source import Source
from samefire.workspace import shown


@dataclass
class _Outcome:
    """What became of the files so far."""

    count: int = 0
    changed: list[tuple[Source, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def run(paths: Sequence[str], *, check: bool, diff: bool, queries: bool) -> Result:
    """Format the files at `paths`; none: the rules and exceptions of the settings. With `check` or `diff`
    nothing is written."""
    if STDIN in paths:
        if list(paths) != [STDIN]:
            raise WrongUse("`-` is standard input; it goes alone")
        return _stdin(check=check, diff=diff, queries=queries)
    outcome = _format(list(paths) or _usual(), queries)
    if not (check or diff):
        for source, text in outcome.changed:
            write_file(Path(source.path), text.encode("utf-8"))
    style = terminal_style()
    told = [d for source, text in outcome.changed for d in _diff(source, text)] if diff else []
    if not diff:
        verb = "would change" if check else "formatted"
        told = [f"{verb} {visible(source.path)}" for source, _ in outcome.changed]
    told.append(_summary(outcome, written=not (check or diff)))
    failed = bool(outcome.problems or ((check or diff) and outcome.changed))
    text = problems_text(outcome.problems, style) if outcome.problems else ""
    return Result(ended(outcome.problems, failed=failed), "\n".join(told), text)


def _usual() -> list[str]:
    settings = find(Path.cwd())
    folders = [settings.path(name) for name in (*settings.rules, settings.exceptions)]
    return [shown(folder) for folder in folders if folder.exists()]


def _format(paths: Sequence[str], queries: bool) -> _Outcome:
    outcome = _Outcome()
    for path, named in files(paths, outcome.problems):
        try:
            source = read_source(path)
            if not (named or _ours(source.text)):
                continue
            outcome.count += 1
            text = formatted(source, queries=queries)
        except ProblemError as error:
            outcome.problems.extend(error.problems)
        else:
            if text != source.text:
                outcome.changed.append((source, text))
    if not outcome.count and not outcome.problems:
        raise WrongUse(
            f"no rule or exception file found in {', '.join(paths) or 'the folders of the settings'}"
        )
    return outcome


def _ours(text: str) -> bool:
    """Whether a file found in a folder is a rule or holds exceptions."""
    return looks_like_a_rule(text) or "[[exceptions]]" in text


def _stdin(*, check: bool, diff: bool, queries: bool) -> Result:
    source = read(STDIN)
    text = formatted(source, queries=queries)
    same = text == source.text
    if not (check or diff):
        return Result(Exit.FINE, text)
    told = "\n".join(_diff(source, text)) if diff else "" if same else "would change -"
    return Result(Exit.FINE if same else Exit.FINDINGS, told)


def _diff(source: Source, text: str) -> Iterator[str]:
    before, after = source.text.splitlines(), text.splitlines()
    name = visible(source.path)
    yield from difflib.unified_diff(before, after, name, f"{name} (formatted)", lineterm="")


def _summary(outcome: _Outcome, *, written: bool) -> str:
    changed = len(outcome.changed)
    failed = (
        f", {len({p.location.path for p in outcome.problems})} cannot be formatted"
        if outcome.problems
        else ""
    )
    verb = "formatted" if written else "would change"
    return f"{outcome.count} file{'' if outcome.count == 1 else 's'}: {changed} {verb}{failed}"
