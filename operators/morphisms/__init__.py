"""Morphisms: rewrites of an architecture that say what becomes of its weights.

Each is a frozen dataclass that says where it applies and what it chooses (`evonas.morphism.Morphism`); `draw`
makes one at random. Those marked ≈ only approximate the parent's function, the others preserve it.

Width (one analysis, `evonas.channels`):
    `Widen`: new units are copies (Net2WiderNet).
    `ZeroWiden`: new units are fresh and start unheard (NASH type II).
    `PruneChannels` ≈: channels go.
Depth:
    `Deepen`: a layer more, the identity at first (Net2DeeperNet, NASH types I and III). Calibrate what it
    inserts (`evonas.calibration`) before training. `RemoveLayer` ≈: a layer goes.
Filters:
    `EnlargeKernel`: larger ones, zero around the old. `Undilate`: dense ones for dilated ones; `Dilate`: the
    spacing that a single tap will have when it grows. `Separable` ≈: depthwise and pointwise for dense.
Connections:
    `AddSkip`: a later node plus λ times an earlier one (NASH type IV). `ConcatSkip`: both side by side (NASH
    type II). `RemoveSkip` ≈: an input of a sum or concatenation goes.
Paths (path-level transformations, Cai et al. 2018):
    `ReplicateAdd`: a layer as a sum of several. `SplitConcat`: as a concatenation of its parts.
"""

from .deepen import Deepen
from .kernel import Dilate, EnlargeKernel, Undilate
from .paths import ReplicateAdd, SplitConcat
from .prune import PruneChannels
from .shrink import RemoveLayer, RemoveSkip, Separable
from .skip import AddSkip, ConcatSkip
from .widen import Widen
from .zero_widen import ZeroWiden

__all__ = [
    "AddSkip",
    "ConcatSkip",
    "Deepen",
    "Dilate",
    "EnlargeKernel",
    "PruneChannels",
    "RemoveLayer",
    "RemoveSkip",
    "ReplicateAdd",
    "Separable",
    "SplitConcat",
    "Undilate",
    "Widen",
    "ZeroWiden",
]
