"""`samefire import`: nothing is lost, nothing overwritten, and what cannot be kept as it is is told."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samefire.importing.names import stem, stems
from samefire.importing.text import Unsayable, toml_text
from samefire.rule import load_path
from samefire.source import Source
from samefire.toml_text import tables

run = importlib.import_module("samefire.cli").run

RULE: dict[str, Any] = {
    "author": ["Somebody"],
    "description": "A text that is long enough to be written over more than one line in the file, as people like to do "
    "where nobody looks.",
    "from": "now-9m",
    "index": ["logs-*"],
    "language": "kuery",
    "name": "A Rule (of Mine)",
    "note": "## Triage\n\nLook at `C:\\Windows`.",
    "query": 'process.name: "cmd.exe"\n',
    "risk_score": 47,
    "rule_id": "5f1c9a0e-3b61-4f5e-9d5b-0d6c2f1a7e43",
    "severity": "medium",
    "threat": [
        {
            "framework": "MITRE ATT&CK",
            "tactic": {
                "id": "TA0002",
                "name": "Execution",
                "reference": "https://attack.mitre.org/tactics/TA0002/",
            },
            "technique": [],
        }
    ],
    "type": "query",
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samefire.toml").write_text("")
    return tmp_path


def ndjson(path: Path, *objects: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(one) + "\n" for one in objects))
    return path.name


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Messages without excerpts and carets."""
    lines = capsys.readouterr().err.splitlines()
    return [line for line in lines if line and "|" not in line.split(": ")[0][:12]]


