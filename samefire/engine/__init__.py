"""Runs detections over events. Knows the query tree and nothing of languages or forms.

- `events.py`: documents read by field path; NDJSON, whole or in blocks
- `values.py`: one value against one test; `glob.py`, `regex.py`, `automaton.py`, `sloppy.py` match texts,
  `needles.py` guards expressions by literals, `refusals.py` says why one is not run
- `match.py`: many nodes over many events at once; `logic.py` turns a node into bits and an expression, `masks.py`
  and `joint.py` values into bits, `probe.py` and `sources.py` documents, `requirements.py` excludes nodes
- `explain.py`: one node on one event, every reason, never short-circuiting
- `script.py`: three-valued expressions over the values of an event
- `sequence.py`, `sample.py`, `aggregate.py`, `correlation.py`: what is more than one event; `joinkeys.py` and
  `limits.py` serve the first two, `sequence_explain.py` says why a sequence did not complete
- `scope.py`, `suppression.py`: what a rule looks at, and which of its alerts become one
- `run.py`: a Detection over events → Alerts
"""
