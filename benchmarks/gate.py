"""How long a gate takes: `python benchmarks/gate.py RULES [FOLDER]`.

Copies the rules (TOML, any number) into a fresh git repository, makes cases for each out of its own query, locks
the versions, and prints wall and CPU seconds of `samefire gate`: cold over all rules, again with what the first
run kept, and with one rule and with every file changed, cold and warm. FOLDER keeps the repository for the next time.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from samefire.fields import FieldTypes
from samefire.forms import Options, converters
from samefire.generate import near_misses, positives, scenarios
from samefire.harness.case import Case
from samefire.harness.run import Prepared, context_of
from samefire.query.detection import EventQuery
from samefire.ruleset import load
from samefire.settings import Settings
from samefire.source import Source
from samefire.workspace import load_fields

HOME = Path(__file__).resolve().parent.parent
SIDES = 2  # cases on each side


def candidates(detection: Any, fields: FieldTypes) -> Iterator[list[Any]]:
    if isinstance(detection.body, EventQuery):
        for made in positives(detection.body.where, fields, limit=SIDES):
            yield [made.event]
        for made in near_misses(detection.body.where, fields, limit=SIDES * 2):
            yield [made.event]
    else:
        for scenario in scenarios(detection.body, fields, count=8):
            yield list(scenario.events)


def cases(rule: Any, fields: FieldTypes) -> dict[str, list[Any]]:
    """Events by path below the rule's fixture folder, on the side where they belong."""
    prepared = Prepared(converters()["elastic"], rule, fields, Options())
    found: dict[str, list[Any]] = {}
    if prepared.detection is None:
        return found
    runner = prepared.runner_for(None)
    count = {"positive": 0, "negative": 0}
    for events in candidates(prepared.detection, fields):
        case = Case("positive/x", Source("x", ""), True, tuple(events))
        side = "positive" if runner.run(case.events, context_of(case))[0].alerts else "negative"
        if count[side] < SIDES:
            count[side] += 1
            found[f"{side}/{count[side]}.json"] = events
    return found


def make(rules: Path, root: Path) -> None:
    shutil.copytree(rules, root / "rules")
    fields = load_fields(Settings(home=root))
    lacking: list[str] = []
    os.chdir(root)
    written = 0
    for rule in load(["rules"]).rules:
        try:
            made = cases(rule, fields)
        except Exception as error:
            print(f"no cases for {rule.path}: {type(error).__name__}: {error}", file=sys.stderr)
            made = {}
        if {p.split("/")[0] for p in made} != {"positive", "negative"}:
            lacking.append(rule.id)
        for path, events in made.items():
            file = root / "fixtures" / Path(rule.path).relative_to("rules").with_suffix("") / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(events if len(events) > 1 else events[0]))
            written += 1
    lines = [
        'forms = ["elastic", "sigma"]',
        f"without_fixtures = {json.dumps(lacking)}",
        "[gate]",
        'base = "main"',
    ]
    (root / "samefire.toml").write_text("\n".join(lines) + "\n")
    print(f"{written} cases; {len(lacking)} rules without cases on both sides")
    samefire("lock")
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "all")


def git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=b", "-c", "user.email=b@example.org", *arguments], check=True)


def samefire(*arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(HOME)}
    done = subprocess.run(
        [sys.executable, "-m", "samefire.cli", *arguments], capture_output=True, text=True, env=environment
    )
    return done.stdout + done.stderr


def timed(what: str, *arguments: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    said = samefire(*arguments)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what:<28} {wall:6.2f} s wall {cpu:6.2f} s CPU   {said.strip().splitlines()[-2:]}")


def main() -> None:
    rules = Path(sys.argv[1]).resolve()
    keep = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else Path(tempfile.mkdtemp())
    if not (keep / ".git").exists():
        keep.mkdir(parents=True, exist_ok=True)
        make(rules, keep)
    os.chdir(keep)
    git("checkout", "-q", "--", ".")
    shutil.rmtree(".samefire", ignore_errors=True)
    timed("all rules, cold", "gate", "--all")
    timed("all rules, warm", "gate", "--all")
    timed("all rules, no cache", "gate", "--all", "--no-cache")
    one = sorted(Path("rules").rglob("*.toml"))[100]
    text = one.read_text()
    one.write_text(text.replace("[rule]", "# looked at\n[rule]", 1))
    timed("one rule changed, cold", "gate")
    timed("one rule changed, warm", "gate")
    for file in [*Path("rules").rglob("*.toml"), *Path("fixtures").rglob("*.json")]:
        file.write_text(file.read_text() + "\n")
    timed("every file changed, cold", "gate")
    timed("every file changed, warm", "gate")


if __name__ == "__main__":
    main()
