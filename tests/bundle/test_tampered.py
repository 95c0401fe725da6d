"""Bundles that somebody changed after they were written, and folders that only look like one."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samefire.bundle import reading
from samefire.bundle.store import EPOCH
from samefire.commands import Result, WrongUse
from samefire.commands.bundle import Wanted, run, verify
from samefire.commands.running import Running
from samefire.problems import ProblemError, render
from tests.gate.repository import Repo

PLAIN = Running(1, cache=False)
HELP = "\n  help: run `samefire bundle` again"


def verified(target: str) -> Result:
    return verify([], Path(target), running=PLAIN)


@pytest.fixture
def made(repo: Repo) -> Repo:
    for output in ("out", "out.zip"):
        assert run([], Wanted(), Path(output), running=PLAIN).code == 0
    return repo


def manifest(change: Callable[[Any], None]) -> None:
    file = Path("out/manifest.json")
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def test_untouched(made: Repo) -> None:
    assert (verified("out").code, verified("out.zip").code) == (0, 0)


def test_a_revision_may_have_moved_on(made: Repo) -> None:
    made.write("README.md", "more\n")
    made.commit()
    assert (verified("out").code, verified("out.zip").code) == (0, 0)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda m: m["rules"][0].update(status="refused"), "something else under `rules`"),
        (lambda m: m["rules"][0].update(version=9), "something else under `rules`"),
        (lambda m: m["rules"][0]["verdicts"].update({"pass": 99}), "something else under `rules`"),
        (lambda m: m["totals"]["sigma"].update(exact=99), "something else under `totals`"),
        (lambda m: m.update(signed="by nobody"), "something else under `signed`"),
        (
            lambda m: m.update(samefire="9.9", manifest_version=2),
            "something else under `manifest_version`, `samefire`",
        ),
    ],
)
def test_an_edited_manifest(made: Repo, change: Callable[[Any], None], what: str) -> None:
    manifest(change)
    told = f"out/manifest.json:1:1: error: the sources make another manifest: this one says {what} [bundle-behind]"
    assert (verified("out").code, verified("out").out) == (1, told + HELP)


def test_a_manifest_that_says_a_key_twice(made: Repo) -> None:
    file = Path("out/manifest.json")
    file.write_text(file.read_text().replace("{\n", '{\n  "rules": [],\n', 1))
    assert verified("out").out == (
        "out/manifest.json:1:1: error: the sources make another manifest: this one says it in another layout"
        f" [bundle-behind]{HELP}"
    )


def test_a_link_is_no_file(made: Repo) -> None:
    """Not even one that leads to the very same text."""
    Path("out/sigma/shell.yml").rename("aside.yml")
    Path("out/sigma/shell.yml").symlink_to("../../aside.yml")
    Path("out/more").symlink_to("/etc")
    Path("out/nowhere").symlink_to("nowhere")
    link = "error: this is a symbolic link, which leads elsewhere on another machine [bundle-odd-file]" + HELP
    assert verified("out").out == "\n".join(
        f"out/{name}:1:1: {link}" for name in ("more", "nowhere", "sigma/shell.yml")
    )


def test_a_pipe_is_no_file(made: Repo) -> None:
    os.mkfifo("out/pipe")
    assert verified("out").out == f"out/pipe:1:1: error: this is no plain file [bundle-odd-file]{HELP}"


def test_a_file_that_is_too_large_is_not_read(made: Repo) -> None:
    with Path("out/sigma/shell.yml").open("r+b") as file:
        file.truncate(1 << 40)
    told = "out/sigma/shell.yml:1:1: error: the file is not what the manifest says [bundle-file-changed]"
    assert verified("out").out == told + HELP


def entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize("name", ["../evil.yml", "/etc/evil", "a/../../evil", "..\\evil", "C:evil"])
def test_a_zip_file_that_leads_out_of_itself(made: Repo, name: str) -> None:
    with zipfile.ZipFile("out.zip", "a") as archive:
        archive.writestr(entry(name), b"x")
    told = "error: this is named so that it would be unpacked elsewhere [bundle-odd-file]"
    assert verified("out.zip").out == f"out.zip/{name}:1:1: {told}{HELP}"
    assert verified("out.zip").code == 1


def test_a_zip_file_with_a_name_twice(made: Repo) -> None:
    with zipfile.ZipFile("out.zip", "a") as archive:
        raw = archive.read("sigma/shell.yml")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(entry("sigma/shell.yml"), raw)
    told = "error: this is there more than once: readers take one or the other [bundle-odd-file]"
    assert verified("out.zip").out == f"out.zip/sigma/shell.yml:1:1: {told}{HELP}"


def test_a_zip_file_with_a_link(made: Repo) -> None:
    with zipfile.ZipFile("out.zip", "a") as archive:
        archive.writestr(entry("link", 0o120777), b"/etc/passwd")
    told = "error: this is a symbolic link, which leads elsewhere on another machine [bundle-odd-file]"
    assert verified("out.zip").out == f"out.zip/link:1:1: {told}{HELP}"


def rewritten(change: Callable[[str, bytes], bytes], compression: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile("out.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile("out.zip", "w", compression) as archive:
        for name, raw in files.items():
            archive.writestr(name, change(name, raw))


def test_a_zip_file_may_be_compressed(made: Repo) -> None:
    rewritten(lambda name, raw: raw)
    assert verified("out.zip").code == 0


def test_a_zip_bomb_is_not_unpacked(made: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    rewritten(lambda name, raw: bytes(50_000_000) if name == "sigma/shell.yml" else raw)
    read = zipfile.ZipFile.read
    sizes: list[int] = []

    def counted(self: zipfile.ZipFile, name: Any, pwd: bytes | None = None) -> bytes:
        raw = read(self, name, pwd)
        sizes.append(len(raw))
        return raw

    monkeypatch.setattr(zipfile.ZipFile, "read", counted)
    told = "out.zip/sigma/shell.yml:1:1: error: the file is not what the manifest says [bundle-file-changed]"
    assert verified("out.zip").out == told + HELP
    assert max(sizes) < 1_000_000


def test_a_bomb_that_its_manifest_announces(made: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1_000_000)

    def change(name: str, raw: bytes) -> bytes:
        if name == "manifest.json":
            data = json.loads(raw)
            data["files"]["sigma/shell.yml"]["bytes"] = 50_000_000
            return json.dumps(data).encode()
        return bytes(50_000_000) if name == "sigma/shell.yml" else raw

    rewritten(change)
    assert (
        "out.zip/sigma/shell.yml:1:1: error: the file is not what the manifest says"
        in verified("out.zip").out
    )


@pytest.mark.parametrize("at", range(60, 3000, 97))
def test_a_flipped_byte_of_a_zip_file(made: Repo, at: int) -> None:
    """Told as a finding or as no zip file; never a pass where a text changed, never a fault of ours."""
    raw = bytearray(Path("out.zip").read_bytes())
    raw[at] ^= 0x20
    Path("out.zip").write_bytes(raw)
    try:
        result = verified("out.zip")
    except ProblemError as error:
        assert error.problems[0].code in ("bundle-unreadable", "bundle-no-manifest")
        return
    assert result.code in (0, 1)
    assert result.code == 1 or reading.read(Path("out.zip")).problems == ()


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"files": [1]}', '{"files": {"a": {"sha256": 1, "bytes": 1e999}}}']
)
def test_error_a_manifest_that_is_none(made: Repo, text: str) -> None:
    Path("out/manifest.json").write_text(text)
    with pytest.raises(ProblemError) as caught:
        verified("out")
    assert render(caught.value.problems[0]) == (
        "out:1:1: error: manifest.json is not there or cannot be read: this is no bundle [bundle-no-manifest]"
    )


def test_error_a_folder_with_a_manifest_of_something_else(made: Repo) -> None:
    made.write("web/manifest.json", {"name": "an app", "icons": []})
    made.write("web/index.html", "<p>")
    with zipfile.ZipFile("web.zip", "w") as archive:
        archive.writestr("manifest.json", '{"name": "an extension"}')
    for target in ("web", "web.zip"):
        with pytest.raises(WrongUse) as caught:
            run([], Wanted(), Path(target), running=PLAIN)
        assert str(caught.value) == f"{target} exists and is no bundle"
    assert Path("web/index.html").exists()
