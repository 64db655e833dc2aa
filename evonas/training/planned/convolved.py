"""Convolutions as part of a plan, with what comes before and after: [ReLU] [depthwise] convolution [BN [ReLU]].

A linear map of vectors is the convolution of one image whose pixels are the vectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..kernels import convolution, elementwise
from ..kernels.convolving import Window
from .normalised import Norm, Normalising
from .operation import Operation, rounded
from .recording import Buffer, Recorder, Stride, Tensor


@dataclass(frozen=True)
class Convolved(Operation):
    """A convolution.

    Attributes:
        node: With the weights of all channels with all.
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
    def _made_shape(self) -> tuple[int, int, int]:
        return self._as_image(self.shape)

    def _as_image(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        return shape if len(shape) == 3 else (shape[0], 1, 1)

    def _sizes(self, to: Recorder) -> dict[str, Any]:
        (ci, h, w), (co, ho, wo) = self._as_image(self.shapes[0]), self._as_image(self.shape)
        images = to.images
        if len(self.shape) == 1:  # vectors are pixels of one image
            images, w, wo = 1, images, images
        weight = f"{self.node}.weight"
        sizes = {"n": images, "h": h, "w": w, "ci": ci, "co": co, "ho": ho, "wo": wo}
        sizes |= {"top": self.padding[0], "left": self.padding[1], "relu": int(self.relu)}
        return {**sizes, "step": Stride(weight, True), "channel": Stride(weight, False)}

    def _room(self, to: Recorder, sizes: dict[str, Any]) -> dict[str, Buffer]:
        """Where weights are laid out, and an image while it is worked on."""
        taps = math.prod(self.window.kernel)
        pixel = rounded(sizes["ci"]) if self.depthwise else sizes["ci"]
        high, wide = sizes["h"] + 2 * self.padding[0], sizes["w"] + 2 * self.padding[1]
        room = {"r": to.buffer(high * wide * pixel)}
        room["packed"] = to.buffer(sizes["ci"] * (1 if self.depthwise else taps) * rounded(sizes["co"]))
        if self.depthwise:
            room["d"] = to.buffer(sizes["ho"] * sizes["wo"] * pixel)
            room["packed_taps"] = to.buffer(taps * pixel)
        return room

    def _weights(self) -> dict[str, Any]:
        weights: dict[str, Any] = {"weights": Tensor(f"{self.node}.weight")}
        if self.depthwise:
            weights["taps"] = Tensor(f"{self.depthwise}.weight")
        return weights

    def forward(self, to: Recorder) -> None:
        sizes = self._sizes(to)
        given: dict[str, Any] = {"x": to.value(self.inputs[0]), **self._weights(), **self._room(to, sizes)}
        given["packed_bias"] = to.buffer(rounded(sizes["co"]))
        if self.bias:
            given["bias"] = Tensor(f"{self.node}.bias")
        kernel = partial(convolution.forward, self.window, bool(self.depthwise))
        if self.norm is None:
            to.call(kernel, **given, y=self.made(to), **sizes)
            return
        count = math.prod(self.shape)
        calls = to.keep(self.output, Normalising(self.norm, to, sizes["co"], sizes["ho"] * sizes["wo"]))
        if not to.training:
            calls.fix(to)
            rectify = int(self.norm.rectified)
            to.call(kernel, **given, y=self.made(to), terms=calls.terms, **sizes, rectify=rectify)
            return
        y = to.keep(f"{self.output} y", to.buffer(count * to.images, f"{self.output} before"))
        to.call(kernel, **given, y=y, shift=calls.shift, sums=calls.sums, **sizes)
        calls.forward(to, y, self.made(to))

    def backward(self, to: Recorder) -> None:
        sizes, g = self._sizes(to), to.gradient(self.output)
        given: dict[str, Any] = {"x": to.value(self.inputs[0]), **self._weights(), **self._room(to, sizes)}
        given |= self._turned(to, sizes)
        given |= {"g_weights": Tensor(f"{self.node}.weight", True), "g": g}
        if self.depthwise:
            given["g_taps"] = Tensor(f"{self.depthwise}.weight", True)
        if self.bias:
            self._bias(to, sizes, g)
        if self.norm is not None:
            y, calls = to.kept(f"{self.output} y"), to.kept(self.output)
            calls.backward(to, y, g)
            given |= {"y": y, "terms": calls.terms, "gate": int(self.norm.rectified)}
            given["gy"] = to.buffer(sizes["ho"] * sizes["wo"] * sizes["co"])
        needed = to.needed(self.inputs[0])
        if needed:
            target, add = to.towards(self.inputs[0])
            given |= {"gx": target, "add": add}
        kernel = partial(convolution.backward, self.window, bool(self.depthwise))
        to.call(kernel, **given, **sizes, needed=int(needed))

    def _bias(self, to: Recorder, sizes: dict[str, Any], g: Buffer) -> None:
        rows = sizes["n"] * sizes["ho"] * sizes["wo"]
        gradient = Tensor(f"{self.node}.bias", True)
        if self.norm is not None:
            raise AssertionError("a bias before a normalisation: see matching")
        to.call(elementwise.column_sums, x=g, y=gradient, rows=rows, c=sizes["co"])

    def _turned(self, to: Recorder, sizes: dict[str, Any]) -> dict[str, Buffer]:
        """Where weights are laid out the other way round, and gradients while they are worked on."""
        taps, (down, across) = math.prod(self.window.kernel), self.window.reach
        ci, co = sizes["ci"], sizes["co"]
        pixel = rounded(ci) if self.depthwise else ci
        between = 1 if self.depthwise else taps
        room = {"turned": to.buffer(between * co * rounded(ci))}
        room["sum_weights"] = to.buffer(ci * between * rounded(co))
        room["gr"] = to.buffer(sizes["h"] * sizes["w"] * pixel)
        if self.depthwise:
            room["turned_taps"] = to.buffer(taps * pixel)
            room["sum_taps"] = to.buffer(taps * pixel)
        if self.depthwise or self.window.single:
            room["gd"] = to.buffer(sizes["ho"] * sizes["wo"] * pixel)
        if not self.window.single:
            padded = (sizes["h"] + down) * (sizes["w"] + across)
            room["gp"] = to.buffer(padded * (pixel if self.depthwise else co))
        return room
