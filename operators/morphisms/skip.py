"""Skip connections: added (NASH type IV) or concatenated (NASH type II)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

import networkx as nx
import numpy as np

from ...architecture import KEEP_SIGN, Architecture
from ...architecture.layers import (
    Add,
    Concat,
    Conv2d,
    ConvTranspose2d,
    LeakyReLU,
    Linear,
    ReLU,
    ReLU6,
    Scale,
    Shape,
    computed,
)
from ...errors import NotApplicable
from ...evolution import new_name
from .columns import NEW, Positions, carried, followed
from .surgery import (
    _Checked,
    blank,
    check_free,
    in_order,
    insert_behind,
    layer_of,
    refusal,
)

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]

TRIES = 200
"""The most pairs of nodes that one draw looks at."""


@dataclass(frozen=True)
class AddSkip(_Checked):
    """Adds a node's output, times a learnt λ that starts at 0, to that of a later node.

    Type IV of Elsken et al. (2018, NASH) is λ f + (1 − λ) h with λ = 1 at first; LEMONADE (2019) writes the
    same with λ = 0. Here it is f + λ h with λ = 0: one factor as well, of which a gradient step moves the
    share of h alone (the paper's λ moves both shares, by the gradient of f − h); the layers around can
    scale f, so the same functions are in reach.

    Attributes:
        source: h.
        target: f, of the shape of h; what reads it reads the sum.
        name: Of the new nodes: ``name.scale`` and ``name.add``.
    """

    source: str
    target: str
    name: str

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Between two nodes of one shape, the later one not the output."""
        name = new_name(architecture, "skip", rng)
        return _drawn_pair(
            lambda source, target: cls(source, target, name), architecture, rng, lambda shape: shape
        )

    def check(self, architecture: Architecture) -> None:
        _check_ends(architecture, self.source, self.target)
        here, there = architecture.shape(self.source), architecture.shape(self.target)
        if here != there:
            raise refusal(self.target, f"a sum expects one shape, got {there} and {here} of {self.source!r}")
        check_free(architecture, self.name, ("scale", "add"))

    def rewrite(self, architecture: Architecture) -> Architecture:
        self.check(architecture)
        child = architecture.copy()
        scale, add = f"{self.name}.scale", f"{self.name}.add"
        new = [(scale, Scale(0.0), (self.source,)), (add, Add(), (self.target, scale))]
        insert_behind(child, self.target, new)
        return child

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        self.check(architecture)
        return {**weights, f"{self.name}.scale.weight": blank(weights).new_zeros(1)}

    def describe(self) -> str:
        return f"a skip from {self.source}, added to {self.target}"


@dataclass(frozen=True)
class ConcatSkip(_Checked):
    """Lets whatever reads a node also read an earlier one, concatenated behind it.

    Whoever reads the new channels first by filters gets columns of zeros for them (Elsken et al. 2018, type
    II; its Section 4, skip by concatenation); normalisation and depthwise filters on the way get entries.

    Attributes:
        source: What is read as well.
        target: What is read until now, of the same height and width.
        name: Of the new node: ``name.concat``.
    """

    source: str
    target: str
    name: str

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Between two nodes of one size, behind the later of which nothing but filters reads."""
        name = new_name(architecture, "skip", rng)
        return _drawn_pair(
            lambda source, target: cls(source, target, name), architecture, rng, lambda shape: shape[1:]
        )

    def check(self, architecture: Architecture) -> None:
        _check_ends(architecture, self.source, self.target)
        here, there = architecture.shape(self.source), architecture.shape(self.target)
        if here[1:] != there[1:] or len(here) != len(there):
            raise refusal(self.target, f"a concatenation expects one size, got {there} and {here}")
        check_free(architecture, self.name, ("concat",))
        self._followed(architecture)

    def rewrite(self, architecture: Architecture) -> Architecture:
        self.check(architecture)
        child = architecture.copy()
        insert_behind(child, self.target, [(f"{self.name}.concat", Concat(), (self.target, self.source))])
        return child

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        child = self.rewrite(architecture)
        return {**weights, **carried(child, self._followed(architecture), weights)}

    def _followed(self, architecture: Architecture) -> dict[str, Positions]:
        """What becomes of the inputs behind the concatenation."""
        old, new = architecture.shape(self.target)[0], architecture.shape(self.source)[0]
        wider = np.concatenate([np.arange(old), np.full(new, NEW)])
        readers = architecture.readers(self.target)
        if not readers:
            raise refusal(self.target, "the output's channels cannot change")
        return followed(
            architecture,
            {
                (reader, port): wider
                for reader in readers
                for port, read in enumerate(architecture.inputs(reader))
                if read == self.target
            },
        )

    def describe(self) -> str:
        return f"a skip from {self.source}, concatenated to {self.target}"


_Skip = TypeVar("_Skip", bound=_Checked)


def _drawn_pair(
    make: Callable[[str, str], _Skip],
    architecture: Architecture,
    rng: random.Random,
    likeness: Callable[[Shape], Shape],
) -> _Skip:
    """A skip between two nodes of like shapes, source before target; each applicable pair is as likely."""
    order = [node for node in in_order(architecture) if node != architecture.output]
    earlier: dict[tuple[int, Shape], list[str]] = {}
    places: list[tuple[str, list[str], int]] = []
    for target in order:
        shape = architecture.shape(target)
        before = earlier.setdefault((len(shape), likeness(shape)), [])
        places.append((target, before, len(before)))
        before.append(target)
    weights = [count for _, _, count in places]
    reason = "no two nodes have like shapes"
    for _ in range(TRIES if any(weights) else 0):
        target, before, count = rng.choices(places, weights)[0]
        skip = make(before[rng.randrange(count)], target)
        try:
            skip.check(architecture)
        except NotApplicable as error:
            reason = str(error)
        else:
            return skip
    raise NotApplicable(f"no two nodes to connect: {reason}")


def _check_ends(architecture: Architecture, source: str, target: str) -> None:
    """Refuses a skip that would close a cycle, or whose new weights nothing could move at first."""
    layer_of(architecture, source)
    layer_of(architecture, target)
    if source == target:
        raise refusal(target, "a skip needs two ends")
    if nx.has_path(architecture.graph, target, source):
        raise refusal(target, f"a skip from {source!r}, which reads it, would close a cycle")
    if source in _silent(architecture):
        raise refusal(source, "it starts at zero behind a λ of 0, and a λ of 0 there would get no gradient")
    if target in _unheard(architecture):
        raise refusal(target, "only a λ of 0 reads it, and a λ of 0 before that would get no gradient")


def _is_shut(architecture: Architecture, node: str) -> bool:
    layer = computed(architecture.layer(node))
    return isinstance(layer, Scale) and layer.initial == 0


def _silent(architecture: Architecture) -> set[str]:
    """Nodes that are zero everywhere as long as the factors that start at 0 stay there."""
    found: set[str] = set()
    for node in architecture:
        layer, sources = computed(architecture.layer(node)), architecture.inputs(node)
        stays = isinstance(layer, (*KEEP_SIGN, LeakyReLU, ReLU, ReLU6, Scale))
        stays |= isinstance(layer, Conv2d | ConvTranspose2d | Linear) and not layer.bias
        if _is_shut(architecture, node) or (stays and found.issuperset(sources)):
            found.add(node)
    return found


def _unheard(architecture: Architecture) -> set[str]:
    """Nodes that reach the output through factors that start at 0 only."""
    found: set[str] = set()
    for node in reversed(list(architecture)):
        readers = architecture.readers(node)
        if readers and all(reader in found or _is_shut(architecture, reader) for reader in readers):
            found.add(node)
    return found
