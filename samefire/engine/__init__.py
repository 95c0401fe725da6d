"""Runs detections over events. Knows the query tree and nothing of languages or forms.

- `events.py`: documents as columns of distinct values
- `match.py`: many nodes over many events at once (shared leaves, masks, remembered verdicts)
- `explain.py`: one node on one event, every reason, never short-circuiting
- `sequence.py`, `aggregate.py`, `correlation.py`, `script.py`: what is more than one event or one value
- `run.py`: a Detection over events → Alerts
"""
