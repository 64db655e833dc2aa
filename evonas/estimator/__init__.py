"""A search as a scikit-learn classifier: `EvolvedClassifier`.

- `classifier`: its parameters, `fit` and `predict`, as scikit-learn wants them.
- `layout`: rows and images of any form -> images (N, H, W, C); `units`: theirs, brought near 1;
  `samples`: what is trained on and what validates, as a dataset, and on disk where a run is kept.
- `searching`: from parameters to `evonas.evolve` and the final training; `small`: how recipes for thousands
  of images are made to suit a few.
- `fitted`: what is left in the end, a network that pickles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .classifier import EvolvedClassifier
    from .fitted import FittedNetwork

__all__ = ["EvolvedClassifier", "FittedNetwork"]

__getattr__ = later(__name__, {"classifier": "EvolvedClassifier", "fitted": "FittedNetwork"})
