"""Make `samefire/data/attack.json` from MITRE ATT&CK.

    python scripts/update_attack.py PATH VERSION

`PATH` is a checkout of mitre/cti (STIX 2.0, one object a file) at the release `VERSION`. Tactics are kept in
the order of the matrices, techniques with what has become of them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "samefire" / "data"
DOMAINS = ("enterprise", "mobile", "ics")
NOTICE = (
    "(c) 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of "
    "The MITRE Corporation."
)
Thing = dict[str, Any]


def things(folder: Path, word: str = "") -> Iterator[Thing]:
    """The objects of a folder, of the files that contain `word`."""
    for path in sorted(folder.glob("*.json")):
        text = path.read_text(encoding="utf-8")
        if word in text:
            yield from json.loads(text)["objects"]


def identifier(thing: Thing) -> str:
    """`T1055.011` or `TA0006`."""
    sources = thing.get("external_references", ())
    return next((str(s["external_id"]) for s in sources if s["source_name"].startswith("mitre")), "")


def tactics(root: Path, domain: str) -> dict[str, Thing]:
    found = {thing["id"]: thing for thing in things(root / "x-mitre-tactic")}
    order = [ref for matrix in things(root / "x-mitre-matrix") for ref in matrix["tactic_refs"]]
    kept = [found[ref] for ref in dict.fromkeys([*order, *found]) if ref in found]
    return {
        identifier(t): {"name": t["name"], "shortname": t["x_mitre_shortname"], "domain": domain}
        for t in kept
    }


def techniques(root: Path, domain: str) -> dict[str, Thing]:
    found = {thing["id"]: thing for thing in things(root / "attack-pattern")}
    heirs = {
        thing["source_ref"]: thing["target_ref"]
        for thing in things(root / "relationship", '"revoked-by"')
        if thing["relationship_type"] == "revoked-by"
    }
    table: dict[str, Thing] = {}
    for key, thing in sorted(found.items(), key=lambda item: identifier(item[1])):
        entry: Thing = {"name": thing["name"], "domain": domain}
        entry["tactics"] = [phase["phase_name"] for phase in thing.get("kill_chain_phases", ())]
        if thing.get("revoked"):
            entry["revoked"] = True
            heir = found.get(heirs.get(key, ""))
            if heir is not None:
                entry["revoked_by"] = identifier(heir)
        if thing.get("x_mitre_deprecated"):
            entry["deprecated"] = True
        current = table.get(identifier(thing))
        if current is None or current.get("revoked"):
            table[identifier(thing)] = entry
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", type=Path)
    parser.add_argument("version")
    arguments = parser.parse_args()
    result: Thing = {"version": arguments.version, "notice": NOTICE, "tactics": {}, "techniques": {}}
    for domain in DOMAINS:
        root = arguments.source / f"{domain}-attack"
        for part, read in (("tactics", tactics), ("techniques", techniques)):
            for key, entry in read(root, domain).items():
                result[part].setdefault(key, entry)
    text = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
    (DATA / "attack.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
