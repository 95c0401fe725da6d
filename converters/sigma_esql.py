"""Our Sigma text as pySigma's ES|QL backend makes it: `sigma:esql`, a derived form."""

from __future__ import annotations

from ._pysigma import Derived

converter = Derived(
    name="sigma:esql",
    language="esql",
    module="sigma.backends.elasticsearch.elasticsearch_esql",
    backend="ESQLBackend",
    title="pySigma's ES|QL backend",
)
