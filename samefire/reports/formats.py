"""A report in the format that somebody asked for, and the format that a file's name asks for."""

from __future__ import annotations

from pathlib import PurePath

from samefire.harness.report import Report
from samefire.reports.style import PLAIN, Style

FORMATS = ("text", "json", "junit", "sarif", "github", "markdown", "html")
ENDINGS = {
    ".txt": "text",
    ".json": "json",
    ".xml": "junit",
    ".sarif": "sarif",
    ".md": "markdown",
    ".html": "html",
}


def format_of(path: PurePath) -> str | None:
    """The format that a file's ending stands for."""
    return ENDINGS.get(path.suffix.lower())


def report_as(report: Report, format: str, style: Style = PLAIN, *, verbose: bool = False) -> str:
    """The report as one of `FORMATS`; `style` and `verbose` are for text."""
    match format:
        case "json":
            from samefire.reports.json import dumps, report_json

            return dumps(report_json(report))
        case "junit":
            from samefire.reports.junit import report_junit

            return report_junit(report)
        case "sarif":
            from samefire.reports.json import dumps
            from samefire.reports.sarif import report_sarif

            return dumps(report_sarif(report))
        case "github":
            from samefire.reports.github import report_github

            return report_github(report)
        case "markdown":
            from samefire.reports.markdown import report_markdown

            return report_markdown(report)
        case "html":
            from samefire.reports.html import report_html

            return report_html(report)
        case "text":
            from samefire.reports.text import report_text

            return report_text(report, style, verbose=verbose) + "\n"
    raise ValueError(f"no format {format}")
