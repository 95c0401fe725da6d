"""pytest plugin: each rule × form × case as a test of its own, failing with samefire's explanation.

`pytest rules/` collects the rules below `rules/` when the settings say that rules lie there; a plain `pytest`
does not, unless `--samefire` or the ini option `samefire = true` asks for it. Nothing heavy is imported until a
rule is collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from samefire.harness.case import Case
    from samefire.harness.run import Prepared
    from samefire.workspace import Workspace


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("samefire", "detection rules")
    group.addoption(
        "--samefire", action="store_true", default=False, help="collect detection rules (TOML) too"
    )
    parser.addini("samefire", "collect detection rules (TOML) too", type="bool", default=False)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> RuleFile | None:
    """A rule file, when rules were asked for."""
    if file_path.suffix != ".toml" or not _wanted(parent.config, file_path):
        return None
    return RuleFile.from_parent(parent, path=file_path)


def _wanted(config: pytest.Config, path: Path) -> bool:
    if config.getoption("--samefire") or config.getini("samefire"):
        return any(path.is_relative_to(root) for root in _roots(path))
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return False
    given = [(config.invocation_params.dir / str(a).split("::")[0]).resolve() for a in config.args]
    named = [one for one in given if path.is_relative_to(one)]
    return bool(named) and any(one.is_relative_to(root) for root in _roots(path) for one in named)


def _roots(path: Path) -> list[Path]:
    """The folders that hold rules, as the settings around a file say; that file's folder when they are broken,
    so that the file is collected and says so."""
    return _roots_of(path.parent)


@cache
def _roots_of(folder: Path) -> list[Path]:
    from samefire.problems import ProblemError
    from samefire.settings import find

    try:
        settings = find(folder)
    except ProblemError:
        return [folder]
    return [settings.path(r).resolve() for r in settings.rules]


class RuleFile(pytest.File):
    """One rule: a test for what is wrong with its files, and one for each form and case."""

    def collect(self) -> Iterator[pytest.Item]:
        from samefire.commands.arguments import chosen_forms
        from samefire.problems import ProblemError

        yield CheckItem.from_parent(self, name="check")
        try:
            if not self.workspace.rules:
                return
        except ProblemError:
            return  # the check says why
        for form in chosen_forms([], self.workspace.settings.forms, derived=True):
            for case in self.workspace.cases(self.workspace.rules[0]).cases:
                yield CaseItem.from_parent(self, name=f"{form.name}-{case.name}", form=form.name, case=case)

    @cached_property
    def workspace(self) -> Workspace:
        from samefire.settings import find
        from samefire.workspace import open_workspace

        return open_workspace([str(self.path)], find(self.path.parent))

    def prepared(self, form: str) -> Prepared:
        """The rule in one form, written and read back once."""
        from samefire.commands.convert import Choices, options
        from samefire.forms import converters
        from samefire.harness.run import Prepared

        if form not in self._prepared:
            rule, asked = self.workspace.rules[0], options(self.workspace, Choices())
            self._prepared[form] = Prepared(converters()[form], rule, self.workspace.fields, asked)
        return self._prepared[form]

    @cached_property
    def _prepared(self) -> dict[str, Prepared]:
        return {}


class Wrong(Exception):
    """A finding; its text is the whole explanation."""


class _Item(pytest.Item):
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Wrong):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    @property
    def file(self) -> RuleFile:
        assert isinstance(self.parent, RuleFile)
        return self.parent

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class CheckItem(_Item):
    """The rule and its fixtures have no errors."""

    def runtest(self) -> None:
        from samefire.commands.check import check
        from samefire.problems import ProblemError, Severity
        from samefire.reports.text import problems_text

        try:
            problems = [p for p in check(self.file.workspace) if p.severity is Severity.ERROR]
        except ProblemError as error:
            problems = list(error.problems)
        if problems:
            raise Wrong(problems_text(problems))


class CaseItem(_Item):
    """One form of a rule on one case."""

    def __init__(self, *, form: str, case: Case, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.form = form
        self.case = case

    def runtest(self) -> None:
        from samefire.harness.report import Outcome
        from samefire.harness.run import verdicts_of
        from samefire.problems import visible

        prepared = self.file.prepared(self.form)
        if prepared.detection is None:
            pytest.skip(visible(f"{self.form} {prepared.result.status}: {prepared.result.why}"))
        for verdict in verdicts_of(prepared, [self.case]):
            if verdict.outcome is Outcome.FAIL:
                did = "fired" if verdict.fired else "stayed silent"
                head = f"{self.case.path}: {self.form} {did}, expected: {verdict.expected}"
                raise Wrong("\n".join(map(visible, [head, *(f"  {line}" for line in verdict.reason)])))
