"""Events made from a query: what must fire, what must just not, and what may do either.

Reads the query tree only, so it serves every language: `samefire fixtures` writes its events as cases, the
differential tests run a rule and its export on them. The same tree, types and seed always give the same events.

- `values.py`: values that pass a test, and values that nearly do
- `typical.py`: values that a field of its name and type usually holds
- `build.py`: one event that makes a tree true, and the judge who says whether it does
- `events.py`: whole events: `positives` (one for each way to satisfy the query), `near_misses` (one clause
  off), `variations` (anything near the query)
- `scenarios.py`: lists of events for sequences, samples, thresholds and correlations
"""

from samefire.generate.events import Generated, near_misses, positives, variations
from samefire.generate.scenarios import Scenario, scenarios

__all__ = ["Generated", "Scenario", "near_misses", "positives", "scenarios", "variations"]
