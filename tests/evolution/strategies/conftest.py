"""Driving a genetic algorithm as a search does, without a search."""

from collections.abc import Callable
from typing import Any

import pytest
from evonas.genomes.genet import GenetGenome, GenetSpace

from evonas.evolution.genome import Genome
from evonas.evolution.registry import operators_for
from evonas.evolution.strategies import Start
from evonas.evolution.strategies.genetic import GeneticAlgorithm
from evonas.evolution.toolboxes import make_toolbox
from evonas.seeds import Stream, derive, guarded

Rate = Callable[[Genome], float | None]


def _algorithm(
    space: GenetSpace | None = None, start: Genome | None = None, seed: int = 0, **settings: Any
) -> GeneticAlgorithm:
    space = space or GenetSpace()
    toolbox = make_toolbox(GenetGenome, space, operators_for("genet"))
    return GeneticAlgorithm(toolbox, Start(start, seed), **{**GeneticAlgorithm.settings, **settings})


def _ask(strategy: GeneticAlgorithm, number: int, seed: int = 0) -> Genome | None:
    with guarded(derive(seed, number, Stream.VARIATION)):
        return strategy.ask()


def _drive(
    strategy: GeneticAlgorithm, rate: Rate, generations: int, look_ahead: int = 1000
) -> list[list[Genome]]:
    seed, number, done = strategy.start.seed, 0, []
    while len(done) < generations:
        current: list[Genome] = []
        waiting: list[Genome] = []
        generation = strategy.generation
        while strategy.generation == generation:
            genome = _ask(strategy, number, seed) if len(waiting) < look_ahead else None
            if genome is not None:
                genome.number, number = number, number + 1
                strategy.asked(genome)
                waiting.append(genome)
                current.append(genome)
                continue
            told = waiting.pop(0)
            value = rate(told)
            if value is not None:
                told.fitness.values = (value,)
            strategy.tell(told)
        assert not waiting
        done.append(current)
    return done


def _ones(genome: Genome) -> float:
    assert isinstance(genome, GenetGenome)
    return sum(genome) / len(genome)


@pytest.fixture
def algorithm() -> Callable[..., GeneticAlgorithm]:
    """Makes a genetic algorithm: ``algorithm(space, start, seed, population=4)``."""
    return _algorithm


@pytest.fixture
def ask() -> Callable[..., Genome | None]:
    """Asks as a search does: ``ask(strategy, number, seed)``."""
    return _ask


@pytest.fixture
def drive() -> Callable[..., list[list[Genome]]]:
    """Runs whole generations: ``drive(strategy, rate, generations, look_ahead)``.

    They come as they were asked, with the fitness that was told.
    """
    return _drive


@pytest.fixture
def ones() -> Callable[[Genome], float]:
    """A fitness: the share of ones."""
    return _ones
