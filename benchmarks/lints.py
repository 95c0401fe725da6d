"""What lints cost and find: `python benchmarks/lints.py RULES`.

Loads the rules (TOML, any number), parses and lowers their queries, and prints CPU seconds of the lints alone,
the slowest rule, and for each code how many findings there are and in how many rules.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from samefire.fields import FieldTypes
from samefire.lints import lint
from samefire.problems import ProblemError
from samefire.rulequery import lower_tree, parse_query
from samefire.ruleset import load


def main(paths: list[str]) -> None:
    fields = FieldTypes.known()
    rules = [rule for rule in load(paths).rules if not rule.deprecated]
    found: dict[str, list[str]] = defaultdict(list)
    costs: list[tuple[float, str]] = []
    gc.disable()
    for rule in rules:
        try:
            tree = parse_query(rule)
            body = None if tree is None else lower_tree(rule, tree, fields, rule.string("rule", "query"))
        except ProblemError:
            continue
        start = time.process_time()
        problems = lint(rule, tree, fields, body)
        costs.append((time.process_time() - start, rule.path))
        for problem in problems:
            found[problem.code].append(rule.path)
    slowest, path = max(costs)
    print(f"{len(costs)} rules: {sum(cost for cost, _ in costs):.2f} s CPU, at most {slowest:.3f} s ({path})")
    for code, places in sorted(found.items(), key=lambda item: -len(item[1])):
        print(f"{len(places):6} in {len(set(places)):5} rules  {code}")


if __name__ == "__main__":
    main(sys.argv[1:])
