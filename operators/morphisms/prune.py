"""Narrower layers."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

import numpy as np
from msgspec import Meta

from ...architecture import Architecture, ChannelClasses, Copies
from ...architecture.layers import Numbers
from ...errors import NotApplicable
from ...evolution import Morphism
from ...files import AtLeastOne, AtLeastZero
from .widen import Name, sized

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class PruneChannels(Morphism):
    """Removes channels of a convolution or linear layer, and all that are tied to them.

    An approximate morphism (LEMONADE, Elsken et al. 2019, which removes a half or a quarter of a
    convolution's filters and does not say which). A rewrite knows no weights, so the channels are drawn by
    the seed, unless they are given: `by_norm` chooses those whose filters are smallest.

    Attributes:
        node: The layer.
        keep: How many channels or features stay; more do where ties move several at a time.
        seed: Draws the channels that go.
        removed: Their numbers instead, among those of `node`; with each go all that are tied to it.
    """

    preserving: ClassVar[bool] = False

    node: Name
    keep: AtLeastOne
    seed: AtLeastZero = 0
    removed: Annotated[tuple[AtLeastZero, ...], Meta(description="numbers of channels")] = ()

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """A random layer, which loses a half or a quarter of its channels (Elsken et al. 2019)."""
        classes = ChannelClasses(architecture)
        nodes = sized(classes)
        rng.shuffle(nodes)
        for node in nodes:
            width = len(classes.of(node))
            keep = width - width // rng.choice((2, 4))
            morphism = cls(node, keep, rng.getrandbits(32))
            try:
                morphism.rewrite(architecture)
            except NotApplicable:  # its channels go only all together
                continue
            return morphism
        raise NotApplicable("no layer has a channel that can go")

    @classmethod
    def by_norm(cls, architecture: Architecture, weights: Weights, node: str, keep: int) -> Self:
        """Removes the channels whose filters have the smallest L1 norms (Li et al. 2017).

        Raises:
            NotApplicable: It does not apply to the node.
        """
        classes = ChannelClasses(architecture)
        free, _ = classes.changeable(node)
        axis = architecture.layer(node).axes("weight").output or 0
        filters = weights[f"{architecture.owner(node)}.weight"].movedim(axis, 0)
        norms = filters.detach().double().abs().flatten(1).sum(1).cpu().numpy()
        sums = np.bincount(classes.of(node), norms, minlength=classes.count)
        order = free[np.argsort(sums[free], kind="stable")]
        gone = _dropped(classes, node, keep, order.tolist())
        removed = np.flatnonzero(np.isin(classes.of(node), gone)).tolist()
        return cls(node, len(norms) - len(removed), 0, tuple(removed))

    def rewrite(self, architecture: Architecture) -> Architecture:
        return self._copies(architecture).architecture()

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        from ...inheritance import replicated

        return replicated(self._copies(architecture), weights, self.seed)

    def _copies(self, architecture: Architecture) -> Copies:
        classes = ChannelClasses(architecture)
        free, _ = classes.changeable(self.node)
        if self.removed:
            mine = classes.of(self.node)
            if max(self.removed) >= len(mine):
                have, got = len(mine), max(self.removed)
                raise NotApplicable(f"node {self.node!r}: expected channels below {have}, got {got}")
            order = np.unique(mine[list(self.removed)])
            if not np.isin(order, free).all():
                bonds = " and to ".join(classes.bonds(self.node))
                raise NotApplicable(f"node {self.node!r}: channels to remove are tied to {bonds}")
        else:
            order = free
            order = order[random.Random(self.seed).sample(range(len(order)), len(order))]
        multiplicity = np.ones(classes.count, dtype=np.int64)
        multiplicity[_dropped(classes, self.node, self.keep, order.tolist())] = 0
        return Copies(classes, multiplicity)

    def describe(self) -> str:
        which = "chosen" if self.removed else "random"
        return f"prune {self.node} to {self.keep}, {which} channels go"


def _dropped(classes: ChannelClasses, node: str, keep: int, order: Sequence[int]) -> list[int]:
    """The first classes in an order that can go until a node has so many channels left.

    Raises:
        NotApplicable: The node has no more channels already, or no class can go.
    """
    surplus = len(classes.of(node)) - keep
    if surplus <= 0:
        raise NotApplicable(
            f"node {node!r}: expected to keep fewer than its {keep + surplus} channels, got {keep}"
        )
    place = np.full(classes.count, -1)
    place[list(order)] = np.arange(len(order))

    def occurrences(found: Numbers) -> Numbers:
        here = place[found]
        return np.bincount(here[here >= 0], minlength=len(order))

    mine = occurrences(classes.of(node))
    sets = [(len(found), counts) for found in classes.needed if (counts := occurrences(found)).any()]
    left = np.array([size for size, _ in sets])
    counts = np.stack([counts for _, counts in sets])
    gone: list[int] = []
    for number, one in enumerate(order):
        after = left - counts[:, number]
        if mine[number] <= surplus and after.min() > 0:
            gone.append(one)
            left, surplus = after, surplus - int(mine[number])
    if not gone:
        raise NotApplicable(
            f"node {node!r}: {keep} channels cannot be reached, since too many are tied to one another "
            "or a layer would lose its last channel"
        )
    return gone
