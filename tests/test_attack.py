"""ATT&CK by id and by name."""

from __future__ import annotations

from samefire import attack


def test_a_technique_and_its_parent() -> None:
    found = attack.technique("t1003.001")
    assert found is not None
    assert (found.name, found.tactics, found.parent) == ("LSASS Memory", ("credential-access",), "T1003")
    assert found.url == "https://attack.mitre.org/techniques/T1003/001/"
    assert found.current and attack.technique("T9999") is None


def test_what_became_of_a_revoked_one() -> None:
    old, new = attack.technique("T1002"), attack.successor("T1002")
    assert old is not None and old.revoked and old.revoked_by == "T1560"
    assert new is not None and new.id == "T1560"
    assert attack.successor("T9999") is None


def test_tactics_by_any_of_their_names() -> None:
    words = ("TA0006", "credential-access", "Credential Access", "credential_access")
    assert {found.id for word in words if (found := attack.tactic(word))} == {"TA0006"}
    assert attack.tactic("TA9999") is None
    assert attack.tactics()[0].shortname == "reconnaissance"
    assert attack.tactics()[0].url == "https://attack.mitre.org/tactics/TA0043/"


def test_a_technique_by_name() -> None:
    found = attack.technique_named("powershell")
    assert found is not None and found.id == "T1059.001"
    assert attack.technique_named("PowerShell", parent="T1003") is None


def test_suggestions() -> None:
    near = [attack.nearest_technique("T1059.0001"), attack.nearest_technique("lsas memory")]
    assert [t and t.parent for t in near] == ["T1059", "T1003"]
    tactic = attack.nearest_tactic("credential acces")
    assert tactic is not None and tactic.id == "TA0006"
    assert attack.nearest_technique("zzzzzzzzzzzzz") is None


def test_every_tactic_and_successor_exists() -> None:
    known = {t.shortname for t in attack.tactics()}
    ids = {t.id for t in attack.techniques()}
    assert attack.version() == "18.1" and len(ids) > 1000
    assert {name for t in attack.techniques() if t.current for name in t.tactics} <= known
    assert {t.revoked_by for t in attack.techniques() if t.revoked_by} <= ids
