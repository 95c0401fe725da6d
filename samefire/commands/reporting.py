"""Where the reports of `check`, `test` and `gate` go: stdout, files, the job summary of GitHub."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from samefire.commands import Exit, Result, WrongUse, ended
from samefire.commands.arguments import check_format, terminal_style
from samefire.commands.failure import told_of_file
from samefire.files import write_file
from samefire.harness.report import Report
from samefire.reports.formats import ENDINGS, FORMATS, format_of, report_as
from samefire.reports.text import report_text

SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True)
class Printing:
    """The flags `--format`, `--output`, `--summary` and `--verbose`. `format` None: text."""

    format: str | None = None
    outputs: Sequence[Path] = ()
    summary: bool = False
    verbose: bool = False

    def files(self) -> Mapping[Path, str]:
        """The format of each output file: its ending's, or with one file alone the one that was asked for.
        Raises WrongUse."""
        if len(self.outputs) == 1 and self.format:
            return {self.outputs[0]: self.format}
        found: dict[Path, str] = {}
        for path in self.outputs:
            known = format_of(path)
            if known is None:
                endings = ", ".join(f"`{ending}`" for ending in ENDINGS)
                raise WrongUse(f"no format belongs to the ending of {path}; known endings: {endings}")
            found[path] = known
        return found

    def shown(self) -> str:
        """The format of stdout: the one asked for, or text when that one goes to a file."""
        return self.format if self.format and self.format not in self.files().values() else "text"


def printing(
    format: str | None, outputs: Sequence[Path] | None, summary: bool = False, verbose: bool = False
) -> Printing:
    """The flags, checked before anything runs. Raises WrongUse."""
    if format is not None:
        check_format(format, FORMATS)
    chosen = Printing(format, tuple(outputs or ()), summary, verbose)
    chosen.files()
    if summary and not os.environ.get(SUMMARY):
        raise WrongUse(f"--summary writes to the file that {SUMMARY} names, and it is not set")
    return chosen


def reported(report: Report, asked: Printing, text: str | None = None) -> Result:
    """Write what goes to files, and give what goes to stdout, also when a file cannot be written. `text`: instead
    of the usual terminal text."""
    unwritten = "\n".join(_written(report, asked))
    code = Exit.UNREACHABLE if unwritten else ended(report.problems, failed=not report.passed)
    shown = asked.shown()
    if shown != "text":
        return Result(code, report_as(report, shown), unwritten)
    return Result(code, text or report_text(report, terminal_style(), verbose=asked.verbose), unwritten)


def _written(report: Report, asked: Printing) -> Iterator[str]:
    """Write the files, with the folders that they lie in; what cannot be written."""
    for path, format in asked.files().items():
        text = report_as(report, format, verbose=asked.verbose)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, text.encode("utf-8", "replace"))
        except OSError as error:
            yield told_of_file(error)
    if asked.summary:
        try:
            with Path(os.environ[SUMMARY]).open("a", encoding="utf-8", errors="replace") as file:
                file.write(report_as(report, "markdown"))
        except OSError as error:
            yield told_of_file(error)
