"""Paths: a layer as several branches, added or concatenated (Cai et al. 2018, path-level)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Self

from msgspec import Meta

from ...architecture import Architecture
from ...architecture.layers import Add, Concat, Conv2d, Layer, Scale, TakeChannels
from ...evolution import new_name
from ...files import AtLeastZero
from ...seeds import named_seed
from .surgery import (
    New,
    _Checked,
    blank,
    check_alone,
    check_free,
    drawn,
    in_order,
    insert_behind,
    kept,
    layer_of,
    refusal,
    replace_node,
)

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]

_Branches = Annotated[int, Meta(ge=2, description="at least 2")]

ADDED = (2, 3)
"""Branches of a drawn sum, each number as likely (Cai et al. 2018, Section 4)."""

CONCATENATED = 2
"""Branches of a drawn concatenation (ibid.)."""


@dataclass(frozen=True)
class ReplicateAdd(_Checked):
    """Replaces a convolution, or the identity behind another node, by a sum of several.

    Each branch computes a share of what was there before (Cai et al. 2018, Section 3.2): the shares are
    folded into a convolution's filters, and are learnt factors of identities. They are drawn at random,
    unequal, for each filter by itself, and sum to one; with the paper's equal shares the branches would stay
    bit by bit the same in training for as long as nothing else tells them apart.

    Attributes:
        node: A convolution, which stays as the first branch, or any other node with an image, whose readers
            read the sum of its multiples.
        copies: N, the branches, at least 2.
        name: Of the new nodes: ``name.branch2``, ... (``name.branch1`` for an identity) and ``name.add``.
        seed: Of the shares.
        equal: Shares of 1 / N.
    """

    node: str
    copies: _Branches
    name: str
    seed: AtLeastZero
    equal: bool = False

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Any node with an image but the input, as 2 or 3 branches."""
        name, copies, seed = new_name(architecture, "paths", rng), rng.choice(ADDED), rng.getrandbits(32)
        nodes = [node for node in in_order(architecture) if architecture.inputs(node)]
        places = (cls(node, copies, name, seed) for node in nodes)
        return drawn(places, architecture, rng, "image to replicate")

    @property
    def _branches(self) -> list[str]:
        return [f"branch{number}" for number in range(1, self.copies + 1)]

    def check(self, architecture: Architecture) -> None:
        if isinstance(layer_of(architecture, self.node), Conv2d):
            check_alone(architecture, self.node)
        if len(architecture.shape(self.node)) != 3:
            raise refusal(self.node, f"expected an image, got {architecture.shape(self.node)}")
        check_free(architecture, self.name, (*self._branches, "add"))

    def rewrite(self, architecture: Architecture) -> Architecture:
        self.check(architecture)
        child, layer = architecture.copy(), architecture.layer(self.node)
        names = [f"{self.name}.{branch}" for branch in self._branches]
        new: list[New]
        if isinstance(layer, Conv2d):
            names[0] = self.node
            new = [(name, layer, architecture.inputs(self.node)) for name in names[1:]]
        else:
            new = [(name, Scale(1 / self.copies), (self.node,)) for name in names]
        insert_behind(child, self.node, [*new, (f"{self.name}.add", Add(), tuple(names))])
        return child

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        self.check(architecture)
        layer = architecture.layer(self.node)
        found = dict(weights)
        if not isinstance(layer, Conv2d):
            for branch, share in zip(self._branches, self._shares(1, blank(weights)), strict=True):
                found[f"{self.name}.{branch}.weight"] = share.clone()
            return found
        filters = architecture.shape(self.node)[0]
        shares = self._shares(filters, blank(weights))
        for key in layer.parameters(architecture.input_shapes(self.node)):
            source = weights[f"{self.node}.{key}"]
            for number, (branch, share) in enumerate(zip(self._branches, shares, strict=True)):
                name = f"{self.name}.{branch}" if number else self.node
                found[f"{name}.{key}"] = source * share.to(source).reshape(-1, *[1] * (source.dim() - 1))
        return found

    def _shares(self, channels: int, like: torch.Tensor) -> torch.Tensor:
        """Shares ``(copies, channels)`` that sum to one for each channel."""
        import torch

        shares = torch.ones(self.copies, channels, dtype=torch.float64)
        if not self.equal:
            generator = torch.Generator().manual_seed(named_seed(self.seed, self.name))
            shares.uniform_(0.5, 1.5, generator=generator)
        shares = (shares / shares.sum(0)).to(like)
        shares[-1] = 1 - shares[:-1].sum(0)  # in the type of the weights, too
        return shares

    def describe(self) -> str:
        return f"{self.node} as a sum of {self.copies} branches"


