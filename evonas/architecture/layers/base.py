"""What every kind of layer says of itself: shapes, parameters, cost, channels and how it is built."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...errors import UserError, nearest
from .ties import Axes, Channels, Numbers, Ties, joined, spread

if TYPE_CHECKING:
    import torch
    from torch import fx, nn

Shape = tuple[int, ...]
"""The shape of one example, without the batch: ``(channels, height, width)`` or ``(features,)``."""

Flow = Literal["fresh", "through", "summed", "joined", "spread"]
"""How channels leave a layer: new ones; those that came in; sums of them, one by one; those of all inputs,
one after the other; each as one feature a pixel."""

Keeps = Literal["input", "output", "both", "neither", "view"]
"""What a training keeps of a layer until its gradients have been computed; a view is its input itself."""


class ShapeError(UserError):
    """A layer cannot read what its inputs give it."""


@dataclasses.dataclass(frozen=True)
class Layer:
    """One node of an architecture: free choices only, never what its inputs already say.

    Subclass it as a frozen dataclass to add a kind; the class's name is the kind in JSON. Input
    channels, ``groups`` of a depthwise convolution and the like are inferred, so a rewrite touches
    few nodes.

    Attributes:
        arity: The number of inputs; None for one or more.
        commutative: Whether the order of the inputs leaves the output as it is.
        idempotent: Whether it leaves as it is what it has given out, such as a rectifier.
        steered: Whether it does something only where a trainer steers it; left out of networks otherwise.
        mixes: Whether what one channel gives depends on which others there are, by statistics over them.
        draws: Whether its module's constructor draws random numbers; these are kept from being drawn.
        keeps: What a training keeps of its inputs and its output, for estimates of memory.
    """

    arity: ClassVar[int | None] = 1
    commutative: ClassVar[bool] = False
    idempotent: ClassVar[bool] = False
    steered: ClassVar[bool] = False
    mixes: ClassVar[bool] = False
    draws: ClassVar[bool] = True
    keeps: ClassVar[Keeps] = "both"
    kinds: ClassVar[dict[str, type[Layer]]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if not cls.__name__.startswith("_"):  # what kinds share is no kind itself
            Layer.kinds[cls.__name__] = cls

    @property
    def kind(self) -> str:
        """The name of the kind, as in JSON."""
        return type(self).__name__

    @property
    def flow(self) -> Flow:
        """How channels leave the layer."""
        return "through"

    def input_axis(self, tensor: str) -> int | None:
        """The axis of one of its tensors along which entries belong to input channels, if there is one."""
        return None

    @property
    def sized(self) -> bool:
        """Whether the number of its output channels is one of its choices."""
        return False

    def axes(self, tensor: str) -> Axes:
        """Which axes of one of its tensors go by output and by input channels."""
        axis = self.input_axis(tensor)
        return Axes(input=axis) if self.flow == "fresh" else Axes(output=axis)

    def tied(self, inputs: Sequence[Channels], count: int, ties: Ties) -> Channels:
        """Its output channels, by those it reads: what `flow` says, unless the kind has more to say.

        Args:
            inputs: The channels of its inputs.
            count: How many channels it has.
            ties: Gives new numbers to new channels, and learns which channels must change together.
        """
        if self.flow == "fresh":
            made = ties.fresh(count)
            if not self.sized:
                for channels in (*inputs, made):
                    ties.freeze(channels, f"a {self.kind}, which does not say how its width follows")
            return made
        if self.flow == "joined":
            return joined(inputs)
        if self.flow == "spread":
            return spread(inputs[0], count // len(inputs[0]))
        if self.flow == "summed":
            for other in inputs[1:]:
                ties.tie(inputs[0], other)
        return inputs[0]

    def resized(self, inputs: Sequence[Numbers], copies: Numbers) -> Layer:
        """The layer after channels were copied or dropped around it.

        Args:
            inputs: For each input, how many copies of each of its channels there are.
            copies: How many copies of each of its output channels there are.
        """
        return self

    def shape(self, inputs: Sequence[Shape]) -> Shape:
        """The output's shape.

        Raises:
            ShapeError: The layer cannot read such inputs.
        """
        return inputs[0]

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Shape]:
        """Name and shape of each trained tensor."""
        return {}

    def buffers(self, inputs: Sequence[Shape]) -> dict[str, Shape]:
        """Name and shape of each tensor that travels with the weights but is not trained."""
        return {}

    def flops(self, inputs: Sequence[Shape]) -> int:
        """Floating-point operations for one example, two for each multiply-add.

        The convention is that of ``torch.utils.flop_counter``: convolutions and matrix products
        count, without their biases; everything else is free.
        """
        return 0

    def keeps_besides(self, inputs: Sequence[Shape]) -> tuple[int, int]:
        """What a training keeps for one example besides `keeps`: numbers, and integers of eight bytes."""
        return 0, 0

    def module(self, inputs: Sequence[Shape]) -> nn.Module:
        """The module that computes this layer, for one with parameters or a training mode."""
        raise TypeError(f"{self.kind} is computed by a function, not by a module")

    def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
        """Fills the module's tensors, which hold nothing yet, drawing from `generator` alone."""

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        """Writes the layer into an fx graph: by default a call of the module of that name."""
        return graph.call_module(name, tuple(values))

    def label(self) -> str:
        """A few words for drawings."""
        return self.kind

    def to_dict(self) -> dict[str, Any]:
        """The kind and every choice that differs from its default."""
        choices = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                choices[field.name] = list(value) if isinstance(value, tuple) else value
        return {"kind": self.kind, **choices}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Layer:
        """The reverse of `to_dict`.

        Raises:
            UserError: An unknown kind or choice, or a value that the kind refuses.
        """
        if not isinstance(data, dict) or not isinstance(data.get("kind"), str):
            raise UserError(f"layer: expected an object with a 'kind', got {data!r:.80}")
        kind = Layer.kinds.get(data["kind"])
        if kind is None:
            raise UserError(
                f"layer kind {data['kind']!r} is unknown; {nearest(data['kind'], sorted(Layer.kinds))}"
            )
        known = [field.name for field in dataclasses.fields(kind)]
        choices = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items() if key != "kind"}
        for key in choices:
            if key not in known:
                raise UserError(f"{kind.__name__} has no choice {key!r}; {nearest(key, known)}")
        try:
            return kind(**choices)
        except TypeError as error:
            raise UserError(f"{kind.__name__}: {error}") from None


