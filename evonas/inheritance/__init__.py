"""A child's weights from its parent's.

- `child`: a candidate's network with what it inherits: begin here. `modes`: the ways of inheriting, by name.
- `by_name` (`match`): by node name, input columns aligned by the origin of each channel.
- `by_slices` (`remap`): the slices that fit, too.
- `by_morphisms` (`morph`): for genomes without morphisms; `correspondence` says what became of a layer and
  `lineage` of a channel, so that morphisms lead from parent to child.
- `carrying`: tensors that follow their channels. `verification`: whether a child computes what its parent
  did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import later

if TYPE_CHECKING:
    from .by_name import inherit

__all__ = ["inherit"]

__getattr__ = later(__name__, {"inherit": "by_name"})
