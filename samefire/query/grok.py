"""Patterns of GROK and DISSECT, as text: what columns they make, and one regular expression for GROK.

The pattern library is written for a linear matcher: where the usual one looks around itself, word boundaries
or nothing stand here. Matching is the engine's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_LENGTH = 100_000
"""Characters of one expanded pattern."""


class PatternError(ValueError):
    """Why a pattern cannot be read."""


# ---- GROK -----------------------------------------------------------------------------------------------

LIBRARY = {
    "USERNAME": r"[a-zA-Z0-9._-]+",
    "USER": r"%{USERNAME}",
    "EMAILLOCALPART": r"[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~]{1,64}(?:\.[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~]{1,62}){0,63}",
    "EMAILADDRESS": r"%{EMAILLOCALPART}@%{HOSTNAME}",
    "HTTPDUSER": r"%{EMAILADDRESS}|%{USER}",
    "INT": r"(?:[+-]?(?:[0-9]+))",
    "BASE10NUM": r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)",
    "NUMBER": r"(?:%{BASE10NUM})",
    "BASE16NUM": r"[+-]?(?:0x)?[0-9A-Fa-f]+",
    "BASE16FLOAT": r"\b[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)\b",
    "POSINT": r"\b[1-9][0-9]*\b",
    "NONNEGINT": r"\b[0-9]+\b",
    "WORD": r"\b\w+\b",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": r".*?",
    "GREEDYDATA": r".*",
    "QUOTEDSTRING": r"\"(?:\\.|[^\\\"])*\"|'(?:\\.|[^\\'])*'|`(?:\\.|[^\\`])*`",
    "QS": r"%{QUOTEDSTRING}",
    "UUID": r"[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
    "URN": r"urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9A-Za-z()+,.:=@;$_!*'/?#%-]+",
    "MAC": r"(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
    "CISCOMAC": r"(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}",
    "WINDOWSMAC": r"(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}",
    "COMMONMAC": r"(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}",
    "IPV6": (
        r"(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}"
        r"|(?:[0-9A-Fa-f]{1,4}:){6}(?:%{IPV4}|:[0-9A-Fa-f]{1,4}|:)"
        r"|(?:[0-9A-Fa-f]{1,4}:){5}(?:(?::[0-9A-Fa-f]{1,4}){1,2}|:%{IPV4}|:)"
        r"|(?:[0-9A-Fa-f]{1,4}:){4}(?:(?::[0-9A-Fa-f]{1,4}){1,3}|(?::[0-9A-Fa-f]{1,4})?:%{IPV4}|:)"
        r"|(?:[0-9A-Fa-f]{1,4}:){3}(?:(?::[0-9A-Fa-f]{1,4}){1,4}|(?::[0-9A-Fa-f]{1,4}){0,2}:%{IPV4}|:)"
        r"|(?:[0-9A-Fa-f]{1,4}:){2}(?:(?::[0-9A-Fa-f]{1,4}){1,5}|(?::[0-9A-Fa-f]{1,4}){0,3}:%{IPV4}|:)"
        r"|(?:[0-9A-Fa-f]{1,4}:)(?:(?::[0-9A-Fa-f]{1,4}){1,6}|(?::[0-9A-Fa-f]{1,4}){0,4}:%{IPV4}|:)"
        r"|:(?:(?::[0-9A-Fa-f]{1,4}){1,7}|(?::[0-9A-Fa-f]{1,4}){0,5}:%{IPV4}|:))(?:%[0-9A-Za-z]+)?"
    ),
    "IPV4": r"(?:(?:25[0-5]|2[0-4][0-9]|[0-1]?[0-9]{1,2})\.){3}(?:25[0-5]|2[0-4][0-9]|[0-1]?[0-9]{1,2})",
    "IP": r"(?:%{IPV6}|%{IPV4})",
    "HOSTNAME": r"\b(?:[0-9A-Za-z][0-9A-Za-z-]{0,62})(?:\.(?:[0-9A-Za-z][0-9A-Za-z-]{0,62}))*(?:\.?|\b)",
    "HOST": r"%{HOSTNAME}",
    "IPORHOST": r"(?:%{IP}|%{HOSTNAME})",
    "HOSTPORT": r"%{IPORHOST}:%{POSINT}",
    "PATH": r"(?:%{UNIXPATH}|%{WINPATH})",
    "UNIXPATH": r"(?:/[\w_%!$@:.,+~-]*)+",
    "TTY": r"(?:/dev/(?:pts|tty(?:[pq])?)(?:\w+)?/?(?:[0-9]+))",
    "WINPATH": r"(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+",
    "URIPROTO": r"[A-Za-z](?:[A-Za-z0-9+\-.]+)+",
    "URIHOST": r"%{IPORHOST}(?::%{POSINT})?",
    "URIPATH": r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_\-]*)+",
    "URIQUERY": r"[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]<>]*",
    "URIPARAM": r"\?%{URIQUERY}",
    "URIPATHPARAM": r"%{URIPATH}(?:\?%{URIQUERY})?",
    "URI": r"%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATH}(?:\?%{URIQUERY})?)?",
    "MONTH": (
        r"\b(?:[Jj]an(?:uary|uar)?|[Ff]eb(?:ruary|ruar)?|[Mm](?:a|ä)?r(?:ch|z)?|[Aa]pr(?:il)?|[Mm]a(?:y|i)?"
        r"|[Jj]un(?:e|i)?|[Jj]ul(?:y|i)?|[Aa]ug(?:ust)?|[Ss]ep(?:tember)?|[Oo](?:c|k)?t(?:ober)?"
        r"|[Nn]ov(?:ember)?|[Dd]e(?:c|z)(?:ember)?)\b"
    ),
    "MONTHNUM": r"(?:0[1-9]|1[0-2]|[1-9])",
    "MONTHNUM2": r"(?:0[1-9]|1[0-2])",
    "MONTHDAY": r"(?:0[1-9]|[12][0-9]|3[01]|[1-9])",
    "DAY": r"(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)",
    "YEAR": r"(?:\d\d){1,2}",
    "HOUR": r"(?:2[0123]|[01]?[0-9])",
    "MINUTE": r"(?:[0-5][0-9])",
    "SECOND": r"(?:(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?)",
    "TIME": r"%{HOUR}:%{MINUTE}(?::%{SECOND})",
    "DATE_US": r"%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
    "DATE_EU": r"%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
    "ISO8601_TIMEZONE": r"(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
    "ISO8601_SECOND": r"%{SECOND}",
    "TIMESTAMP_ISO8601": (
        r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?"
    ),
    "DATE": r"%{DATE_US}|%{DATE_EU}",
    "DATESTAMP": r"%{DATE}[- ]%{TIME}",
    "TZ": r"(?:[APMCE][SD]T|UTC)",
    "DATESTAMP_RFC822": r"%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
    "DATESTAMP_RFC2822": r"%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
    "DATESTAMP_OTHER": r"%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
    "DATESTAMP_EVENTLOG": r"%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
    "SYSLOGTIMESTAMP": r"%{MONTH} +%{MONTHDAY} %{TIME}",
    "PROG": r"[\x21-\x5a\x5c\x5e-\x7e]+",
    "SYSLOGHOST": r"%{IPORHOST}",
    "HTTPDATE": r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
    "LOGLEVEL": (
        r"(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo?(?:rmation)?"
        r"|INFO?(?:RMATION)?|[Ww]arn?(?:ing)?|WARN?(?:ING)?|[Ee]rr?(?:or)?|ERR?(?:OR)?|[Cc]rit?(?:ical)?"
        r"|CRIT?(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|EMERG(?:ENCY)?|[Ee]merg(?:ency)?)"
    ),
}
"""The named patterns that GROK knows here."""

_TYPES = {
    "int": "integer",
    "long": "long",
    "float": "double",
    "double": "double",
    "boolean": "boolean",
}
_REFERENCE = re.compile(
    r"%\{(?P<pattern>[A-Z0-9_]+)(?::(?P<name>[A-Za-z0-9_@#$%&*+\-.\[\]]+)(?::(?P<type>[a-z]+))?)?\}"
    r"|(?P<escape>\\.)|\(\?<(?P<group>[A-Za-z_@][A-Za-z0-9_@.\-\[\]]*)>",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Grok:
    """One expression whose groups are `g0`, `g1` …; `groups` are their columns and types, in that order."""

    regex: str
    groups: tuple[tuple[str, str], ...]


@lru_cache(maxsize=512)
def grok(pattern: str) -> Grok:
    """A GROK pattern with its references written out. Raises PatternError."""
    groups: list[tuple[str, str]] = []
    text = _expanded(pattern, groups, ())
    return Grok(text, tuple(groups))


def _expanded(pattern: str, groups: list[tuple[str, str]], inside: tuple[str, ...]) -> str:
    out: list[str] = []
    size = at = 0
    for found in _REFERENCE.finditer(pattern):
        out.append(pattern[at : found.start()])
        out.append(_reference(found, groups, inside))
        at = found.end()
        size += len(out[-1])
        if size > MAX_LENGTH:
            raise PatternError("the pattern is too long when its references are written out")
    return "".join(out) + pattern[at:]


def _reference(found: re.Match[str], groups: list[tuple[str, str]], inside: tuple[str, ...]) -> str:
    if found["escape"]:
        return found["escape"]
    if found["group"]:
        groups.append((found["group"], "keyword"))
        return f"(?P<g{len(groups) - 1}>"
    name = found["pattern"]
    if name not in LIBRARY:
        raise PatternError(f"unknown pattern `%{{{name}}}`")
    if found["type"] and found["type"] not in _TYPES:
        raise PatternError(f"`{found['type']}` is no type of a GROK column")
    start = "(?:"
    if found["name"]:
        groups.append((found["name"], _TYPES.get(found["type"] or "", "keyword")))
        start = f"(?P<g{len(groups) - 1}>"
    return f"{start}{_expanded(LIBRARY[name], groups, (*inside, name))})"


def grok_columns(patterns: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The columns of several patterns and their types, by name. Raises PatternError."""
    found: dict[str, str] = {}
    for pattern in patterns:
        for name, kind in grok(pattern).groups:
            if found.setdefault(name, kind) != kind:
                raise PatternError(f"`{name}` is {found[name]} in one place and {kind} in another")
    if not found:
        raise PatternError("the pattern names no column")
    return tuple(sorted(found.items()))