@dataclass(frozen=True)
class SplitConcat(_Checked):
    """Replaces a convolution, or the identity behind another node, by a concatenation of several.

    A convolution's filters are split; dense parts all read its input, parts of a grouped or depthwise one
    read their groups' channels. Of an identity the channels are split (Cai et al. 2018, Section 3.2). Uneven
    channels: the first branches get one more, as in the authors' code.

    Attributes:
        node: The convolution, which goes, or any other node with an image, whose readers read the
            concatenation of its parts.
        copies: N, the branches, at least 2.
        name: Of the new nodes: ``name.branch1``, ..., ``name.take1``, ... where channels are split, and
            ``name.concat``.
    """

    node: str
    copies: _Branches
    name: str

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """Any node with an image of at least 2 channels but the input, as 2 branches."""
        name = new_name(architecture, "paths", rng)
        nodes = [node for node in in_order(architecture) if architecture.inputs(node)]
        places = (cls(node, CONCATENATED, name) for node in nodes)
        return drawn(places, architecture, rng, "image to split")

    def check(self, architecture: Architecture) -> None:
        layer = layer_of(architecture, self.node)
        if isinstance(layer, Conv2d):
            check_alone(architecture, self.node)
        shape = architecture.shape(self.node)
        if len(shape) != 3 or shape[0] < self.copies:
            raise refusal(self.node, f"expected an image of at least {self.copies} channels, got {shape}")
        if isinstance(layer, Conv2d) and layer.groups > 1 and layer.groups < self.copies:
            raise refusal(self.node, f"its {layer.groups} groups do not suffice for {self.copies} branches")
        numbers = range(1, self.copies + 1)
        parts = [f"{part}{number}" for part in ("branch", "take") for number in numbers]
        check_free(architecture, self.name, (*parts, "concat"))

    def rewrite(self, architecture: Architecture) -> Architecture:
        self.check(architecture)
        child, layer = architecture.copy(), architecture.layer(self.node)
        new: list[New] = []
        branches: list[str] = []
        start = 0
        for number, layer_part, reads in self._parts(architecture):
            take, branch = f"{self.name}.take{number}", f"{self.name}.branch{number}"
            source = architecture.inputs(self.node)[0] if isinstance(layer, Conv2d) else self.node
            if reads:
                new.append((take, TakeChannels(channels=reads, start=start), (source,)))
                source, start = take, start + reads
            if layer_part is not None:
                new.append((branch, layer_part, (source,)))
            branches.append(branch if layer_part is not None else take)
        new.append((f"{self.name}.concat", Concat(), tuple(branches)))
        (replace_node if isinstance(layer, Conv2d) else insert_behind)(child, self.node, new)
        return child

    def _parts(self, architecture: Architecture) -> list[tuple[int, Layer | None, int]]:
        """For each branch its number, its convolution if any, and how many channels it takes (0: all)."""
        layer = architecture.layer(self.node)
        channels = architecture.shape(self.node)[0]
        if not isinstance(layer, Conv2d):
            return [(number, None, n) for number, n in enumerate(_split(channels, self.copies), 1)]
        if layer.depthwise:
            return [(number, layer, n) for number, n in enumerate(_split(channels, self.copies), 1)]
        if layer.groups == 1:
            return [
                (number, replace(layer, out_channels=n), 0)
                for number, n in enumerate(_split(channels, self.copies), 1)
            ]
        filters = channels // layer.groups
        reads = architecture.input_shapes(self.node)[0][0] // layer.groups
        return [
            (number, replace(layer, out_channels=n * filters, groups=n), n * reads)
            for number, n in enumerate(_split(layer.groups, self.copies), 1)
        ]

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        child = self.rewrite(architecture)
        layer = architecture.layer(self.node)
        found = kept(child, weights)
        if isinstance(layer, Conv2d):
            names = [f"{self.name}.branch{number}" for number, _, _ in self._parts(architecture)]
            widths = [child.shape(name)[0] for name in names]
            for key in layer.parameters(architecture.input_shapes(self.node)):
                start = 0
                for name, width in zip(names, widths, strict=True):
                    part = weights[f"{self.node}.{key}"][start : start + width]
                    found[f"{name}.{key}"] = part.clone()
                    start += width
        return found

    def describe(self) -> str:
        return f"{self.node} as a concatenation of {self.copies} branches"


def _split(whole: int, parts: int) -> Sequence[int]:
    """Sizes of nearly equal parts, the larger ones first."""
    return [whole // parts + (number < whole % parts) for number in range(parts)]
