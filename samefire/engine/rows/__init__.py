"""Rows of typed columns: what `engine/pipeline.py` works on.

- `table.py`: the table; `load.py`: events as rows; `show.py`: values as people read them
- `calls.py`: expressions over a table; `operators.py`, `numbers.py`, `texts.py`, `dates.py`, `moments.py`, `lists.py`,
  `convert.py`, `points.py`: the functions
- `reduce.py`: aggregates over groups of rows; `extract.py`: GROK and DISSECT

A value is None, a scalar, or a list of two or more scalars (a multi-value). Dates are nanoseconds since the
epoch, addresses 128-bit numbers, points pairs of numbers.
"""
