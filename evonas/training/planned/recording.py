"""Recording: the calls of a step in their order, by buffers that have no place yet.

A buffer lives from the first call that is given it to the last. Once all calls are known, `layout` finds each
a place in one arena, so that what does not live at the same time lies in the same place. Nothing here needs
tensors: the memory of a training is known before its network is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .kernels.kernel import Kernel

T = TypeVar("T")


@dataclass(eq=False)
class Buffer:
    """Room for numbers.

    Attributes:
        size: How many floats.
        name: What it holds, for whoever looks.
        first: The first call that it is given to.
        last: The last one.
        offset: Where it lies in the arena, in floats.
    """

    size: int
    name: str = ""
    first: int = -1
    last: int = -1
    offset: int = -1

    def used(self, time: int) -> None:
        """Notes a call."""
        self.first = time if self.first < 0 else self.first
        self.last = time


@dataclass(frozen=True)
class At:
    """A place within a buffer, so many floats from its beginning."""

    buffer: Buffer
    start: int


@dataclass(frozen=True)
class Tensor:
    """A tensor of the network, by ``node.tensor``; its gradient where `gradient` says so."""

    name: str
    gradient: bool = False


@dataclass(frozen=True)
class Stride:
    """How far apart a weight's numbers lie: from one tap to the next, or one channel to the next."""

    name: str
    of_taps: bool


@dataclass(frozen=True)
class Call:
    """One call of a kernel.

    Attributes:
        make: Gives the kernel, compiling it where it must.
        given: Its numbers by name: whole numbers, fractions, buffers and tensors.
    """

    make: Callable[[], Kernel]
    given: Mapping[str, Any]


@dataclass(frozen=True)
class Island:
    """A step that PyTorch computes.

    Attributes:
        run: Does it, given what finds the tensor of a buffer or a name.
        uses: The buffers that it reads or writes.
    """

    run: Callable[[Any], None]
    uses: tuple[Buffer, ...]


@dataclass
class Recorder:
    """Notes calls, and which buffer holds what.

    Attributes:
        images: In a batch.
        training: Whether gradients follow.
        turn: Of the call that is noted next.
        forward: Calls of the forward pass.
        backward: Calls of the backward pass.
        buffers: All of them.
    """

    images: int
    training: bool = True
    turn: int = 0
    forward: list[Call | Island] = field(default_factory=list)
    backward: list[Call | Island] = field(default_factory=list)
    buffers: list[Buffer] = field(default_factory=list)
    going_back: bool = False
    _values: dict[str, Buffer] = field(default_factory=dict)
    _gradients: dict[str, Buffer] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)
    _constant: set[str] = field(default_factory=set)
    _kept: dict[str, Any] = field(default_factory=dict)
    _pending: dict[str, tuple[Buffer, Any]] = field(default_factory=dict)

    def buffer(self, size: int, name: str = "") -> Buffer:
        """New room."""
        self.buffers.append(Buffer(size, name))
        return self.buffers[-1]

    def doubles(self, count: int, name: str = "") -> Buffer:
        """New room for numbers in double precision."""
        return self.buffer(2 * count, name)

    def call(self, make: Callable[[], Kernel], **given: Any) -> None:
        """Notes the call of a kernel."""
        uses = [value.buffer if isinstance(value, At) else value for value in given.values()]
        self._note(Call(make, given), [value for value in uses if isinstance(value, Buffer)])

    def island(self, run: Callable[[Any], None], *uses: Buffer) -> None:
        """Notes a step of PyTorch's."""
        self._note(Island(run, uses), uses)

    def _note(self, step: Call | Island, uses: Any) -> None:
        for buffer in uses:
            buffer.used(self.turn)
        (self.backward if self.going_back else self.forward).append(step)
        self.turn += 1

    # -- what nodes hand to one another ----------------------------------------------------------

    def make(self, node: str, size: int) -> Buffer:
        """Room for what a node gives, of so many floats an image."""
        self._sizes[node] = size
        self._values[node] = self.buffer(size * self.images, node)
        return self._values[node]

    def value(self, node: str) -> Buffer:
        """What a node gives."""
        return self._values[node]

    def pend(self, node: str, size: int, before: Buffer, norm: T) -> T:
        """Says that what a node gives is not computed: its one reader normalises what is before it."""
        self._sizes[node] = size
        self._values[node] = before
        self._pending[node] = before, norm
        return norm

    def pending(self, node: str) -> Any:
        """The normalisation of a value that its reader normalises; None where it is as it is read."""
        return self._pending[node][1] if node in self._pending else None

    def without_gradient(self, node: str) -> None:
        """Says that nobody learns from what a node gives."""
        self._constant.add(node)

    def needed(self, node: str) -> bool:
        """Whether its gradient is of use."""
        return node not in self._constant

    def gradient(self, node: str) -> Buffer:
        """The gradient of what a node gives, complete."""
        return self._gradients[node]

    def towards(self, node: str) -> tuple[Buffer, int]:
        """Where a share of a node's gradient goes, and whether it is added there to others."""
        if node in self._gradients:
            return self._gradients[node], 1
        self._gradients[node] = self.buffer(self._sizes[node] * self.images, f"gradient of {node}")
        return self._gradients[node], 0

    def hand_on(self, node: str, gradient: Buffer) -> None:
        """Lets a node that nobody else reads have another's gradient."""
        self._gradients[node] = gradient

    def keep(self, node: str, thing: T) -> T:
        """Keeps something of a node's forward pass for its backward pass."""
        self._kept[node] = thing
        return thing

    def kept(self, node: str) -> Any:
        """What was kept."""
        return self._kept[node]
