"""Convolutions as part of a plan: [BN] [ReLU] [depthwise] convolution [BN [ReLU]].

A linear map of vectors is the convolution of one image whose pixels are the vectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

from .kernels import convolution, convolution_gradient, elementwise
from .kernels.window import Window
from .normalised import Norm, Normalising
from .operation import Operation, pixels, rounded
from .recording import Buffer, Recorder, Stride, Tensor

TILE = 8192
"""Numbers that are read and made at a time where pixels have no neighbours: the first cache holds them."""

BAND = 3072
"""Numbers of rows that are worked on at a time behind a convolution by channel, likewise."""


def _tile(pixels: int, channels: int) -> int:
    """How many of a batch's pixels are worked on at a time: what divides them best."""
    most = max(16, min(256, TILE // channels))
    return next(size for size in range(min(most, pixels), 0, -1) if pixels % size == 0)


@dataclass(frozen=True)
class Convolved(Operation):
    """A convolution.

    Attributes:
        node: With the weights of all channels with all, and a bias; that of a convolution by channel where
            there is no other.
        depthwise: The node of a convolution by channel before it; empty for none.
        window: Of that one where there is one, else of the other.
        padding: Above and to the left.
        bias: Whether a bias is added.
        relu: Whether what it reads is rectified first.
        norm: What normalises its result; None for nothing.
    """

    node: str = ""
    depthwise: str = ""
    window: Window = Window()
    padding: tuple[int, int] = (0, 0)
    bias: bool = False
    relu: bool = False
    norm: Norm | None = None

    @property
    def _kind(self) -> convolution.Kind:
        if not self.depthwise:
            return "dense"
        return "depthwise" if self.depthwise == self.node else "separable"

    def _as_image(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        return shape if len(shape) == 3 else (shape[0], 1, 1)

    def _sizes(self, to: Recorder) -> dict[str, Any]:
        (ci, h, w), (co, ho, wo) = self._as_image(self.shapes[0]), self._as_image(self.shape)
        images = to.images
        if len(self.shape) == 1:  # vectors are pixels of one image
            images, w, wo = 1, images, images
        if not self.depthwise and self.window == Window():  # pixels have no neighbours
            count = images * h * w
            w = wo = _tile(count, ci + co)
            images, h, ho = count // w, 1, 1
        weight = f"{self.node}.weight"
        band = max(1, BAND // (max(w, wo) * rounded(max(ci, co)))) if self.depthwise else 1
        sizes: dict[str, Any] = {
            "band": band,
            "n": images,
            "h": h,
            "w": w,
            "ci": ci,
            "co": co,
            "ho": ho,
            "wo": wo,
        }
        relu, pending = self.relu, to.pending(self.inputs[0])
        if pending is not None:
            relu = relu or pending.norm.rectified
            sizes |= {"before": pending.terms, "normal": 1}
        sizes |= {"top": self.padding[0], "left": self.padding[1], "relu": int(relu)}
        return {**sizes, "step": Stride(weight, True), "channel": Stride(weight, False)}

    def _room(self, to: Recorder, sizes: dict[str, Any]) -> dict[str, Buffer]:
        """Where weights are laid out, and an image while it is worked on."""
        taps = math.prod(self.window.kernel)
        pixel = rounded(sizes["ci"]) if self.depthwise else sizes["ci"]
        high, wide = sizes["h"] + 2 * self.padding[0], sizes["w"] + 2 * self.padding[1]
        room = {"r": to.buffer(high * wide * pixel)}
        room["packed"] = to.buffer(sizes["ci"] * (1 if self.depthwise else taps) * rounded(sizes["co"]))
        if self.depthwise:
            room["d"] = to.buffer(sizes["band"] * sizes["wo"] * pixel)
            room["packed_taps"] = to.buffer(taps * pixel)
        return room

    def _weights(self) -> dict[str, Any]:
        weights: dict[str, Any] = {}
        if self._kind != "depthwise":
            weights["weights"] = Tensor(f"{self.node}.weight")
        if self.depthwise:
            weights["taps"] = Tensor(f"{self.depthwise}.weight")
        return weights

    def forward(self, to: Recorder) -> None:
        sizes = self._sizes(to)
        given: dict[str, Any] = {"x": to.value(self.inputs[0]), **self._weights(), **self._room(to, sizes)}
        given["packed_bias"] = to.buffer(rounded(sizes["co"]))
        if self.bias:
            given["bias"] = Tensor(f"{self.node}.bias")
        kernel = partial(convolution.forward, self.window, self._kind)
        if self.norm is None:
            to.call(kernel, **given, y=self.made(to), **sizes)
            return
        count = math.prod(self.shape)
        calls = to.keep(self.output, Normalising(self.norm, to, sizes["co"], pixels(self.shape)))
        if not to.training:
            calls.fix(to)
            rectify = int(self.norm.rectified)
            to.call(kernel, **given, y=self.made(to), terms=calls.terms, **sizes, rectify=rectify)
            return
        y = to.keep(f"{self.output} y", to.buffer(count * to.images, f"{self.output} before"))
        to.call(kernel, **given, y=y, shift=calls.shift, sums=calls.sums, **sizes)
        calls.forward(to, y, None if self.norm.deferred else self.made(to))
        if self.norm.deferred:
            to.pend(self.output, count, y, calls)

    def backward(self, to: Recorder) -> None:
        sizes, g = self._sizes(to), to.gradient(self.output)
        given: dict[str, Any] = {"x": to.value(self.inputs[0]), **self._weights(), **self._room(to, sizes)}
        given |= self._turned(to, sizes)
        given["g"] = g
        if self._kind != "depthwise":
            given["g_weights"] = Tensor(f"{self.node}.weight", True)
        if self.depthwise:
            given["g_taps"] = Tensor(f"{self.depthwise}.weight", True)
        if self.bias:
            self._bias(to, sizes, g)
        if self.norm is not None:
            y, calls = to.kept(f"{self.output} y"), to.kept(self.output)
            calls.backward(to, y, g)
            given |= {"y": y, "terms": calls.terms, "gate": calls.gate}
            rows = sizes["band"] if self.depthwise else sizes["ho"]
            given["gy"] = to.buffer(rows * sizes["wo"] * sizes["co"])
        needed = to.needed(self.inputs[0])
        if needed:
            target, add = to.towards(self.inputs[0])
            given |= {"gx": target, "add": add}
        if (pending := to.pending(self.inputs[0])) is not None:
            given["before_sums"] = pending.sums
            pending.summed = True
        kernel = partial(convolution_gradient.backward, self.window, self._kind)
        to.call(kernel, **given, **sizes, needed=int(needed))

    def _bias(self, to: Recorder, sizes: dict[str, Any], g: Buffer) -> None:
        rows = sizes["n"] * sizes["ho"] * sizes["wo"]
        gradient = Tensor(f"{self.node}.bias", True)
        to.call(elementwise.column_sums, x=g, y=gradient, rows=rows, c=sizes["co"])

    def _turned(self, to: Recorder, sizes: dict[str, Any]) -> dict[str, Buffer]:
        """Where weights are laid out the other way round, and gradients while they are worked on."""
        taps, (down, across) = math.prod(self.window.kernel), self.window.reach
        ci, co = sizes["ci"], sizes["co"]
        pixel = rounded(ci) if self.depthwise else ci
        between = 1 if self.depthwise else taps
        room = {"turned": to.buffer(between * co * rounded(ci))}
        room["sum_weights"] = to.buffer(ci * between * rounded(co))
        room["gr"] = to.buffer((sizes["band"] if self.depthwise else sizes["h"]) * sizes["w"] * pixel)
        if self.depthwise:
            room["turned_taps"] = to.buffer(taps * pixel)
            room["sum_taps"] = to.buffer(taps * pixel)
        if self.depthwise or self.window.single:
            room["gd"] = to.buffer((sizes["band"] if self.depthwise else sizes["ho"]) * sizes["wo"] * pixel)
        if not self.window.single:
            padded = (sizes["h"] + down) * (sizes["w"] + across)
            room["gp"] = to.buffer(padded * (pixel if self.depthwise else co))
        return room
