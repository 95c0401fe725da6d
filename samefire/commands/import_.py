"""`samefire import`: rules out of Kibana, Sigma or a repository, and what belongs to them, as files of this project."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from glob import glob, has_magic
from pathlib import Path

from samefire.bundle.connectors import load as load_connectors
from samefire.commands import Result, WrongUse, ended
from samefire.commands.arguments import chosen_forms, terminal_style
from samefire.exceptions import load as load_exceptions
from samefire.files import read_source, write_file
from samefire.importing import exceptions, names
from samefire.importing.export import Export, Record, read_export
from samefire.importing.proof import brought_in
from samefire.importing.text import Unsayable, toml_text
from samefire.languages.sigma_yaml import looks_like_sigma
from samefire.problems import Problem, ProblemError, Severity
from samefire.reports.text import problems_text
from samefire.rule import load as load_rule
from samefire.ruleset import STDIN, files, looks_like_a_rule, read
from samefire.settings import KIBANA, Settings, find
from samefire.sigma_import import import_sigma
from samefire.source import Source
from samefire.workspace import load_fields, shown

_RULE_ID = re.compile(r"""^\s*rule_id\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
SIGMA = (".yml", ".yaml")
MAX_BYTES = 200_000_000


@dataclass
class _Run:
    """One import: where to, what is there already, what is to be written and said."""

    output: Path
    settings: Settings
    today: str
    taxonomy: str
    there: dict[str, str]  # rule_id → file
    texts: dict[Path, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def put(self, path: Path, text: str, what: str, record: Record | Source) -> None:
        """A file to be written, unless something stands there."""
        if path.exists() or path in self.texts:
            message = f"{shown(path)} is there already, and is left as it is"
            self.problems.append(
                _placed(record, "import-exists", message, "move it away, or give another --output")
            )
            return
        self.texts[path] = text
        self.counts[what] = self.counts.get(what, 0) + 1


def _placed(where: Record | Source, code: str, message: str, hint: str | None) -> Problem:
    if isinstance(where, Record):
        return where.problem(code, message, severity=Severity.ERROR, hint=hint)
    return Problem(code, message, where, hint=hint)


def run(
    paths: Sequence[str], *, output: Path | None, deprecated: bool, verbose: bool, taxonomy: str = "sigma"
) -> Result:
    """Import the exports and folders at `paths`. `taxonomy`: the field names that Sigma rules get."""
    if taxonomy not in ("sigma", "ecs"):
        raise WrongUse(f"unknown taxonomy `{taxonomy}`; known: sigma, ecs")
    if not paths:
        raise WrongUse(
            "give what to import: an .ndjson or .json file of Kibana, Sigma rules (.yml), a folder of rules, or `-`"
        )
    settings = find(Path.cwd())
    target = output or settings.path(settings.rules[0])
    today = f"{datetime.now(UTC):%Y/%m/%d}"
    work = _Run(target, settings, today, taxonomy, _known(settings, target))
    export = Export()
    for path in _matched(paths):
        if Path(path).is_dir():
            _folder(Path(path), work)
        else:
            _read_into(export, path, work)
    _rules(export, work, deprecated=deprecated)
    _beside(export, work)
    work.problems += export.problems
    for file, text in work.texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, text.encode("utf-8"))
    return _result(work, verbose=verbose)


def _matched(paths: Sequence[str]) -> Iterator[str]:
    """The paths, with patterns that the shell has left as they are (`sigma/**/*.yml`)."""
    for path in paths:
        if has_magic(path) and not Path(path).exists():
            yield from sorted(glob(path, recursive=True)) or [path]  # noqa: PTH207 - may be absolute
        else:
            yield path


def _known(settings: Settings, target: Path) -> dict[str, str]:
    """The ids of the rules that the project has, each with its file."""
    folders = {shown(p) for p in (*(settings.path(r) for r in settings.rules), target) if p.is_dir()}
    found: dict[str, str] = {}
    for path, _ in files(sorted(folders), []):
        text = Path(path).read_text(encoding="utf-8", errors="replace")
        found |= dict.fromkeys(_RULE_ID.findall(text), path)
    return found


def _read_into(export: Export, path: str, work: _Run) -> None:
    try:
        source = read(STDIN) if path == STDIN else read_source(path, limit=MAX_BYTES)
        if path.endswith(".toml"):
            _toml(source, work.output / Path(path).name, work)
            return
        if path.endswith(SIGMA):
            _sigma(source, work.output / Path(path).with_suffix(".toml").name, work)
            return
        found = read_export(source)
    except ProblemError as error:
        work.problems.extend(error.problems)
        return
    for part in ("rules", "lists", "items", "connectors", "problems"):
        getattr(export, part).extend(getattr(found, part))


# ---- out of Kibana ------------------------------------------------------------------------------------


def _rules(export: Export, work: _Run, *, deprecated: bool) -> None:
    """A file for each rule of the export that the project does not have."""
    form = chosen_forms([KIBANA])[0]
    fields = load_fields(work.settings)
    found = []
    for record in export.rules:
        proved = brought_in(record, work.today, form, fields, deprecated=deprecated)
        work.problems += proved.problems
        if proved.text is not None and not _twice(proved.rule.id, record, work):
            found.append(proved)
    stems = names.stems((one.rule.id, one.rule.name) for one in found)
    for one in found:
        stem = stems[one.rule.id]
        if (work.output / f"{stem}.toml").exists():
            stem = names.with_id(stem, one.rule.id)
        work.put(work.output / f"{stem}.toml", one.text or "", "rule", one.rule.record)


