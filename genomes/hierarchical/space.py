"""The settings of the hierarchical space, and how large its cells can become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ...errors import UserError, nearest
from ...evolution import Space
from ...files import AtLeastOne, AtLeastZero, check
from ...task import Task
from .motif import DIGITS, NO_EDGE_NAME, pairs
from .operations import IDENTITY, PARTS, PRIMITIVES

LARGE_IMAGE = 96
"""Images of at least this many pixels a side start with the ImageNet stem."""

_MOST = len(DIGITS) - 1
_Motifs = Annotated[int, Meta(ge=1, le=_MOST, description=f"a whole number from 1 to {_MOST}")]
_Nodes = Annotated[int, Meta(ge=2, description="a whole number of at least 2")]
_LEVELS = Meta(min_length=1, description="one number for each level")


@dataclass(frozen=True)
class HierarchicalSpace(Space):
    """Settings of the hierarchical space; the flat baseline is ``motifs=(1,), nodes=(11,)``.

    The numbers of motifs and nodes bound every cell: see `longest`, `largest` and `widest`.

    Attributes:
        motifs: Motifs at each level from 2 up; 1 at the top. The paper's M without the primitives.
        nodes: Nodes of a motif at each level from 2 up. The paper's |G|.
        primitives: The operations of level 1; identity must be among them.
        cells: N, cells in each group.
        filters: c0, channels of the first group; doubled from one group to the next.
        groups: Groups of cells.
        mutations: Random mutations of the chain of identities that a random genome is.
        projection: Channels of the 1×1 convolution behind a level-2 motif (Section 4.2): ``cell``, as many
            as the cell reads, or ``motif``, as many as the motif itself reads. The paper's words, "the same
            number of channels as on the motif input", can mean both; only ``cell`` gives its networks the
            sizes that were published (see `published`).
        ending: What follows the last cell: a separable convolution that strides and doubles the channels as
            after every group (``stride``, the text of Section 4.1), one that does neither (``plain``,
            Figure 2), or the pooling at once (``none``, which the published sizes agree with best).
        stem: ``small`` (a 3×3 convolution), ``large`` (two strided convolutions and a group of one cell more,
            as for ImageNet), or ``auto``: large for images of 96 pixels or more.
        max_parameters: The most parameters that a network for small colour images and 10 classes may have:
            the paper's parameter-constrained variant (Section 4.2). None for no limit.
    """

    motifs: Annotated[tuple[_Motifs, ...], _LEVELS] = (6, 1)
    nodes: Annotated[tuple[_Nodes, ...], _LEVELS] = (4, 5)
    primitives: Annotated[tuple[str, ...], Meta(description="identity among them")] = PRIMITIVES
    cells: AtLeastOne = 1
    filters: AtLeastOne = 16
    groups: AtLeastOne = 3
    mutations: AtLeastZero = 1000
    projection: Literal["cell", "motif"] = "cell"
    ending: Literal["stride", "plain", "none"] = "stride"
    stem: Literal["auto", "small", "large"] = "auto"
    max_parameters: AtLeastOne | None = None

    separable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check(self, "hierarchical ")
        self._check_levels()
        self._check_primitives()

    def _check_levels(self) -> None:
        if len(self.motifs) != len(self.nodes):
            raise UserError(
                f"hierarchical nodes: expected one number for each of {len(self.motifs)} levels of motifs, "
                f"got {len(self.nodes)}"
            )
        if self.motifs[-1] != 1:
            raise UserError(f"hierarchical motifs: expected 1 at the top level, got {self.motifs[-1]}")

    def _check_primitives(self) -> None:
        if IDENTITY not in self.primitives:
            raise UserError(f"hierarchical primitives: expected identity among them, got {self.primitives!r}")
        for primitive in self.primitives:
            if primitive not in PRIMITIVES:
                known = nearest(str(primitive), list(PRIMITIVES))
                raise UserError(f"hierarchical primitives: {primitive!r} is unknown; {known}")
        if len(set(self.primitives)) != len(self.primitives):
            raise UserError(f"hierarchical primitives: expected each once, got {list(self.primitives)}")

    # -- the genotype's size ----------------------------------------------------------------------

    @property
    def operations(self) -> tuple[int, ...]:
        """How many operations the motifs of each level from 2 up draw from, "no edge" not counted."""
        return (len(self.primitives), *self.motifs[:-1])

    def names(self, level: int) -> list[str]:
        """What the operations of a level's motifs are called, "no edge" first."""
        if level == 2:
            return [NO_EDGE_NAME, *self.primitives]
        return [NO_EDGE_NAME, *(f"motif{number}" for number in range(1, self.motifs[level - 3] + 1))]

    @property
    def mutants(self) -> int:
        """How many (level, motif, successor, predecessor, operation) a mutation can be.

        >>> HierarchicalSpace().mutants, HierarchicalSpace(motifs=(1,), nodes=(11,)).mutants
        (322, 385)
        """
        return sum(
            motifs * pairs(nodes) * (operations + 1)
            for motifs, nodes, operations in zip(self.motifs, self.nodes, self.operations, strict=True)
        )

    # -- bounds of a decoded cell -----------------------------------------------------------------

    @property
    def longest(self) -> int:
        """The most convolutions and poolings that follow each other in a cell.

        >>> HierarchicalSpace().longest, HierarchicalSpace(motifs=(1,), nodes=(11,)).longest
        (28, 20)
        """
        longest = max(len(PARTS[primitive]) for primitive in self.primitives)
        for level, nodes in enumerate(self.nodes, 2):
            longest = (nodes - 1) * longest + self.projects(level)
        return longest

    @property
    def largest(self) -> int:
        """The most convolutions and poolings in a cell.

        >>> HierarchicalSpace().largest, HierarchicalSpace(motifs=(1,), nodes=(11,)).largest
        (130, 110)
        """
        largest = max(len(PARTS[primitive]) for primitive in self.primitives)
        for level, nodes in enumerate(self.nodes, 2):
            largest = pairs(nodes) * largest + self.projects(level)
        return largest

    @property
    def widest(self) -> int:
        """The most channels of a node of a cell, as a multiple of those that the cell reads.

        >>> HierarchicalSpace().widest, HierarchicalSpace(projection="motif").widest
        (12, 16)
        >>> HierarchicalSpace(motifs=(1,), nodes=(11,)).widest
        512
        """
        return self._widths(len(self.nodes) + 1, 1)[0]

    def _widths(self, level: int, width: int) -> tuple[int, int]:
        """The widest node within an operation of a level, and its output, where its input is so wide."""
        if level == 1:
            return width, width
        nodes = [width]
        widest = width
        for _ in range(self.nodes[level - 2] - 1):
            found = [self._widths(level - 1, node) for node in nodes]
            widest = max(widest, *(inside for inside, _ in found))
            nodes.append(sum(out for _, out in found))
        widest = max(widest, *nodes)
        if self.projects(level):
            return widest, width if self.projection == "motif" else 1
        return widest, nodes[-1]

    def projects(self, level: int) -> bool:
        """Whether the motifs of a level are followed by a 1×1 convolution: level 2, below a higher one."""
        return level == 2 and len(self.nodes) > 1

    # -- the network around the cells ---------------------------------------------------------------

    def images(self, task: Task) -> Literal["small", "large"]:
        """Which stem the task's images get."""
        if self.stem != "auto":
            return self.stem
        return "large" if min(task.height, task.width) >= LARGE_IMAGE else "small"

    def check(self, task: Task) -> None:
        strides = self.groups - (self.ending != "stride") + (3 if self.images(task) == "large" else 0)
        smallest = 2 ** min(strides, 64)  # no image is larger
        if min(task.height, task.width) < smallest:
            raise UserError(
                f"images: the {strides} strides of this genome need at least {smallest}×{smallest} pixels, "
                f"got {task.height}×{task.width}"
            )
