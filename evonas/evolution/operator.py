"""Variation operators: functions that change a genome, with a name and a weight."""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from ..errors import UserError

Function = TypeVar("Function", bound=Callable[..., Any])
Kind = Literal["mutation", "crossover"]

_TAKES: dict[Kind, tuple[str, ...]] = {
    "mutation": ("genome", "rng"),
    "crossover": ("genome", "other", "rng"),
}


@dataclass(frozen=True)
class Operator:
    """A function that varies genomes of one kind.

    Call it as the function itself. The engine hands it a clone, so it may change the genome in place.

    Attributes:
        name: Shown by ``evonas list operators`` and kept in every child's record.
        genome: The kind of genome that it varies.
        kind: A mutation takes ``(genome, rng)``, a crossover ``(genome, other, rng)``.
        function: The operator; it returns the genome, or DEAP's tuple of genomes.
        weight: Share of the draws in which it is chosen, relative to the other operators.
        source: The file that it comes from, where it is not installed.
    """

    name: str
    genome: str
    kind: Kind
    function: Callable[..., Any]
    weight: float = 1.0
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        number = isinstance(self.weight, int | float) and not isinstance(self.weight, bool)
        if not number or not 0 <= self.weight < math.inf:
            raise UserError(f"operator {self.name!r} weight: expected at least 0, got {self.weight!r}")

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    def mutate(self, genome: Any, rng: random.Random) -> Any:
        """Applies a mutation and checks what comes back.

        Raises:
            UserError: It returns something else than one genome of the same kind.
            NotApplicable: It finds no place to apply to.
        """
        result = self.function(genome, rng)
        if isinstance(result, tuple) and len(result) == 1:
            result = result[0]
        if not isinstance(result, type(genome)):
            raise UserError(
                f"operator {self.name!r}: expected it to return the genome, got {type(result).__name__}"
            )
        return result

    def mate(self, genome: Any, other: Any, rng: random.Random) -> tuple[Any, Any]:
        """Applies a crossover and checks what comes back.

        Raises:
            UserError: It returns something else than two genomes of the same kind.
            NotApplicable: It finds no place to apply to.
        """
        result = self.function(genome, other, rng)
        pair = result if isinstance(result, tuple) else (result,)
        if len(pair) != 2 or not all(isinstance(child, type(genome)) for child in pair):
            kinds = ", ".join(type(child).__name__ for child in pair)
            raise UserError(
                f"operator {self.name!r}: expected it to return both genomes, got {kinds or 'none'}"
            )
        return pair[0], pair[1]


def crossover(genome: str, *, weight: float = 1.0, name: str | None = None) -> Callable[[Function], Operator]:
    """Makes a function ``(genome, other, rng) -> (genome, other)`` a crossover, which changes both in place.

    Args:
        genome: The kind of genome that it varies, such as ``genet``.
        weight: Relative share of the draws.
        name: Its name; by default ``genome-function``, dashes for underscores.
    """
    return _decorator("crossover", genome, weight, name)


def mutation(genome: str, *, weight: float = 1.0, name: str | None = None) -> Callable[[Function], Operator]:
    """Makes a function ``(genome, rng) -> genome`` a mutation.

    Args:
        genome: The kind of genome that it varies, such as ``amoeba``.
        weight: Relative share of the draws.
        name: Its name; by default ``genome-function``, dashes for underscores.
    """
    return _decorator("mutation", genome, weight, name)


def _decorator(kind: Kind, genome: str, weight: float, name: str | None) -> Callable[[Function], Operator]:
    if not isinstance(genome, str):
        raise UserError(
            f'{kind}: expected the genome that it varies, as in @{kind}("amoeba"), got {genome!r:.60}'
        )

    def decorate(function: Function) -> Operator:
        if not callable(function):
            raise UserError(f"{kind}: expected a function, got {function!r:.60}")
        called = getattr(function, "__name__", "")
        given = name or (f"{genome}-{called}".replace("_", "-") if called else None)
        if not isinstance(given, str):  # an object or a functools.partial has no name of its own
            raise UserError(f"{kind}: expected name='...', a text, of {function!r:.60}, got {given!r:.60}")
        takes = _TAKES[kind]
        try:
            inspect.signature(function).bind(*takes)
        except TypeError:
            raise UserError(f"operator {given!r}: expected a function of ({', '.join(takes)})") from None
        except ValueError:
            pass  # of C, without a signature
        return Operator(given, genome, kind, function, weight)

    return decorate
