"""Small pictures that a search of a second learns to tell apart."""

from typing import Any

import numpy as np
import pytest

from evonas import EvolvedClassifier

QUICK: dict[str, Any] = {
    "genome": "graph",
    "budget": 2,
    "epochs": 1,
    "final_epochs": 2,
    "random_state": 0,
    "settings": {"device": "cpu", "config": {"genome": {"filters": [8, 8, 8]}}},
}


@pytest.fixture
def quick() -> EvolvedClassifier:
    """A search of two small candidates."""
    return EvolvedClassifier(**QUICK)


@pytest.fixture(scope="session")
def colours() -> tuple[np.ndarray, np.ndarray]:
    """60 colour images (N, H, W, C), bytes, of three classes that are not numbered from 0."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = rng.integers(0, 120, (60, 8, 6, 3)) + 60 * y[:, None, None, None]
    return x.astype(np.uint8), np.array([-7, 3, 40])[y]


@pytest.fixture(scope="session")
def fitted(colours: tuple[np.ndarray, np.ndarray]) -> EvolvedClassifier:
    """Fitted to those; not to be changed."""
    return EvolvedClassifier(**QUICK).fit(*colours)