def _twice(rule_id: str, where: Record | Source, work: _Run) -> bool:
    """Whether the project, or what was imported before, has the rule; then it is told."""
    if rule_id not in work.there:
        work.there[rule_id] = where.source.path if isinstance(where, Record) else where.path
        return False
    message = f"the rule {rule_id} is there already: {work.there[rule_id]}"
    work.problems.append(_placed(where, "import-exists", message, "delete it first to import it anew"))
    return True


def _beside(export: Export, work: _Run) -> None:
    """Exception lists and connectors."""
    folder = work.settings.path(work.settings.exceptions)
    _files(exceptions.lists(export, work.today), folder, "exception list", export.lists, work, _valid_list)
    _files(
        exceptions.connectors(export, work.today),
        work.settings.path(work.settings.connectors),
        "connector",
        export.connectors,
        work,
        _valid_connector,
    )


def _valid_list(source: Source) -> Iterable[Problem]:
    try:
        load_exceptions(source)
    except ProblemError as error:
        return [p for p in error.problems if p.code != "exceptions-value-list"]
    return ()


def _valid_connector(source: Source) -> Iterable[Problem]:
    try:
        load_connectors(source)
    except ProblemError as error:
        return error.problems
    return ()


def _files(
    found: Sequence[exceptions.Beside],
    folder: Path,
    what: str,
    records: Sequence[Record],
    work: _Run,
    check: Callable[[Source], Iterable[Problem]],
) -> None:
    stems = names.stems((one.key, one.name) for one in found)
    for one, record in zip(found, records, strict=True):
        work.problems += one.problems
        path = folder / f"{stems[one.key]}.toml"
        try:
            text = toml_text(one.tables)
        except Unsayable as error:
            message = f"{error.what}; the {what} is left out"
            work.problems.append(_placed(record, "import-unsayable", message, None))
            continue
        work.problems += check(Source(shown(path), text))
        work.put(path, text, what, record)


# ---- out of Sigma ---------------------------------------------------------------------------------------


def _sigma(source: Source, path: Path, work: _Run) -> None:
    """A file for each rule of a Sigma file that the project does not have; raises ProblemError."""
    made = import_sigma(source, work.today, load_fields(work.settings), taxonomy=work.taxonomy)
    for number, one in enumerate(made):
        work.problems += one.problems
        if one.tables is None:
            continue
        target = path if len(made) == 1 else path.with_stem(f"{path.stem}_{number + 1}")
        text = toml_text(one.tables)
        try:
            load_rule(Source(shown(target), text))
        except ProblemError as error:
            work.problems += error.problems
        if not _twice(one.rule_id, source, work):
            work.put(target, text, "rule", source)


def _sigma_folder(folder: Path, work: _Run) -> None:
    """The Sigma rules of a repository, under the paths that they have there."""
    for path in sorted(p for p in folder.rglob("*") if p.suffix in SIGMA and p.is_file()):
        inner = path.relative_to(folder)
        if any(part.startswith(".") for part in inner.parts):
            continue
        try:
            source = read_source(path)
            if looks_like_sigma(source.text):
                _sigma(source, work.output / inner.with_suffix(".toml"), work)
        except ProblemError as error:
            work.problems += error.problems


# ---- out of a repository --------------------------------------------------------------------------------


def _folder(folder: Path, work: _Run) -> None:
    """The rules and exceptions of a repository as they are, under the paths that they have there."""
    before = len(work.texts)
    for path, _ in files([str(folder)], work.problems):
        source = read_source(path)
        inner = Path(path).relative_to(folder)
        if looks_like_a_rule(source.text):
            parts = inner.parts[1:] if inner.parts[0] == "rules" and len(inner.parts) > 1 else inner.parts
            _toml(source, work.output.joinpath(*parts), work)
        elif "[[exceptions]]" in source.text:
            work.problems += _valid_list(source)
            work.put(
                work.settings.path(work.settings.exceptions) / inner.name,
                source.text,
                "exception list",
                source,
            )
    _sigma_folder(folder, work)
    if len(work.texts) == before and not work.problems:
        raise WrongUse(f"no rule found in {folder}")


def _toml(source: Source, path: Path, work: _Run) -> None:
    """A rule file as it is; what is wrong with it is told."""
    try:
        rule_ids = [load_rule(source).id]
    except ProblemError as error:
        work.problems += error.problems
        rule_ids = _RULE_ID.findall(source.text)[:1]
    if not any(_twice(rule_id, source, work) for rule_id in rule_ids):
        work.put(path, source.text, "rule", source)


# ---- result -------------------------------------------------------------------------------------------


def _result(work: _Run, *, verbose: bool) -> Result:
    told = [p for p in dict.fromkeys(work.problems) if verbose or p.severity is not Severity.NOTE]
    lines = [shown(path) for path in work.texts] if verbose else []
    lines.append(_summary(work))
    return Result(
        ended(told),
        "\n".join(lines),
        problems_text(told, terminal_style()) if told else "",
    )


def _summary(work: _Run) -> str:
    counted = list(_counts(work))
    left = sum(p.code == "import-exists" for p in work.problems)
    text = f"{', '.join(counted)} imported" if counted else "nothing imported"
    return (
        f"{text} into {shown(work.output)}" + (f"; {left} already there" if left else "")
        if counted
        else (f"{text}; {left} already there" if left else text)
    )


def _counts(work: _Run) -> Iterator[str]:
    for what, count in work.counts.items():
        yield f"{count} {what}{'' if count == 1 else 's'}"
