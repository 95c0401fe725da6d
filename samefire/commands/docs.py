"""`samefire docs`: a page for each rule and an index, as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from samefire.commands import Exit, Result
from samefire.commands.arguments import check_format, chosen_forms
from samefire.commands.convert import Choices, options
from samefire.commands.cover import covered
from samefire.commands.running import Running, job_of
from samefire.docs.page import Page, page_of, place_of
from samefire.files import write_file
from samefire.harness.many import judge_all
from samefire.lock import read_lock
from samefire.problems import ProblemError, Severity
from samefire.reports.text import problems_text
from samefire.workspace import Workspace, open_workspace, shown, without_rules

FORMATS = ("html", "markdown", "both")


def run(paths: Sequence[str], *, output: Path, format: str, title: str) -> Result:
    """Write the pages of the rules at `paths`. Files of rules that are gone stay."""
    check_format(format, FORMATS)
    workspace = without_rules(open_workspace(paths), paths)
    if any(problem.severity is Severity.ERROR for problem in workspace.problems):
        raise ProblemError(workspace.problems)
    pages = pages_of(workspace)
    texts = dict(_texts(pages, format, title))
    for name, text in texts.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        write_file(output / name, text.encode("utf-8", "replace"))
    warnings = problems_text(workspace.problems) if workspace.problems else ""
    count = f"{len(pages)} rule{'' if len(pages) == 1 else 's'}"
    first = "index.md" if format == "markdown" else "index.html"
    return Result(Exit.FINE, f"{count} in {len(texts)} files: {output / first}", warnings)


def pages_of(workspace: Workspace) -> list[Page]:
    """What is told of each rule, with its verdicts and versions."""
    settings = workspace.settings
    forms = chosen_forms([], settings.forms)
    job = job_of(Running(), workspace, forms, options(workspace, Choices()))
    lock = read_lock(settings.path(settings.lock))
    roots = [shown(settings.path(root)) for root in settings.rules]
    found: list[Page] = []
    for report, (rule, coverage) in zip(judge_all(workspace, job), covered(workspace), strict=True):
        entry = lock.get(rule.id)
        found.append(page_of(report, coverage, place_of(rule.path, roots), entry.version if entry else None))
    return sorted(found, key=lambda page: (page.deprecated, page.name.lower(), page.place))


def _texts(pages: Sequence[Page], format: str, title: str) -> Iterator[tuple[str, str]]:
    if format in ("html", "both"):
        from samefire.docs.html import index_html, page_html

        yield "index.html", index_html(pages, title)
        yield from ((f"{page.place}.html", page_html(page)) for page in pages)
    if format in ("markdown", "both"):
        from samefire.docs.markdown import index_markdown, page_markdown

        yield "index.md", index_markdown(pages)
        yield from ((f"{page.place}.md", page_markdown(page)) for page in pages)
