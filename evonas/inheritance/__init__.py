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

from ..files import later
from .modes import MODES, check_mode

if TYPE_CHECKING:
    from .by_morphisms import morph
    from .by_name import inherit
    from .by_slices import remap
    from .carrying import extended, initialised, replicated
    from .child import Child, build_child
    from .momentum import belonging, with_momentum, without_momentum
    from .verification import check_same_function, spread_of

__all__ = [
    "Child",
    "MODES",
    "belonging",
    "build_child",
    "check_mode",
    "check_same_function",
    "extended",
    "inherit",
    "initialised",
    "morph",
    "remap",
    "replicated",
    "spread_of",
    "with_momentum",
    "without_momentum",
]

__getattr__ = later(
    __name__,
    {
        "by_morphisms": "morph",
        "by_name": "inherit",
        "by_slices": "remap",
        "carrying": "extended initialised replicated",
        "child": "Child build_child",
        "momentum": "belonging with_momentum without_momentum",
        "verification": "check_same_function spread_of",
    },
)
