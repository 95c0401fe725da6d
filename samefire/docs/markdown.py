"""Pages as Markdown, for repositories and wikis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samefire.docs.page import Page

_SIGNS = {"pass": "✓", "fail": "✗", "differs": "≈"}


def page_markdown(page: Page) -> str:
    """The page of one rule."""
    return "\n".join(_lines(page)).rstrip() + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield f"# {_text(page.name)}\n"
    yield f"{_text(page.description)}\n"
    for name, value in page.facts:
        yield f"**{name}**: {_text(value)}  "
    if page.tags:
        yield f"\n**Tags**: {', '.join(map(_text, page.tags))}"
    yield from _list("References", page.references)
    yield from _list("False positives", page.false_positives)
    if page.guide:
        yield f"\n## Investigation guide\n\n{_quoted(page.guide)}"
    if page.setup:
        yield f"\n## Setup\n\n{_quoted(page.setup)}"
    if page.query:
        yield f"\n## Rule query\n\n{_fenced(page.query, page.language)}"
    yield from _attack(page)
    for name, status, why, text in page.forms:
        yield f"\n## {name}: {status}\n"
        yield _text(why) if why else ""
        if text:
            yield _fenced(text.rstrip(), "yaml" if name == "sigma" else "json")
    yield from _cases(page)


def _list(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f"\n**{title}**:\n"
        yield from (f"- {_text(one)}" for one in texts)


def _attack(page: Page) -> Iterator[str]:
    if page.tactics:
        yield "\n## MITRE ATT&CK\n"
    for tactic in page.tactics:
        yield f"- {tactic.name} ({tactic.id})"
        for key, name, _, below in tactic.techniques:
            yield f"  - {_text(name)} ({key})"
            yield from (f"    - {_text(sub)} ({sub_id})" for sub_id, sub, _ in below)


def _cases(page: Page) -> Iterator[str]:
    if not page.cases:
        return
    forms = list(dict.fromkeys(form for case in page.cases for form, _ in case.verdicts))
    yield f"\n## Cases\n\n{page.covered[0]} of {page.covered[1]} clauses are proven.\n"
    yield f"| case | expected | {' | '.join(forms)} |"
    yield f"| --- | --- | {' | '.join('---' for _ in forms)} |"
    for case in page.cases:
        told = dict(case.verdicts)
        signs = " | ".join(_SIGNS.get(told.get(form, ""), "") for form in forms)
        yield f"| {_text(case.name)} | {case.expected} | {signs} |"


def _fenced(text: str, language: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _quoted(text: str) -> str:
    """Markdown of the rule, its headings two levels lower and its markup shown as text."""
    lines = (f"##{line}" if line.startswith("#") else line for line in text.strip().split("\n"))
    return "\n".join(lines).replace("<", "&lt;")


def _text(text: str) -> str:
    for letter in "\\`*_[]<>|#":
        text = text.replace(letter, f"\\{letter}")
    return text.replace("\n", " ")


def index_markdown(pages: Sequence[Page]) -> str:
    """A table of all rules."""
    lines = ["# Rules\n", "| rule | severity | type | tactics | cases |", "| --- | --- | --- | --- | --- |"]
    for page in pages:
        tactics = ", ".join(tactic.name for tactic in page.tactics)
        link = f"[{_text(page.name)}]({page.place.replace(' ', '%20')}.md)"
        lines.append(f"| {link} | {page.severity} | {_text(page.type)} | {tactics} | {len(page.cases)} |")
    return "\n".join(lines) + "\n"
