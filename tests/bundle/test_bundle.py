"""Bundles: what is in them, that they are the same bytes everywhere, and that they can be verified."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from samefire.bundle.store import zipped
from samefire.commands import Result, WrongUse
from samefire.commands.bundle import Wanted, run, verify
from samefire.commands.running import Running
from samefire.problems import ProblemError, render
from tests.conftest import HOME
from tests.gate.repository import CURL, LOGINS, RULES, SHELL, Repo, git
from tests.reports.made import HOSTILE, toml

PLAIN = Running(1, False)
DETAILS = Wanted(details=True)


def bundle(wanted: Wanted | None = None, output: str = "out") -> Result:
    return run([], wanted or Wanted(), Path(output), running=PLAIN)


def contents(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def lines(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_what_is_in_it(repo: Repo) -> None:
    assert bundle().out == "3 rules, 10 files written to out\nelastic: 3 exact\nsigma: 3 exact"
    assert sorted(contents(Path("out"))) == [
        "CHANGELOG.md",
        "attack/navigator-enterprise.json",
        f"elastic/fleet/kibana/security_rule/{SHELL}_1.json",
        f"elastic/fleet/kibana/security_rule/{CURL}_1.json",
        f"elastic/fleet/kibana/security_rule/{LOGINS}_1.json",
        "elastic/rules.ndjson",
        "manifest.json",
        "sigma/curl.yml",
        "sigma/logins.yml",
        "sigma/shell.yml",
    ]
    assert [r["rule_id"] for r in lines("out/elastic/rules.ndjson")] == [SHELL, CURL, LOGINS]


def test_the_manifest(repo: Repo) -> None:
    bundle()
    data = json.loads(Path("out/manifest.json").read_text())
    for name, told in data["files"].items():
        raw = Path("out", name).read_bytes()
        assert told == {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
    assert data["files"].keys() == contents(Path("out")).keys() - {"manifest.json"}
    assert data["revision"] == {"commit": git(repo.root, "rev-parse", "HEAD").strip(), "changed": False}
    assert data["totals"]["sigma"] == {"exact": 3, "verdicts_pass": 7}
    first = next(r for r in data["rules"] if r["form"] == "sigma" and r["rule_id"] == SHELL)
    source = (repo.root / "rules/shell.toml").read_bytes()
    assert first == {
        "form": "sigma",
        "rule_id": SHELL,
        "name": "Shell of the Web Server",
        "version": 1,
        "source": "rules/shell.toml",
        "source_sha256": hashlib.sha256(source).hexdigest(),
        "status": "exact",
        "file": "sigma/shell.yml",
        "sha256": hashlib.sha256(Path("out/sigma/shell.yml").read_bytes()).hexdigest(),
        "reasons": [],
        "verdicts": {"pass": 3},
    }


def test_fleet_assets(repo: Repo) -> None:
    bundle()
    text = Path(f"out/elastic/fleet/kibana/security_rule/{SHELL}_1.json").read_text()
    data = json.loads(text)
    rule = next(r for r in lines("out/elastic/rules.ndjson") if r["rule_id"] == SHELL)
    assert data == {"id": f"{SHELL}_1", "type": "security-rule", "attributes": rule}
    assert rule["version"] == 1
    assert text.startswith('{\n    "attributes": {\n        "author": [\n            "Tests"')


def deprecate(repo: Repo) -> None:
    retired = 'maturity = "deprecated"\ndeprecation_date = "2026/02/01"'
    repo.edit("rules/shell.toml", 'maturity = "production"', retired)
    repo.redate("rules/shell.toml")


def test_a_deprecated_rule_is_not_imported(repo: Repo) -> None:
    deprecate(repo)
    assert bundle(Wanted(tested=False)).out.endswith("\ndeprecated, in no file for import: 1")
    assert SHELL not in {r["rule_id"] for r in lines("out/elastic/rules.ndjson")}
    (asset,) = Path("out/elastic/fleet/kibana/security_rule").glob(f"{SHELL}_*.json")
    attributes = json.loads(asset.read_text())["attributes"]
    assert attributes["deprecated"] is True
    assert attributes.keys() == {"rule_id", "version", "name", "deprecated"}


def test_export_details_and_connectors(repo: Repo) -> None:
    repo.write(
        "connectors/mail.toml",
        f'[metadata]\nrule_ids = ["{SHELL}"]\n[[action_connectors]]\nid = "mail"\n'
        '[action_connectors.attributes]\nactionTypeId = ".email"\nname = "Mail"\n',
    )
    bundle(DETAILS)
    *_, connector, details = lines("out/elastic/rules.ndjson")
    assert connector == {
        "id": "mail",
        "type": "action",
        "attributes": {"actionTypeId": ".email", "name": "Mail"},
    }
    assert details["exported_count"] == 4
    assert details["exported_rules_count"] == 3
    assert details["exported_action_connector_count"] == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = ", "connectors/a.toml:1:5: error: expected a value here [connector-syntax]"),
        (
            "[[action_connectors]]\n",
            "connectors/a.toml:1:1: error: [metadata] needs `rule_ids`, a list of the rules that use these"
            " [connector-wrong]\n"
            "  1 | [[action_connectors]]\n"
            "    | ^\n"
            "connectors/a.toml:1:3: error: connector 1 needs an `id` [connector-wrong]\n"
            "  1 | [[action_connectors]]\n"
            "    |   ^^^^^^^^^^^^^^^^^\n"
            "connectors/a.toml:1:3: error: connector 1 needs [action_connectors.attributes] [connector-wrong]\n"
            "  1 | [[action_connectors]]\n"
            "    |   ^^^^^^^^^^^^^^^^^",
        ),
        (
            '[metadata]\nrule_ids = []\n[[action_connectors]]\nid = "a"\n[action_connectors.attributes]\n'
            'name = "n"\nsecrets = {token = "t"}\n',
            "connectors/a.toml:5:20: error: connector 1 needs `attributes.actionTypeId` [connector-wrong]\n"
            "  5 | [action_connectors.attributes]\n"
            "    |                    ^^^^^^^^^^\n"
            "connectors/a.toml:7:1: error: connector 1 holds secrets: they do not belong in a repository"
            " [connector-wrong]\n"
            '  7 | secrets = {token = "t"}\n'
            "    | ^^^^^^^",
        ),
    ],
)
def test_error_connectors(repo: Repo, text: str, told: str) -> None:
    repo.write("connectors/a.toml", text)
    with pytest.raises(ProblemError) as caught:
        bundle()
    shown = "\n".join(render(p) for p in caught.value.problems)
    assert shown.split("\n  1 | x")[0] == told


def test_changes_since_the_lock(repo: Repo) -> None:
    bundle()
    assert Path("out/CHANGELOG.md").read_text() == "# Changes since the last lock\n\nNothing changed.\n"
    repo.edit("rules/shell.toml", "risk_score = 47", "risk_score = 73")
    repo.remove("rules/logins.toml")
    text = (
        (repo.root / "rules/shell.toml").read_text().replace("0001", "0009").replace("Shell of", "<New> of")
    )
    repo.write("rules/new.toml", text)
    bundle()
    expected = (
        "# Changes since the last lock\n\n"
        "## New\n\n- &lt;New&gt; of the Web Server (version 1)\n\n"
        "## Changed\n\n- Shell of the Web Server (version 1 → 2)\n\n"
        "## Gone\n\n- Many Failed Logins (version 1)\n"
    )
    assert Path("out/CHANGELOG.md").read_text() == expected
    versions = {r["rule_id"]: r["version"] for r in lines("out/elastic/rules.ndjson")}
    assert versions[SHELL] == 2
    repo.lock()
    bundle()
    assert "Changed" not in Path("out/CHANGELOG.md").read_text()
    bundle(Wanted(since="main"))
    assert Path("out/CHANGELOG.md").read_text() == expected


def test_a_wrong_verdict_keeps_the_old_bundle(repo: Repo) -> None:
    bundle()
    before = contents(Path("out"))
    repo.edit("rules/shell.toml", '("sh" or "bash")', '"sh"')
    result = bundle()
    assert result.code == 1
    assert "FAIL fixtures/shell/positive/bash.json" in result.err
    assert result.err.endswith("\nno bundle was written: see above, or give --no-test")
    assert contents(Path("out")) == before
    assert bundle(Wanted(tested=False)).code == 0


def test_a_folder_that_is_no_bundle_is_left_alone(repo: Repo) -> None:
    repo.write("mine/notes.txt", "keep me")
    repo.write("mine.zip", "keep me")
    for name in ("mine", "mine.zip"):
        with pytest.raises(WrongUse) as caught:
            bundle(output=name)
        assert str(caught.value) == f"{name} exists and is no bundle"
    assert Path("mine/notes.txt").read_text() == "keep me"
    Path("link").symlink_to("mine")
    with pytest.raises(WrongUse):
        bundle(output="link")


def test_a_zip_file_holds_the_same(repo: Repo) -> None:
    bundle()
    bundle(output="out.zip")
    with zipfile.ZipFile("out.zip") as archive:
        assert {n: archive.read(n) for n in archive.namelist()} == contents(Path("out"))
    assert zipped({"a": b"1", "b": b"2"}) == zipped({"b": b"2", "a": b"1"})


def made_elsewhere(repo: Repo, folder: Path, seed: str, *flags: str) -> bytes:
    """The bytes of a bundle made by another process, of a clone in another place."""
    git(folder, "clone", "-q", str(repo.root), "copy")
    for path in sorted((folder / "copy").rglob("*.toml"), reverse=True):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(HOME), "TZ": "Asia/Kabul"}
    command = [sys.executable, "-m", "samefire.cli", "bundle", "-o", "out.zip", *flags]
    subprocess.run(command, cwd=folder / "copy", env=environment, check=True, capture_output=True)
    return (folder / "copy/out.zip").read_bytes()


def test_the_same_bytes_everywhere(repo: Repo, tmp_path: Path) -> None:
    bundle(output="out.zip")
    here = Path("out.zip").read_bytes()
    shutil.rmtree(repo.root / ".samefire", ignore_errors=True)
    for number, flags in enumerate([(), ("--no-cache",), ("-j", "2")]):
        folder = tmp_path / f"some where {number}"
        folder.mkdir()
        assert made_elsewhere(repo, folder, str(number * 1000), *flags) == here


def test_a_cache_changes_nothing(repo: Repo) -> None:
    cached = Running(1, True)
    assert run([], Wanted(), Path("a.zip"), running=cached).code == 0
    assert run([], Wanted(), Path("b.zip"), running=cached).code == 0
    bundle(output="c.zip")
    assert Path("a.zip").read_bytes() == Path("b.zip").read_bytes() == Path("c.zip").read_bytes()


@pytest.mark.parametrize("output", ["out", "out.zip"])
def test_verify(repo: Repo, output: str) -> None:
    bundle(DETAILS, output)
    assert verify([], Path(output), running=PLAIN).out == (
        f"{output}: 10 files, as the manifest says and as the sources make them"
    )


def test_verify_tells_every_difference(repo: Repo) -> None:
    bundle()
    Path("out/sigma/shell.yml").write_text("title: another\n")
    Path("out/sigma/curl.yml").unlink()
    Path("out/sigma/extra.yml").write_text("x\n")
    repo.edit("rules/logins.toml", "risk_score = 47", "risk_score = 21")
    result = verify([], Path("out"), running=PLAIN)
    assert result.code == 1
    told = [line for line in result.out.split("\n") if "help:" not in line]
    assert told == [
        "out/CHANGELOG.md:1:1: error: the sources make another file of this name [bundle-behind]",
        f"out/elastic/fleet/kibana/security_rule/{LOGINS}_1.json:1:1: error: the sources do not make this file"
        " any more [bundle-behind]",
        f"out/elastic/fleet/kibana/security_rule/{LOGINS}_2.json:1:1: error: the sources make this file, and the"
        " bundle has none [bundle-behind]",
        "out/elastic/rules.ndjson:1:1: error: the sources make another file of this name [bundle-behind]",
        "out/sigma/curl.yml:1:1: error: the manifest lists this file, and it is not there [bundle-file-missing]",
        "out/sigma/extra.yml:1:1: error: the manifest does not know this file [bundle-file-unknown]",
        "out/sigma/logins.yml:1:1: error: the sources make another file of this name [bundle-behind]",
        "out/sigma/shell.yml:1:1: error: the file is not what the manifest says [bundle-file-changed]",
    ]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.zip", "no zip", "x.zip:1:1: error: neither a folder nor a zip file: file is not a zip file"),
        (
            "x/manifest.json",
            "{",
            "x:1:1: error: manifest.json is not there or cannot be read: this is no bundle",
        ),
        ("x/other", "", "x:1:1: error: manifest.json is not there or cannot be read: this is no bundle"),
    ],
)
def test_error_verify(repo: Repo, name: str, content: str, told: str) -> None:
    repo.write(name, content)
    with pytest.raises(ProblemError) as caught:
        verify([], Path(name.split("/")[0]), running=PLAIN)
    assert render(caught.value.problems[0]).startswith(told)


def test_two_rules_of_one_file_name_are_two_files(repo: Repo) -> None:
    text = (
        (repo.root / "rules/shell.toml").read_text().replace("0001", "0009").replace("Shell of", "Shells of")
    )
    repo.write("rules/other/SHELL.toml", text)
    bundle()
    names = {n for n in contents(Path("out")) if n.startswith("sigma/")}
    assert names == {
        "sigma/curl.yml",
        "sigma/logins.yml",
        "sigma/shell.yml",
        f"sigma/SHELL_{SHELL[:-4]}0009.yml",
    }


def test_hostile_rules_stay_inside(repo: Repo, tmp_path: Path) -> None:
    hostile = toml(HOSTILE.replace("\ufeff", ""))
    before = {p for p in tmp_path.rglob("*") if ".git/" not in str(p)}
    repo.edit("rules/shell.toml", RULES["rules/shell.toml"]["name"], hostile)
    name = "\u202e=cmd\x1b[31m<img src=x> ..%2f " + "n" * 150
    repo.move("rules/shell.toml", f"rules/{name}.toml")
    bundle(Wanted(tested=False))
    made = {p for p in tmp_path.rglob("*") if ".git/" not in str(p)} - before
    assert all(p.is_relative_to(repo.root / "out") for p in made if p.name != f"{name}.toml")
    for path in contents(Path("out")):
        assert path.isascii() and path.isprintable() and ".." not in path and len(path) < 230
    log = Path("out/CHANGELOG.md").read_text()
    assert "<script" not in log and "\x1b" not in log and "@all" not in log
