"""The settings of the Genetic CNN space (Xie and Yuille 2017, Section 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...errors import UserError
from ...evolution import Space
from ...task import Task
from .stage import length

MOST_NODES = 100
"""Of a stage, and stages of a network: a string has a bit for each pair of nodes."""


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

    nodes: tuple[int, ...] = (3, 4, 5)
    filters: int | tuple[int, ...] = 8
    kernel: int = 5
    pool: int = 3
    hidden: int = 128
    dropout: float = 0.5
    density: float = 0.5
    q_m: float = 0.05
    q_c: float = 0.2

    def __post_init__(self) -> None:
        if not isinstance(self.nodes, tuple) or not self.nodes or not all(_whole(n, 2) for n in self.nodes):
            raise UserError(
                f"genet nodes: expected whole numbers of at least 2, one a stage, got {self.nodes!r}"
            )
        if max(self.nodes) > MOST_NODES or len(self.nodes) > MOST_NODES:
            raise UserError(
                f"genet nodes: expected at most {MOST_NODES} stages of at most {MOST_NODES} nodes, "
                f"got {len(self.nodes)} of up to {max(self.nodes)}"
            )
        if isinstance(self.filters, int) and _whole(self.filters, 1):
            doubled = tuple(self.filters * 2**stage for stage in range(len(self.nodes)))
            object.__setattr__(self, "filters", doubled)
        if not isinstance(self.filters, tuple) or not all(_whole(number, 1) for number in self.filters):
            raise UserError(f"genet filters: expected whole numbers of at least 1, got {self.filters!r}")
        if len(self.filters) != len(self.nodes):
            raise UserError(
                f"genet filters: expected one number or one for each of {len(self.nodes)} stages, "
                f"got {len(self.filters)}"
            )
        for name, least in (("kernel", 1), ("pool", 2), ("hidden", 1)):
            if not _whole(getattr(self, name), least):
                raise UserError(
                    f"genet {name}: expected a whole number of at least {least}, got {getattr(self, name)!r}"
                )
        if self.kernel % 2 == 0:
            raise UserError(f"genet kernel: expected an odd number, got {self.kernel}")
        for name in ("density", "q_m", "q_c"):
            if not _probability(getattr(self, name)):
                raise UserError(
                    f"genet {name}: expected a probability from 0 to 1, got {getattr(self, name)!r}"
                )
        if not _probability(self.dropout) or self.dropout == 1:
            raise UserError(f"genet dropout: expected at least 0 and below 1, got {self.dropout!r}")

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


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _probability(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
