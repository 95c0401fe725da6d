"""Three-valued scripts (EQL functions) as tests that Sigma can say, where that is exact.

A stub of the contract until scripts are lowered: every script is refused with its place.
"""

from __future__ import annotations

from samefire.fields import FieldTypes
from samefire.query.ast import Node, Script

from ._sigma_losses import Losses


def rewrite_script(node: Script, fields: FieldTypes, losses: Losses) -> Node | None:
    """The script as a two-valued tree, or None when it was refused."""
    losses.refuse("sigma-cannot-script", "Sigma cannot say this function of a field", node.span)
    return None
