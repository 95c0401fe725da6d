"""Sigma as others run it: our Sigma text, through pySigma and one of its backends, to the query that it makes.

A derived form is one backend of pySigma. `write` gives the backend's query and what is known to be wrong with it
(`_pysigma_faults.py`); what the backend refuses, the form refuses. pySigma is imported when a text is written, not
before, and never asked for anything that needs a network.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Protocol

from samefire.fields import FieldType, FieldTypes
from samefire.forms import KNOWN, Converted, Document, Options
from samefire.languages.sigma_pysigma import ecs_pipeline, explodes
from samefire.problems import Problem, Severity
from samefire.query.detection import Detection
from samefire.rule import Rule
from samefire.source import Source

from ._pysigma_faults import Fault, faults_of
from .sigma import converter as sigma

Documents = Sequence[Mapping[str, Any]]
"""The documents of one Sigma text."""
_CASELESS = "`--caseless` writes Sigma without letter case, and says what that changes"
_FOLDED = ".caseless"


@dataclass(frozen=True, slots=True)
class Derived:
    """A form that pySigma's backend `backend` (a class in `module`) makes of our Sigma text, in one of our
    languages."""

    name: str
    language: str
    module: str
    backend: str
    title: str

    counts_alerts = False
    derived = True

    @property
    def suffix(self) -> str:
        return f".{self.language}"

    def write(self, rule: Rule, fields: FieldTypes, options: Options) -> Converted:
        """The backend's query for the rule, or why there is none."""
        return derive(rule, fields, options, self)

    def made(self, pipeline: Any) -> Any:
        """The backend, with a pipeline or None."""
        return getattr(importlib.import_module(self.module), self.backend)(pipeline)

    def pipeline(self, documents: Documents, options: Options) -> Any:
        """None for ECS names; pySigma's pipeline to ECS for Sigma's own. Raises Unsayable."""
        del options
        return to_ecs(documents)

    def read(self, text: str, fields: FieldTypes, name: str = "<export>") -> Detection:
        """What Elasticsearch would run; raises ProblemError."""
        from samefire.languages import language

        return Detection(language(self.language).lower_text(Source(name, text), _Folding(fields)))


class _Folding(FieldTypes):
    """Field types that know the `.caseless` copies which pySigma's pipelines ask."""

    def __init__(self, below: FieldTypes) -> None:
        super().__init__({}, dynamic=below.dynamic)
        self._layers = below._layers

    def _listed(self, name: str) -> FieldType | None:
        found = super()._listed(name)
        if found is not None or not name.endswith(_FOLDED):
            return found
        whole = name.removesuffix(_FOLDED)
        return FieldType(name, "keyword", 1024, column=whole, normalizer="lowercase")


class Backend(Protocol):
    """A form whose queries one backend of pySigma makes. `language` is ours, or empty when we do not read it."""

    @property
    def title(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    def made(self, pipeline: Any) -> Any: ...
    def pipeline(self, documents: Documents, options: Options) -> Any: ...


def derive(rule: Rule, fields: FieldTypes, options: Options, form: Backend) -> Converted:
    """The query that a backend makes of the rule's Sigma, with the faults that it shows."""
    text = sigma.write(rule, fields, options)
    if text.document is None:
        return text
    span = rule.value_span("rule", "query")
    try:
        query = query_of(text.document.text, form, options)
    except Unsayable as error:
        said, hint = f"{form.title} {error}", _CASELESS if "ase-sensitive" in str(error) else None
        refused = Problem("pysigma-cannot", said, rule.source, span, Severity.ERROR, hint)
        return Converted(None, (*text.problems, refused))
    known = [
        Problem(f"{KNOWN}{fault.code}", _told(fault), rule.source, span, Severity.WARNING)
        for fault in faults_of(form.language, text.document.text, query, fields)
    ]
    name = f"{PurePath(rule.path).stem}{form.suffix}"
    return Converted(Document(name, query), (*text.problems, *known))


def _told(fault: Fault) -> str:
    return f"pySigma: known fault `{fault.code}`: {fault.message}"


class Unsayable(Exception):
    """pySigma makes no query of a text; the message goes on after the name of the backend."""


def query_of(text: str, form: Backend, options: Options) -> str:
    """The one query that a backend makes of a Sigma text; raises Unsayable."""
    from sigma.exceptions import SigmaError

    documents = _documents(text)
    try:
        queries = form.made(form.pipeline(documents, options)).convert(_collection(documents))
    except Unsayable:
        raise
    except (SigmaError, NotImplementedError) as error:
        raise Unsayable(f"cannot say this: {_reason(error)}") from error
    except Exception as error:
        raise Unsayable(f"fails on this: {type(error).__name__}: {_reason(error)}") from error
    if not isinstance(queries, list):
        return str(queries).rstrip("\n") + "\n"
    if len(queries) != 1:
        raise Unsayable(f"makes {len(queries)} queries of this instead of one")
    return str(queries[0]).rstrip("\n") + "\n"


def _reason(error: Exception) -> str:
    told = " ".join(str(error).split()) or type(error).__name__
    return told.split(" (while converting")[0].rstrip(".")


def _documents(text: str) -> list[dict[str, Any]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = list(yaml.load_all(text, loader))
    if explodes(documents):
        raise Unsayable("would not finish: too many dashes in a `windash` value")
    return documents


def _collection(documents: Sequence[dict[str, Any]]) -> Any:
    from sigma.collection import SigmaCollection

    return SigmaCollection.from_dicts(list(documents))


def to_ecs(documents: Documents) -> Any:
    """pySigma's pipeline from Sigma's own field names to ECS; None when the names are ECS. Raises Unsayable."""
    rules = [document for document in documents if "logsource" in document]
    if all(rule.get("taxonomy") == "ecs" for rule in rules):
        return None
    for document in rules:
        pipeline = ecs_pipeline(document["logsource"].get("product"))
        if pipeline is not None:
            return pipeline
    raise Unsayable("has no way from Sigma's field names to ECS for this log source")
