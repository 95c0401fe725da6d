"""Other SIEMs: every backend of pySigma that is installed is a form of its own (`splunk`, `kusto`, `loki` …).

Backends are found by the modules in pySigma's namespace `sigma.backends` and imported only when one is asked to
write. Their queries are for systems that we do not run, so that `read` refuses; nothing is claimed of them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from samefire.fields import FieldTypes
from samefire.forms import Converted, Converter, Options
from samefire.problems import Problem, ProblemError
from samefire.query.detection import Detection
from samefire.rule import Rule
from samefire.source import Source

from ._pysigma import Unsayable, derive

_OURS = ("elasticsearch", "test")
"""Modules that are no form here: pySigma's own test, and the backends behind `sigma:lucene` and its sisters."""
_SUFFIXES: Mapping[str, str] = {"splunk": ".spl", "kusto": ".kql", "loki": ".logql", "sqlite": ".sql"}

_NAMED = (
    *("clickhouse", "cortexxdr", "crowdstrike", "databricks", "datadog", "duckdb", "insightidr"),
    *("kusto", "logpoint", "loki", "netwitness", "opensearch", "panther", "quickwit", "secops"),
    *("splunk", "sqlite", "sumologic", "uberagent", "victorialogs"),
)
packages: Mapping[str, str] = {name: f"pysigma-backend-{name}" for name in _NAMED} | {
    "sentinelone": "pysigma-backend-sentinelone-pq",
    "qradar": "pysigma-backend-qradar-aql",
}
"""Which package gives a form that is not installed."""


@dataclass(frozen=True, slots=True)
class Siem:
    """The form that the backend in one module of `sigma.backends` makes."""

    name: str

    counts_alerts = False
    derived = True
    language = ""

    @property
    def suffix(self) -> str:
        return _SUFFIXES.get(self.name, f".{self.name}")

    @property
    def title(self) -> str:
        return f"pySigma's {self.name} backend"

    def write(self, rule: Rule, fields: FieldTypes, options: Options) -> Converted:
        """The backend's query for the rule, or why there is none."""
        return derive(rule, fields, options, self)

    def made(self, pipeline: Any) -> Any:
        """The backend of the module: the one with its name, or the only or first one."""
        module = importlib.import_module(f"sigma.backends.{self.name}")
        named = getattr(module, "backends", None) or _classes(module)
        if not named:
            raise Unsayable("is not to be found in its package")
        backend = named.get(self.name) or next(iter(named.values()))
        return backend(processing_pipeline=pipeline)

    def pipeline(self, documents: Any, options: Options) -> Any:
        """The pipeline that was asked for by name."""
        return named_pipeline(str(options.extra.get("pipeline", "")))

    def read(self, text: str, fields: FieldTypes, name: str = "<export>") -> Detection:
        """Always refuses: only the system that the query is for can run it."""
        message = f"queries of {self.name} are not run here"
        raise ProblemError([Problem("form-not-run", message, Source(name, text))])


def _classes(module: Any) -> dict[str, Any]:
    from sigma.conversion.base import Backend

    found = inspect.getmembers(module, lambda one: inspect.isclass(one) and issubclass(one, Backend))
    return {name: one for name, one in found if not inspect.isabstract(one)}


def named_pipeline(name: str) -> Any:
    """The pipeline that an installed package gives under this name, or out of a file; None for no name."""
    if not name:
        return None
    from sigma.exceptions import SigmaError
    from sigma.plugins import InstalledSigmaPlugins

    try:
        known = InstalledSigmaPlugins.autodiscover(include_backends=False, include_validators=False)
        return known.get_pipeline_resolver().resolve_pipeline(name)
    except (SigmaError, OSError) as error:
        raise Unsayable(f"needs the pipeline `{name}`, which is not installed") from error


def found() -> Iterator[Converter]:
    """A form for each installed backend; imports none of them."""
    try:
        backends = importlib.import_module("sigma.backends")
    except ImportError:
        return
    for module in sorted(m.name for m in pkgutil.iter_modules(backends.__path__)):
        if module not in _OURS and not module.startswith("_"):
            yield Siem(module)
