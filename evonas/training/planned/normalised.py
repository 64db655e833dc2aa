"""Batch normalisation as part of a plan: its numbers, and its calls behind whatever it normalises."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .kernels import elementwise, normalising
from .kernels.normalising import TERMS
from .operation import Operation, pixels, rounded
from .recording import Buffer, Recorder, Tensor


@dataclass(frozen=True)
class Norm:
    """A batch normalisation.

    Attributes:
        name: Of the node with its tensors.
        epsilon: Added to the variance.
        rectified: Whether a ReLU follows.
        deferred: Whether, in training, the one operation that reads its result computes it as it reads.
    """

    name: str
    epsilon: float
    rectified: bool = False
    deferred: bool = False

    def tensor(self, name: str, gradient: bool = False) -> Tensor:
        """One of its tensors."""
        return Tensor(f"{self.name}.{name}", gradient)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """All of them, as kernels call them."""
        names = {"gamma": "weight", "beta": "bias", "running_mean": "running_mean"}
        names["running_variance"] = "running_var"
        return {field: self.tensor(name) for field, name in names.items()}


NONE = Norm("", 1.0)


@dataclass(frozen=True)
class Momentum:
    """A normalisation's momentum, which a training may set."""

    name: str


class Normalising:
    """The calls of one normalisation, and what they keep for one another.

    Args:
        norm: Which.
        to: Where calls are noted.
        channels: Of what it normalises.
        each: Pixels of an image.
    """

    def __init__(self, norm: Norm, to: Recorder, channels: int, each: int) -> None:
        self.norm, self.channels, self.each = norm, channels, each
        self.summed = False  # whether who computed the gradient has gated it and taken the sums
        self.terms = to.buffer(TERMS * rounded(channels), "terms")
        if to.training:
            self.shift = to.buffer(rounded(channels), "shift")
            self.sums = to.doubles(2 * rounded(channels), "sums")
            self.rates = to.doubles(channels, "rates")

    def fix(self, to: Recorder) -> None:
        """Takes the terms from the running statistics."""
        numbers = {"c": self.channels, "epsilon": self.norm.epsilon}
        to.call(normalising.fixed, **self.norm.tensors, terms=self.terms, **numbers)

    def forward(self, to: Recorder, y: Buffer, z: Buffer | None) -> None:
        """From sums to what it gives; to the terms alone where nobody asks for that."""
        rows = to.images * self.each
        if to.training and rows < 2:  # of which there is no variance: PyTorch says so, too
            raise ValueError(f"{self.norm.name}: expected more than 1 value per channel when training")
        if to.training:
            kept = {"shift": self.shift, "sums": self.sums, "rates": self.rates, "terms": self.terms}
            numbers = {"epsilon": self.norm.epsilon, "momentum": Momentum(self.norm.name)}
            to.call(
                normalising.statistics, **self.norm.tensors, **kept, pixels=rows, c=self.channels, **numbers
            )
        if z is None:
            return
        sizes = {"pixels": rows, "c": self.channels, "relu": int(self.norm.rectified)}
        to.call(normalising.normalise, y=y, z=z, terms=self.terms, **sizes)

    @property
    def gate(self) -> int:
        """1 where the gradient of what it gives still has to be taken where that is above 0."""
        return int(self.norm.rectified and not self.summed)

    def backward(self, to: Recorder, y: Buffer, g: Buffer) -> None:
        """From the gradient of what it gives to its tensors' and to the terms of y's."""
        kept = {"terms": self.terms, "sums": self.sums}
        if not self.summed:
            sizes = {"n": to.images, "pixels": self.each, "c": self.channels, "gate": self.gate}
            to.call(normalising.gradient_sums, y=y, g=g, **kept, **sizes)
        tensors = {"gamma": self.norm.tensor("weight"), "g_gamma": self.norm.tensor("weight", True)}
        tensors |= {"g_beta": self.norm.tensor("bias", True)}
        numbers = {"pixels": to.images * self.each, "c": self.channels}
        to.call(normalising.gradient_terms, **kept, rates=self.rates, **tensors, **numbers)


@dataclass(frozen=True)
class Normalised(Operation):
    """A normalisation of what no convolution of ours has made.

    Attributes:
        norm: The normalisation.
    """

    norm: Norm = NONE

    def forward(self, to: Recorder) -> None:
        y, z = to.value(self.inputs[0]), self.made(to)
        calls = to.keep(self.output, Normalising(self.norm, to, self.shape[0], pixels(self.shape)))
        if to.training:
            sizes = {"n": to.images, "pixels": pixels(self.shape), "c": self.shape[0]}
            to.call(normalising.sums, y=y, shift=calls.shift, sums=calls.sums, **sizes)
        else:
            calls.fix(to)
        calls.forward(to, y, z)

    def backward(self, to: Recorder) -> None:
        y, g, calls = to.value(self.inputs[0]), to.gradient(self.output), to.kept(self.output)
        calls.backward(to, y, g)
        if not to.needed(self.inputs[0]):
            return
        rows, width = to.images * pixels(self.shape), to.images * math.prod(self.shape)
        target, add = to.towards(self.inputs[0])
        gy = to.buffer(width, "gradient aside") if add else target
        sizes = {"pixels": rows, "c": self.shape[0], "gate": calls.gate}
        to.call(normalising.gradient, g=g, y=y, terms=calls.terms, gy=gy, **sizes)
        if add:
            to.call(elementwise.copy, x=gy, y=target, rows=1, width=width, add=1)
