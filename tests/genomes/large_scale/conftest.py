"""DNAs to test with: one by hand, and ones that mutations have grown."""

import random
from collections.abc import Callable

import pytest
from evonas.genomes.large_scale import Dna, LargeScaleGenome, LargeScaleSpace

from evonas.errors import NotApplicable
from evonas.evolution.registry import operators_for


@pytest.fixture
def dna() -> Dna:
    """Two convolutions, the second strided, an identity connection, and two skips."""
    return Dna.from_dict(
        {
            "learning_rate": 0.05,
            "vertices": {
                "input": "linear",
                "a": "bn-relu",
                "b": "linear",
                "c": "bn-relu",
                "output": "linear",
            },
            "edges": {
                "e1": {
                    "source": "input",
                    "target": "a",
                    "precedence": [1, 1],
                    "convolution": {"depth_factor": 2.0},
                },
                "e2": {
                    "source": "a",
                    "target": "b",
                    "precedence": [1, 1],
                    "convolution": {"filter_half_height": 0.4, "filter_half_width": 1.6, "stride_scale": 1.2},
                },
                "e3": {"source": "b", "target": "c", "precedence": [1, 1]},
                "start": {"source": "c", "target": "output", "precedence": [1, 1]},
                "s1": {"source": "input", "target": "b", "precedence": [0, 0]},
                "s2": {"source": "a", "target": "output", "precedence": [0, 0]},
            },
        }
    )


@pytest.fixture(scope="session")
def grown() -> Callable[..., LargeScaleGenome]:
    """Grows a genome from the trivial start by a number of random mutations."""

    def grow(mutations: int, seed: int, space: LargeScaleSpace | None = None) -> LargeScaleGenome:
        rng = random.Random(seed)
        genome = LargeScaleGenome.random(space or LargeScaleSpace(max_depth=12), rng)
        operators = operators_for("large-scale")
        done = 0
        while done < mutations:
            try:
                rng.choice(operators).mutate(genome, rng)
            except NotApplicable:
                continue
            done += 1
        return genome

    return grow
