"""Wider layers whose new units are fresh and start unheard (NASH's type II; Elsken et al. 2018)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ...architecture import Architecture, Copies
from ...evolution import Morphism
from ...files import AtLeastOne, AtLeastZero
from .widen import Name, draw_wider, wider

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class ZeroWiden(Morphism):
    """Widens a convolution or linear layer; new units are freshly initialised, their outgoing weights zero.

    f = A h + b becomes [A 0] [h; h'] + b for any h' (Elsken et al. 2018, Section 3, type II; Cai et al. 2018
    and LEMONADE pad the next layer with zeros likewise). What is tied to the layer widens with it; the
    normalisation of a new channel starts with scale 1, shift 0 and the statistics of a standard normal.
    Channels over which a layer takes statistics (GroupNorm, LayerNorm) can be copied and no more: fresh ones
    would change these.

    Attributes:
        node: The layer.
        width: Its new number of channels or features; rounded where ties move several at a time.
        seed: Of where new units stand and of their weights.
    """

    node: Name
    width: AtLeastOne
    seed: AtLeastZero

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """A random layer and width, as for `Widen`."""
        node, width = draw_wider(architecture, rng, fresh=True)
        return cls(node, width, rng.getrandbits(32))

    def rewrite(self, architecture: Architecture) -> Architecture:
        return self._copies(architecture).architecture()

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        from ...inheritance import extended

        return extended(self._copies(architecture), weights, self.seed)

    def _copies(self, architecture: Architecture) -> Copies:
        return wider(architecture, self.node, self.width, self.seed, fresh=True)

    def describe(self) -> str:
        return f"widen {self.node} to {self.width} by fresh units with outgoing weights of zero"
