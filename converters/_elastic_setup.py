"""The `setup` text that Elastic's exporter takes out of a rule's investigation guide.

A note with a heading `## Setup` and no `setup` of its own gives the text below that heading, as plain text:
list markers, link targets and emphasis are lost there, exactly as in the exporter of Elastic's own rules.
Leaves what becomes of the two texts to `_elastic_write.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t][^\n]*(?:setup|config)|(?:setup|config)[^\n]*\n {0,3}(?:=+|-+)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""What may be a heading about the setup: only notes that have one are parsed."""
_SECTION = re.compile(r"^(?=#{2,6}[ \t])", re.MULTILINE)
_REACHING = re.compile(r"```|~~~|\]:|\r|\||^[ \t>*+-]*<|^ {0,3}(?:=+|-+)[ \t]*$", re.MULTILINE)
"""What may reach over a heading or change one: code blocks, HTML, link definitions, tables, underlined headings."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a note gives. `setup` None: no setup section; `complaint`: why a heading is not read as one, `hint`
    what to do about it."""

    note: str
    setup: str | None = None
    complaint: str | None = None
    heading: str = "Setup"
    hint: str = "write the section as `## Setup`, or as the rule's `setup`"


def take(authored: str, note: str, *, has_setup: bool) -> Taken:
    """The setup section of a note. `authored` is the note as written (its headings count), `note` the one to
    cut from (placeholders filled in)."""
    if not _HEADING.search(authored):
        return Taken(note)
    from marko.ext.gfm import gfm

    blocks = [block for text in told(authored) for block in gfm.parse(text).children]
    complaint, found = _headings(blocks)
    if complaint or not found:
        return Taken(note, complaint=complaint, heading=found or "")
    if has_setup:
        complaint = "the note has a `## Setup` section beside the rule's `setup`"
        return Taken(note, complaint=complaint, hint="keep one of the two")
    for i, block in enumerate(blocks):
        if block.get_type() == "Heading" and "Setup" in gfm.renderer.render(block):
            return _cut(note, plain(blocks[i + 1 :]))
    return Taken(note)


def told(note: str) -> list[str]:
    """The sections of a note whose heading may be about the setup; the whole note where sections cannot be told apart
    by their first lines. Parsing Markdown costs far more than all the rest of an export."""
    if _REACHING.search(note):
        return [note]
    return [text for text in _SECTION.split(note) if _HEADING.search(text)]


def _cut(note: str, setup: str) -> Taken:
    rest = note.replace("## Setup\n\n", "")
    kept = rest.replace(setup, "").strip()
    return Taken(kept, setup)


def _headings(blocks: Sequence[Any]) -> tuple[str | None, str | None]:
    """Why a heading about the setup is not one, and the heading that is."""
    from marko.ext.gfm import gfm

    found = None
    for block in blocks:
        if block.get_type() != "Heading":
            continue
        text = gfm.renderer.render_children(block)
        if text.lower() == "setup":
            if block.level != 2:
                return f"the heading `{text}` is of level {block.level}, not 2", text
            if text != "Setup":
                return f"the heading `{text}` is not written `Setup`", text
            found = text
        elif block.level == 2 and "config" in text.lower():
            return f"the heading `{text}` says config where `Setup` is meant", text
    return None, found


def plain(nodes: Sequence[Any]) -> str:
    """Markdown nodes as text, up to the next heading of level 2 or deeper."""
    pieces: list[str] = []
    for node in nodes:
        kind = node.get_type()
        if kind == "Heading" and node.level >= 2:
            break
        pieces.append(_node(node, kind))
    return "".join(pieces).strip()


def _node(node: Any, kind: str) -> str:
    match kind:
        case "BlankLine" | "LineBreak":
            return "\n"
        case "CodeSpan":
            from marko.html_renderer import HTMLRenderer

            return f"`{HTMLRenderer.escape_html(node.children)}`"
        case "Paragraph":
            return plain(node.children) + "\n"
        case "FencedCode":
            return f"```\n{plain(node.children)}\n```\n"
    inner = getattr(node, "children", "")
    return inner if isinstance(inner, str) else plain(inner)
