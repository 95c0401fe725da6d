"""`samefire fixtures`: cases for rules that are there, generated from their queries or from recorded events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from samefire.commands import Result, WrongUse, ended
from samefire.commands.arguments import chosen_forms, terminal_style
from samefire.commands.convert import Choices, options
from samefire.events_file import read_events
from samefire.forms import Converter
from samefire.generate.build import flattened
from samefire.generate.drafts import Draft, Drafts, Maker, asked_names, drafts
from samefire.generate.files import Written, write_cases
from samefire.generate.recorded import mended
from samefire.harness.case import folder_of
from samefire.harness.run import Prepared
from samefire.problems import visible
from samefire.query.detection import Detection
from samefire.reports.text import problems_text
from samefire.rule import Rule
from samefire.workspace import Workspace, open_workspace, shown, without_rules

SIGMA = "sigma"


@dataclass(frozen=True, slots=True)
class Asked:
    """The flags: `recorded` is a file of recorded events; `dry` writes nothing."""

    recorded: str | None = None
    seed: int = 0
    limit: int = 60
    dry: bool = False
    force: bool = False
    mapping: Path | None = None


def run(paths: Sequence[str], asked: Asked) -> Result:
    """Generate cases for the rules at `paths`."""
    workspace = without_rules(open_workspace(paths, mapping=asked.mapping, sigma=True), paths)
    if asked.recorded and len(workspace.rules) != 1:
        raise WrongUse("--from is for one rule: give its file")
    lines: list[str] = []
    poor = 0
    for rule in workspace.rules:
        found, told = _one(workspace, rule, asked)
        lines += told
        poor += not (found.of(True) and found.of(False))
    text = problems_text(workspace.problems, terminal_style()) if workspace.problems else ""
    return Result(ended(workspace.problems, failed=bool(poor)), "\n".join(lines), text)


def _one(workspace: Workspace, rule: Rule, asked: Asked) -> tuple[Drafts, list[str]]:
    """The cases of one rule, written, and what is said of them."""
    detection = detection_of(workspace, rule)
    if detection is None:
        return Drafts(()), [
            f"{visible(rule.path)}: no cases: the rule cannot be run (samefire check tells why)"
        ]
    if asked.recorded:
        found = _recorded(workspace, detection, asked)
    else:
        found = drafts(detection, workspace.fields, seed=asked.seed, limit=asked.limit)
    folder = fixture_folder(workspace, rule)
    done = Written((), ()) if asked.dry else write_cases(folder, found.cases, force=asked.force)
    return found, list(_told(rule, found, done, folder, asked.dry))


def detection_of(workspace: Workspace, rule: Rule) -> Detection | None:
    """What the form that versions are locked by would execute; None when it is refused."""
    form = locked_form(workspace, rule)
    return Prepared(form, rule, workspace.fields, options(workspace, Choices())).detection


def locked_form(workspace: Workspace, rule: Rule) -> Converter:
    """The form that versions are locked by; of a Sigma file, which has no other, Sigma."""
    form = chosen_forms([workspace.settings.lock_form])[0]
    return form if rule.takes(form.name, derived=form.derived) else chosen_forms([SIGMA])[0]


def fixture_folder(workspace: Workspace, rule: Rule) -> Path:
    """Where the cases of a rule lie."""
    settings = workspace.settings
    roots = [settings.path(root) for root in settings.rules]
    return folder_of(Path(rule.path), roots, settings.path(settings.fixtures))


def _recorded(workspace: Workspace, detection: Detection, asked: Asked) -> Drafts:
    """Cases around recorded events: they themselves, redacted and trimmed, and what just misses the rule."""
    assert asked.recorded is not None
    maker = Maker(detection, workspace.fields, asked.seed, asked.limit, None)
    names = asked_names(detection)
    events = mended(read_events(asked.recorded), names, maker.fires)
    stem = Path(asked.recorded).stem if asked.recorded != "-" else "recorded"
    fires = maker.fires(events)
    about = "Recorded, redacted and trimmed."
    own = Draft(fires, f"recorded_{stem}", about, tuple(events))
    base = flattened(events[0]) if events else {}
    found = drafts(
        detection,
        workspace.fields,
        seed=asked.seed,
        limit=asked.limit,
        base=base,
        recorded=base if fires else {},
    )
    notes = found.notes if fires else ("the rule does not fire on the recorded events", *found.notes)
    return replace(found, cases=(own, *found.cases), notes=notes)


def _told(rule: Rule, found: Drafts, done: Written, folder: Path, dry: bool) -> Iterator[str]:
    good, bad = len(found.of(True)), len(found.of(False))
    cases = f"{good} positive and {bad} negative case{'' if bad == 1 else 's'}"
    if dry:
        yield f"{visible(rule.path)}: {cases} (nothing written)"
        yield from (f"  {'positive' if d.positive else 'negative'}/{d.name}: {d.about}" for d in found.cases)
    else:
        there = good + bad - len(done.written) - len(done.kept)
        same = f", {there} there already" if there else ""
        yield f"{visible(rule.path)}: {cases} in {shown(folder)}: {len(done.written)} written{same}"
    for path in done.kept:
        yield f"  kept {shown(path)}, which differs (--force writes it anew)"
    for note in found.notes:
        yield f"  note: {note}"
