"""What the values of a rule file must be to each other: dates in order, windows without a gap, a query where
one is needed, mappings that mean something. Shapes and types are in `rule_schema.py`.

Every check takes values of any type: what has a wrong type was reported before and is passed over here.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

from samefire.problems import did_you_mean
from samefire.rule_schema import METADATA, SIGMA, TRANSFORM, TYPES, table_of, table_of_any
from samefire.schema import Report, Shape, check

Tables = Mapping[str, Any]
_TOP = ("metadata", "rule", "transform", "sigma")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d{1,12})([smhd])")
_BACK = re.compile(r"now-(\d{1,12})([smhd])")


def check_file(tables: Tables, report: Report) -> None:
    """Everything that is wrong with the tables of a rule file."""
    if not tables:
        hint = "a rule file has the tables [metadata] and [rule]"
        report.error("rule-missing-table", (), "the file is empty", hint)
        return
    for key in tables:
        if key not in _TOP:
            hint = did_you_mean(key, _TOP) or "a rule file has [metadata], [rule], [transform] and [sigma]"
            report.error("rule-unknown-table", (key,), f"unknown table [{key}]", hint, on_key=True)
    for key in _TOP:
        if key in tables:
            check(_shape(key, tables), tables[key], (key,), report)
        elif key in ("metadata", "rule"):
            report.error("rule-missing-table", (), f"the file has no [{key}] table", f"add a line [{key}]")
    for look in _CHECKS:
        look(_in(tables, "metadata"), _in(tables, "rule"), report)
    _logsource(_in(tables, "sigma"), report)


def _shape(key: str, tables: Tables) -> Shape:
    if key != "rule":
        return {"metadata": METADATA, "transform": TRANSFORM, "sigma": SIGMA}[key]
    rule_type = _in(tables, "rule").get("type")
    return table_of(rule_type) if rule_type in TYPES else table_of_any()


def _in(table: Tables, key: str) -> Tables:
    """The table at `key`; an empty one when something else stands there."""
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _list(table: Tables, key: str) -> list[Any]:
    value = table.get(key)
    return value if isinstance(value, list) else []


def _str(table: Tables, key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""


# ---- [metadata] ---------------------------------------------------------------------------------------


def _dates(metadata: Tables, rule: Tables, report: Report) -> None:
    """Days that exist, and no change before the rule was written."""
    days = {key: _day(metadata, key, report) for key in ("creation_date", "updated_date", "deprecation_date")}
    created = days["creation_date"]
    for key in ("updated_date", "deprecation_date"):
        later = days[key]
        if created and later and later < created:
            message = f"`{key}` is before `creation_date` ({metadata['creation_date']})"
            report.error("rule-dates-out-of-order", ("metadata", key), message)


def _day(metadata: Tables, key: str, report: Report) -> datetime.date | None:
    text = _str(metadata, key)
    if not re.fullmatch(r"[0-9]{4}/[0-9]{2}/[0-9]{2}", text):
        return None
    try:
        return datetime.date(*map(int, text.split("/")))
    except ValueError:
        report.error("rule-bad-value", ("metadata", key), f"there is no day {text}")
        return None


def _maturity(metadata: Tables, rule: Tables, report: Report) -> None:
    deprecated = metadata.get("maturity") == "deprecated"
    if deprecated and "deprecation_date" not in metadata:
        message, hint = "a deprecated rule needs a `deprecation_date`", 'add deprecation_date = "YYYY/MM/DD"'
        report.error("rule-missing-key", ("metadata", "maturity"), message, hint)
    for key in ("deprecation_date", "deprecated_reason"):
        if key in metadata and not deprecated:
            message, hint = f"`{key}` is set, but the rule is not deprecated", 'write maturity = "deprecated"'
            report.warning("rule-not-deprecated", ("metadata", key), message, hint, on_key=True)


def _min_stack(metadata: Tables, rule: Tables, report: Report) -> None:
    if metadata.get("min_stack_version") and not metadata.get("min_stack_comments"):
        message, hint = "`min_stack_version` is not explained", "say why in `min_stack_comments`"
        report.warning(
            "rule-min-stack-comments", ("metadata", "min_stack_version"), message, hint, on_key=True
        )


# ---- time windows -------------------------------------------------------------------------------------


def _seconds(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.fullmatch(text)
    return int(match[1]) * _SECONDS[match[2]] if match else None


def _window(metadata: Tables, rule: Tables, report: Report) -> None:
    """A run must look back at least as far as the run before it."""
    back, interval = _str(rule, "from") or "now-6m", _str(rule, "interval") or "5m"
    reach, every = _seconds(_BACK, back), _seconds(_SPAN, interval)
    if reach is None or every is None or "to" in rule or reach >= every:
        return
    key = "interval" if "interval" in rule else "from"
    message = f"the rule runs every {interval} and looks back {back[4:]}: events in between are never seen"
    report.warning(
        "rule-window-gap", ("rule", key), message, f'look back further: from = "now-{2 * every // 60}m"'
    )


def _empty_window(metadata: Tables, rule: Tables, report: Report) -> None:
    """A run must look at some time."""
    start, end = _str(rule, "from") or "now-6m", _str(rule, "to")
    back, until = _seconds(_BACK, start), _seconds(_BACK, end)
    if back is not None and until is not None and until >= back:
        message = f"the window from `{start}` to `{end}` is empty: no event is ever seen"
        report.error("rule-bad-value", ("rule", "to"), message, 'most rules look up to "now": leave `to` out')


def _building_block(metadata: Tables, rule: Tables, report: Report) -> None:
    """Building block rules run seldom, over a long window, unless they say that they mean it."""
    if "building_block_type" not in rule or metadata.get("bypass_bbr_timing"):
        return
    hint = "look back longer, or set bypass_bbr_timing = true in [metadata]"
    for key, least, pattern in (("from", "now-119m", _BACK), ("interval", "60m", _SPAN)):
        value = rule.get(key)
        if value is None:
            message = f"a building block rule needs `{key}` of at least {least}"
            report.error("rule-building-block-window", ("rule",), message, hint, on_key=True)
        elif isinstance(value, str) and _shorter(value, least, pattern):
            message = f"`{key}` of a building block rule is at least {least}, not {value}"
            report.error("rule-building-block-window", ("rule", key), message, hint)


def _shorter(value: str, least: str, pattern: re.Pattern[str]) -> bool:
    span, bound = _seconds(pattern, value), _seconds(pattern, least)
    return span is not None and bound is not None and span < bound


# ---- queries ------------------------------------------------------------------------------------------


def _query(metadata: Tables, rule: Tables, report: Report) -> None:
    """Every type but machine learning (and saved queries, which Kibana keeps) has a query to run."""
    if rule.get("type") not in TYPES or rule["type"] in ("machine_learning", "saved_query"):
        return
    if _str(rule, "query").strip() or not isinstance(rule.get("query", ""), str):
        return
    if rule.get("language") in ("kuery", "lucene") and _list(rule, "filters"):
        return
    if "query" in rule:
        report.error("rule-empty-query", ("rule", "query"), "the query is empty")
    else:
        report.error("rule-missing-key", ("rule",), "[rule] has no `query`", "add `query = …`", on_key=True)


def _where(metadata: Tables, rule: Tables, report: Report) -> None:
    """Index patterns or a data view, not both; ES|QL names its indices in the query; what Kibana drops."""
    if rule.get("index") and rule.get("data_view_id"):
        message, hint = "`index` and `data_view_id` are both set", "keep one of the two"
        report.error("rule-conflict", ("rule", "data_view_id"), message, hint, on_key=True)
    if rule.get("type") == "esql":
        for key in ("index", "data_view_id", "filters"):
            if rule.get(key):
                message, hint = f"an `esql` rule has no `{key}`", "say it in the query (from … | where …)"
                report.error("rule-conflict", ("rule", key), message, hint, on_key=True)
    if rule.get("type") == "machine_learning" and rule.get("filters"):
        message, hint = (
            "a `machine_learning` rule has no `filters`; Kibana drops them",
            "say it as an exception",
        )
        report.error("rule-conflict", ("rule", "filters"), message, hint, on_key=True)


_ESQL_ASIDE = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*[\s\S]*?\*/')
_METADATA = re.compile(r"\bmetadata\s+([^|]*)", re.IGNORECASE)
_KEEP = re.compile(r"\|\s*keep\s+([^|]*)", re.IGNORECASE)
_STATS = re.compile(r"\|\s*stats\b", re.IGNORECASE)


def _esql(metadata: Tables, rule: Tables, report: Report) -> None:
    """A query that gives events, not groups, must keep what tells one event from another; else every run
    gives the same alerts again."""
    if rule.get("type") != "esql" or not _str(rule, "query").strip():
        return
    query = _ESQL_ASIDE.sub(" ", _str(rule, "query"))
    path = ("rule", "query")
    kept = [_columns(match) for match in _KEEP.finditer(query)]
    if not kept:
        message, hint = "the query names no columns to keep", "end it with | keep …"
        report.warning("rule-esql-keep", path, message, hint)
    if _STATS.search(query):
        return
    read = _METADATA.search(query)
    if read is None or "_id" not in _columns(read):
        message = "a query without STATS must read the `_id` of events, or each run alerts on them anew"
        report.error("rule-esql-metadata", path, message, "write from … metadata _id, _version, _index")
    elif any("_id" not in columns and "*" not in columns for columns in kept):
        message = "a query without STATS must keep the `_id` of events, or each run alerts on them anew"
        report.error("rule-esql-metadata", path, message, "add _id, _version, _index to KEEP")


def _columns(match: re.Match[str]) -> list[str]:
    return [name.strip(" \t\r\n`]") for name in match[1].split(",")]


def _threat_query(metadata: Tables, rule: Tables, report: Report) -> None:
    if rule.get("threat_query") and "threat_language" not in rule and rule.get("type") == "threat_match":
        message, hint = "`threat_query` needs a `threat_language`", 'add threat_language = "kuery"'
        report.error("rule-missing-key", ("rule", "threat_query"), message, hint, on_key=True)


def _threat_mapping(metadata: Tables, rule: Tables, report: Report) -> None:
    """A group needs one clause that is not negated, and must not both have and negate one pair."""
    for i, group in enumerate(_list(rule, "threat_mapping")):
        entries = (
            [e for e in _list(group, "entries") if isinstance(e, dict)] if isinstance(group, dict) else []
        )
        path = ("rule", "threat_mapping", i, "entries")
        if entries and all(e.get("negate") for e in entries):
            message = "every clause of this group is negated; it would match nearly every event"
            report.error("rule-threat-mapping", path, message, "add a clause without `negate`")
        pairs = {(str(e.get("field")), str(e.get("value"))) for e in entries if not e.get("negate")}
        for j, entry in enumerate(entries):
            if entry.get("negate") and (str(entry.get("field")), str(entry.get("value"))) in pairs:
                message = f"the group both matches and negates `{entry.get('field')}`: it can never hold"
                report.error("rule-threat-mapping", (*path, j), message)


def _threshold_fields(metadata: Tables, rule: Tables, report: Report) -> None:
    count = len(_list(_in(rule, "threshold"), "field"))
    version = re.match(r"(\d{1,9})\.(\d{1,9})", _str(metadata, "min_stack_version"))
    if version and count > 3 and (int(version[1]), int(version[2])) < (9, 2):
        message = f"{count} fields need Elastic Stack 9.2; before it a threshold has at most 3"
        hint = 'set min_stack_version = "9.2.0", or take fewer fields'
        report.error("rule-bad-value", ("rule", "threshold", "field"), message, hint)


# ---- new terms ----------------------------------------------------------------------------------------

_FLAT = ("new_terms_fields", "history_window_start")


def _new_terms(metadata: Tables, rule: Tables, report: Report) -> None:
    """`[rule.new_terms]`, or `new_terms_fields` and `history_window_start` beside the other keys."""
    if rule.get("type") != "new_terms":
        return
    flat = [key for key in _FLAT if key in rule]
    if "new_terms" in rule:
        for key in flat:
            message = f"`{key}` and `new_terms` say the same thing"
            report.error("rule-conflict", ("rule", key), message, "keep one of the two", on_key=True)
        _new_terms_table(_in(rule, "new_terms"), report)
    elif not flat:
        message, hint = (
            "[rule] has no `new_terms`",
            'add `new_terms_fields = […]` and `history_window_start = "…"`',
        )
        report.error("rule-missing-key", ("rule",), message, hint, on_key=True)
    elif len(flat) == 1:
        other = _FLAT[1 - _FLAT.index(flat[0])]
        message = f"`{flat[0]}` needs `{other}` beside it"
        report.error("rule-missing-key", ("rule", flat[0]), message, f"add `{other} = …`", on_key=True)


def _history(metadata: Tables, rule: Tables, report: Report) -> None:
    """The history begins before the look-back: Kibana refuses to run the rule otherwise."""
    windows = _list(_in(rule, "new_terms"), "history_window_start")
    first = windows[0] if windows and isinstance(windows[0], dict) else {}
    path: tuple[str | int, ...] = ("rule", "new_terms", "history_window_start", 0, "value")
    begin = _str(first, "value")
    if not begin:
        path, begin = ("rule", "history_window_start"), _str(rule, "history_window_start")
    start = _str(rule, "from") or "now-6m"
    history, back = _seconds(_BACK, begin), _seconds(_BACK, start)
    if history is not None and back is not None and history <= back:
        message = f"the history begins at `{begin}`, which is not before the look-back (`{start}`)"
        report.error("rule-bad-value", path, message, "begin it days before, as in now-10d")


def _new_terms_table(table: Tables, report: Report) -> None:
    """Names that are copied into the export as they are, and windows that are not used."""
    path = ("rule", "new_terms")
    if table.get("field", "new_terms_fields") != "new_terms_fields" and isinstance(table["field"], str):
        message, hint = 'the `field` of `new_terms` is always "new_terms_fields"', 'write "new_terms_fields"'
        report.error("rule-bad-value", (*path, "field"), message, hint)
    windows = _list(table, "history_window_start")
    for i, window in enumerate(windows):
        if i:
            message = "only the first history window is used"
            report.warning("rule-ignored", (*path, "history_window_start", i), message, "remove it")
        elif (
            isinstance(window, dict) and window.get("field", "history_window_start") != "history_window_start"
        ):
            message = 'the `field` of a history window is always "history_window_start"'
            report.warning("rule-bad-value", (*path, "history_window_start", 0, "field"), message)


# ---- what Kibana shows --------------------------------------------------------------------------------


def _timeline(metadata: Tables, rule: Tables, report: Report) -> None:
    for key, other in (("timeline_id", "timeline_title"), ("timeline_title", "timeline_id")):
        if key in rule and other not in rule:
            message = f"`{key}` needs `{other}` beside it"
            report.error("rule-missing-key", ("rule", key), message, f"add `{other} = …`", on_key=True)


def _threat(metadata: Tables, rule: Tables, report: Report) -> None:
    for i, entry in enumerate(_list(rule, "threat")):
        if isinstance(entry, dict):
            _threat_entry(entry, ("rule", "threat", i), report)
    seen: set[tuple[str, str]] = set()
    for i, entry in enumerate(_list(rule, "threat_mappings")):
        if not isinstance(entry, dict):
            continue
        key = (_str(entry, "framework"), _str(entry, "version"))
        if key in seen:
            message = f"{key[0]} version {key[1]} is mapped twice"
            report.error("rule-conflict", ("rule", "threat_mappings", i), message, "merge the two")
        seen.add(key)
        for j, inner in enumerate(_list(entry, "threat")):
            if isinstance(inner, dict) and inner.get("framework") != entry.get("framework"):
                path = ("rule", "threat_mappings", i, "threat", j, "framework")
                report.error("rule-conflict", path, f"the entry is of {key[0]}, this of another framework")


def _threat_entry(entry: Tables, path: tuple[str | int, ...], report: Report) -> None:
    """Ids of ATT&CK or ATLAS that agree with their links, and subtechniques with their technique."""
    _threat_id(_in(entry, "tactic"), r"(?:AML\.)?TA\d{4}", "TA0002", (*path, "tactic"), report)
    for i, technique in enumerate(_list(entry, "technique")):
        if not isinstance(technique, dict):
            continue
        place = (*path, "technique", i)
        _threat_id(technique, r"(?:AML\.)?T\d{4}", "T1059", place, report)
        for j, sub in enumerate(_list(technique, "subtechnique")):
            if isinstance(sub, dict):
                inner = (*place, "subtechnique", j)
                _threat_id(sub, r"(?:AML\.)?T\d{4}\.\d{3}", "T1059.001", inner, report)
                _belongs(sub, technique, inner, report)


def _threat_id(item: Tables, pattern: str, example: str, path: tuple[str | int, ...], report: Report) -> None:
    name, link = _str(item, "id"), _str(item, "reference").rstrip("/")
    if not name:
        return
    if not re.fullmatch(pattern, name):
        report.warning("rule-threat-id", (*path, "id"), f"`{name}` is no id such as `{example}`")
    elif link and not link.endswith(("/" + name, "/" + name.replace(".", "/"))):
        message = f"the link leads to {link.split('/', 4)[-1]}, the id is {name}"
        report.warning("rule-threat-id", (*path, "reference"), message)


def _belongs(sub: Tables, technique: Tables, path: tuple[str | int, ...], report: Report) -> None:
    name, parent = _str(sub, "id"), _str(technique, "id")
    if name and parent and not name.startswith(parent + "."):
        report.warning("rule-threat-id", (*path, "id"), f"`{name}` is no subtechnique of `{parent}`")


def _logsource(sigma: Tables, report: Report) -> None:
    source = sigma.get("logsource")
    if isinstance(source, dict) and not set(source) & {"category", "product", "service"}:
        message = "`sigma.logsource` names no category, product or service"
        report.error("rule-missing-key", ("sigma", "logsource"), message, "add one of the three", on_key=True)


_CHECKS: tuple[Callable[[Tables, Tables, Report], None], ...] = (
    _dates,
    _maturity,
    _min_stack,
    _window,
    _empty_window,
    _building_block,
    _query,
    _where,
    _esql,
    _threat_query,
    _threat_mapping,
    _threshold_fields,
    _new_terms,
    _history,
    _timeline,
    _threat,
)
