"""How large the networks of a genome are, computed from architectures: nothing is built or trained."""

from __future__ import annotations

import random
from dataclasses import dataclass
from statistics import median_low

from ..evolution import Genome
from ..task import Task
from .any_genotype import usual_space

DIGITS = Task(1, 8, 8, 10)
"""The task that a search has unless told otherwise."""

DRAWS = 9
"""How many genotypes are drawn to say what is usual; the same ones each time."""


@dataclass(frozen=True)
class Size:
    """What a network costs.

    Attributes:
        parameters: All that are trained.
        flops: Floating-point operations for one image.
    """

    parameters: int
    flops: int


@dataclass(frozen=True)
class Sizes:
    """The networks of a genome, in the space of its recipe.

    Attributes:
        smallest: The smallest there is; None where the genome does not say.
        usual: The medians of some drawn at random; None for a genome that always begins with the same.
        most: How many parameters such a one grows to, where its space says.
    """

    smallest: Size | None = None
    usual: Size | None = None
    most: int | None = None


def sizes_of(kind: type[Genome], task: Task = DIGITS) -> Sizes:
    """How large the networks of a genome are for a task.

    Raises:
        UserError: The task's images do not suit the genome.
    """
    space = usual_space(kind).for_task(task)
    least = kind.smallest(space, task)
    smallest = None if least is None else _size(least, task)
    if kind.draws_nothing:
        return Sizes(smallest, most=getattr(space, "max_parameters", None))
    drawn = [_size(kind.random(space, random.Random(number)), task) for number in range(DRAWS)]
    parameters = median_low(size.parameters for size in drawn)
    return Sizes(smallest, Size(parameters, median_low(size.flops for size in drawn)))


def _size(genome: Genome, task: Task) -> Size:
    architecture = genome.decode(task)
    return Size(architecture.parameter_count(), architecture.flops())
