"""Operations without tensors that add, join, move and rectify."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .kernels import elementwise
from .operation import Operation, pixels
from .recording import At, Recorder


@dataclass(frozen=True)
class Sum(Operation):
    """The sum of its inputs.

    Attributes:
        alone: For each input, whether nothing else reads it: then its gradient is that of the sum.
    """

    alone: tuple[bool, ...] = ()

    def forward(self, to: Recorder) -> None:
        made, count = self.made(to), to.images * math.prod(self.shape)
        # Those that are normalised as they are read come first: the sum so far is not.
        names = sorted(self.inputs, key=lambda name: to.pending(name) is None)
        first, *rest = names
        a, norm = to.value(first), to.pending(first)
        for name in rest:
            b, other = to.value(name), to.pending(name)
            if norm is None and other is None:
                to.call(elementwise.plus, a=a, b=b, y=made, count=count)
            elif norm is None:
                to.call(elementwise.plus_normalised, a=b, b=a, y=made, **self._how(to, other, None))
            else:
                to.call(elementwise.plus_normalised, a=a, b=b, y=made, **self._how(to, norm, other))
            a, norm = made, None

    def _how(self, to: Recorder, norm: Any, other: Any) -> dict[str, Any]:
        """How two summands are normalised."""
        how: dict[str, Any] = {"pixels": to.images * pixels(self.shape), "c": self.shape[0]}
        for name, one in (("a", norm), ("b", other)):
            if one is not None:
                how |= {
                    f"{name}_normal": 1,
                    f"{name}_terms": one.terms,
                    f"{name}_relu": int(one.norm.rectified),
                }
        return how

    def backward(self, to: Recorder) -> None:
        gradient, count = to.gradient(self.output), to.images * math.prod(self.shape)
        for name, alone in zip(self.inputs, self.alone, strict=True):
            if not to.needed(name):
                continue
            if alone:
                to.hand_on(name, gradient)
                continue
            target, add = to.towards(name)
            to.call(elementwise.copy, x=gradient, y=target, rows=1, width=count, add=add)


@dataclass(frozen=True)
class Join(Operation):
    """The channels of its inputs, one after the other."""

    def forward(self, to: Recorder) -> None:
        made, rows, at = self.made(to), to.images * pixels(self.shape), 0
        for name, (width, *_) in zip(self.inputs, self.shapes, strict=True):
            steps = {"source": width, "target": self.shape[0]}
            to.call(elementwise.copy, x=to.value(name), y=At(made, at), rows=rows, width=width, **steps)
            at += width

    def backward(self, to: Recorder) -> None:
        gradient, rows, at = to.gradient(self.output), to.images * pixels(self.shape), 0
        for name, (width, *_) in zip(self.inputs, self.shapes, strict=True):
            if to.needed(name):
                target, add = to.towards(name)
                steps = {"source": self.shape[0], "target": width, "add": add}
                to.call(elementwise.copy, x=At(gradient, at), y=target, rows=rows, width=width, **steps)
            at += width


@dataclass(frozen=True)
class Move(Operation):
    """Pixels from elsewhere in the image; zeros from beyond it.

    Attributes:
        down: Rows that are looked down.
        right: Columns that are looked to the right.
    """

    down: int = 0
    right: int = 0

    def forward(self, to: Recorder) -> None:
        (c, h, w), (_, ho, wo) = self.shapes[0], self.shape
        sizes = {"n": to.images, "h": h, "w": w, "c": c, "ho": ho, "wo": wo}
        x, made = to.value(self.inputs[0]), self.made(to)
        to.call(elementwise.move, x=x, y=made, **sizes, down=self.down, right=self.right)

    def backward(self, to: Recorder) -> None:
        if not to.needed(self.inputs[0]):
            return
        (c, h, w), (_, ho, wo) = self.shapes[0], self.shape
        target, add = to.towards(self.inputs[0])
        sizes = {"n": to.images, "h": ho, "w": wo, "c": c, "ho": h, "wo": w, "add": add}
        gradient = to.gradient(self.output)
        to.call(elementwise.move, x=gradient, y=target, **sizes, down=-self.down, right=-self.right)


@dataclass(frozen=True)
class Rectified(Operation):
    """max(x, 0)."""

    def forward(self, to: Recorder) -> None:
        count = to.images * math.prod(self.shape)
        to.call(elementwise.rectify, x=to.value(self.inputs[0]), y=self.made(to), count=count)

    def backward(self, to: Recorder) -> None:
        if not to.needed(self.inputs[0]):
            return
        count, gradient = to.images * math.prod(self.shape), to.gradient(self.output)
        target, add = to.towards(self.inputs[0])
        y = to.value(self.output)
        to.call(elementwise.rectify_gradient, y=y, g=gradient, gx=target, count=count, add=add)


@dataclass(frozen=True)
class Flat(Operation):
    """An image as a vector, channel by channel."""

    def forward(self, to: Recorder) -> None:
        each = {"n": to.images, "pixels": pixels(self.shapes[0]), "c": self.shapes[0][0]}
        to.call(elementwise.turn, x=to.value(self.inputs[0]), y=self.made(to), **each)

    def backward(self, to: Recorder) -> None:
        if not to.needed(self.inputs[0]):
            return
        gradient = to.gradient(self.output)
        target, add = to.towards(self.inputs[0])
        each = {"n": to.images, "pixels": self.shapes[0][0], "c": pixels(self.shapes[0]), "add": add}
        to.call(elementwise.turn, x=gradient, y=target, **each)
