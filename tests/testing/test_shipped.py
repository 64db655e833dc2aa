"""What ships in the box keeps the contracts that others are held to."""

from functools import cache, partial

import pytest
from evonas.genomes.amoeba import AmoebaSpace
from evonas.genomes.darts import DartsSpace
from evonas.genomes.graph import GraphGenome, GraphSpace, first_model
from evonas.genomes.hierarchical import HierarchicalSpace
from evonas.genomes.large_scale import LargeScaleSpace
from evonas.genomes.nasbench201 import NasBench201Space

from evonas.architecture.layers import Conv2d
from evonas.evolution.offers import entries, find
from evonas.evolution.registry import genome_type
from evonas.settings.settings import strategy_type
from evonas.task import Task
from evonas.testing import GenomeContract, OperatorContract, StrategyContract

SPACES = {
    "amoeba": AmoebaSpace(cells=1, filters=2),
    "darts": DartsSpace(cells=3, filters=2),
    "graph": GraphSpace(image=(3, 8, 8), classes=4, filters=(4, 4, 4)),
    "hierarchical": HierarchicalSpace(groups=1, filters=2, nodes=(3, 3)),
    "large-scale": LargeScaleSpace(),
    "nasbench201": NasBench201Space(cells=1, filters=2),
}
SMALL = Task(3, 8, 8, 4)


def contract(base, name, **attributes):
    return type(f"Test{name}", (base,), attributes)


def with_taps(taps, number):
    """A network with a convolution of one tap, or of spaced ones."""
    net = first_model(SMALL, (4, 4, 4))
    net.replace("stage2.conv", Conv2d(4 + number, taps, dilation=1 if taps == 1 else 2))
    return GraphGenome(net, SPACES["graph"])


@cache
def drawn(genome, number):
    """A parent as the contract draws it, once for all operators and tests: graphs take their time."""
    drawing = contract(OperatorContract, "Drawing", genome=genome_type(genome), space=SPACES.get(genome))
    return drawing()._random(number)


def another(genome, number):
    return drawn(genome, number).clone()


PARENTS = {"graph-dilate": partial(with_taps, 1), "graph-undilate": partial(with_taps, 3)}
OPERATORS = {
    name: contract(
        OperatorContract,
        name,
        operator=operator,
        space=SPACES.get(operator.genome),
        task=SMALL,
        draws=10,
        parent=PARENTS.get(name, partial(another, operator.genome)),
    )
    for name in entries("operators")
    for operator in [find("operators", name)]
}
GENOMES = {
    name: contract(
        GenomeContract, name, genome=genome_type(name), space=SPACES.get(name), task=SMALL, draws=5
    )
    for name in entries("genomes")
}
STRATEGIES = {
    name: contract(
        StrategyContract,
        name,
        strategy=strategy_type(name),
        tactics={key: 6 for key in ("population", "sample") if key in strategy_type(name).settings},
        budget=40,
    )
    for name in entries("strategies")
}
EVERY = [
    pytest.param(made, test, id=f"{name}-{test}")
    for group in (OPERATORS, GENOMES, STRATEGIES)
    for name, made in group.items()
    for test in dir(made)
    if test.startswith("test_")
]


@pytest.mark.parametrize(("made", "test"), EVERY)
def test_the_contract_is_kept(made, test):
    getattr(made(), test)()
