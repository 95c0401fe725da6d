"""What a file is judged by: the settings, field types and exception lists of the project it lies in; and what is
wrong with its text as it stands in the editor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path

from samefire.check import check_draft, check_rule
from samefire.exception_list import ExceptionList
from samefire.exceptions import attached
from samefire.exceptions import load as load_lists
from samefire.fields import FieldTypes
from samefire.gate.policy import policy_of
from samefire.harness.case import SUFFIXES, Cases, folder_of, load_folder, load_text
from samefire.harness.checks import check_cases
from samefire.harness.report import RuleReport
from samefire.harness.run import Subject, judge_rule
from samefire.problems import Problem, ProblemError, Severity
from samefire.rule import Rule, RuleError, load
from samefire.ruleset import looks_like_a_rule
from samefire.settings import Settings, find
from samefire.settings import read as read_settings
from samefire.source import Source
from samefire.toml_text import tables
from samefire.workspace import load_exceptions, load_fields, named, shown, value_lists


class Kind(Enum):
    """What a file is."""

    RULE = "rule"
    EXCEPTIONS = "exceptions"
    FIELDS = "fields"
    SETTINGS = "settings"
    FIXTURE = "fixture"
    OTHER = "other"


@dataclass(frozen=True)
class Project:
    """One project, read once; `Projects` makes a new one when its files change."""

    settings: Settings
    problems: tuple[Problem, ...] = ()

    @cached_property
    def fields(self) -> FieldTypes:
        """Field types; those that are shipped when the project's own cannot be read."""
        try:
            return load_fields(self.settings)
        except ProblemError:
            return FieldTypes.known()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All field names, sorted."""
        return tuple(sorted(self.fields))

    @cached_property
    def own(self) -> frozenset[str]:
        """The names of the project's own fields."""
        return frozenset(self.names) - frozenset(FieldTypes.known())

    @cached_property
    def lists(self) -> Sequence[ExceptionList]:
        return load_exceptions(self.settings)[0]

    def kind(self, path: Path, text: str) -> Kind:
        """What the file at `path` is, by its place and its text."""
        folders = {Kind.FIXTURE: [self.settings.fixtures], Kind.FIELDS: self.settings.fields}
        for kind, names in folders.items():
            if any(_below(path, self.settings.path(name)) for name in names):
                fits = path.suffix in SUFFIXES if kind is Kind.FIXTURE else path.suffix == ".toml"
                return kind if fits else Kind.OTHER
        if path.name == "samefire.toml":
            return Kind.SETTINGS
        if path.suffix != ".toml" or path.name == "pyproject.toml":
            return Kind.OTHER
        if "[[exceptions" in text:
            return Kind.EXCEPTIONS
        below = any(_below(path, self.settings.path(name)) for name in self.settings.rules)
        return Kind.RULE if below or looks_like_a_rule(text) else Kind.OTHER

    def diagnose(self, path: Path, text: str) -> list[Problem]:
        """What is wrong with a text, whether it is saved or not."""
        source = Source(shown(path), text)
        try:
            found = self._problems(self.kind(path, text), path, source)
        except RuleError as error:
            found = [*error.problems, *check_draft(error.draft)]
        except ProblemError as error:
            found = list(error.problems)
        own = [p for p in found if p.source.rooted(p.span)[0].path == source.path]
        return list(dict.fromkeys(p for p in own if p.severity is not Severity.NOTE))

    def _problems(self, kind: Kind, path: Path, source: Source) -> list[Problem]:
        match kind:
            case Kind.RULE:
                rule = self.rule(source)
                strict = self.settings.strict_fields
                checked = check_rule(rule, self.fields, strict_fields=strict, lints=self.settings.lints)
                return [*rule.problems, *checked, *self.balance(rule, path)]
            case Kind.EXCEPTIONS:
                return [p for one in load_lists(source, value_lists(self.settings)) for p in one.problems]
            case Kind.FIELDS:
                FieldTypes.from_toml(source)
            case Kind.SETTINGS:
                policy_of(read_settings(tables(source)[0], source, path.parent))
            case Kind.FIXTURE:
                return self.fixture(path, source)
            case Kind.OTHER:
                pass
        return []

    def rule(self, source: Source) -> Rule:
        """The rule of a text with its exception lists; raises ProblemError."""
        return attached([load(source)], self.lists)[0]

    def cases(self, path: Path) -> Cases:
        """The fixtures of the rule at `path`, as they are saved."""
        roots = [self.settings.path(name) for name in self.settings.rules]
        folder = folder_of(path, roots, self.settings.path(self.settings.fixtures))
        return load_folder(folder, shown(folder))

    def balance(self, rule: Rule, path: Path) -> list[Problem]:
        """What the rule's fixtures lack."""
        excused = named(rule, self.settings.without_fixtures, self.settings.home)
        return check_cases(rule, self.cases(path), self.fields, excused=excused)

    def fixture(self, path: Path, source: Source) -> list[Problem]:
        """What is wrong with a case, by itself and for its rule."""
        cases = load_text(source.text.encode("utf-8"), source.path, positive=path.parent.name == "positive")
        rule = self.rule_of(path)
        found = [] if rule is None else check_cases(rule, cases, self.fields, excused=True)
        return [*cases.problems, *found]

    def rule_of(self, fixture: Path) -> Rule | None:
        """The rule that a fixture belongs to, when it can be read."""
        fixtures = self.settings.path(self.settings.fixtures).resolve()
        inner = fixture.resolve().parent.parent.relative_to(fixtures)
        for name in self.settings.rules:
            path = self.settings.path(name) / f"{inner}.toml"
            if path.is_file():
                try:
                    return load(Source(shown(path), path.read_text(encoding="utf-8")))
                except (ProblemError, OSError, UnicodeDecodeError):
                    return None
        return None

    def run(self, path: Path, text: str) -> RuleReport:
        """The rule of a text, judged on its saved fixtures; raises ProblemError."""
        from samefire.commands.arguments import chosen_forms
        from samefire.commands.convert import Choices, options
        from samefire.workspace import Workspace

        rule = self.rule(Source(shown(path), text))
        forms = chosen_forms((), self.settings.forms)
        asked = options(Workspace(self.settings, self.fields, (rule,)), Choices())
        return judge_rule(Subject(rule, self.cases(path)), forms, self.fields, asked)


class Projects:
    """The project of each folder, kept until `forget`."""

    def __init__(self) -> None:
        self._by_folder: dict[Path, Project] = {}

    def of(self, path: Path) -> Project:
        """The project that a file lies in; one with the usual settings when its settings are wrong."""
        folder = path.parent
        if folder not in self._by_folder:
            try:
                settings, problems = find(folder), ()
            except ProblemError as error:
                settings, problems = Settings(home=folder), error.problems  # type: ignore[assignment]
            same = (p for p in self._by_folder.values() if p.settings.home == settings.home)
            self._by_folder[folder] = next(same, Project(settings, problems))
        return self._by_folder[folder]

    def forget(self) -> None:
        """Read settings, field types and exceptions anew when they are next asked for."""
        self._by_folder.clear()


def _below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())