# ---- DISSECT --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DissectKey:
    """One key: `name` None is skipped; `appends` joins values in `order`; `padded` takes repeated delimiters.
    `after` is the delimiter that ends it, empty for the end of the text."""

    name: str | None
    appends: bool
    order: int
    padded: bool
    after: str


@dataclass(frozen=True, slots=True)
class Dissect:
    """Keys in order, and what stands before the first one."""

    before: str
    keys: tuple[DissectKey, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the keys, each once."""
        return tuple(dict.fromkeys(key.name for key in self.keys if key.name is not None))


_KEY = re.compile(r"%\{([^}]*)\}")
_MODIFIERS = re.compile(
    r"(?P<kind>[+*?&]?)(?P<name>.*?)(?:/(?P<order>[0-9]{1,2}))?(?P<padded>->)?", re.DOTALL
)


@lru_cache(maxsize=512)
def dissect(pattern: str) -> Dissect:
    """A DISSECT pattern. Raises PatternError."""
    found = list(_KEY.finditer(pattern))
    if not found:
        raise PatternError("the pattern has no key such as `%{name}`")
    ends = [next_.start() for next_ in found[1:]] + [len(pattern)]
    keys = [_key(m[1], pattern[m.end() : end]) for m, end in zip(found, ends, strict=True)]
    if any(not key.after for key in keys[:-1]):
        raise PatternError("two keys need something between them")
    names = [key.name for key in keys if key.name is not None]
    plain = [key.name for key in keys if key.name is not None and not key.appends]
    twice = next((n for n in plain if plain.count(n) > 1), None)
    if twice is not None:
        raise PatternError(f"`{twice}` stands twice; write `%{{+{twice}}}` to join its values")
    if not names:
        raise PatternError("the pattern names no column")
    return Dissect(pattern[: found[0].start()], tuple(keys))


def _key(text: str, after: str) -> DissectKey:
    parts = _MODIFIERS.fullmatch(text)
    assert parts is not None, "every text fits"
    kind, name = parts["kind"], parts["name"]
    if kind in ("*", "&") and kind:
        raise PatternError("ES|QL has no reference keys (`*`, `&`)")
    skipped = kind == "?" or not name
    order = int(parts["order"] or 0)
    return DissectKey(None if skipped else name, kind == "+", order, parts["padded"] is not None, after)
