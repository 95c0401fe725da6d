"""The queries of a rule in the layout of their language's own renderer, proved to mean the same.

A query stays as it is where the renderer would lose something (comments in ES|QL), where its lines would become
longer than the author's, and in Lucene, whose renderer has one line only.
"""

from __future__ import annotations

import copy
import importlib
import re
from typing import Any

from samefire.fmt.document import Document, Literal
from samefire.fmt.strings import WIDTH
from samefire.problems import ProblemError
from samefire.source import Source

_LANGUAGES = ("kuery", "eql", "esql")
_TEXTS = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|`[^`]*`')


def laid_out(document: Document, data: dict[str, Any]) -> dict[str, Any]:
    """Put the rule's queries into their layout, in the document; the data that the file then has."""
    rule = data.get("rule")
    if not isinstance(rule, dict):
        return data
    changed: dict[str, Any] = {}
    for key, language in (("query", rule.get("language")), ("threat_query", rule.get("threat_language"))):
        text = rule.get(key)
        if isinstance(text, str) and (fresh := query(text, str(language))) != text:
            changed[key] = fresh
    if not changed:
        return data
    _put(document, changed)
    data = copy.copy(data)
    data["rule"] = rule | changed
    return data


def _put(document: Document, changed: dict[str, str]) -> None:
    for table in document.tables:
        if table.path == ("rule",):
            for entry in table.entries:
                if len(entry.key) == 1 and entry.key[0] in changed:
                    entry.value = Literal("", changed[entry.key[0]])


def query(text: str, language: str) -> str:
    """A query in its layout; the same text where it cannot be shown to mean the same."""
    if language not in _LANGUAGES or (language == "esql" and _commented(text)):
        return text
    module = importlib.import_module(f"samefire.languages.{language}")
    try:
        tree = module.parse(Source("<query>", text))
        fresh = module.render(tree)
        again = module.parse(Source("<query>", fresh))
    except (ProblemError, RecursionError):
        return text
    if again != tree or _comments(again) != _comments(tree) or module.render(again) != fresh:
        return text
    if _longest(fresh) > max(_longest(text), WIDTH):
        return text
    return f"{fresh}\n" if text.endswith("\n") else str(fresh)


def _comments(tree: Any) -> list[str]:
    return [" ".join(comment.text.split()) for comment in getattr(tree, "comments", ())]


def _commented(text: str) -> bool:
    return bool(re.search(r"//|/\*", _TEXTS.sub('""', text)))


def _longest(text: str) -> int:
    return max(map(len, text.split("\n")))
