"""Operations that pool: the maximum or mean of windows, and the mean of an image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from .kernels import pooling
from .operation import Operation, pixels
from .recording import Recorder

Pair = tuple[int, int]


@dataclass(frozen=True)
class Pooled(Operation):
    """Windows that slide over each channel.

    Attributes:
        largest: Whether their maximum is taken, else their mean.
        kernel: Height and width of a window.
        stride: Down and across.
        padding: Above and to the left.
    """

    largest: bool = True
    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)

    def _sizes(self, to: Recorder) -> dict[str, int]:
        (c, h, w), (_, ho, wo) = self.shapes[0], self.shape
        sizes = {"n": to.images, "h": h, "w": w, "c": c, "ho": ho, "wo": wo}
        for names, pair in (("sh sw", self.stride), ("top left", self.padding)):
            sizes |= dict(zip(names.split(), pair, strict=True))
        return sizes

    def forward(self, to: Recorder) -> None:
        kernel = pooling.largest if self.largest else pooling.mean
        to.call(partial(kernel, self.kernel), x=to.value(self.inputs[0]), y=self.made(to), **self._sizes(to))

    def backward(self, to: Recorder) -> None:
        if not to.needed(self.inputs[0]):
            return
        gradient = to.gradient(self.output)
        target, add = to.towards(self.inputs[0])
        if self.largest:
            seen = {"x": to.value(self.inputs[0]), "y": to.value(self.output)}
            kernel = partial(pooling.largest_gradient, self.kernel)
            to.call(kernel, **seen, g=gradient, gx=target, **self._sizes(to), add=add)
        else:
            to.call(
                partial(pooling.mean_gradient, self.kernel), g=gradient, gx=target, **self._sizes(to), add=add
            )


@dataclass(frozen=True)
class Averaged(Operation):
    """The mean of all pixels."""

    def forward(self, to: Recorder) -> None:
        sizes = {"n": to.images, "pixels": pixels(self.shapes[0]), "c": self.shape[0]}
        to.call(pooling.whole_mean, x=to.value(self.inputs[0]), y=self.made(to), **sizes)

    def backward(self, to: Recorder) -> None:
        if not to.needed(self.inputs[0]):
            return
        sizes = {"n": to.images, "pixels": pixels(self.shapes[0]), "c": self.shape[0]}
        gradient = to.gradient(self.output)
        target, add = to.towards(self.inputs[0])
        to.call(pooling.whole_mean_gradient, g=gradient, gx=target, **sizes, add=add)