def image(layer: Layer, shape: Shape) -> tuple[int, int, int]:
    """The shape, if it is that of an image.

    Raises:
        ShapeError: It is not.
    """
    if len(shape) != 3:
        raise ShapeError(f"{layer.kind} expected (channels, height, width), got {shape}")
    return (shape[0], shape[1], shape[2])


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Height and width from one number or two."""
    return (value, value) if isinstance(value, int) else value


def positive(layer: Layer, **choices: int | tuple[int, int] | None) -> None:
    """Checks that each choice is a whole number, or a pair of them, of at least 1.

    Raises:
        UserError: One is not.
    """
    _whole(layer, 1, choices)


def not_negative(layer: Layer, **choices: int | tuple[int, int] | None) -> None:
    """Checks that each choice is a whole number, or a pair of them, of at least 0.

    Raises:
        UserError: One is not.
    """
    _whole(layer, 0, choices)


def _whole(layer: Layer, least: int, choices: Mapping[str, int | tuple[int, int] | None]) -> None:
    for name, value in choices.items():
        numbers = value if isinstance(value, tuple) and len(value) == 2 else (value,)
        if not all(isinstance(number, int) and number >= least for number in numbers):
            raise UserError(f"{layer.kind} {name}: expected whole numbers of at least {least}, got {value!r}")
