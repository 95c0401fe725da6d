"""`python -m tests.conformance SUITE ROOT [--every N] [--failures FILE]`: prints `passed/total` last."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path

import tests.conformance as package
from tests.conformance import sampled


def suites() -> list[str]:
    return sorted(
        m.name.replace("_", "-") for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("suite", choices=suites(), metavar="SUITE", help=", ".join(suites()))
    parser.add_argument("root", type=Path, metavar="ROOT")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="take every N-th case of long suites"
    )
    parser.add_argument("--failures", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    module = importlib.import_module(f"tests.conformance.{arguments.suite.replace('-', '_')}")
    with sampled(arguments.every):
        tally = module.run(arguments.root)
    if arguments.failures:
        text = "".join(json.dumps(f, ensure_ascii=False, default=str) + "\n" for f in tally.failures)
        arguments.failures.write_text(text, encoding="utf-8")
    for failure in tally.failures[:5]:
        print(json.dumps(failure, ensure_ascii=False, default=str)[:600], file=sys.stderr)
    print(f"{tally.passed}/{tally.total}")
    return 0 if tally.total and tally.passed == tally.total else 1


if __name__ == "__main__":
    sys.exit(main())
