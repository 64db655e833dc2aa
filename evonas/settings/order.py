"""What a caller orders: arguments of `evonas.evolve`, read into a recipe, a fitness and a choice of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..evolution import named_strategy
from .assembly import DataChoice, Fitness
from .composition import compose
from .recipe import Recipe


@dataclass(frozen=True)
class Order:
    """A search as it was asked for.

    Attributes:
        recipe: The choices over the config over the recipe.
        fitness: Who gives fitness.
        data: How named datasets are found.
    """

    recipe: Recipe
    fitness: Fitness
    data: DataChoice


def said(**arguments: Any) -> dict[str, Any]:
    """Those of a caller's arguments that say something: None means the default."""
    return {name: value for name, value in arguments.items() if value is not None}


def read_limit(max_seconds: Any) -> float | None:
    """The seconds after which no evaluation begins; None for no limit.

    Raises:
        UserError: They are no number of at least 0.
    """
    number = isinstance(max_seconds, int | float) and not isinstance(max_seconds, bool)
    if max_seconds is not None and not (number and max_seconds >= 0):
        raise UserError(f"max_seconds: expected seconds of at least 0, got {max_seconds!r:.60}")
    return None if max_seconds is None else float(max_seconds)


def read_order(asked: Mapping[str, Any], download: bool) -> Order:
    """Sorts the arguments of `evonas.evolve` that say what is searched for.

    Args:
        asked: By name; None stands nowhere.
        download: Fetch a named dataset that is not there.

    Raises:
        UserError: Something is unknown.
    """
    choices = dict(asked)
    genome = choices.pop("genome", None)
    config = choices.pop("config", None)
    fitness = Fitness(choices.pop("evaluate", None), choices.pop("needs", "network"))
    data_dir = choices.pop("data_dir", None)
    if "strategy" in choices:
        choices["strategy"] = named_strategy(choices["strategy"])
    data = DataChoice(Path(data_dir) if data_dir is not None else None, download)
    recipe = compose(genome, config, choices)
    if table := recipe["search"].get("table"):
        if fitness.function is not None:
            raise UserError("table: it gives the fitness, and so does the function: give one of them")
        fitness = Fitness(None, "genome", str(table))
    return Order(recipe, fitness, data)


def first_value(function: Callable[..., Any]) -> Callable[..., Any]:
    """DEAP's fitness function, which gives a tuple, as one that gives a number."""

    def evaluate(genome: Any, rng: Any) -> Any:
        values = function(genome)
        return values[0] if isinstance(values, tuple) and len(values) == 1 else values

    return evaluate
