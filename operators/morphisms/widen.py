"""Wider layers whose new units are copies (Net2WiderNet; Chen et al. 2016)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

from msgspec import Meta

from ...architecture import Architecture, ChannelClasses, Copies
from ...errors import NotApplicable
from ...evolution import Morphism
from ...files import AtLeastOne, AtLeastZero
from ...seeds import check_seed

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]

Name = Annotated[str, Meta(description="a name")]

FACTORS = (2.0, 4.0)
"""By how much a width grows, each as likely (Elsken et al. 2018, Section 4)."""
SMALL_FACTORS = (1.25, 1.5)
"""The same for widths of `LARGE` and above, which would soon fill the memory."""
LARGE = 256


@dataclass(frozen=True)
class Widen(Morphism):
    """Widens a convolution or linear layer; each new unit copies a random one of the old.

    All that is tied to the layer widens with it: what it is added to, the normalisations and depthwise
    convolutions behind it, the slices of it. What reads the copies divides its weights among them.

    Attributes:
        node: The layer.
        width: Its new number of channels or features; rounded where ties move several at a time.
        seed: Of the random map and of the shares.
        equal: Divide weights equally, as the paper does: copies then stay copies in training. By default the
            shares are random.
    """

    node: Name
    width: AtLeastOne
    seed: AtLeastZero
    equal: bool = False

    def __post_init__(self) -> None:
        check_seed(self.seed)  # in whose words a run's seed is refused, too
        super().__post_init__()

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """A random layer, by a factor of `FACTORS`, or of `SMALL_FACTORS` if it is wide."""
        node, width = draw_wider(architecture, rng)
        return cls(node, width, rng.getrandbits(32))

    def rewrite(self, architecture: Architecture) -> Architecture:
        return self._copies(architecture).architecture()

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        from ...inheritance import replicated

        return replicated(self._copies(architecture), weights, self.seed, self.equal)

    def _copies(self, architecture: Architecture) -> Copies:
        return wider(architecture, self.node, self.width, self.seed)

    def describe(self) -> str:
        shares = "equal" if self.equal else "random"
        return f"widen {self.node} to {self.width} by copies, {shares} shares"


def wider(architecture: Architecture, node: str, width: int, seed: int, fresh: bool = False) -> Copies:
    """How channels are multiplied so that a layer reaches a width; `fresh` says that new ones are no copies.

    Raises:
        NotApplicable: It cannot; the message names node and reason.
    """
    classes = ChannelClasses(architecture, fresh)
    return Copies(classes, classes.widened(node, width, random.Random(seed)))


def sized(classes: ChannelClasses) -> list[str]:
    """The layers whose width can change, in an order that does not depend on how the graph was made."""
    net = classes.architecture
    owners = (name for name in net if net.owner(name) == name)  # one that is called twice is one layer
    return sorted(name for name in owners if net.layer(name).sized and classes.free(name))


def draw_wider(architecture: Architecture, rng: random.Random, fresh: bool = False) -> tuple[str, int]:
    """A random layer and a larger width for it; `fresh` says that new channels are no copies.

    Raises:
        NotApplicable: There is none.
    """
    nodes = sized(ChannelClasses(architecture, fresh))
    if not nodes:
        raise NotApplicable("no layer's width can change: all are tied to the image's channels or the logits")
    node = nodes[rng.randrange(len(nodes))]
    width = architecture.shape(node)[0]
    factors = SMALL_FACTORS if width >= LARGE else FACTORS
    return node, round(width * factors[rng.randrange(len(factors))])
