"""Channel classes: which channels of an architecture can only be copied or dropped together.

Not nodes but channels are sorted: a pooling hands on those that it reads, an addition ties its inputs'
position by position, a convolution makes new ones (`Layer.tied` says it for each kind). Every change of width
is then a number of copies for each class, and what becomes of each layer and tensor follows from them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import NotApplicable
from .architecture import Architecture
from .layers import Channels, Numbers, Ties


class ChannelClasses:
    """The classes of all channels of an architecture.

    >>> from evonas.layers import Add, Conv2d, GlobalAvgPool, Input, Linear
    >>> net = Architecture()
    >>> image = net.add("image", Input((3, 8, 8)))
    >>> left, right = net.add("left", Conv2d(2), image), net.add("right", Conv2d(2), image)
    >>> net.add("head", Linear(10), net.add("pool", GlobalAvgPool(), net.add("sum", Add(), left, right)))
    'head'
    >>> classes = ChannelClasses(net)
    >>> (classes.of("left") == classes.of("right")).all(), classes.bonds("left"), classes.bonds("head")
    (np.True_, (), ('the logits',))

    Args:
        architecture: Whose channels they are; it must not change.
        fresh: Whether channels that enter are fresh ones and no copies: then those are frozen, too, over
            which a layer takes statistics.

    Attributes:
        architecture: Whose channels they are; it must not change.
        count: How many numbers classes may have; each class has one below it.
        frozen: For each class, whether it can be neither copied nor dropped.
        needed: Sets of classes of which one at least must stay.
    """

    def __init__(self, architecture: Architecture, fresh: bool = False) -> None:
        self.architecture = architecture
        ties = Ties()
        channels: dict[str, Channels] = {}
        for name in architecture:
            inputs = [channels[source] for source in architecture.inputs(name)]
            count = architecture.shape(name)[0]
            channels[name] = architecture.layer(name).tied(inputs, count, ties)
            ties.need(channels[name])
        ties.freeze(channels[architecture.output], "the logits")
        for name in architecture:
            if (owner := architecture.owner(name)) != name:
                sources = zip(architecture.inputs(owner), architecture.inputs(name), strict=True)
                for one, other in ((owner, name), *sources):
                    ties.tie(channels[one], channels[other], "weights shared by features of another order")
        self.count = ties.count
        roots = _components(ties.count, ties.pairs)
        self._classes = {name: roots[found.numbers] for name, found in channels.items()}
        self._blocks = {name: found.blocks for name, found in channels.items() if found.blocks is not None}
        self.frozen = np.zeros(ties.count, dtype=bool)
        bonds = [*ties.frozen, *(ties.mixed if fresh else ())]
        self._bonds: list[tuple[Numbers, str]] = [(roots[numbers], why) for numbers, why in bonds]
        for bound, _ in self._bonds:
            self.frozen[bound] = True
        self.needed: Sequence[Numbers] = [roots[numbers] for numbers in ties.needed]

    def of(self, node: str) -> Numbers:
        """The class of each of a node's output channels."""
        return self._classes[node]

    def blocks(self, node: str) -> Numbers | None:
        """Which neighbouring channels are copied as one, by equal entries; None where each stands alone."""
        return self._blocks.get(node)

    def bonds(self, node: str) -> tuple[str, ...]:
        """What a node's channels are tied to that cannot change, such as ``the logits``."""
        mine = self._classes[node]
        return tuple(dict.fromkeys(why for bound, why in self._bonds if np.isin(mine, bound).any()))

    def free(self, node: str) -> bool:
        """Whether some of a node's channels may be copied or dropped."""
        return not self.frozen[self._classes[node]].all()

    def changeable(self, node: str) -> tuple[Numbers, Numbers]:
        """The classes of a sized node's channels that are not frozen, and how often each occurs there.

        Raises:
            NotApplicable: The node has no width of its own, or nothing of it can change.
        """
        if node not in self.architecture:
            raise NotApplicable(f"node {node!r}: not in this architecture")
        layer = self.architecture.layer(node)
        if not layer.sized:
            raise NotApplicable(f"node {node!r} ({layer.kind}): has no width of its own to choose")
        classes, occurrences = np.unique(self._classes[node], return_counts=True)
        free = ~self.frozen[classes]
        if not free.any():
            bonds = " and to ".join(self.bonds(node))
            raise NotApplicable(f"node {node!r} ({layer.kind}): all its channels are tied to {bonds}")
        return classes[free], occurrences[free]

    def widened(self, node: str, width: int, rng: random.Random) -> Numbers:
        """How many copies each class gets so that a node reaches a width, by a random map.

        As in Net2Net (Chen et al. 2016, Section 2.1) each new channel copies a random one of the old. Where
        ties move several channels at a time, the width is rounded to one that can be reached.

        Raises:
            NotApplicable: It has no fewer channels already, or cannot be widened.
        """
        classes, occurrences = self.changeable(node)
        missing = width - len(self.of(node))
        if missing <= 0:
            raise NotApplicable(
                f"node {node!r}: expected a width above its {len(self.of(node))}, got {width}"
            )
        multiplicity = np.ones(self.count, dtype=np.int64)
        steps = dict(zip(classes.tolist(), occurrences.tolist(), strict=True))
        drawable, widest = list(steps), max(steps.values())
        while drawable:
            if widest > missing:
                drawable = [one for one in drawable if steps[one] <= missing]
                widest = max((steps[one] for one in drawable), default=0)
                continue
            one = drawable[rng.randrange(len(drawable))]
            multiplicity[one] += 1
            missing -= steps[one]
        smallest = min(steps, key=lambda one: (steps[one], one))
        if 2 * missing >= steps[smallest] or multiplicity.max() == 1:
            multiplicity[smallest] += 1
        return multiplicity


