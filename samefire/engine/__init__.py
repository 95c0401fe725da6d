"""Runs detections over events. Knows the query tree and nothing of languages or forms.

- `events.py`: documents as columns of distinct values
- `match.py`: many nodes over many events at once (shared leaves, masks, remembered verdicts)
- `explain.py`: one node on one event, every reason, never short-circuiting
- `script.py`: three-valued expressions over the values of an event
- `sequence.py`, `sample.py`, `aggregate.py`, `correlation.py`: what is more than one event; `joinkeys.py` and
  `limits.py` serve the first two, `sequence_explain.py` says why a sequence did not complete
- `run.py`: a Detection over events → Alerts
"""
