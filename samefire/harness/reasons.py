"""Why a verdict is wrong, in lines that a tired person understands: clauses, values, branches."""

from __future__ import annotations

from collections.abc import Iterator

from samefire.engine.alerts import Alerts, Context
from samefire.harness.case import Case
from samefire.query.detection import Detection


def reasons(detection: Detection, case: Case, alerts: Alerts, context: Context) -> Iterator[str]:
    """Lines for a verdict that is not as expected."""
    if alerts.failure:
        yield f"the backend refuses the search: {alerts.failure}"
        return
    if case.alerts is not None and alerts.alerts:
        yield f"{len(alerts)} alert{'s' if len(alerts) != 1 else ''}, expected {case.alerts}"
    yield from alerts.notes
    raise NotImplementedError
