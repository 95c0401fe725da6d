"""Our Sigma text as pySigma's Lucene backend makes it: `sigma:lucene`, a derived form."""

from __future__ import annotations

from ._pysigma import Derived

converter = Derived(
    name="sigma:lucene",
    language="lucene",
    module="sigma.backends.elasticsearch.elasticsearch_lucene",
    backend="LuceneBackend",
    title="pySigma's Lucene backend",
)
