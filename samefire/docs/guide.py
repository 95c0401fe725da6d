"""Markdown of rules as HTML that cannot do harm: no markup of its own, no links but to the web and by mail."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

from marko import Markdown
from marko.ext.gfm import GFM
from marko.helpers import MarkoExtension
from marko.html_renderer import HTMLRenderer

_SAFE = re.compile(r"(?:https?:|mailto:|#)", re.I)
_WIDGET = re.compile(r"^!\{(\w+)\{.*$", re.M)


class _Safe:
    """Markup in the text is shown as text; a link that leads elsewhere is its text. A mixin that comes before every
    other renderer, for that of GFM lets markup through."""

    render_children: Callable[[Any], str]

    def render_html_block(self, element: Any) -> str:
        return f"<p>{html.escape(element.body)}</p>\n"

    def render_inline_html(self, element: Any) -> str:
        return html.escape(str(element.children))

    def render_link(self, element: Any) -> str:
        text = self.render_children(element)
        return _link(element.dest, text)

    def render_auto_link(self, element: Any) -> str:
        return _link(element.dest, self.render_children(element))

    def render_url(self, element: Any) -> str:
        return _link(element.dest, self.render_children(element))

    def render_image(self, element: Any) -> str:
        return html.escape(f"[{_plain(element)}]")

    def render_heading(self, element: Any) -> str:
        level = min(element.level + 1, 6)
        return f"<h{level}>{self.render_children(element)}</h{level}>\n"


def _link(target: str, text: str) -> str:
    if not _SAFE.match(target):
        return text
    return f'<a href="{html.escape(target, quote=True)}" rel="noopener noreferrer">{text}</a>'


def _plain(element: Any) -> str:
    children = element.children
    return children if isinstance(children, str) else "".join(map(_plain, children))


def rendered(text: str) -> str:
    """Markdown as HTML. Kibana's widgets (`!{investigate{…}}`) are shown as what they are written as."""
    fenced = _WIDGET.sub(lambda found: f"```\n{found[0]}\n```", text)
    safe = MarkoExtension(renderer_mixins=[_Safe])
    made = Markdown(renderer=HTMLRenderer, extensions=[GFM, safe]).convert(fenced)
    assert isinstance(made, str)
    return made
