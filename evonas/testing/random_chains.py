"""Chains of random morphisms, bounded in size.

For example thirty, of three kinds:

    chain = Chain(architecture, seed=0)
    if chain.lively:
        tally = extend(chain, draws_of([Widen, Deepen, AddSkip]), 30, random.Random(0))
        print(tally.applied, chain.gaps())
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch

from ..architecture import Architecture
from ..errors import NotApplicable
from ..evolution import Morphism
from .chains import Chain

Draw = Callable[[Architecture, random.Random], Morphism]
"""Draws a morphism, such as `Morphism.draw` of a kind; it may raise `NotApplicable`."""


@dataclass(frozen=True)
class Limits:
    """What a network may grow to, so that a chain stays cheap.

    Attributes:
        nodes: The most nodes.
        channels: The most channels of an image.
        parameters: The most trained numbers.
    """

    nodes: int = 100
    channels: int = 64
    parameters: int = 40_000

    def allow(self, architecture: Architecture) -> bool:
        """Whether a network is small enough."""
        return (
            len(architecture) <= self.nodes
            and all(shape[0] <= self.channels for shape in architecture.shapes().values() if len(shape) == 3)
            and architecture.parameter_count() <= self.parameters
        )


@dataclass
class Tally:
    """What was drawn for a chain, under the names of the draws.

    Attributes:
        applied: What was applied, in order, each with its gap in each type.
        refused: How often there was no place for it.
        oversized: How often a network would have become too large.
    """

    applied: list[tuple[str, dict[torch.dtype, float]]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    oversized: Counter[str] = field(default_factory=Counter)


def draws_of(kinds: Iterable[type[Morphism]]) -> dict[str, Draw]:
    """How to draw each kind that preserves the function, by its name."""
    return {kind.__name__: kind.draw for kind in kinds if kind.preserving}


def extend(
    chain: Chain,
    draws: Mapping[str, Draw],
    length: int,
    rng: random.Random,
    limits: Limits = Limits(),
    patience: int = 40,
) -> Tally:
    """Applies random morphisms to a chain.

    The kind is drawn first, then the place. A kind is the likelier, the less often the chain has applied it,
    so that those with few places come up as well.

    Args:
        chain: What to extend.
        draws: What to draw from, by name.
        length: How many to apply.
        rng: Draws everything.
        limits: A morphism that would make the network larger is not applied, and another one is drawn.
        patience: After so many draws in a row that could not be applied the chain ends.

    Returns:
        What was applied, and what was not.

    Raises:
        ChainError: See `Chain.apply`; or what was drawn does not apply where it was drawn.
    """
    tally, names, missed = Tally(), sorted(draws), 0
    while len(tally.applied) < length and missed < patience:
        often = Counter(name for name, _ in tally.applied)
        (name,) = rng.choices(names, [1 / (1 + often[name]) for name in names])
        missed += 1
        try:
            morphism = draws[name](chain.architecture, rng)
        except NotApplicable:
            tally.refused[name] += 1
            continue
        except Exception as error:
            raise chain.failure(f"drawing {name}: {type(error).__name__}: {error}") from error
        try:
            if not limits.allow(chain.child(morphism)):
                tally.oversized[name] += 1
                continue
            gaps = chain.apply(morphism)
        except NotApplicable as error:
            raise chain.failure(f"{morphism} was drawn and does not apply: {error}", morphism) from error
        tally.applied.append((name, gaps))
        missed = 0
    return tally