def exported(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["convert", "rules", "--to", "elastic"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[0])
    found.pop("required_fields", None)
    return found


def test_a_rule(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", ndjson(project / "x.ndjson", RULE)]) == 0
    assert capsys.readouterr().out == "1 rule imported into rules\n"
    text = (project / "rules/a_rule_of_mine.toml").read_text()
    assert text.split("\n", 5)[5] == (
        "[rule]\n"
        'author = ["Somebody"]\n'
        'description = """\n'
        "A text that is long enough to be written over more than one line in the file, as people like to do where\n"
        "nobody looks.\n"
        '"""\n'
        'from = "now-9m"\n'
        'index = ["logs-*"]\n'
        'language = "kuery"\n'
        'name = "A Rule (of Mine)"\n'
        "note = '''\n"
        "## Triage\n"
        "\n"
        "Look at `C:\\Windows`.'''\n"
        "risk_score = 47\n"
        'rule_id = "5f1c9a0e-3b61-4f5e-9d5b-0d6c2f1a7e43"\n'
        'severity = "medium"\n'
        'type = "query"\n'
        "\n"
        "query = '''\n"
        'process.name: "cmd.exe"\n'
        "'''\n"
        "\n"
        "[[rule.threat]]\n"
        'framework = "MITRE ATT&CK"\n'
        "technique = []\n"
        "\n"
        "[rule.threat.tactic]\n"
        'id = "TA0002"\n'
        'name = "Execution"\n'
        'reference = "https://attack.mitre.org/tactics/TA0002/"\n'
    )
    assert exported(capsys) == RULE


def test_what_kibana_adds_is_kept_and_not_exported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kibana = {
        "id": "1",
        "created_at": "2026-01-05T01:02:03.000Z",
        "updated_at": "2026-02-05T01:02:03.000Z",
        "immutable": False,
        "version": 3,
        "outcome": None,
        "brand_new": {"x": [1]},
    }
    assert run(["import", ndjson(project / "x.ndjson", RULE | kibana)]) == 0
    assert told(capsys) == [
        "x.ndjson:1:"
        + str(json.dumps(RULE | kibana).index('"brand_new"') + 1)
        + ": warning: rule files know no `brand_new`; it is kept in [metadata.extended.kibana] and not exported "
        "[import-unknown-key]"
    ]
    rule = load_path("rules/a_rule_of_mine.toml")
    assert dict(rule.metadata) == {
        "creation_date": "2026/01/05",
        "updated_date": "2026/02/05",
        "maturity": "production",
        "extended": {
            "kibana": {
                "id": "1",
                "created_at": "2026-01-05T01:02:03.000Z",
                "updated_at": "2026-02-05T01:02:03.000Z",
                "immutable": False,
                "version": 3,
                "brand_new": {"x": [1]},
            }
        },
    }
    assert exported(capsys) == RULE


def test_what_kibana_leaves_out_is_filled_in(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = {key: value for key, value in RULE.items() if key not in ("author", "language", "rule_id")}
    assert run(["import", ndjson(project / "x.json", bare), "-v"]) == 0
    start = "x.json:1:1: note: the rule has no "
    assert told(capsys) == [
        f"{start}`author`; author = [] is put in [import-filled-in]",
        f'{start}`language`; language = "kuery" is put in [import-filled-in]',
        f'{start}`rule_id`; rule_id = "{load_path("rules/a_rule_of_mine.toml").id}" is put in [import-filled-in]',
    ]


def test_null(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = RULE | {
        "filters": [{"meta": {"alias": None, "negate": True}, "query": {"exists": {"field": "a"}}}]
    }
    assert run(["import", ndjson(project / "x.json", rule), "-v"]) == 0
    assert [line.partition(": ")[2] for line in told(capsys)] == [
        "note: `alias` is null, which TOML cannot say; it is left out [import-null]"
    ]
    lists = RULE | {"rule_id": "6f1c9a0e-3b61-4f5e-9d5b-0d6c2f1a7e43", "filters": [{"a": [1, None]}]}
    assert run(["import", ndjson(project / "y.json", lists)]) == 1
    assert [line.partition(": ")[2] for line in told(capsys)] == [
        "error: TOML has no null; the rule is left out [import-unsayable]"
    ]


def test_what_will_be_exported_otherwise_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = RULE | {"description": "two\n  lines", "note": "## Setup\n\nDo it.\n", "id": "1"}
    assert run(["import", ndjson(project / "x.json", rule)]) == 0
    assert [line.partition(": ")[2] for line in told(capsys)] == [
        "warning: the export will have `setup`, which this rule has not [import-differs]",
        "warning: line breaks and blanks at the ends of lines in `description` will be exported as single blanks "
        "[import-differs]",
        "warning: `note` will be exported in another way than it is here [import-differs]",
    ]


def test_the_export_of_a_deprecated_rule(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = RULE | {"note": "## Setup\n\nDo it.\n"}
    assert run(["import", ndjson(project / "x.json", rule)]) == 0
    assert told(capsys) == [
        "x.json:1:1: warning: an active rule is exported in another way: this is the JSON of a deprecated one, and is "
        "kept as one [import-deprecated]"
    ]
    assert load_path("rules/a_rule_of_mine.toml").deprecated
    assert exported(capsys) == rule


def test_a_rule_that_is_wrong_is_written_and_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", ndjson(project / "x.json", RULE | {"risk_score": 470, "rule_id": "mine-1"})]) == 1
    assert [line.partition(": ")[2] for line in told(capsys) if "error" in line] == [
        "error: `risk_score` must be a whole number from 0 to 100, not the number 470 [import-bad-value]",
        "error: `rule_id` must be a lower-case UUID such as `5f1c9a0e-3b61-4f5e-9d5b-0d6c2f1a7e43`, not the text "
        '"mine-1" [import-bad-value]',
    ]
    assert "risk_score = 470" in (project / "rules/a_rule_of_mine.toml").read_text()


def test_a_query_that_cannot_be_exported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", ndjson(project / "x.json", RULE | {"query": "a: ("})]) == 0
    first = told(capsys)[0].partition(": ")[2]
    assert first.startswith("warning: the rule cannot be exported again: ")
    assert first.endswith(" [import-cannot-export]")


def test_nothing_is_overwritten(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = ndjson(project / "x.json", RULE)
    assert run(["import", name]) == 0
    (project / "rules/a_rule_of_mine.toml").rename(project / "rules/moved.toml")
    capsys.readouterr()
    assert run(["import", name]) == 1
    told = capsys.readouterr()
    assert told.out == "nothing imported; 1 already there\n"
    assert told.err.splitlines()[0] == (
        "x.json:1:1: error: the rule 5f1c9a0e-3b61-4f5e-9d5b-0d6c2f1a7e43 is there already: rules/moved.toml "
        "[import-exists]"
    )
    assert told.err.splitlines()[-1] == "  help: delete it first to import it anew"


def test_names_are_stable(project: Path) -> None:
    twins = [RULE, RULE | {"rule_id": "6f1c9a0e-3b61-4f5e-9d5b-0d6c2f1a7e43"}]
    assert run(["import", ndjson(project / "x.ndjson", *twins)]) == 0
    assert sorted(p.name for p in (project / "rules").iterdir()) == [
        "a_rule_of_mine_5f1c9a0e.toml",
        "a_rule_of_mine_6f1c9a0e.toml",
    ]


def test_a_name_that_is_taken(project: Path) -> None:
    (project / "rules").mkdir()
    (project / "rules/a_rule_of_mine.toml").write_text("")
    assert run(["import", ndjson(project / "x.ndjson", RULE)]) == 0
    assert (project / "rules/a_rule_of_mine_5f1c9a0e.toml").exists()


def test_stems() -> None:
    assert stem("Suspicious cmd.exe (v2)", "1") == "suspicious_cmd_exe_v2"
    assert stem("Übergröße", "1") == "ubergroe"
    assert stem("规则", "ab-1") == "ab-1"
    assert stem("CON", "1") == "con_"
    assert len(stem("x" * 500, "1")) == 80
    assert stems([("1-a", "A"), ("2-b", "a!"), ("3", "b")]) == {"1-a": "a_1a", "2-b": "a_2b", "3": "b"}


# ---- the other parts of an export --------------------------------------------------------------------

LIST = {
    "list_id": "mine",
    "name": "Known jobs",
    "description": "d",
    "type": "detection",
    "namespace_type": "single",
    "tags": [],
    "created_at": "2026-01-05T01:02:03.000Z",
    "id": "9",
}
ITEM = {
    "list_id": "mine",
    "item_id": "i",
    "name": "n",
    "description": "d",
    "type": "simple",
    "namespace_type": "single",
    "comments": [],
    "tags": [],
    "entries": [{"field": "host.name", "operator": "included", "type": "match", "value": "a"}],
    "created_by": "me",
}
CONNECTOR = {
    "id": "c1",
    "type": "action",
    "attributes": {"name": "Mail", "actionTypeId": ".email", "secrets": {"password": "x"}},
}
REFERENCE = {"id": "9", "list_id": "mine", "namespace_type": "single", "type": "detection"}


def test_a_whole_export(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = RULE | {"exceptions_list": [REFERENCE]}
    counts = {
        "exported_count": 4,
        "exported_rules_count": 2,
        "exported_exception_list_count": 1,
        "exported_exception_list_item_count": 1,
        "exported_action_connector_count": 1,
        "missing_rules": [{"rule_id": "x"}],
        "missing_rules_count": 1,
    }
    name = ndjson(project / "x.ndjson", rule, LIST, ITEM, CONNECTOR, counts)
    assert run(["import", name, "-v"]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "rules/a_rule_of_mine.toml",
        "exceptions/known_jobs.toml",
        "connectors/mail.toml",
        "1 rule, 1 exception list, 1 connector imported into rules",
    ]
    assert [line.partition(": ")[2] for line in output.err.splitlines() if "[import-" in line] == [
        "note: left out, since Kibana sets them itself: `created_at`, `id` [import-set-by-kibana]",
        "note: left out, since Kibana sets them itself: `created_by` [import-set-by-kibana]",
        "warning: the secrets of the connector `Mail` do not belong in a repository; they are left out "
        "[import-secrets]",
        "warning: the export says that it holds 2 rules, and holds 1 [import-counts]",
        "warning: Kibana did not export everything: missing rules [import-left-out]",
    ]
    assert run(["check", "rules"]) in (0, 1)
    capsys.readouterr()
    run(["convert", "rules", "--to", "elastic"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    lines[0].pop("required_fields")
    assert lines == [
        rule,
        {k: v for k, v in LIST.items() if k not in ("created_at", "id")},
        {k: v for k, v in ITEM.items() if k != "created_by"},
    ]


def test_an_exception_without_its_list(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", ndjson(project / "x.ndjson", RULE, ITEM)]) == 1
    assert [line.partition(": ")[2] for line in told(capsys)] == [
        "error: the exception list `mine` of this exception is not in the export [import-no-list]",
        "export its rule together with its exceptions",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "x.json:1:2: error: a rule is a JSON object [import-not-an-object]"),
        ("[", "x.json:1:2: error: this is no JSON: expecting value [import-not-json]"),
        ('{"a": 1}\n[', "x.json:2:2: error: this is no JSON: expecting value [import-not-json]"),
        ("[" * 100_000, "x.json:1:1: error: the JSON is nested too deep [import-not-json]"),
        (
            '{"a": 1}',
            "x.json:1:1: error: this is neither a rule nor an exception list nor a connector "
            "[import-unknown-object]",
        ),
    ],
)
def test_what_is_no_export(
    project: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "x.json").write_text(text)
    assert run(["import", "x.json"]) == 1
    output = capsys.readouterr()
    assert output.err.splitlines()[0] == message
    assert output.out == "nothing imported\n"


def test_an_answer_of_the_api(project: Path) -> None:
    (project / "x.json").write_text(json.dumps({"page": 1, "total": 1, "data": [RULE]}))
    assert run(["import", "x.json"]) == 0
    assert load_path("rules/a_rule_of_mine.toml").id == RULE["rule_id"]


def test_a_repository(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["import", ndjson(project / "x.ndjson", RULE, LIST, ITEM), "-o", "other/rules/linux"])
    text = (project / "other/rules/linux/a_rule_of_mine.toml").read_text() + "# mine\n"
    (project / "other/rules/linux/a_rule_of_mine.toml").write_text(text)
    (project / "exceptions").rename(project / "other/exceptions")
    capsys.readouterr()
    assert run(["import", "other", "-v"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "exceptions/known_jobs.toml",
        "rules/linux/a_rule_of_mine.toml",
        "1 exception list, 1 rule imported into rules",
    ]
    assert (project / "rules/linux/a_rule_of_mine.toml").read_text() == text


def test_wrong_use(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "empty").mkdir()
    assert run(["import"]) == 2
    assert run(["import", "empty"]) == 2
    assert "no rule found in empty" in capsys.readouterr().err


# ---- any values ---------------------------------------------------------------------------------------

KEYS = st.text(max_size=5) | st.sampled_from(["required_fields", "a.b", "", "query", "technique"])
SCALARS = st.text(max_size=10) | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=3), max_leaves=12
)


@pytest.mark.property
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_tables_read_back(value: dict[str, Any]) -> None:
    assert tables(Source("x", toml_text({"rule": value})))[0] == {"rule": value}


def test_what_toml_cannot_say() -> None:
    with pytest.raises(Unsayable) as caught:
        toml_text({"a": [{"b": [None]}]})
    assert (caught.value.path, str(caught.value)) == (("a", 0, "b", 0), "TOML has no null")
    with pytest.raises(Unsayable) as caught:
        toml_text({"a": 2**63})
    assert str(caught.value) == "the number 9223372036854775808 has more than 64 bits"
