"""samefire: one detection rule, every backend, the same alerts.

In a checkout `cli.py` and `converters/` lie beside this folder; in a wheel they lie inside it.
The line below makes `samefire.cli` and `samefire.converters` the only import names in both.
"""

from pathlib import Path

__version__ = "0.1.0"

_home = Path(__file__).resolve().parent
if not (_home / "converters").is_dir():
    __path__.append(str(_home.parent))