class Copies:
    """What becomes of every node's channels where classes are copied or dropped.

    Copies stand beside their originals; those of a flattened channel stand together.

    Args:
        classes: Of the parent.
        multiplicity: How many channels there are of each class for one before: 1 leaves it, 0 drops it.
    """

    def __init__(self, classes: ChannelClasses, multiplicity: Numbers) -> None:
        self.parent = classes.architecture
        self._classes = classes
        self._copies = {name: multiplicity[classes.of(name)] for name in self.parent}
        self._changed = {name for name, copies in self._copies.items() if (copies != 1).any()}
        self._sources: dict[str, Numbers] = {}

    def of(self, node: str) -> Numbers:
        """How many copies there are of each of the parent's channels."""
        return self._copies[node]

    def changed(self, node: str) -> bool:
        """Whether a node's channels change."""
        return node in self._changed

    def affected(self) -> list[str]:
        """The nodes whose own channels change or those of what they read."""
        changed, parent = self._changed, self.parent
        return [name for name in parent if name in changed or not changed.isdisjoint(parent.inputs(name))]

    def sources(self, node: str) -> Numbers:
        """For each of the child's channels, the parent's channel that it copies."""
        if node not in self._sources:
            self._sources[node] = _sources(self._copies[node], self._classes.blocks(node))
        return self._sources[node]

    def architecture(self) -> Architecture:
        """The child's architecture."""
        child = self.parent.copy()
        for name in self.affected():
            layer = self.parent.layer(name)
            inputs = [self._copies[source] for source in self.parent.inputs(name)]
            resized = layer.resized(inputs, self._copies[name])
            if resized != layer:
                child.replace(name, resized)
        child.shapes()
        return child


def _sources(copies: Numbers, blocks: Numbers | None) -> Numbers:
    """Positions, each as often as it is copied; those of one block are copied as one.

    >>> _sources(np.array([2, 0, 1]), None).tolist()
    [0, 0, 2]
    >>> _sources(np.array([2, 2, 1, 1]), np.array([0, 0, 1, 1])).tolist()
    [0, 1, 0, 1, 2, 3]
    """
    positions = np.arange(len(copies), dtype=np.int64)
    if blocks is None:
        return np.repeat(positions, copies)
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    lengths = np.diff(starts, append=len(blocks))
    times = copies[starts]
    starts, lengths = np.repeat(starts, times), np.repeat(lengths, times)
    begins = np.cumsum(lengths) - lengths
    sources: Numbers = np.arange(lengths.sum(), dtype=np.int64) + np.repeat(starts - begins, lengths)
    return sources


def _components(count: int, pairs: Sequence[tuple[Numbers, Numbers]]) -> NDArray[np.int64]:
    """The smallest member of each number's class, where pairs belong together.

    A union-find on whole arrays: every root that a pair connects to a smaller one hangs on it, then paths are
    halved until they are flat, and so on until no pair connects two roots.
    """
    roots = np.arange(count, dtype=np.int64)
    if not pairs:
        return roots
    left = np.concatenate([one for one, _ in pairs])
    right = np.concatenate([other for _, other in pairs])
    while True:
        one, other = roots[left], roots[right]
        apart = one != other
        if not apart.any():
            return roots
        one, other = one[apart], other[apart]
        left, right = left[apart], right[apart]
        np.minimum.at(roots, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(flatter := roots[roots], roots):
            roots = flatter
