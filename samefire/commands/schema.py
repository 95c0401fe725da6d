"""`samefire schema`: JSON Schemas of the files that people write, for editors."""

from __future__ import annotations

import json
from pathlib import Path

from samefire.commands import Exit, Result, WrongUse
from samefire.files import write_file
from samefire.problems import did_you_mean
from samefire.schemas import NAMES, schema_of


def run(name: str | None, *, output: Path | None) -> Result:
    """One schema to stdout; or all of them (or the one) as files in a folder."""
    if name is not None and name not in NAMES:
        near = did_you_mean(name, NAMES)
        raise WrongUse(f"unknown schema `{name}`; {near or 'known: ' + ', '.join(NAMES)}")
    if output is None:
        if name is None:
            raise WrongUse(f"which schema? one of {', '.join(NAMES)}; or all of them with --output FOLDER")
        return Result(Exit.FINE, _text(name))
    output.mkdir(parents=True, exist_ok=True)
    chosen = [name] if name else NAMES
    for one in chosen:
        write_file(output / f"{one}.schema.json", _text(one).encode())
    return Result(Exit.FINE, "\n".join(f"{output / one}.schema.json" for one in chosen))


def _text(name: str) -> str:
    return json.dumps(schema_of(name), indent=2) + "\n"
