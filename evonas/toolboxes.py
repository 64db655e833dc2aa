"""The DEAP toolbox of a search: how individuals are made, cloned and varied."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from deap import base, tools

from .errors import NotApplicable, UserError
from .genome import Genome, Origin, Space
from .operator import Operator

TRIES = 100
"""How often another operator is drawn where one does not apply."""


def make_toolbox(genome: type[Genome], space: Space, operators: Sequence[Operator]) -> base.Toolbox:
    """A toolbox with `individual`, `population`, `clone`, `mutate` and `select`, and `mate` for crossovers.

    All draw from the global `random`, as DEAP's own functions do; the engine seeds and restores it around
    each step of a search.

    Args:
        genome: The class of the individuals.
        space: Their search space.
        operators: The mutations and crossovers to draw from, by weight; without a crossover there is no
            `mate`.

    Raises:
        UserError: There is no mutation with a positive weight.
    """
    mutations = [operator for operator in operators if operator.kind == "mutation" and operator.weight > 0]
    if not mutations:
        raise UserError(
            f"operators: expected a mutation of genome {genome.name!r} with a positive weight, got none"
        )
    toolbox = base.Toolbox()
    toolbox.register("clone", genome.clone)
    toolbox.register("individual", _individual, genome, space)
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("mutate", mutate, operators=mutations)
    crossovers = [operator for operator in operators if operator.kind == "crossover" and operator.weight > 0]
    if crossovers:
        toolbox.register("mate", mate, operators=crossovers)
    toolbox.register("select", tools.selTournament, tournsize=3)
    return toolbox


def _rng() -> random.Random:
    """A generator for one call, seeded by the global one, which the engine has seeded."""
    return random.Random(random.getrandbits(64))


def _individual(genome: type[Genome], space: Space) -> Genome:
    return genome.random(space, _rng())


def mutate(individual: Genome, operators: Sequence[Operator]) -> tuple[Genome]:
    """Applies one mutation, drawn by weight, in place; where it does not apply another is drawn.

    Returns:
        DEAP's tuple of one individual, whose `origin` names the operator.

    Raises:
        UserError: No operator applied in 100 draws, or one returned no genome.
    """
    rng = _rng()
    weights = [operator.weight for operator in operators]
    for _ in range(TRIES):
        operator = rng.choices(operators, weights)[0]
        try:
            child: Genome = operator.mutate(individual, rng)
        except NotApplicable:
            continue
        child.origin = Origin(individual.origin.parents, operator.name)
        return (child,)
    raise UserError(f"operators: none of {', '.join(o.name for o in operators)} applied in {TRIES} draws")


def mate(first: Genome, second: Genome, operators: Sequence[Operator]) -> tuple[Genome, Genome]:
    """Applies one crossover, drawn by weight, in place; where it does not apply another is drawn.

    Returns:
        Both individuals, whose `origin` names the operator.

    Raises:
        UserError: No operator applied in 100 draws, or one did not return two genomes.
    """
    rng = _rng()
    weights = [operator.weight for operator in operators]
    for _ in range(TRIES):
        operator = rng.choices(operators, weights)[0]
        try:
            children: tuple[Genome, Genome] = operator.mate(first, second, rng)
        except NotApplicable:
            continue
        for child in children:
            child.origin = Origin(child.origin.parents, operator.name)
        return children
    raise UserError(f"operators: none of {', '.join(o.name for o in operators)} applied in {TRIES} draws")


def offspring(toolbox: base.Toolbox, parent: Genome) -> Genome:
    """A mutated clone of a parent, with its origin and without fitness."""
    clone: Any = toolbox.clone(parent)
    clone.origin = Origin((parent.number,) if parent.number is not None else ())
    clone.number = None
    (child,) = toolbox.mutate(clone)
    del child.fitness.values
    result: Genome = child
    return result
