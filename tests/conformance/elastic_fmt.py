"""Every rule of the corpus is formatted: twice changes nothing more, every comment stays, the exported JSON is the
same byte for byte."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

from samefire.fields import FieldTypes
from samefire.fmt import formatted
from samefire.fmt.document import comments
from samefire.fmt.reading import read
from samefire.forms import Options, converters
from samefire.rule import load
from samefire.source import Source
from tests.conformance import Failed, Tally, sample


def run(root: Path) -> Tally:
    tally = Tally()
    fields = FieldTypes.known()
    for path in sample(sorted((root / "corpus/elastic").rglob("*.toml"))):
        tally.check(str(path.relative_to(root)), partial(compared, path, fields))
    return tally


def compared(path: Path, fields: FieldTypes) -> object:
    before = Source(str(path), path.read_bytes().decode("utf-8"))
    after = Source(str(path), formatted(before))
    if formatted(after) != after.text:
        return Failed("formatting once more changes the file again")
    if _comments(before) != _comments(after):
        return Failed("a comment is lost")
    return True if _json(before, fields) == _json(after, fields) else Failed("the JSON changes")


def _comments(source: Source) -> Counter[str]:
    return Counter(filter(None, comments(read(source.text.replace("\r\n", "\n")))))


def _json(source: Source, fields: FieldTypes) -> str:
    document = converters()["elastic"].write(load(source), fields, Options()).document
    assert document is not None
    return document.text
