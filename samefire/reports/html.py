"""The report as one HTML page that carries all it needs: no network, no markup from rules or events.

The page's script draws it out of JSON; its look and script lie in `page/`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import orjson

from samefire.harness.report import Outcome, Report, RuleReport
from samefire.reports.json import report_json

LARGEST_EVENTS = 200_000  # characters of events that one rule may bring into the page
EVENTS_FOR_ALL = 100  # with more rules than this, only failed cases carry their events and forms


def report_html(report: Report) -> str:
    """The whole run as a page."""
    page = files("samefire.reports") / "page"
    script = (page / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    text = (page / "page.html").read_text(encoding="utf-8")
    for name, value in (
        ("{style}", (page / "page.css").read_text(encoding="utf-8")),
        ("{script_hash}", digest),
        ("{script}", script),
        ("{data}", _inert(page_data(report))),
    ):
        text = text.replace(name, value, 1)
    return text


def _inert(data: Any) -> str:
    """JSON that cannot end the script element around it nor start another."""
    try:
        text = orjson.dumps(data, default=str).decode("utf-8")
    except TypeError:  # half a surrogate pair, whole numbers beyond 64 bits
        text = json.dumps(data, default=str)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def page_data(report: Report) -> dict[str, Any]:
    """The report's JSON, with what only the page shows: texts of forms, events, techniques."""
    from samefire.attack import tactics

    data = report_json(report)
    small = len(report.rules) <= EVENTS_FOR_ALL
    for rule, shown in zip(report.rules, data["rules"], strict=True):
        shown["techniques"] = list(techniques(rule.rule.contents))
        shown["tags"] = list(rule.rule.contents.get("tags") or [])
        whole = small or rule.failed
        for form, told in zip(rule.forms, shown["forms"], strict=True):
            told["text"] = form.document.text if form.document and whole else None
        shown["events"] = _events(rule, whole)
    known = tactics()
    data["tactics"] = list(dict.fromkeys(tactic.name for tactic in known))
    data["enterprise"] = [tactic.name for tactic in known if tactic.domain == "enterprise"]
    return data


def _events(rule: RuleReport, whole: bool) -> dict[str, Any]:
    """The events of the cases, failed ones first, as far as they fit."""
    failed = {v.case.path for v in rule.verdicts if v.outcome is Outcome.FAIL}
    found: dict[str, Any] = {}
    room = LARGEST_EVENTS
    for case in sorted(rule.cases, key=lambda c: (c.path not in failed, c.path)):
        size = len(case.source.text)
        if size <= room and (whole or case.path in failed):
            found[case.path] = list(case.events)
            room -= size
    return found


def techniques(contents: Any) -> Iterator[tuple[str, str | None, str | None]]:
    """(tactic name, technique id, technique name) of a rule; (tactic, None, None) when it names no technique."""
    for threat in contents.get("threat") or []:
        tactic = str(threat.get("tactic", {}).get("name", ""))
        listed = threat.get("technique") or []
        if not listed:
            yield tactic, None, None
        for technique in listed:
            for item in (technique, *(technique.get("subtechnique") or [])):
                yield tactic, str(item.get("id")), str(item.get("name"))
