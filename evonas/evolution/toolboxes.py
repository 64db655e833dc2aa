"""The DEAP toolbox of a search: how individuals are made, cloned, varied and selected."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from deap import base, tools

from ..errors import UserError
from .genome import Genome, Space
from .operator import Operator
from .variation import SECONDS, draw_generator, mate, mutate


class Toolbox(base.Toolbox):  # type: ignore[misc]
    """A `deap.base.Toolbox` that knows which of its functions a user has registered.

    Attributes:
        operator_seconds: How long a variation may take before it costs its candidate.
        shipped: What evonas registered, by name.
        asked: How a search by this toolbox is described, as arguments of `evonas.evolve`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operator_seconds = SECONDS
        self.shipped: dict[str, Any] = {}
        self.asked: dict[str, Any] = {}

    def ship(self, alias: str, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> None:
        """Registers a function of evonas, which a strategy may replace by its own."""
        self.register(alias, function, *arguments, **keywords)
        self.shipped[alias] = getattr(self, alias)

    def is_users(self, alias: str) -> bool:
        """Whether a user has registered or decorated the function of that name."""
        return hasattr(self, alias) and getattr(self, alias) is not self.shipped.get(alias)

    def users(self) -> list[str]:
        """The functions that a user has registered or decorated, by name."""
        names = [name for name, value in vars(self).items() if isinstance(value, partial)]
        return sorted(name for name in names if self.is_users(name) and name not in ("map", "clone"))

    def copy(self) -> Toolbox:
        """A toolbox with the same functions, of which others can be registered."""
        twin = copy.copy(self)
        twin.__dict__ = dict(self.__dict__)
        twin.shipped = dict(self.shipped)
        return twin


def use(toolbox: base.Toolbox, alias: str, function: Callable[..., Any], **keywords: Any) -> None:
    """Registers a strategy's own function, such as its `select`, unless a user has registered another."""
    if isinstance(toolbox, Toolbox):
        if not toolbox.is_users(alias):
            toolbox.ship(alias, function, **keywords)
    else:
        toolbox.register(alias, function, **keywords)


def make_toolbox(genome: type[Genome], space: Space, operators: Sequence[Operator]) -> Toolbox:
    """A toolbox with `individual`, `population`, `clone`, `mutate`, `mate` and `select`.

    All draw from the global `random`, as DEAP's own functions do; the engine seeds and restores it around
    each step of a search.

    Args:
        genome: The class of the individuals.
        space: Their search space.
        operators: The mutations and crossovers to draw from, by weight; without a crossover, `mate` refuses
            every pair in words (`crosses` tells).

    Raises:
        UserError: There is no mutation with a positive weight.
    """
    mutations = [operator for operator in operators if operator.kind == "mutation" and operator.weight > 0]
    if not mutations:
        raise UserError(
            f"operators: expected a mutation of genome {genome.name!r} with a positive weight, got none"
        )
    toolbox = Toolbox()
    toolbox.ship("clone", genome.clone)
    toolbox.ship("individual", _individual, genome, space)
    toolbox.ship("population", _population, toolbox)
    toolbox.ship("mutate", mutate, operators=mutations)
    crossovers = [operator for operator in operators if operator.kind == "crossover"]
    drawn = [operator for operator in crossovers if operator.weight > 0]
    if drawn:
        toolbox.ship("mate", mate, operators=drawn)
    else:
        unused = [operator.name for operator in crossovers]
        toolbox.ship("mate", refuse_to_mate, genome=genome.name, unused=unused)
    toolbox.ship("select", tools.selTournament, tournsize=3)
    return toolbox


def _individual(genome: type[Genome], space: Space) -> Genome:
    return genome.random(space, draw_generator())


def _population(toolbox: Toolbox, n: int) -> list[Genome]:
    """So many individuals, as the toolbox makes them now."""
    found: list[Genome] = tools.initRepeat(list, toolbox.individual, n)
    return found


def crosses(toolbox: base.Toolbox) -> bool:
    """Whether a toolbox crosses pairs: by a crossover of the genome's, or as a user has registered."""
    function = getattr(toolbox, "mate", None)
    return function is not None and getattr(function, "func", function) is not refuse_to_mate


def refuse_to_mate(first: Genome, second: Genome, genome: str, unused: Sequence[str]) -> None:
    """What `mate` is where there is no crossover to draw.

    Args:
        first: Left as it is.
        second: Left as it is.
        genome: What kind they are.
        unused: Crossovers of this kind whose weight is 0.

    Raises:
        UserError: Always.
    """
    why = f"the weight of {' and '.join(unused)} is 0" if unused else "no operator of it is a crossover"
    raise UserError(
        f"mate: genome {genome!r} cannot be crossed ({why}): expected cxpb=0, "
        "or p_c=0 of the strategy genetic"
    )
