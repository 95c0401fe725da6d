"""Sigma's validators on the Sigma of our rules: places, severities, nothing over the network."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from samefire.forms import Options, converters
from samefire.sigma_checks import sigma_problems
from tests.converters.sigma_cases import FIELDS, rule


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **keywords: Any) -> None:
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def found(
    query: str, *, house: bool = False, change: tuple[str, str] = ("", "")
) -> list[tuple[str, str, str, int]]:
    made = rule(query)
    document = converters()["sigma"].write(made, FIELDS, Options()).document
    assert document is not None
    text = document.text.replace(*change)
    problems = sigma_problems(made, text, house=house)
    return [(p.code, p.severity.value, p.message, p.location.line) for p in problems]


def test_a_clean_rule() -> None:
    assert found("process.name: cmd.exe") == []


def test_a_problem_of_values_stands_at_the_query() -> None:
    (problem,) = found("process.name: cmd.exe", change=("cmd.exe", "cm**d.exe"))
    assert problem == (
        "pysigma-double-wildcard",
        "note",
        "string contains multiple consecutive * wildcards (string: cm**d.exe)",
        17,
    )


def test_the_house_style_is_asked_only_when_wanted() -> None:
    change = ("title: A Thing Happened", "title: A Thing Happened.")
    assert found("process.name: cmd.exe", change=change) == []
    told = found("process.name: cmd.exe", house=True, change=change)
    assert ("sigmahq-title-end", "warning", "rule has a title that ends with a dot(.)", 9) in told


def test_what_pysigma_refuses_is_an_error() -> None:
    (problem,) = found("process.name: cmd.exe", change=("|cased: cmd.exe", "|contains: 5"))
    assert problem[:2] == ("pysigma-type", "error")


def test_tags_of_attack_are_looked_up_in_what_we_ship() -> None:
    tags = "tags: [attack.t1086, attack.exfiltratoin, attack.g0016, attack.t1059]\nlevel: medium"
    told = found("process.name: cmd.exe", house=True, change=("level: medium", tags))
    ours = [problem[:3] for problem in told if problem[0].startswith("sigma-attack")]
    assert ours == [
        ("sigma-attack-revoked", "warning", "`t1086` is no longer part of ATT&CK"),
        ("sigma-attack-tactic", "warning", "the tag of a tactic of `t1086` is missing"),
        ("sigma-attack-unknown", "warning", "ATT&CK has no `exfiltratoin`"),
        ("sigma-attack-tactic", "warning", "the tag of a tactic of `t1059` is missing"),
    ]
