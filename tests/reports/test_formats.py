"""Every format of a report: valid by its schema, exact where people read it, inert whatever a rule holds."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from marko.ext.gfm import gfm

from samefire.harness.report import Report
from samefire.problems import Problem
from samefire.reports.formats import FORMATS, report_as
from samefire.reports.markdown import code
from samefire.reports.style import Style
from samefire.reports.text import report_text
from samefire.source import Source, Span
from tests.conftest import HOME
from tests.reports.made import HOSTILE, small

GOLDEN = Path(__file__).parent / "golden"
ENDINGS = {"text": "txt", "json": "json", "junit": "xml", "sarif": "sarif", "github": "txt", "markdown": "md"}


def loose() -> Report:
    """A report with a broken file, a warning and a note on top of the failures."""
    source = Source("rules/broken: 100%.toml", "[rule\n")
    problems = (
        Problem(
            "toml-syntax", "this table is never closed", source, Span(0, 5), hint="write the missing `]`"
        ),
        Problem("file-unreadable", "the file cannot be read: permission denied", Source("/etc/x,y.toml", "")),
    )
    return replace(small(), problems=problems)


@pytest.mark.parametrize("format", ENDINGS)
def test_golden(format: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{format}.{ENDINGS[format]}", report_as(loose(), format).replace("\r", ""))


def test_colour_is_only_paint() -> None:
    painted = report_text(loose(), Style(True))
    assert "\x1b[1;31mFAIL\x1b[0m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == report_text(loose())


@pytest.mark.parametrize("report", [loose(), small(name=HOSTILE, value=HOSTILE), Report(())])
def test_json_is_of_its_schema(report: Report) -> None:
    schema = json.loads((HOME / "docs/report-schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(report_as(report, "json")))


@pytest.mark.parametrize("report", [loose(), small(name=HOSTILE, value=HOSTILE), Report(())])
def test_sarif_is_of_its_schema(report: Report, shared: Path) -> None:
    schema = json.loads((shared / "schemas/reports/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    validator_for(schema)(schema).validate(json.loads(report_as(report, "sarif")))


@pytest.mark.parametrize("report", [loose(), small(name=HOSTILE, value=HOSTILE)])
def test_junit_is_of_its_schema(report: Report, shared: Path) -> None:
    xmlschema.XMLSchema(str(shared / "schemas/reports/JUnit.xsd")).validate(report_as(report, "junit"))


def test_junit_counts_what_it_holds() -> None:
    root = ET.fromstring(report_as(loose(), "junit").encode("utf-8"))
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        assert suite.get("failures") == str(sum(c.find("failure") is not None for c in cases))
        assert suite.get("errors") == str(sum(c.find("error") is not None for c in cases))


CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


@pytest.mark.parametrize("format", [f for f in FORMATS if f not in ("json", "sarif", "html")])
def test_hostile_text_has_no_control_characters(format: str) -> None:
    told = report_as(small(name=HOSTILE, value=HOSTILE), format)
    assert CONTROL.search(told) is None


@pytest.mark.parametrize("format", ["json", "sarif", "html"])
def test_hostile_json_escapes_what_a_terminal_would_obey(format: str) -> None:
    told = report_as(small(name=HOSTILE, value=HOSTILE), format)
    assert "\x1b" not in told and "\x07" not in told and "\x00" not in told


def test_a_workflow_command_cannot_be_ended() -> None:
    told = report_as(small(name="x", value="a\n::set-output name=x::y\r\n::error::z"), "github")
    assert all(re.match("::(error|warning|notice) ", line) for line in told.split("\n") if line)
    assert "\n::set-output" not in told


def test_markdown_stays_text() -> None:
    told = report_as(small(name=HOSTILE, value=HOSTILE), "markdown")
    assert "<script" not in told and "<img" not in told
    assert "@all" not in told
    for line in told.split("\n"):
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (5, 6), line[:80]


@pytest.mark.parametrize(
    "name", ["[x](y)", "![x](y)", "`a` b", "*b* ~~s~~", "a|b", "<b>", "&lt;", "\\", "<!--"]
)
def test_code_in_markdown_stays_code(name: str) -> None:
    """As marko, an implementation of GitHub's Markdown, reads it: one cell, and in it the name as it is."""
    page = gfm(f"| a | b |\n| --- | --- |\n| {code(name)} | z |\n")
    cells = re.findall("<td>(.*?)</td>", page)
    assert cells == [f"<code>{html.escape(name, quote=False)}</code>", "z"]


def test_a_path_that_is_no_unicode_is_no_crash() -> None:
    """A file name may be any bytes; a URI has them as they are, and a first folder with `:` is no scheme."""
    problems = tuple(
        Problem("x", "m", Source(path, "")) for path in ("rules/a\udcff.toml", "c:a/b:c.toml", "/a:b")
    )
    for format in FORMATS:
        report_as(Report((), problems), format).encode("utf-8")
    found = json.loads(report_as(Report((), problems), "sarif"))["runs"][0]["results"]
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in found]
    assert sorted(uris) == ["c%3Aa/b:c.toml", "file:///a:b", "rules/a%FF.toml"]


def test_markdown_fits_a_comment() -> None:
    one = loose()
    told = report_as(replace(one, rules=one.rules * 400, problems=one.problems * 400), "markdown")
    assert len(told) < 65_000
    assert "… and 750 more" in told


def test_half_a_surrogate_pair_is_no_crash() -> None:
    problem = Problem("x", "half \ud800 a pair", Source("x.toml", "\ud800"))
    for format in FORMATS:
        report_as(Report((), (problem,)), format).encode("utf-8")


def test_a_terminal_that_cannot_write_a_letter_gets_its_number(tmp_path: Path) -> None:
    (tmp_path / "ü.toml").write_text("[rule]\n")
    done = subprocess.run(
        [sys.executable, "-m", "samefire.cli", "check", "ü.toml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HOME), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout.split(b":")[0]) == (1, b"\\xfc.toml")


def test_unknown_format() -> None:
    with pytest.raises(ValueError, match="no format nonsense"):
        report_as(Report(()), "nonsense")
