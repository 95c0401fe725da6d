"""The past of a repository, read through git: what changed since a revision, and files as they were then.

Reads only; never fetches, never runs hooks of the repository. What the environment says of another repository
(as git does to the hooks that it runs) does not count where there is one without it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from samefire.problems import Problem, ProblemError
from samefire.source import Source


class Change(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True)
class Tracked:
    """What the index holds of a file. `link`, `module`: it is a symbolic link, another repository. `unwatched`:
    git was told not to look whether it changed (`assume-unchanged`, `skip-worktree`)."""

    path: str
    link: bool
    module: bool
    unwatched: bool


@dataclass(frozen=True)
class Repository:
    """A git work tree. `root` is its top folder."""

    root: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that holds `folder`; raises ProblemError when there is none."""
        top = _git(
            folder,
            ["rev-parse", "--show-toplevel"],
            code="git-no-repository",
            message=f"{folder} is not in a git repository",
        )
        return cls(Path(top.decode("utf-8", "surrogateescape").rstrip("\n")))

    def commit(self, revision: str) -> str:
        """The commit id of a revision; raises ProblemError when there is no such thing."""
        message = f"git knows no revision `{revision}`"
        hint = "fetch it first, or name another one with --base"
        if revision.startswith("-"):
            raise ProblemError([Problem("git-unknown-revision", message, Source(revision, ""), hint=hint)])
        asked = ["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"]
        return (
            _git(self.root, asked, code="git-unknown-revision", message=message, hint=hint).decode().strip()
        )

    def day(self, commit: str) -> str:
        """The day on which a commit was made, as `YYYY/MM/DD`."""
        asked = ["show", "--no-patch", "--format=%cd", "--date=format:%Y/%m/%d", commit]
        return _git(self.root, asked).decode().strip()

    def merge_base(self, revision: str) -> str:
        """The commit at which the work tree's branch left `revision`."""
        commit = self.commit(revision)
        message = f"`{revision}` and the work tree have no commit in common"
        hint = "a shallow clone? fetch the history (`git fetch --unshallow`)"
        found = _git(
            self.root, ["merge-base", commit, "HEAD"], code="git-no-merge-base", message=message, hint=hint
        )
        return found.decode().strip()

    def changes(self, commit: str) -> dict[str, Change]:
        """Files of the work tree (committed, staged or not, untracked too) that differ from a commit, by path
        from the root. A repository inside of this one is one path, which ends in `/` when it is not tracked."""
        asked = ["diff", "--name-status", "--no-renames", "--no-ext-diff", "--ignore-submodules=none", "-z"]
        parts = _lines(_git(self.root, [*asked, commit, "--"]))
        found: dict[str, Change] = {}
        for letter, path in zip(parts[::2], parts[1::2], strict=False):
            found[path] = {"A": Change.ADDED, "D": Change.DELETED}.get(letter[:1], Change.CHANGED)
        for path in _lines(_git(self.root, ["ls-files", "--others", "--exclude-standard", "-z"])):
            found[path] = Change.CHANGED if path in found else Change.ADDED
        return found

    def tracked(self) -> list[Tracked]:
        """Every file of the index."""
        found = []
        for line in _lines(_git(self.root, ["ls-files", "--stage", "-v", "-z"])):
            about, _, path = line.partition("\t")
            tag, mode, *_ = about.split(" ")
            unwatched = tag.islower() or tag == "S"
            found.append(Tracked(path, mode == "120000", mode == "160000", unwatched))
        return found

    def holds(self, folder: Path) -> bool:
        """Whether the index has a file below a folder."""
        inside = Path(os.path.realpath(folder))
        root = self.root.resolve()
        if not inside.is_relative_to(root):
            return False
        return bool(_git(self.root, ["ls-files", "-z", "--", inside.relative_to(root).as_posix()]))

    def ignored(self, folders: Sequence[str]) -> list[str]:
        """Files below some folders that are not tracked because git is told to ignore them."""
        if not folders:
            return []
        asked = ["ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", *folders]
        return _lines(_git(self.root, asked))

    def half_staged(self) -> list[str]:
        """Files of which a commit would now hold another text than the work tree does."""
        asked = ["diff", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty", "-z"]
        staged = _lines(_git(self.root, [*asked, "--cached", "--name-status", "HEAD"]))
        if not staged:
            return []
        differ = set(_lines(_git(self.root, [*asked, "--name-only"])))
        letters = dict(zip(staged[1::2], staged[::2], strict=False))
        gone = {p for p, letter in letters.items() if letter == "D" and (self.root / p).exists()}
        return sorted((letters.keys() & differ) | gone)

    def files(self, commit: str, folder: str = "") -> list[str]:
        """Paths of all files of a commit below a folder."""
        asked = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit]
        names = _git(self.root, [*asked, "--", folder] if folder else asked)
        return [n for n in names.decode("utf-8", "surrogateescape").split("\0") if n]

    def read(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
        """The contents of files as a commit has them; those it does not have are left out."""
        wanted = [p for p in paths if "\n" not in p]
        asked = "".join(f"{commit}:{path}\n" for path in wanted).encode("utf-8", "surrogateescape")
        raw = _git(self.root, ["cat-file", "--batch"], input=asked)
        found: dict[str, bytes] = {}
        at = 0
        for path in wanted:
            stop = raw.index(b"\n", at)
            head = raw[at:stop]
            at = stop + 1
            if head.endswith(b" missing"):
                continue
            size = int(head.rsplit(b" ", 1)[1])
            if b" blob " in head:
                found[path] = raw[at : at + size]
            at += size + 1
        return {**found, **self._odd(commit, [p for p in paths if "\n" in p])}

    def _odd(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
        """The contents of files with a line break in their names, which `cat-file --batch` cannot be asked for."""
        held = set(self.files(commit)) if paths else set()
        return {p: _git(self.root, ["cat-file", "blob", f"{commit}:{p}"]) for p in paths if p in held}


# A repository under test may be hostile: none of its configuration may run a program.
_SAFE = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.quotepath=false",
    "-c",
    "diff.external=",
    "-c",
    "protocol.allow=never",
)


def _git(
    folder: Path,
    arguments: Sequence[str],
    *,
    input: bytes = b"",
    code: str = "git-failed",
    message: str | None = None,
    hint: str | None = None,
) -> bytes:
    """What a git command prints; raises ProblemError with `message` when it fails."""
    command = ["git", "-C", str(folder), *_SAFE, *arguments]
    try:
        done = subprocess.run(
            command, input=input, capture_output=True, check=False, env=_environment(folder)
        )
    except OSError as error:
        reason = f"git cannot be run: {error.strerror or error}"
        raise ProblemError([Problem("git-failed", reason, Source("git", ""))]) from error
    if done.returncode != 0:
        told = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        text = message or f"git {arguments[0]} failed: {told}"
        if "dubious ownership" in told:
            code, text = "git-failed", f"git does not trust {folder}: it belongs to somebody else"
            hint = f"`git config --global --add safe.directory {folder}`"
        raise ProblemError([Problem(code, text, Source("git", ""), hint=hint)])
    return done.stdout


def _lines(raw: bytes) -> list[str]:
    """The parts of an output with `-z`."""
    return [part for part in raw.decode("utf-8", "surrogateescape").split("\0") if part]


_OTHER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE")


def _environment(folder: Path) -> dict[str, str]:
    """The environment without another repository in it, where `folder` lies in one that git finds by itself."""
    told = any(name in os.environ for name in _OTHER)
    if told and any((home / ".git").exists() for home in (folder.absolute(), *folder.absolute().parents)):
        return {name: value for name, value in os.environ.items() if name not in _OTHER}
    return dict(os.environ)
