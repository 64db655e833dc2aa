"""The handwritten digits that come with scikit-learn: nothing to download, trained in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .catalogue import named_dataset
from .source import ArraySource


@named_dataset(
    summary="handwritten digits, the default: nothing to download",
    size="1,797 images 8x8 grey, 10 classes; test part split off",
    origin="comes with scikit-learn",
)
def load(data_dir: Path, download: bool) -> ArraySource:
    """Optical recognition of handwritten digits (E. Alpaydin, C. Kaynak, UCI repository, 1998), test part.

    Pixels are whole numbers from 0 to 16 and stay so, as uint8.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    names = tuple(str(name) for name in digits.target_names)
    return ArraySource(digits.images.astype(np.uint8), digits.target, classes=names, mirror=False)
