"""What git's comparison does not show of a work tree: links to what changed, files that it was told not to look
at, other repositories inside of this one."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from samefire.problems import Problem, Severity
from samefire.revision import Change, Repository, Tracked
from samefire.source import Source
from samefire.workspace import shown

SHOWN = 10
"""Files that are named one by one; of more the number is told."""


@dataclass(frozen=True)
class Unseen:
    """`files`: what changed beyond what git says. `real`: the file that a path among them leads to (through a
    link). `modules`: other repositories that changed; `absent`: files that a sparse checkout leaves out;
    `ignored`: files that git does not keep; `half`: files that a commit would hold another text of."""

    files: Mapping[str, Change] = field(default_factory=dict)
    real: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    half: tuple[str, ...] = ()


def below(path: str, folder: str) -> bool:
    """Whether `path` lies in `folder` (`.` is the root), or is it."""
    return folder in ("", ".") or path == folder or path.startswith(folder.rstrip("/") + "/")


def unseen(
    repository: Repository, commit: str, files: Mapping[str, Change], sources: Sequence[str]
) -> Unseen:
    """Looks at everything below `sources`, paths from the root. `files`: what git says."""
    tracked = repository.tracked()
    inside = [s for s in sources if not s.startswith(("/", "../")) and s != ".."]
    mine = [one for one in tracked if any(below(one.path, s) or below(s, one.path) for s in inside)]
    found: dict[str, Change] = {}
    ignored = [p for p in repository.ignored(inside) if not _hidden(p)]
    found.update(dict.fromkeys(ignored, Change.ADDED))
    absent = list(_unwatched(repository, commit, [one for one in mine if one.unwatched], found))
    own = {one.path for one in mine if one.module}
    modules = [p for p in files if p.endswith("/") or p in own]
    modules = [p for p in modules if any(below(p.rstrip("/"), s) or below(s, p.rstrip("/")) for s in inside)]
    links = {one.path for one in mine if one.link}
    links |= {p for p in files if any(below(p, s) for s in inside) and (repository.root / p).is_symlink()}
    real = dict(_through(repository.root, links, {*files, *found}))
    found.update({path: Change.CHANGED for path in real if path not in files})
    half = [p for p in repository.half_staged() if any(below(p, s) for s in inside)]
    return Unseen(found, real, tuple(modules), tuple(absent), tuple(ignored), tuple(half))


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(path).parts)


def _unwatched(
    repository: Repository, commit: str, files: Sequence[Tracked], found: dict[str, Change]
) -> Iterator[str]:
    """Puts into `found` what changed of files that git does not watch; gives those that are not there."""
    old = repository.read(commit, [one.path for one in files])
    for one in files:
        path = repository.root / one.path
        was = old.get(one.path)
        if not path.exists():
            yield one.path
        elif was is None:
            found[one.path] = Change.ADDED
        elif not one.link and path.is_file() and _plain(path.read_bytes()) != _plain(was):
            found[one.path] = Change.CHANGED


def _plain(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def _through(root: Path, links: Collection[str], changed: Collection[str]) -> Iterator[tuple[str, str]]:
    """Paths below links whose target changed, or lies where git does not look; each with what it leads to."""
    top = os.path.realpath(root)
    above = {str(folder) for path in changed for folder in PurePosixPath(path).parents}
    for link in sorted(links):
        target = os.path.realpath(f"{top}/{link}")
        inside = target.startswith(top + os.sep)
        where = target[len(top) + 1 :].replace(os.sep, "/") if inside else target
        steps = {where, *map(str, PurePosixPath(where).parents), *_chain(top, link)}
        if not inside or not steps.isdisjoint(changed):
            yield link, where
            for folder, _, names in os.walk(target):
                rest = folder[len(target) :].replace(os.sep, "/")
                yield from ((f"{link}{rest}/{name}", f"{where}{rest}/{name}") for name in names)
        elif where in above:
            yield from ((link + path[len(where) :], path) for path in changed if below(path, where))


def _chain(top: str, link: str) -> Iterator[str]:
    """The links that a link leads through, itself first."""
    for _ in range(40):
        yield link
        if not Path(top, link).is_symlink():
            return
        link = os.path.normpath(Path(link).parent / Path(top, link).readlink()).replace(os.sep, "/")


def told(found: Unseen, root: Path, show: Iterable[str]) -> Iterator[Problem]:
    """What a reader has to know of it: what is judged and is not what a commit would hold. `show`: paths of the
    ignored files that matter."""
    wanted = set(show)
    ignored = [p for p in found.ignored if p in wanted]
    message = "git is told to ignore this file: it was judged, and no commit will have it"
    hint = "add it with `git add --force`, or remove it"
    yield from _each("gate-ignored-file", message, ignored, root, hint)
    message = "the index holds another text of this file than the work tree, which was judged"
    hint = "stage what is to be committed with `git add`"
    yield from _each("gate-half-staged", message, found.half, root, hint)


def _each(code: str, message: str, paths: Sequence[str], root: Path, hint: str) -> Iterator[Problem]:
    more = f"; and {len(paths) - SHOWN} more files" if len(paths) > SHOWN else ""
    for number, path in enumerate(paths[:SHOWN]):
        text = message + (more if number == SHOWN - 1 else "")
        yield Problem(code, text, Source(shown(root / path), ""), severity=Severity.WARNING, hint=hint)
