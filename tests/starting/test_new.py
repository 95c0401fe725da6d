"""`samefire new`: flags, questions, refusals; what it writes passes `check`, `test` and `fmt --check`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from samefire.cli import run

from samefire.starting.answers import Answers, technique_of
from samefire.starting.questions import complete


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samefire.toml").write_text('forms = ["elastic", "sigma"]\n')
    return tmp_path


QUERIES = {
    "query": ["--query", "event.action: (a or b)"],
    "eql": ["--query", 'process where process.name == "a" and user.id : "0"'],
    "threshold": ["--query", "event.action: a", "--field", "source.ip", "--count", "3"],
    "new_terms": ["--query", "event.action: a", "--field", "user.name"],
    "threat_match": ["--query", "source.ip: *", "--mapping", "source.ip=threat.indicator.ip"],
    "machine_learning": ["--job", "job_a", "--score", "60"],
    "esql": ["--query", 'FROM logs-* METADATA _id, _version, _index | WHERE event.action == "a"'],
}


@pytest.mark.parametrize("kind", QUERIES)
def test_every_type_is_ready(kind: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["new", "--name", "One of a kind", "--type", kind, *QUERIES[kind], "--technique", "T1059.001"]
    assert run(asked) == 0, capsys.readouterr().err
    told = capsys.readouterr()
    assert told.out.startswith("wrote rules/one_of_a_kind.toml\nwrote ")
    assert told.out.endswith("next: samefire test rules/one_of_a_kind.toml\n")
    for command in (["check"], ["test"], ["fmt", "--check"]):
        assert run(command) == 0, capsys.readouterr()
    rule = tomllib.loads((project / "rules/one_of_a_kind.toml").read_text())["rule"]
    assert rule["threat"][0]["technique"][0]["subtechnique"][0]["id"] == "T1059.001"
    assert rule["tags"] == ["Tactic: Execution"]


def test_nothing_is_asked_where_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new"]) == 2
    message = "samefire: a rule needs --name and --query; on a terminal samefire asks for them\n"
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--technique", "Powershel"],
            "ATT&CK has no technique `Powershel`; did you mean T1059.001 (PowerShell), "
            "T1546.013 (PowerShell Profile)?",
        ),
        (
            ["--technique", "T1059", "--tactic", "impact"],
            "T1059 (Command and Scripting Interpreter) does not serve Impact, but execution",
        ),
        (["--tactic", "Executon"], "ATT&CK has no tactic `Executon`; did you mean Execution?"),
        (["--severity", "hihg"], "there is no severity `hihg`; did you mean `high`?"),
        (
            ["--type", "sequence"],
            "there is no type `sequence`; one of query, eql, threshold, new_terms, threat_match, "
            "machine_learning, esql",
        ),
        (["--type", "new_terms"], "new terms of which field? (--field user.name)"),
        (
            ["--type", "threat_match"],
            "which field is looked up? (--mapping source.ip=threat.indicator.ip)",
        ),
        (["--type", "machine_learning"], "the anomalies of which job? (--job ID)"),
        (
            ["--type", "machine_learning", "--job", "a"],
            "--query is for rules of type query, threshold, new_terms, threat_match, eql, esql; "
            "this one is of type machine_learning",
        ),
        (
            ["--history", "now-5d"],
            "--history is for rules of type new_terms; this one is of type query",
        ),
        (["--count", "3"], "--count is for rules of type threshold; this one is of type query"),
    ],
)
def test_answers_that_make_no_rule(
    flags: list[str], message: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["new", "--name", "x", "--query", "a: b", *flags]) == 2
    assert capsys.readouterr().err == f"samefire: {message}\n"
    assert not (project / "rules").exists()


def test_a_broken_query_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "--name", "x", "--query", "a:"]) == 2
    assert "where a value is missing [query-missing-value]" in capsys.readouterr().err
    assert not (project / "rules").exists()


def test_a_rule_that_is_there_is_not_overwritten(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "rules").mkdir()
    (project / "rules/x.toml").write_text("")
    assert run(["new", "--name", "x", "--query", "a: b"]) == 2
    assert capsys.readouterr().err == "samefire: rules/x.toml is there already; give another PATH or --name\n"


def test_questions() -> None:
    typed = iter(["", "Shell", "eql", "process where true", "", "critical", "web shel", "web shell"])
    asked: list[str] = []
    said: list[str] = []

    def ask(question: str, usual: str) -> str:
        asked.append(question)
        return next(typed) or usual

    found = complete(Answers("", "", "", severity=""), ask, said.append)
    assert (found.name, found.type, found.index, found.severity) == ("Shell", "eql", ["logs-*"], "critical")
    assert found.techniques == ["T1505.003"]
    assert asked[0] == asked[1] == "What does the rule find? (its name)"
    assert asked[-1] == "ATT&CK technique (id, name or words; Enter for none)"
    assert said == ["  T1505.003  Web Shell"]


def test_questions_of_a_threshold() -> None:
    typed: Iterator[str] = iter(["source.ip, user.name", "none", "3", "hihg", "high", ""])
    said: list[str] = []
    given = Answers("x", "threshold", "a: b", index=["logs-*"], severity="")
    found = complete(given, lambda q, usual: next(typed), said.append)
    assert (found.fields, found.count, found.severity) == (["source.ip", "user.name"], 3, "high")
    assert said == ["  `none` is no number of events", "  there is no severity `hihg`; did you mean `high`?"]


def test_what_cannot_be_is_asked_again() -> None:
    typed = iter(["qery", "KQL", "a:", "a: b", "logs-*", "low", ""])
    said: list[str] = []
    found = complete(
        Answers("x", "", "", severity=""),
        lambda q, usual: next(typed),
        said.append,
        more=lambda: "",
        faults=lambda answers: "wrong" if answers.query.endswith(":") else "",
    )
    assert (found.type, found.language, found.query) == ("query", "kuery", "a: b")
    assert said == ["  there is no type `qery`; did you mean `query`?", "wrong"]


def test_a_pasted_query_is_one_answer() -> None:
    typed = iter(["process where true", "", "", ""])
    given = Answers("x", "eql", "")
    found = complete(given, lambda q, usual: next(typed) or usual, print, more=lambda: "  and false")
    assert found.query == "process where true\n  and false"


def test_pairs_of_an_indicator_match() -> None:
    typed = iter(["source.ip", "source.ip=threat.indicator.ip", ""])
    said: list[str] = []
    given = Answers("x", "threat_match", "a: b", index=["logs-*"])
    found = complete(given, lambda q, usual: next(typed), said.append)
    assert found.mapping == ["source.ip=threat.indicator.ip"]
    assert said == ["  `source.ip` is no pair such as source.ip=threat.indicator.ip"]


def test_names_that_people_have_for_languages(project: Path) -> None:
    assert run(["new", "--name", "A", "--type", "KQL", "--query", "a: b"]) == 0
    assert run(["new", "--name", "B", "--language", "kql", "--query", "a: b"]) == 0
    assert run(["new", "--name", "C", "--type", "lucene", "--query", "a:b AND c:d"]) == 0
    rules = [tomllib.loads((project / f"rules/{n}.toml").read_text())["rule"] for n in "abc"]
    assert [(r["type"], r["language"]) for r in rules] == [
        ("query", "kuery"),
        ("query", "kuery"),
        ("query", "lucene"),
    ]


def test_where_the_file_goes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "rules/aws").mkdir(parents=True)
    assert run(["new", "rules/aws", "--name", "Café", "--query", "a: b"]) == 0
    assert (project / "rules/aws/cafe.toml").is_file()
    assert run(["new", "--name", "日本語", "--query", "a: b"]) == 0
    assert [len(p.stem) for p in (project / "rules").glob("rule_*.toml")] == [len("rule_01234567")]
    capsys.readouterr()
    assert run(["new", "x.txt", "--name", "x", "--query", "a: b"]) == 2
    assert capsys.readouterr().err == "samefire: x.txt: the name of a rule file ends in .toml\n"


def test_a_technique_by_name() -> None:
    assert technique_of("LSASS Memory").id == "T1003.001"
    assert technique_of("t1003.001").name == "LSASS Memory"
