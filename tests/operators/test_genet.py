"""The variations of Genetic CNN: each bit with q_M, each stage with q_C."""

import random
from collections.abc import Callable

import pytest
import torch
from deap import algorithms, tools
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.operators.genet import flip_bits, swap_stages
from scipy.stats import binom, chisquare
from torch import nn

from evonas.architecture.layers import Conv2d
from evonas.evolution.registry import operators_for
from evonas.evolution.toolboxes import make_toolbox
from evonas.task import Task

SPACE = GenetSpace(q_m=0.05, q_c=0.2)
DRAWS = 10_000


def test_their_names() -> None:
    assert (flip_bits.name, flip_bits.kind) == ("genet-flip-bits", "mutation")
    assert (swap_stages.name, swap_stages.kind) == ("genet-swap-stages", "crossover")
    assert {operator.name for operator in operators_for("genet")} == {"genet-flip-bits", "genet-swap-stages"}


def test_each_bit_flips_with_q_m(rng: random.Random) -> None:
    flips = [flip_bits(GenetGenome([0, 1] * 9 + [0], SPACE), rng) for _ in range(DRAWS)]
    changed = [[bit != place % 2 for place, bit in enumerate(genome)] for genome in flips]
    for place in range(19):
        count = sum(genome[place] for genome in changed)
        assert chisquare([count, DRAWS - count], [0.05 * DRAWS, 0.95 * DRAWS]).pvalue > 1e-4
    # Independent of each other: how many flip in one genome is binomial, none included.
    observed = [sum(sum(genome) == number for genome in changed) for number in range(5)]
    expected = [DRAWS * binom.pmf(number, 19, 0.05) for number in range(5)]
    rest = [DRAWS - sum(observed), DRAWS - sum(expected)]
    assert chisquare([*observed, rest[0]], [*expected, rest[1]]).pvalue > 1e-4


def test_each_stage_is_swapped_whole_with_q_c(rng: random.Random) -> None:
    swapped: dict[tuple[int, ...], int] = {}
    for _ in range(DRAWS):
        one, other = swap_stages(GenetGenome([0] * 19, SPACE), GenetGenome([1] * 19, SPACE), rng)
        assert [a + b for a, b in zip(one, other, strict=True)] == [1] * 19
        stages = one.stages()
        assert all(len(set(bits)) == 1 for bits in stages)
        pattern = tuple(bits[0] for bits in stages)
        swapped[pattern] = swapped.get(pattern, 0) + 1
    patterns = [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    expected = [DRAWS * 0.2 ** sum(pattern) * 0.8 ** (3 - sum(pattern)) for pattern in patterns]
    assert chisquare([swapped[pattern] for pattern in patterns], expected).pvalue > 1e-4


def test_they_vary_in_place(rng: random.Random) -> None:
    one, other = GenetGenome([0] * 19, SPACE), GenetGenome([1] * 19, SPACE)
    assert flip_bits(one, rng) is one
    assert all(a is b for a, b in zip(swap_stages(one, other, rng), (one, other), strict=True))


@pytest.mark.parametrize("mutations", [50, pytest.param(1000, marks=pytest.mark.slow)])
def test_mutants_of_mutants_decode_within_the_space(
    mutations: int, rng: random.Random, build_random: Callable[..., nn.Module]
) -> None:
    space, task = GenetSpace(filters=2, pool=2, hidden=4), Task(1, 8, 8, 3)
    images = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for _ in range(20):
        genome = GenetGenome.random(space, rng)
        for step in range(mutations):
            flip_bits(genome, rng)
            net = genome.decode(task)
            net.validate()
            convolutions = sum(isinstance(net.layer(name), Conv2d) for name in net)
            assert 3 <= convolutions <= sum(nodes + 2 for nodes in space.nodes)
            if step % 50 == 0:
                assert torch.isfinite(build_random(net, step)(images)).all()


def ones(genome: GenetGenome) -> tuple[float]:
    return (float(sum(genome)),)


@pytest.mark.parametrize("deaps_own", [False, True])
def test_deaps_simple_algorithm_runs_with_the_toolbox(deaps_own: bool, global_random: None) -> None:
    toolbox = make_toolbox(GenetGenome, GenetSpace(), operators_for("genet"))
    toolbox.register("evaluate", ones)
    if deaps_own:
        toolbox.register("mate", tools.cxUniform, indpb=0.2)
        toolbox.register("mutate", tools.mutFlipBit, indpb=0.05)
    population = toolbox.population(20)
    best = tools.HallOfFame(1)
    last, log = algorithms.eaSimple(population, toolbox, 0.5, 0.8, 30, halloffame=best, verbose=False)
    assert len(last) == 20 and log[-1]["gen"] == 30
    assert all(isinstance(genome, GenetGenome) and genome.fitness.values == ones(genome) for genome in last)
    assert sum(best[0]) > max(map(sum, population)) - 1 and sum(best[0]) >= 17
