"""The settings of the Genetic CNN space (Xie and Yuille 2017, Section 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from msgspec import Meta

from ...errors import UserError
from ...evolution import Space
from ...files import AtLeastOne, BelowOne, Probability, check
from ...task import Task
from .stage import length

MOST_NODES = 100
"""Of a stage, and stages of a network: a string has a bit for each pair of nodes."""

_AtLeastTwo = Annotated[int, Meta(ge=2)]
_Nodes = Meta(min_length=1, description="whole numbers of at least 2, one a stage")
_Filters = Meta(description="whole numbers of at least 1")


@dataclass(frozen=True)
class GenetSpace(Space):
    """Settings of the space; the defaults are the paper's for CIFAR-10 (Section 4.2).

    Attributes:
        nodes: K, ordered nodes of each stage.
        filters: Of each stage; one number stands for the first stage and doubles from stage to stage.
        kernel: Side of the first convolution's filters in each stage, as in the base network; odd. All others
            are 3×3.
        pool: Side of the max pooling after each stage; its stride is 2.
        hidden: Units of the fully connected layer.
        dropout: Probability of the dropout after it, in [0, 1).
        density: Probability that a bit of a random genome is set; 0 starts a search from the base network.
        q_m: q_M, with which mutation flips each bit.
        q_c: q_C, with which crossover swaps each stage.
    """

    nodes: Annotated[tuple[_AtLeastTwo, ...], _Nodes] = (3, 4, 5)
    filters: Annotated[AtLeastOne | tuple[AtLeastOne, ...], _Filters] = 8
    kernel: AtLeastOne = 5
    pool: _AtLeastTwo = 3
    hidden: AtLeastOne = 128
    dropout: BelowOne = 0.5
    density: Probability = 0.5
    q_m: Probability = 0.05
    q_c: Probability = 0.2

    def __post_init__(self) -> None:
        check(self, "genet ")
        if max(self.nodes) > MOST_NODES or len(self.nodes) > MOST_NODES:
            raise UserError(
                f"genet nodes: expected at most {MOST_NODES} stages of at most {MOST_NODES} nodes, "
                f"got {len(self.nodes)} of up to {max(self.nodes)}"
            )
        if isinstance(self.filters, int):
            doubled = tuple(self.filters * 2**stage for stage in range(len(self.nodes)))
            object.__setattr__(self, "filters", doubled)
        if len(self.widths) != len(self.nodes):
            raise UserError(
                f"genet filters: expected one number or one for each of {len(self.nodes)} stages, "
                f"got {len(self.widths)}"
            )
        if self.kernel % 2 == 0:
            raise UserError(f"genet kernel: expected an odd number, got {self.kernel}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Filters of each stage."""
        return self.filters if isinstance(self.filters, tuple) else (self.filters,)

    @property
    def slices(self) -> list[slice]:
        """Where each stage's bits are."""
        found, start = [], 0
        for nodes in self.nodes:
            found.append(slice(start, start + length(nodes)))
            start += length(nodes)
        return found

    @property
    def length(self) -> int:
        """L, the bits of a genome: half the sum of K (K - 1)."""
        return sum(length(nodes) for nodes in self.nodes)

    def of_nodes(self, nodes: tuple[int, ...]) -> GenetSpace:
        """With stages of other nodes, and as many filters in the first one."""
        filters = self.filters if len(nodes) == len(self.nodes) else self.widths[0]
        return replace(self, nodes=nodes, filters=filters)

    def check(self, task: Task) -> None:
        pools = len(self.nodes)
        smallest = 2**pools
        if min(task.height, task.width) < smallest:
            raise UserError(
                f"images: the {pools} poolings of this genome need at least {smallest}×{smallest} pixels, "
                f"got {task.height}×{task.width}"
            )
