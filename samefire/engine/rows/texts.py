"""Functions of texts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, unquote_to_bytes

from samefire.engine.regex import java
from samefire.engine.rows.calls import Function, Refusal, built_single, built_whole, constant, single
from samefire.engine.rows.operators import each
from samefire.engine.rows.table import Setting, Value, packed
from samefire.engine.values import text
from samefire.query.pipeline import Apply

MOST = 1_000_000
"""Characters that REPEAT and SPACE make at most."""


@single("length")
def _length(value: str) -> int:
    return len(value)


@single("byte_length")
def _byte_length(value: str) -> int:
    return len(value.encode("utf-8", "surrogatepass"))


@single("bit_length")
def _bit_length(value: str) -> int:
    return 8 * _byte_length(value)


@single("concat")
def _concat(*values: str) -> str:
    return "".join(values)


@single("starts_with")
def _starts_with(value: str, start: str) -> bool:
    return value.startswith(start)


@single("ends_with")
def _ends_with(value: str, end: str) -> bool:
    return value.endswith(end)


@single("contains")
def _contains(value: str, part: str) -> bool:
    return part in value


@built_whole("to_lower", "to_upper")
def _case(call: Apply, setting: Setting) -> Function:
    return each(str.lower if call.function == "to_lower" else str.upper)


_BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f "
    + "\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000"
)


@single("trim")
def _trim(value: str) -> str:
    return value.strip(_BLANKS)


@single("ltrim")
def _ltrim(value: str) -> str:
    return value.lstrip(_BLANKS)


@single("rtrim")
def _rtrim(value: str) -> str:
    return value.rstrip(_BLANKS)


@single("reverse")
def _reverse(value: str) -> str:
    return value[::-1]


@single("left")
def _left(value: str, count: int) -> str:
    return value[: max(count, 0)]


@single("right")
def _right(value: str, count: int) -> str:
    return value[max(len(value) - max(count, 0), 0) :]


@single("repeat")
def _repeat(value: str, count: int) -> str:
    if count < 0:
        raise ValueError("the number of repetitions cannot be negative")
    if len(value) * count > MOST:
        raise ValueError(f"the text would be longer than {MOST} characters")
    return value * count


@single("space")
def _space(count: int) -> str:
    return _repeat(" ", count)


@single("substring")
def _substring(value: str, start: int, length: int | None = None) -> str:
    """From the 1-based start, counted from the end when it is negative."""
    if length is not None and length < 0:
        raise ValueError("the length cannot be negative")
    first = start - 1 if start > 0 else len(value) + start if start < 0 else 0
    first = min(max(first, 0), len(value))
    return value[first:] if length is None else value[first : first + length]


@single("locate")
def _locate(value: str, part: str, start: int = 0) -> int:
    """The 1-based place of the part, 0 when it is not there; a negative start counts from the end."""
    first = start - 1 if start > 0 else max(len(value) + start, 0) if start < 0 else 0
    return value.find(part, min(first, len(value))) + 1


@single("split")
def _split(value: str, separator: str) -> Value:
    return packed(value.split(separator)) if separator else value


@built_single("replace")
def _replace(call: Apply, setting: Setting) -> Function:
    """Java's `replaceAll`; a pattern that is a constant is read once."""
    pattern = constant(call, 1)
    if isinstance(pattern, str):
        compiled = java(pattern)
        seen: dict[tuple[str, str], str] = {}

        def remembered(value: str, _: str, new: str) -> str:
            found = seen.get((value, new))
            if found is None:
                found = seen[value, new] = replaced(compiled, value, new)
            return found

        return remembered
    return lambda value, regex, new: replaced(java(regex), value, new)


_REFERENCE = re.compile(r"\\(.)|\$(?:(\d+)|\{(\w+)\})", re.DOTALL)


def replaced(compiled: Any, value: str, new: str) -> str:
    """The text with each match replaced; `$1` and `${name}` are groups, a backslash makes the next literal."""
    if "$" not in new and "\\" not in new:
        return str(compiled.sub(lambda _: new, value))
    return str(compiled.sub(lambda found: _REFERENCE.sub(lambda r: _group(r, found), new), value))


