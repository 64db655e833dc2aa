"""What became of a parent's nodes in its child: which new ones can stand where something else was.

Only the outcome of a mutation is known, the two architectures, and that names are stable under it. So the
difference is found from the readers that both have: where the child's reads something else than the parent's,
the way back is followed until both agree, through new nodes that can be made the identity, that can take a
vanished node's weights, or that can add nothing to a sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..architecture import KEEP_SIGN, Architecture, leaves_alone
from ..architecture.layers import (
    ELU,
    GELU,
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Dropout2d,
    DropPath,
    Hardswish,
    Layer,
    LeakyReLU,
    Linear,
    Mish,
    PadChannels,
    Scale,
    SiLU,
    TakeChannels,
    Tanh,
    pair,
)

Step = tuple[Literal["partner", "identity", "silent"], str, str]
"""What is done to a child's node, and of a partner the parent's node."""

PASSING = (Dropout, Dropout2d, DropPath, PadChannels, TakeChannels)
"""Kinds that hand on what they read in evaluation mode, or part of it."""

WEIGHING = (BatchNorm2d, Conv2d, Linear, Scale)
"""Kinds with a factor that can be zero."""

LONGEST = 200
"""How many nodes a way back may have before it is given up."""


@dataclass
class Correspondence:
    """What the child's nodes are to the parent.

    Attributes:
        partners: For each of the child's nodes that takes over weights, the parent's node: that of the same
            name and kind, or one that has vanished and whose place it takes.
        identities: New nodes that can hand on what they read, so that the function stays.
        silent: New nodes whose factor can start at zero, so that a sum stays.
    """

    partners: dict[str, str] = field(default_factory=dict)
    identities: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)

    def note(self, steps: Sequence[Step]) -> None:
        """Adds what was found."""
        for what, node, other in steps:
            if what == "partner":
                self.partners[node] = other
            else:
                (self.identities if what == "identity" else self.silent).add(node)


def correspond(child: Architecture, parent: Architecture) -> Correspondence:
    """Finds what the child's nodes are to its parent.

    Args:
        child: Has the parent's node names wherever a mutation left a node alone.
        parent: Stays as it is, as the child does.
    """
    search = _Search(child, parent)
    for node in [node for node in child if node in search.kept]:
        search.settle(child.inputs(node), parent.inputs(node), summed=isinstance(child.layer(node), Add))
    return search.found


class _Search:
    """Follows the ways back from the readers that both architectures have."""

    def __init__(self, child: Architecture, parent: Architecture) -> None:
        self.child, self.parent = child, parent
        self.kept = {
            node for node in child if node in parent and child.layer(node).kind == parent.layer(node).kind
        }
        self.found = Correspondence({node: node for node in child if node in self.kept})
        self._known: dict[tuple[str, str], list[Step] | None] = {}

    def settle(self, mine: Sequence[str], theirs: Sequence[str], *, summed: bool) -> None:
        """Notes how what a reader reads can be what it read; in a sum, what is new falls silent."""
        left, gone = list(mine), []
        for source in theirs:
            same = [node for node in left if self.found.partners.get(node) == source]
            if same:
                left.remove(same[0])
            else:
                gone.append(source)
        unexplained = len(gone)
        for source in gone:
            for node in left:
                steps = self.explain(node, source)
                if steps is not None and _agree(steps):
                    self._note([] if self._renames(steps) else steps)
                    left.remove(node)
                    unexplained -= 1
                    break
        if summed and not unexplained:
            for node in left:
                self._note(self.silenced(node) or [])

    def _note(self, steps: Sequence[Step]) -> None:
        if steps:
            self.found.note(steps)
            self._known.clear()  # what was found may hold no longer

    def _renames(self, steps: Sequence[Step]) -> bool:
        """Whether nothing differs but names: then they say that weights are to start anew."""
        return all(
            what == "partner" and self.child.layer(node) == self.parent.layer(other)
            for what, node, other in steps
        )

    # -- being what was there -------------------------------------------------------------------

    def explain(self, mine: str, theirs: str, depth: int = 0) -> list[Step] | None:
        """How a node of the child's can compute what one of the parent's does; None if it cannot."""
        if self.found.partners.get(mine) == theirs:
            return []
        if depth > LONGEST:
            return None
        if (mine, theirs) not in self._known:
            attempts = (self._in_its_place, self._inserted, self._behind)
            found = (attempt(mine, theirs, depth + 1) for attempt in attempts)
            self._known[mine, theirs] = next((_once(steps) for steps in found if steps is not None), None)
        return self._known[mine, theirs]

    def _in_its_place(self, mine: str, theirs: str, depth: int) -> list[Step] | None:
        """A new node takes the weights of one that has vanished."""
        if mine in self.found.partners or mine in self.found.identities or theirs in self.kept:
            return None
        if not _holds(self.child.layer(mine), self.parent.layer(theirs)):
            return None
        steps: list[Step] = [("partner", mine, theirs)]
        left, before = list(self.child.inputs(mine)), self.parent.inputs(theirs)
        for source in before:
            for node in left:
                found = self.explain(node, source, depth)
                if found is not None:
                    steps += found
                    left.remove(node)
                    break
            else:
                return None
        return None if left else steps

    def _inserted(self, mine: str, theirs: str, depth: int) -> list[Step] | None:
        """A new node hands on what it reads, or joins it with what adds nothing."""
        if mine in self.found.partners:
            return None
        layer, inputs = self.child.layer(mine), self.child.inputs(mine)
        if isinstance(layer, Add | Concat) and len(inputs) > 1:
            return self._joined(layer, inputs, theirs, depth)
        if len(inputs) != 1 or not self._can_be_identity(mine, layer, theirs):
            return None
        steps = self.explain(inputs[0], theirs, depth)
        return None if steps is None else [*steps, ("identity", mine, "")]

    def _joined(self, layer: Layer, inputs: tuple[str, ...], theirs: str, depth: int) -> list[Step] | None:
        """One part is what was there; of a sum, the others add nothing."""
        for place, one in enumerate(inputs):
            steps = self.explain(one, theirs, depth)
            if steps is None:
                continue
            if isinstance(layer, Concat):
                return steps  # nobody listens to the other parts yet
            silent = [self.silenced(other) for other in inputs[:place] + inputs[place + 1 :]]
            if all(found is not None for found in silent):
                return [*steps, *(step for found in silent if found for step in found)]
        return None

    def _behind(self, mine: str, theirs: str, depth: int) -> list[Step] | None:
        """The parent's node has vanished and did nothing but hand on."""
        if theirs in self.kept:
            return None
        layer, inputs = self.parent.layer(theirs), self.parent.inputs(theirs)
        if len(inputs) != 1 or not isinstance(layer, (*PASSING, Add, Concat)):
            return None
        return self.explain(mine, inputs[0], depth)

    def _can_be_identity(self, mine: str, layer: Layer, theirs: str) -> bool:
        if isinstance(layer, (BatchNorm2d, Scale, Add, Concat, *PASSING)):
            return True
        before, after = self.child.input_shapes(mine)[0], self.child.shape(mine)
        if isinstance(layer, Linear):
            return after[0] >= before[0]
        if isinstance(layer, Conv2d):
            if (
                layer.stride != (1, 1)
                or before[1:] != after[1:]
                or any(k % 2 == 0 for k in pair(layer.kernel))
            ):
                return False
            return after[0] == before[0] or (layer.groups == 1 and after[0] > before[0])
        return leaves_alone(layer, self.parent, theirs)

    # -- adding nothing -------------------------------------------------------------------------

    def silenced(self, mine: str, depth: int = 0) -> list[Step] | None:
        """How a new branch, of which this is the last node, can add zero and still learn; None if it cannot.

        Only one factor on the way is zero, and everything behind it lets gradients through: a ReLU would not,
        since it is flat at zero and below.
        """
        found = self.found
        if mine in found.partners or mine in found.identities or mine in found.silent:
            return None
        if depth > LONGEST or len(self.child.readers(mine)) != 1:
            return None  # others would read zeros, perhaps behind a zero of their own
        layer = self.child.layer(mine)
        if isinstance(layer, WEIGHING):
            return [("silent", mine, "")]
        if not _passes_nothing_on(layer):
            return None
        steps = [self.silenced(source, depth + 1) for source in self.child.inputs(mine)]
        if any(found is None for found in steps):
            return None
        return [step for found in steps if found for step in found]


