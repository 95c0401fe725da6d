"""The repository of the gate's tests, for bundles."""

from tests.gate.conftest import repo, template

__all__ = ["repo", "template"]
