"""`samefire lock`: give every rule whose export changed its next version."""

from __future__ import annotations

from collections.abc import Sequence

from samefire.commands import Exit, Result, ended
from samefire.commands.arguments import chosen_forms, terminal_style
from samefire.commands.convert import Choices, options
from samefire.lock import changes, lock_text, read_lock, updated, write_lock
from samefire.problems import Severity
from samefire.reports.text import problems_text
from samefire.workspace import open_workspace, without_rules


def run(paths: Sequence[str], *, check: bool) -> Result:
    """Update the lock file, or with `check` tell whether it is up to date."""
    workspace = without_rules(open_workspace(paths), paths)
    if any(p.severity is Severity.ERROR for p in workspace.problems):
        return Result(ended(workspace.problems), err=problems_text(workspace.problems, terminal_style()))
    path = workspace.settings.path(workspace.settings.lock)
    lock = read_lock(path)
    form = chosen_forms([workspace.settings.lock_form])[0]
    asked = options(workspace, Choices())
    exports = {r: form.write(r, workspace.fields, asked).document for r in workspace.rules}
    fresh = updated(lock, exports)
    told = changes(lock, fresh)
    if check:
        return Result(Exit.FINDINGS if told else Exit.FINE, "\n".join(told) or "the lock file is up to date")
    write_lock(path, lock_text(fresh))
    return Result(Exit.FINE, "\n".join(told) or "nothing changed")