def _once(steps: Sequence[Step]) -> list[Step]:
    return list(dict.fromkeys(steps))


def _agree(steps: Sequence[Step]) -> bool:
    """Whether no node is to be two things."""
    return len({node for _, node, _ in steps}) == len(_once(steps))


def _passes_nothing_on(layer: Layer) -> bool:
    """Whether zeros stay zeros and gradients pass."""
    if isinstance(layer, LeakyReLU):
        return layer.slope > 0
    return isinstance(layer, (*KEEP_SIGN, SiLU, GELU, ELU, Mish, Tanh, Hardswish))


def _holds(layer: Layer, other: Layer) -> bool:
    """Whether a layer can compute all that another one does, given inputs that hold the other's."""
    if layer == other and layer.arity != 0:
        return not isinstance(layer, Conv2d) or layer.groups == 1
    if isinstance(layer, PadChannels | TakeChannels) or type(layer) is not type(other):
        return type(layer) is type(other)
    if isinstance(layer, BatchNorm2d) and isinstance(other, BatchNorm2d):
        return layer.epsilon == other.epsilon
    if isinstance(layer, Linear) and isinstance(other, Linear):
        return layer.out_features >= other.out_features and layer.bias >= other.bias
    if isinstance(layer, Conv2d) and isinstance(other, Conv2d):
        return _holds_filters(layer, other)
    return False


def _holds_filters(layer: Conv2d, other: Conv2d) -> bool:
    """Whether a convolution's filters have room for another's, in their centre."""
    if layer.depthwise != other.depthwise or layer.groups > 1 or other.groups > 1:
        return False
    if (layer.out_channels or 0) < (other.out_channels or 0) or layer.bias < other.bias:
        return False
    taps, before = pair(layer.kernel), pair(other.kernel)
    for axis in (0, 1):
        more = taps[axis] - before[axis]
        spacing = pair(layer.dilation)[axis]
        if more < 0 or more % 2 or layer.pads[axis] - other.pads[axis] != spacing * more // 2:
            return False
        if before[axis] > 1 and spacing != pair(other.dilation)[axis]:
            return False
    return layer.stride == other.stride
