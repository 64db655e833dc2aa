"""The contract of a genome."""

from __future__ import annotations

import random
from typing import ClassVar

from deap import algorithms, tools

from ..evolution import Fitness, Genome, Operator, Origin, Space, make_toolbox, operators_for
from ..task import Task
from .checks import TASK, nothing_global_changed, require, require_valid, written


class GenomeContract:
    """Tests that every genome has to pass; inherit it in a class whose name begins with ``Test``.

    Attributes:
        genome: The class.
        space: The search space; by default the genome's own.
        task: What it is decoded for.
        operators: Its operators, where they are not installed.
        draws: How many random genomes are tried.
    """

    genome: ClassVar[type[Genome]]
    space: ClassVar[Space | None] = None
    task: ClassVar[Task] = TASK
    operators: ClassVar[tuple[Operator, ...]] = ()
    draws: ClassVar[int] = 30

    def test_it_has_a_name_and_a_space(self) -> None:
        """It can be asked for by name, and its space can be written into a recipe."""
        kind = self.genome
        require(bool(getattr(kind, "name", "")), f"genome {kind.__name__}: expected an attribute 'name'")
        space = self._space()
        require(
            type(space).from_dict(space.to_dict()) == space,
            f"{self._who()}: its space changes as it is written and read",
        )

    def test_random_genomes_are_valid_and_decode(self) -> None:
        """Each can be written, read, decoded and identified, and starts without fitness."""
        for genome in self._some():
            require(isinstance(genome, self.genome), f"{self._who()}: random() gave {type(genome).__name__}")
            require(
                isinstance(genome.fitness, Fitness), f"{self._who()}: its fitness is no Fitness of evonas"
            )
            require(not genome.fitness.valid, f"{self._who()}: random() gave a genome with a fitness")
            require_valid(genome, self.task, self._who())
            outside = genome.outside_space()
            require(not outside, f"{self._who()}: random() gave a genome outside its space: {outside}")
            require(
                written(type(genome).from_text(str(genome), genome.space), self._who())
                == written(genome, self._who()),
                f"{self._who()}: str() and from_text() do not agree",
            )

    def test_the_same_rng_gives_the_same_genome(self) -> None:
        """Its only source of chance is the rng, and different ones give different genomes."""
        texts = [[written(genome, self._who()) for genome in self._some()] for _ in range(2)]
        require(texts[0] == texts[1], f"{self._who()}: the same rng gave two different genomes")
        with nothing_global_changed(self._who()):
            self._some()

    def test_clones_are_independent_and_complete(self) -> None:
        """A clone keeps fitness, origin and number, and what is done to it stays with it."""
        toolbox = make_toolbox(self.genome, self._space(), self._operators())
        state = random.getstate()
        try:
            random.seed(0)
            for genome in self._some():
                genome.fitness.values, genome.origin, genome.number = (0.5,), Origin((1,), "x"), 7
                text, clone = written(genome, self._who()), genome.clone()
                require(
                    (clone.fitness.values, clone.origin, clone.number, written(clone, self._who()))
                    == ((0.5,), genome.origin, 7, text),
                    f"{self._who()}: clone() does not keep fitness, origin, number and genotype",
                )
                (child,) = toolbox.mutate(clone)
                del child.fitness.values
                require(
                    written(genome, self._who()) == text and genome.fitness.valid,
                    f"{self._who()}: what is done to a clone reaches the original",
                )
        finally:
            random.setstate(state)

    def test_it_lives_in_deaps_algorithms(self) -> None:
        """DEAP's own loop, hall of fame and statistics work on it as it is."""
        toolbox = make_toolbox(self.genome, self._space(), self._operators())
        toolbox.register("evaluate", lambda individual: (float(len(str(individual))),))
        hall, figures = tools.HallOfFame(2), tools.Statistics(lambda one: one.fitness.values[0])
        figures.register("max", max)
        state = random.getstate()
        try:
            random.seed(1)
            population, log = algorithms.eaMuPlusLambda(
                toolbox.population(n=6), toolbox, 6, 6, 0.0, 0.9, 3, figures, hall, verbose=False
            )
        finally:
            random.setstate(state)
        require(len(population) == 6 and len(log) == 4, f"{self._who()}: DEAP's loop did not run through")
        require(
            hall[0].fitness.values[0] == max(log.select("max")),
            f"{self._who()}: the hall of fame does not hold the best",
        )

    def test_its_smallest_is_no_larger_than_others(self) -> None:
        """Where it says which genotype is the smallest, that is valid, and no random one is smaller."""
        smallest = self.genome.smallest(self._space(), self.task)
        if smallest is not None:
            require_valid(smallest, self.task, self._who())
            count = smallest.decode(self.task).parameter_count()
            for genome in self._some():
                other = genome.decode(self.task).parameter_count()
                require(
                    count <= other,
                    f"{self._who()}: smallest() has {count} parameters, and {genome} has {other}",
                )

    # -- what the tests use ------------------------------------------------------------------------

    def _who(self) -> str:
        return f"genome {getattr(self.genome, 'name', self.genome.__name__)!r}"

    def _space(self) -> Space:
        return self.space or self.genome.default_space()

    def _operators(self) -> list[Operator]:
        return operators_for(self.genome.name, self.operators)

    def _some(self) -> list[Genome]:
        return [self.genome.random(self._space(), random.Random(number)) for number in range(self.draws)]
