"""The past of a repository, read through git: what changed since a revision, and files as they were then.

Reads only; never fetches, never runs hooks or filters of the repository.
"""

from __future__ import annotations

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
        from the root."""
        asked = ["diff", "--name-status", "--no-renames", "--no-ext-diff", "-z", commit, "--"]
        parts = _git(self.root, asked).decode("utf-8", "surrogateescape").split("\0")
        found: dict[str, Change] = {}
        for letter, path in zip(parts[::2], parts[1::2], strict=False):
            found[path] = {"A": Change.ADDED, "D": Change.DELETED}.get(letter[:1], Change.CHANGED)
        untracked = _git(self.root, ["ls-files", "--others", "--exclude-standard", "-z"])
        for path in untracked.decode("utf-8", "surrogateescape").split("\0"):
            if path:
                known = path in found
                found[path] = Change.CHANGED if known else Change.ADDED
        return found

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
        return found


# A repository under test may be hostile: none of its configuration may run a program.
_SAFE = (
    "--no-pager",
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
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *_SAFE, *arguments], input=input, capture_output=True, check=False
        )
    except OSError as error:
        reason = f"git cannot be run: {error.strerror or error}"
        raise ProblemError([Problem("git-failed", reason, Source("git", ""))]) from error
    if done.returncode != 0:
        told = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        text = message or f"git {arguments[0]} failed: {told}"
        raise ProblemError([Problem(code, text, Source("git", ""), hint=hint)])
    return done.stdout
