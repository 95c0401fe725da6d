"""Our Sigma text as pySigma's EQL backend makes it: `sigma:eql`, a derived form."""

from __future__ import annotations

from ._pysigma import Derived

converter = Derived(
    name="sigma:eql",
    language="eql",
    module="sigma.backends.elasticsearch.elasticsearch_eql",
    backend="EqlBackend",
    title="pySigma's EQL backend",
)
