"""`samefire watch`: judge what a saved file concerns, again and again, on a calm screen."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from samefire.commands import Exit
from samefire.commands.arguments import chosen_forms, terminal_style
from samefire.commands.convert import Choices, options
from samefire.harness.many import Job, judge_all
from samefire.harness.report import Report
from samefire.problems import ProblemError, visible
from samefire.reports.style import Style
from samefire.reports.text import problems_text, report_text
from samefire.settings import Settings, find
from samefire.watching import Look, affected, changes, look
from samefire.workspace import open_workspace, shown

PAUSE = 0.15
"""Seconds between two looks."""
CLEAR = "\x1b[H\x1b[2J\x1b[3J"
Write = Callable[[str], None]


def run(names: Sequence[str], *, rounds: int | None = None, write: Write | None = None) -> Exit:
    """Judge all rules, then whatever changes concern, until stopped (or for so many rounds of looking).
    `names`: the forms; none: as the settings say."""
    settings = find(Path.cwd())
    chosen_forms(names)
    out = write or _show
    style = terminal_style()
    state = look(settings)
    out(screen(settings, names, None, state, style))
    done = 0
    while rounds is None or done < rounds:
        time.sleep(PAUSE)
        done += 1
        now = look(settings)
        if changed := changes(state, now):
            settings = _settings_again(settings)
            out(screen(settings, names, changed, now, style))
        state = now
    return Exit.FINE


def _show(text: str) -> None:
    """Put a screen in place of the last one; on no terminal, below it."""
    sys.stdout.write(f"{CLEAR}{text}\n" if sys.stdout.isatty() else f"{text}\n\n")
    sys.stdout.flush()


def _settings_again(settings: Settings) -> Settings:
    """The settings as they are now; those from before while they cannot be read."""
    try:
        return find(Path.cwd())
    except ProblemError:
        return settings


def screen(
    settings: Settings, names: Sequence[str], changed: Sequence[str] | None, now: Look, style: Style
) -> str:
    """What is shown after a change (None: at the start): the rules that it concerns, judged."""
    start = time.perf_counter()
    rules = None if changed is None else affected(settings, changed, now)
    try:
        body = _judged(settings, names, rules, style)
    except ProblemError as error:
        body = problems_text(error.problems, style)
    what = _what(changed)
    took = f"{time.perf_counter() - start:.2f} s"
    return f"{style.faint(f'{what} · {took}')}\n\n{body}\n\n{style.faint('watching; Ctrl-C stops')}"


def _what(changed: Sequence[str] | None) -> str:
    if changed is None:
        return "all rules"
    names = [visible(shown(Path(path))) for path in changed]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _judged(settings: Settings, names: Sequence[str], rules: Sequence[str] | None, style: Style) -> str:
    find(Path.cwd())  # raises when the settings are broken
    if rules is not None and not rules:
        return "no rule is concerned"
    paths = [os.path.relpath(path) for path in rules or ()]
    workspace = open_workspace(paths, settings)
    forms = chosen_forms(names, settings.forms)
    job = Job(
        forms,
        options(workspace, Choices()),
        checked=True,
        strict_fields=settings.strict_fields,
        lints=settings.lints,
        processes=1,
    )
    report = Report(tuple(judge_all(workspace, job)), workspace.problems)
    return report_text(report, style)
