"""Long lines of random mutations on every genome: each child decodes within the caps, some are built."""

import random
from dataclasses import replace

import pytest
import torch
from evonas.genomes.amoeba import AmoebaSpace
from evonas.genomes.genet import GenetSpace
from evonas.genomes.graph import GraphSpace
from evonas.genomes.hierarchical import HierarchicalSpace
from evonas.genomes.large_scale import LargeScaleSpace

from evonas.evolution.registry import genome_type, operators_for
from evonas.evolution.variation import OperatorError, mutate
from evonas.network.network import build
from evonas.task import Task

SMALL = Task(3, 8, 8, 4)
SPACES = {
    "amoeba": AmoebaSpace(cells=1, filters=2),
    "genet": GenetSpace(nodes=(3, 4, 5), filters=(4, 4, 4), hidden=8),
    "graph": GraphSpace(filters=(4, 4, 4), max_nodes=60, max_parameters=20_000, max_flops=2_000_000).for_task(
        SMALL
    ),
    "hierarchical": HierarchicalSpace(groups=1, filters=2),
    "large-scale": LargeScaleSpace(
        reference=(3, 8, 8), max_depth=30, max_channels=32, max_parameters=20_000, max_flops=2_000_000
    ),
}


def check_caps(net, space):
    """The stated caps hold; the other genomes' sizes are bounded by their settings."""
    for name, value in (
        ("max_nodes", len(net)),
        ("max_parameters", net.parameter_count()),
        ("max_flops", net.flops()),
    ):
        cap = getattr(space, name, None)
        assert cap is None or value <= cap, name


@pytest.mark.parametrize(
    ("starts", "mutations"),
    [(2, 60), pytest.param(20, 1000, marks=[pytest.mark.slow, pytest.mark.timeout(1500)])],
)
@pytest.mark.parametrize("name", list(SPACES))
def test_every_child_decodes_within_the_caps(name, starts, mutations, global_random):
    kind, space = genome_type(name), SPACES[name]
    operators = [one for one in operators_for(name) if one.kind == "mutation"]
    if name == "graph":  # those that shrink as well, or the line would stop at its caps
        operators = [replace(operator, weight=1.0) for operator in operators]
    built = refused = 0
    for start in range(starts):
        random.seed(start)
        genome = kind.random(space, random.Random(start))
        for number in range(mutations):
            try:
                (genome,) = mutate(genome.clone(), operators)
            except OperatorError as error:  # a dead end: at its caps with nothing left that could change
                assert "none of" in str(error)
                refused += 1
                genome = kind.random(space, random.Random(start))
                continue
            genome.origin = type(genome.origin)()
            net = genome.decode(SMALL)
            net.validate()
            check_caps(net, space)
            assert net.shape(net.output) == (SMALL.classes,)
            if number % 100 == 50:
                logits = build(net, number).eval()(torch.randn(2, *SMALL.input_shape))
                assert logits.shape == (2, SMALL.classes)
                assert logits.isfinite().all()
                built += 1
    assert built >= starts * (mutations // 100 or 1) * 0.9
    assert refused <= starts * mutations * 0.01
