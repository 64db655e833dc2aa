"""A layer more (Net2DeeperNet; NASH types I and III)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

from msgspec import Meta

from ...architecture import Architecture, never_negative
from ...architecture.layers import Add, BatchNorm2d, Conv2d, Layer, LeakyReLU, ReLU
from ...errors import UserError
from ...evolution import new_name
from .surgery import (
    New,
    _Checked,
    blank,
    check_free,
    drawn,
    fresh,
    in_order,
    insert_behind,
    layer_of,
    norm_like,
    refusal,
)

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]

_ODD = "an odd number of at least 1"

KERNELS = (3, 5)
"""Sides of a new convolution's filters, each as likely (Elsken et al. 2018, Section 4)."""


@dataclass(frozen=True)
class Deepen(_Checked):
    """Inserts a convolution, a normalisation and an activation behind an activation.

    The filters are the identity, the normalisation undoes itself (scale √(1 + ε), statistics of a standard
    normal), and an idempotent activation changes nothing behind itself (Chen et al. 2016, Net2DeeperNet;
    Elsken et al. 2018, types I and III). It is exact in evaluation mode; calibrated on a batch
    (`evonas.calibration`), it stays so, and is nearly so while training.

    With `residual`, a convolution and a normalisation whose scale is 0 are added to the node instead: exact
    in both modes, and possible behind anything; an activation follows where it changes nothing.

    Attributes:
        node: An idempotent activation, or an image that is nowhere negative for another reason: a pooling, a
            sum, ... behind ReLUs. Everything that reads it reads the new activation.
        kernel: Side of the filters, odd.
        name: Of the new nodes: ``name.conv``, ``name.bn``, ``name.relu``, and ``name.add`` of a residual.
        residual: Add the new layer to the node.
    """

    node: str
    kernel: Annotated[int, Meta(ge=1, description=_ODD)]
    name: str
    residual: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kernel % 2 == 0:
            raise UserError(f"Deepen kernel: expected {_ODD}, got {self.kernel}")

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Behind one of the idempotent activations, with filters of one of `KERNELS`."""
        name = new_name(architecture, "deeper", rng)
        places = [
            cls(node, kernel, name)
            for node in in_order(architecture)
            if _is_idempotent(architecture.layer(node))
            for kernel in KERNELS
        ]
        return drawn(places, architecture, rng, "idempotent activation of an image")

    def check(self, architecture: Architecture) -> None:
        layer = layer_of(architecture, self.node)
        if len(architecture.shape(self.node)) != 3:
            raise refusal(self.node, f"expected an image, got {architecture.shape(self.node)}")
        height, width = architecture.shape(self.node)[1:]
        if self.kernel // 2 >= min(height, width):
            raise refusal(
                self.node,
                f"on an image of {height}×{width}, a kernel of {self.kernel} has taps that only meet padding",
            )
        if not self.residual and _harmless(architecture, self.node) is None:
            reason = f"its output ({layer.kind}) can be negative, which a ReLU behind it would change"
            if isinstance(layer, LeakyReLU):
                reason = f"a LeakyReLU of slope {layer.slope:g} is not idempotent, so one more changes it"
            raise refusal(self.node, reason)
        check_free(architecture, self.name, ("conv", "bn", "relu", "add"))

    def rewrite(self, architecture: Architecture) -> Architecture:
        self.check(architecture)
        child = architecture.copy()
        channels = child.shape(self.node)[0]
        conv, norm, relu, add = (f"{self.name}.{part}" for part in ("conv", "bn", "relu", "add"))
        new: list[New] = [
            (conv, Conv2d(channels, self.kernel), (self.node,)),
            (norm, norm_like(architecture), (conv,)),
        ]
        if self.residual:
            new.append((add, Add(), (self.node, norm)))
        if activation := _harmless(architecture, self.node):
            new.append((relu, activation, (new[-1][0],)))
        insert_behind(child, self.node, new)
        return child

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        import torch

        child = self.rewrite(architecture)
        like, conv, norm = blank(weights), f"{self.name}.conv", f"{self.name}.bn"
        new = fresh(child, conv, like) | fresh(child, norm, like)
        if self.residual:
            new[f"{norm}.weight"].zero_()
        else:
            torch.nn.init.dirac_(new[f"{conv}.weight"])
            layer = child.layer(norm)
            epsilon = layer.epsilon if isinstance(layer, BatchNorm2d) else 0.0
            new[f"{norm}.weight"].fill_(1 + epsilon).sqrt_()
        return {**weights, **new}

    def inserted_normalisations(self) -> tuple[str, ...]:
        return () if self.residual else (f"{self.name}.bn",)

    def describe(self) -> str:
        form = "a residual layer" if self.residual else "a layer"
        return f"{form} of {self.kernel}×{self.kernel} filters behind {self.node}"


def _is_idempotent(layer: Layer) -> bool:
    return layer.idempotent or (isinstance(layer, LeakyReLU) and layer.slope == 0)


def _harmless(architecture: Architecture, node: str) -> Layer | None:
    """An activation that changes nothing behind a node: its own if it is idempotent, or a ReLU."""
    layer = architecture.layer(node)
    if _is_idempotent(layer):
        return layer
    return ReLU() if never_negative(architecture, node) else None
