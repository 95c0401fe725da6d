"""The gate: what changed since a revision, judged, and held against the team's policy.

`policy.py` the settings, `changed.py` what a change touches, `rules.py` the policy's checks, `decide.py` all of
it together.
"""
