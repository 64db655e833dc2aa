from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from searches import Searches

from evonas.result import SearchResult
from evonas.run import Run


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .npz file of 120 small colour images of three classes; what is tested on is no image at all."""
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = rng.integers(0, 120, (120, 8, 8, 3)) + 50 * y[:, None, None, None]
    path = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(path, x_train=x.astype(np.uint8), y_train=y, x_test=np.full((5, 2), np.nan), y_test=np.zeros(9))
    return path


@pytest.fixture(scope="session")
def training(images: Path) -> dict[str, Any]:
    """The choices of a search with real trainings, as small as they can be."""
    genome = {"cells": 1, "filters": 4, "combinations": 2, "stages": 2}
    return {
        "dataset": str(images),
        "budget": 12,
        "population": 4,
        "sample": 2,
        "seed": 7,
        "epochs": 1,
        "device": "cpu",
        "config": {"genome": genome, "training": {"batch_size": 32}},
    }


@pytest.fixture(scope="session")
def rows() -> Callable[[SearchResult], list[dict[str, Any]]]:
    """The rows of a history, times aside."""

    def read(result: SearchResult) -> list[dict[str, Any]]:
        return [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]

    return read


@pytest.fixture(scope="session")
def kept() -> Callable[[Path], dict[int, tuple[str, int, str]]]:
    """Which weights a run keeps, after a look at what must hold at any moment.

    Every file that the journal names is there and whole, and no pending child lacks its parent's weights.
    """

    def check(folder: Path) -> dict[int, tuple[str, int, str]]:
        opened = Run.open(folder)
        found = opened.journal.kept()
        for stored in found.values():
            assert opened.store.load(stored)
        for candidate in opened.journal.candidates():
            if candidate.result is None:
                assert set(candidate.genome.origin.parents) <= set(found)
        opened.journal.close()
        return {number: (stored.file, stored.size, stored.digest) for number, stored in found.items()}

    return check


@pytest.fixture(scope="session")
def searches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Searches]]:
    """What runs searches, one for each seed of the hashes of strings."""
    folder = tmp_path_factory.mktemp("searches")
    made: dict[str, Searches] = {}

    def get(hash_seed: str = "0") -> Searches:
        if hash_seed not in made:
            made[hash_seed] = Searches(folder, hash_seed)
        return made[hash_seed]

    yield get
    for one in made.values():
        one.close()
