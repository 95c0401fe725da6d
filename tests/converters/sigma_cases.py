"""Shortcuts for tests of writing Sigma: a rule around a query, and nodes as Sigma."""

from __future__ import annotations

import importlib
from typing import Any

import yaml

from samefire.fields import FieldTypes
from samefire.forms import Converted, Options, converters
from samefire.problems import render
from samefire.query.ast import And, Node
from samefire.query.detection import Body, Detection, EventQuery
from samefire.rule import Rule, load
from samefire.source import Source

sigma = importlib.import_module("samefire.converters.sigma")

FIELDS = FieldTypes.known().with_fields({"acme.when": "date", "acme.build": "version", "acme.rows": "nested"})

HEAD = """\
[metadata]
creation_date = "2026/03/01"
maturity = "production"
updated_date = "2026/03/02"

[rule]
author = ["Dana", "Kim"]
description = "Something happened."
name = "A Thing Happened"
risk_score = 47
rule_id = "8f3a4a52-1d0e-4b0c-9f7e-0d2c9a3c5b11"
severity = "medium"
type = "{type}"
from = "now-9m"
"""


def rule(
    query: str, language: str = "kuery", type_: str | None = None, more: str = "", head: str = HEAD
) -> Rule:
    kind = type_ or ("eql" if language == "eql" else "query")
    quotes = "'''" if "\n" in query else "'"
    text = f'{head.format(type=kind)}language = "{language}"\nindex = ["logs-*"]\n'
    return load(Source("rule.toml", f"{text}query = {quotes}{query}{quotes}\n{more}"))


def convert(
    query: str, language: str = "kuery", *, more: str = "", head: str = HEAD, **options: Any
) -> Converted:
    made = rule(query, language, more=more, head=head)
    return converters()["sigma"].write(made, FIELDS, Options(**options))


def problems(result: Converted) -> str:
    return "\n".join(render(problem) for problem in result.problems)


def documents(result: Converted) -> list[dict[str, Any]]:
    assert result.document is not None, problems(result)
    return list(yaml.load_all(result.document.text, yaml.CSafeLoader))


def detection(result: Converted) -> dict[str, Any]:
    (document,) = documents(result)
    found: dict[str, Any] = document["detection"]
    return found


def of_node(node: Node, **options: Any) -> Converted:
    return of_body(EventQuery(node), **options)


def of_body(body: Body, **options: Any) -> Converted:
    result: Converted = sigma.write_body(rule("*"), body, (), FIELDS, Options(**options))
    return result


def read(result: Converted) -> Detection:
    assert result.document is not None, problems(result)
    return converters()["sigma"].read(result.document.text, FIELDS)


def back(result: Converted) -> Node:
    body = read(result).body
    return body.where if isinstance(body, EventQuery) else And(())
