"""What a trained network takes images of somebody's own for.

- `predictor`: a network with all that is needed to bring images to what it reads.
- `predictions`: what comes of that: probabilities, and where labels are known, what is right and what is not.
- `exported`: predictors of the files that `evonas export` writes.
- `units`: whether values are far from those of the training images.

Images are opened by `evonas.data.open_own`, in the form of those that the network was trained on. Which
network of a run predicts is decided in `evonas.results`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .exported import ENDINGS, open_exported
    from .predictions import ClassScore, Predictions
    from .predictor import Predictor

__all__ = ["ClassScore", "ENDINGS", "Predictions", "Predictor", "open_exported"]

__getattr__ = later(
    __name__,
    {
        "exported": "ENDINGS open_exported",
        "predictions": "ClassScore Predictions",
        "predictor": "Predictor",
    },
)
