"""Operators, genomes and strategies that a user wrote."""

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evonas.evolution import offers

MINE = '''
"""Operators of my own."""

from evonas.genomes.genet import GenetGenome
from evonas.operators import crossover, mutation
from evonas.strategies.aging import AgingEvolution


@mutation("genet", weight=1e6)
def flip_first(genome, rng):
    """Flips the first bit."""
    genome[0] ^= 1
    return genome


@crossover("genet", weight=2)
def swap_first(genome, other, rng):
    """Swaps the first bits."""
    genome[0], other[0] = other[0], genome[0]
    return genome, other


class Mirrored(GenetGenome):
    """Bits that read alike from both ends."""

    name = "mirrored"
    recipe = "genet-small"

    @classmethod
    def random(cls, space, rng):
        bits = [rng.randrange(2) for _ in range(space.length)]
        return cls([max(bits[i], bits[-1 - i]) for i in range(space.length)], space)


@mutation("mirrored")
def flip_both(genome, rng):
    """Flips a bit and its mirror image."""
    place = rng.randrange(len(genome))
    genome[place] ^= 1
    genome[len(genome) - 1 - place] = genome[place]
    return genome


class TwiceAging(AgingEvolution):
    """Aging evolution under another name."""
'''


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A file of them."""
    path = tmp_path / "mine.py"
    path.write_text(MINE, encoding="utf-8")
    return path


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes a file."""

    def write(text: str, name: str = "broken.py") -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture(autouse=True)
def nothing_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test brings is gone after it."""
    monkeypatch.setattr(offers, "_brought", {})


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty small images of two classes."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = rng.integers(0, 100, (40, 8, 8, 1)) + 100 * y[:, None, None, None]
    path = tmp_path_factory.mktemp("data") / "two.npz"
    np.savez(path, x_train=x.astype(np.uint8), y_train=y, x_test=x[:4].astype(np.uint8), y_test=y[:4])
    return path