def _group(reference: re.Match[str], found: Any) -> str:
    if reference[1] is not None:
        return reference[1]
    try:
        group = found.group(_number(reference[2], found) if reference[2] else reference[3])
    except (IndexError, re.error):
        raise ValueError(f"no group {reference[2] or reference[3]}") from None
    return group or ""


def _number(digits: str, found: Any) -> int:
    """As Java reads it: further digits belong to the number only while there is such a group."""
    number = int(digits[0])
    for digit in digits[1:]:
        if number * 10 + int(digit) > found.re.groups:
            break
        number = number * 10 + int(digit)
    return number


# ---- encodings ------------------------------------------------------------------------------------------


@single("to_base64")
def _to_base64(value: str) -> str:
    return base64.b64encode(value.encode("utf-8", "replace")).decode()


@single("from_base64")
def _from_base64(value: str) -> str:
    filled = value if "=" in value else value + "=" * (-len(value) % 4)
    try:
        return base64.b64decode(filled, validate=True).decode("utf-8", "replace")
    except binascii.Error as error:
        raise ValueError(str(error)) from None


@single("url_encode")
def _url_encode(value: str) -> str:
    return quote_plus(value.encode("utf-8", "replace"), safe="*-._").replace("~", "%7E")


@single("url_encode_component")
def _url_encode_component(value: str) -> str:
    return quote(value.encode("utf-8", "replace"), safe="*-._").replace("~", "%7E")


@single("url_decode")
def _url_decode(value: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        raise ValueError("an incomplete escape (%)")
    return unquote_to_bytes(value.replace("+", " ")).decode("utf-8", "replace")


_HASHES: dict[str, Callable[[bytes], Any]] = {
    "md5": lambda b: hashlib.md5(b, usedforsecurity=False),
    "sha": lambda b: hashlib.sha1(b, usedforsecurity=False),
    "sha1": lambda b: hashlib.sha1(b, usedforsecurity=False),
    "sha224": hashlib.sha224,
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
    "sha3-224": hashlib.sha3_224,
    "sha3-256": hashlib.sha3_256,
    "sha3-384": hashlib.sha3_384,
    "sha3-512": hashlib.sha3_512,
}


@built_single("md5", "sha1", "sha256")
def _digest(call: Apply, setting: Setting) -> Function:
    return lambda value: _hash(call.function, value)


@single("hash")
def _hash(algorithm: str, value: str) -> str:
    name = algorithm.lower()
    found = _HASHES.get(name if name.startswith("sha3-") else name.replace("-", "", 1))
    if found is None and name in ("md2", "sha-512/224", "sha-512/256", "sha512/224", "sha512/256"):
        raise Refusal(f"samefire does not run the algorithm {algorithm} of HASH")
    if found is None:
        raise ValueError(f"invalid algorithm: {algorithm}")
    return str(found(value.encode("utf-8", "replace")).hexdigest())


# ---- JSON -----------------------------------------------------------------------------------------------

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\[['\"]([^'\"]*)['\"]\]")


@single("json_extract")
def _json_extract(document: Any, path: str) -> str | None:
    """The value at a path (`$.a.b[0]`) of a JSON text or a document; objects as JSON."""
    try:
        found = json.loads(document) if isinstance(document, str) else document
    except (ValueError, RecursionError):
        raise ValueError("invalid JSON input") from None
    inside = path.removeprefix("$")
    found = _dotted(found, inside.lstrip("."))
    if found is None:
        raise ValueError(f"path [{path}] does not exist")
    if isinstance(found, dict | list):
        return json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    return text(found)


def _dotted(found: Any, path: str) -> Any:
    at = 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise ValueError(f"invalid JSON path [{path}]")
        if step[2] is not None:
            index = int(step[2])
            found = found[index] if isinstance(found, list) and index < len(found) else None
        elif isinstance(found, dict):
            rest = path[at:].lstrip(".")
            if rest in found:
                return found[rest]
            found = found.get(step[1] if step[1] is not None else step[3])
        else:
            found = None
        if found is None:
            return None
        at = step.end()
    return found
