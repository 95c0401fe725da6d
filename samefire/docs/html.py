"""Pages as HTML: each file carries its own style, needs no network, and lets no markup of a rule through."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import escape
from importlib.resources import files

from samefire import attack
from samefire.docs.guide import rendered
from samefire.docs.page import Page, Tactic
from samefire.docs.queries import pieces

_SIGNS = {"pass": ("✓", "as expected"), "fail": ("✗", "wrong"), "differs": ("≈", "a known difference")}


def page_html(page: Page) -> str:
    """The page of one rule."""
    up = "../" * page.place.count("/")
    return _document(page.name, "".join(_body(page, up)))


def _body(page: Page, up: str) -> Iterator[str]:
    yield f'<nav><a href="{up}index.html">All rules</a></nav><main class="rule"><header>'
    yield f"<h1>{escape(page.name)}</h1><p class=badges>{_severity(page)}"
    yield f"<span class=badge>{escape(page.type)}</span>"
    yield "<span class='badge old'>deprecated</span>" if page.deprecated else ""
    state = "good" if page.passed else "bad"
    yield f"<span class='badge {state}'>{len(page.cases)} cases {'pass' if page.passed else 'fail'}</span></p>"
    yield f"<p class=lead>{escape(page.description)}</p></header><div class=columns><div class=text>"
    yield from _sections(page)
    yield "</div><aside><dl>"
    yield from (f"<dt>{escape(name)}</dt><dd>{_breaks(value)}</dd>" for name, value in page.facts)
    if page.tags:
        yield f"<dt>Tags</dt><dd>{''.join(f'<span class=tag>{escape(tag)}</span>' for tag in page.tags)}</dd>"
    yield "</dl></aside></div></main>"


def _severity(page: Page) -> str:
    known = page.severity if page.severity in ("low", "medium", "high", "critical") else "low"
    return f"<span class='badge {known}'>{escape(page.severity)} · {escape(page.risk)}</span>"


def _breaks(value: str) -> str:
    """A value that may break after its separators."""
    return "<wbr>".join(escape(part) for part in value.replace(",", ",\0").replace("-", "-\0").split("\0"))


def _sections(page: Page) -> Iterator[str]:
    if page.query:
        yield f"<section id=query><h2>Query</h2>{coloured(page.query, page.language)}</section>"
    if page.tactics:
        yield f"<section id=attack><h2>MITRE ATT&amp;CK</h2>{''.join(map(_tactic, page.tactics))}</section>"
    if page.guide:
        yield f"<section id=guide class=prose><h2>Investigation guide</h2>{rendered(page.guide)}</section>"
    if page.false_positives:
        yield f"<section><h2>False positives</h2>{_list(map(escape, page.false_positives))}</section>"
    if page.setup:
        yield f"<section class=prose><h2>Setup</h2>{rendered(page.setup)}</section>"
    yield from _cases(page)
    yield from (_form(*form) for form in page.forms)
    if page.references:
        yield f"<section><h2>References</h2>{_list(map(_link, page.references))}</section>"


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _link(url: str, text: str = "") -> str:
    shown = escape(text or url)
    safe = url.startswith(("https://", "http://"))
    return f'<a href="{escape(url, quote=True)}" rel="noopener noreferrer">{shown}</a>' if safe else shown


def _tactic(tactic: Tactic) -> str:
    below = (
        f"<li>{_link(url, name)} <code>{escape(key)}</code>"
        + (_list(f"{_link(u, n)} <code>{escape(k)}</code>" for k, n, u in subs) if subs else "")
        + "</li>"
        for key, name, url, subs in tactic.techniques
    )
    head = f"{_link(tactic.url, tactic.name)} <code>{escape(tactic.id)}</code>"
    return f"<div class=tactic><p>{head}</p><ul>{''.join(below)}</ul></div>"


def coloured(query: str, language: str) -> str:
    """A query in colour."""
    parts = (
        f"<b class={kind}>{escape(text)}</b>" if kind else escape(text)
        for kind, text in pieces(query, language)
    )
    return f"<pre class=query><code>{''.join(parts)}</code></pre>"


def _form(name: str, status: str, why: str, text: str) -> str:
    told = f"<p class=why>{escape(why)}</p>" if why else ""
    code = f"<pre><code>{escape(text)}</code></pre>" if text else ""
    opened = " open" if name == "sigma" else ""
    title = {"sigma": "Sigma", "elastic": "Elastic"}.get(name, name)
    head = f"<summary><h2>{escape(title)}</h2><span class='badge {escape(status)}'>{escape(status)}</span></summary>"
    return f"<section><details{opened}>{head}{told}{code}</details></section>"


def _cases(page: Page) -> Iterator[str]:
    if not page.cases:
        return
    forms = list(dict.fromkeys(form for case in page.cases for form, _ in case.verdicts))
    proven, total = page.covered
    yield "<section id=cases><h2>Cases</h2>"
    yield f"<p>The cases prove {proven} of {total} clauses of the query.</p>" if total else ""
    if page.unproven:
        yield f"<details><summary>Not proven</summary>{_list(map(escape, page.unproven))}</details>"
    heads = "".join(f"<th>{escape(form)}" for form in forms)
    yield f"<div class=scroll><table><thead><tr><th>Case<th>Expected{heads}</tr></thead><tbody>"
    for case in page.cases:
        told = dict(case.verdicts)
        signs = "".join(f"<td class=sign>{_sign(told.get(form, ''))}" for form in forms)
        about = f"<small>{escape(case.about)}</small>" if case.about else ""
        name = escape(case.name.partition("/")[2].replace("_", " "))
        yield f"<tr><td>{name}{about}<td>{case.expected}{signs}</tr>"
    yield "</tbody></table></div></section>"


def _sign(word: str) -> str:
    sign, told = _SIGNS.get(word, ("·", "not judged"))
    return f"<span class='sign {word}' title='{told}' aria-label='{told}'>{sign}</span>"


# ---- index --------------------------------------------------------------------------------------------


def index_html(pages: Sequence[Page], title: str = "Rules") -> str:
    """All rules, with a search and the matrix of ATT&CK."""
    rows = "".join(map(_row, pages))
    body = (
        f"<main class=index><header><h1>{escape(title)}</h1><p class=lead>{len(pages)} rules, "
        f"{sum(len(page.cases) for page in pages)} cases</p></header>"
        "<p class=search><input id=search type=search placeholder='Search names, tags, queries, ATT&amp;CK' "
        "aria-label='Search' autofocus><span id=count></span></p>"
        f"<div class=scroll><table id=rules><thead><tr><th>Rule<th>Severity<th>Type<th>Tactics<th>Cases</tr></thead>"
        f"<tbody>{rows}</tbody></table></div><h2>MITRE ATT&amp;CK</h2>{_matrix(pages)}</main>"
    )
    return _document(title, body, script=_asset("index.js"))


def _row(page: Page) -> str:
    tactics = ", ".join(dict.fromkeys(tactic.name for tactic in page.tactics))
    keys = " ".join(k for t in page.tactics for k, *_ in t.techniques)
    subs = " ".join(s[0] for t in page.tactics for *_, below in t.techniques for s in below)
    words = " ".join([page.name, page.description, page.query, *page.tags, tactics, keys, subs, page.path])
    state = "pass" if page.passed else "fail"
    return (
        f'<tr data-words="{escape(words.lower(), quote=True)}"><td><a href="{_address(page)}">{escape(page.name)}</a>'
        f"<small>{escape(page.path)}</small><td>{_severity(page)}<td>{escape(page.type)}<td>{escape(tactics)}"
        f"<td class=sign>{len(page.cases)} {_sign(state) if page.cases else ''}</tr>"
    )


def _address(page: Page) -> str:
    from urllib.parse import quote

    return quote(f"{page.place}.html")


def _matrix(pages: Sequence[Page]) -> str:
    """Tactics side by side, below each the techniques that rules name and how many do."""
    found: dict[str, dict[str, list[Page]]] = {}
    names: dict[str, str] = {}
    for page in pages:
        for tactic in page.tactics:
            column = found.setdefault(tactic.name, {})
            for key, name, _, _ in tactic.techniques:
                names[key] = name
                if page not in (known := column.setdefault(key, [])):
                    known.append(page)
    order = list(dict.fromkeys([*(t.name for t in attack.tactics()), *found]))
    columns = "".join(_column(name, found[name], names) for name in order if name in found)
    return f"<div class=matrix>{columns}</div>"


def _column(tactic: str, techniques: dict[str, list[Page]], names: dict[str, str]) -> str:
    cells = "".join(
        f'<a class=cell data-level={min(len(pages), 4)} href="#search" data-search="{escape(key.lower())}">'
        f"<span>{escape(names[key])}</span><small>{escape(key)} · {len(pages)}</small></a>"
        for key, pages in sorted(techniques.items(), key=lambda one: (-len(one[1]), one[0]))
    )
    return f"<div class=tactic><h3>{escape(tactic)}</h3>{cells}</div>"


# ---- the document -------------------------------------------------------------------------------------


@cache
def _asset(name: str) -> str:
    return (files("samefire.docs") / "look" / name).read_text(encoding="utf-8")


def _document(title: str, body: str, *, script: str = "") -> str:
    style = _asset("page.css")
    policy = f"default-src 'none'; style-src '{_digest(style)}'" + (
        f"; script-src '{_digest(script)}'" if script else ""
    )
    end = f"<script>{script}</script>" if script else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{body}{end}</body></html>\n"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
