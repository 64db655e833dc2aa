"""A convolution, forward: [normalisation] [ReLU] [by channel], then all channels with all; image by image.

With r the padded, normalised and rectified image, d = r * taps channel by channel, y = d W, or y = r * W.
Where statistics are fixed, the normalisation that follows is folded into W and a bias.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Literal

from .by_channel import depthwise
from .convolving import Last, Panels, convolve
from .emitting import Emitter
from .kernel import Kernel, kernel
from .normalising import add_to_sums
from .placing import Before, place_pixels, place_rows, rounded
from .values import Floats, Number
from .window import Window

SIZES = "n h w ci co ho wo top left normal relu step channel band"
"""Images; the size of what is read and made; padding; whether what is read is normalised, and rectified;
numbers of the weights from one tap to the next, and from one channel to the next; rows that are worked on
together."""

ONCE = Window()

Kind = Literal["dense", "separable", "depthwise"]
"""All channels with all; so behind a convolution by channel; by channel alone."""


def forward(window: Window, kind: Kind) -> Kernel:
    """The kernel that convolves a batch.

    Args:
        window: Of the convolution by channel where there is one, else of the other.
        kind: Which there are.
    """
    name = f"forward_{kind}_{window}"
    arrays = "x before weights taps bias terms y shift r d packed_taps packed packed_bias"

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        image = Image(emit, a, window, kind)
        image.pack()
        image.fold()
        with emit.loop(a.n) as n:
            y = a.y.from_(n * a.ho * a.wo * a.co)
            image.read(n)
            for first, rows in image.bands():
                image.by_channels(first, rows)
                image.convolve(y.from_(first * a.wo * a.co), rows)
            with emit.when(a.sums.there):
                add_to_sums(emit, n, y, a.ho * a.wo, a.co, a.shift, a.sums)

    return kernel(name, write, arrays, f"{SIZES} rectify", wide="sums")


class Image:
    """One image after the other, and what the forward pass makes of it."""

    def __init__(self, emit: Emitter, a: SimpleNamespace, window: Window, kind: Kind) -> None:
        self.emit, self.a, self.window = emit, a, window
        self.by_channel, self.alone = kind != "dense", kind == "depthwise"
        self.full = rounded(emit, a.co)
        self.taps = window.kernel[0] * window.kernel[1]
        self.between = 1 if self.by_channel else self.taps
        self.panels = Panels(emit, a.co, a.ci * self.between)
        self.pixel = rounded(emit, a.ci) if self.by_channel else a.ci
        self.wide = a.w + a.left * 2
        self.high = a.h + a.top * 2
        self.r = a.r
        self.flat = self.by_channel or (window.single and window.stride == (1, 1))

    def pack(self) -> None:
        """Lays weights out by tap, channel and filter, and clears the border of padded images."""
        emit, a, taps, between = self.emit, self.a, self.taps, self.between
        emit.clear(a.r, self.high * self.wide * self.pixel)
        if not self.alone:
            with emit.loop(a.co) as o, emit.loop(between) as t, emit.loop(a.ci) as c:
                one = a.weights.one(o * (a.ci * between) + t * a.step + c * a.channel)
                a.packed.put(self.panels.place(t * a.ci + c, o), one)
        if self.by_channel:
            with emit.loop(a.ci) as c, emit.loop(taps) as t:
                a.packed_taps.put(t * self.pixel + c, a.taps.one(c * taps + t))

    def read(self, n: Number) -> None:
        """Pads an image, normalises and rectifies it."""
        emit, a = self.emit, self.a
        x = a.x.from_(n * a.h * a.w * a.ci)
        before = Before(a.normal, a.before, a.relu)
        if self.by_channel:
            place = a.top, a.left, self.wide
            place_pixels(emit, x, a.r, (a.h, a.w, a.ci), self.pixel, *place, (1, 1), before)
            return
        as_it_is = (a.normal + a.relu + a.top + a.left).is_(0)
        with emit.when(emit.builder.not_(as_it_is)):
            place_rows(emit, x, a.r, (a.h, a.w, a.ci), a.top, a.left, self.wide, before)
        self.r = Floats(emit, Number(emit, emit.builder.select(as_it_is, x.address.value, a.r.address.value)))

    def bands(self) -> Iterator[tuple[Number, Number]]:
        """Rows of the result that are worked on together, so that what lies between stays in the first cache.

        Yields:
            Once: the first of them, and how many; all at once but behind a convolution by channel.
        """
        emit, a = self.emit, self.a
        if not self.by_channel:
            yield emit.whole(0), a.ho
            return
        with emit.loop(a.ho, step=a.band) as first:
            yield first, (a.ho - first).least(a.band)

    def by_channels(self, first: Number, rows: Number) -> None:
        """Convolves rows channel by channel, where that comes first."""
        if self.by_channel:
            r = self.a.r.from_(first * self.window.stride[0] * self.wide * self.pixel)
            taps, d = self.a.packed_taps, self.a.d
            depthwise(self.emit, r, self.wide, self.pixel, rows, self.a.wo, taps, d, self.window)

    def fold(self) -> None:
        """Puts a normalisation by fixed statistics, where there is one, into weights and bias."""
        emit, a = self.emit, self.a
        zero = emit.single(0.0)
        with emit.loop(a.co) as o:
            a.packed_bias.put(o, zero)
            with emit.when(a.bias.there):
                a.packed_bias.put(o, a.bias.one(o))
            with emit.when(a.terms.there):
                mean, scale, beta = (a.terms.one(self.full * row + o) for row in range(3))
                a.packed_bias.put(o, (a.packed_bias.one(o) - mean) * scale + beta)
                packed = a.packed_taps if self.alone else a.packed
                with emit.loop(self.taps if self.alone else self.panels.rows) as k:
                    place = k * self.pixel + o if self.alone else self.panels.place(k, o)
                    packed.put(place, packed.one(place) * scale)

    def convolve(self, y: Floats, rows: Number) -> None:
        """All channels with all in rows, rectified where that follows a folded normalisation."""
        emit, a = self.emit, self.a
        if self.alone:
            self._hand_on(y, rows)
            return
        source = a.d if self.by_channel else self.r
        last = Last(a.packed_bias, emit.select(a.rectify, 0.0, -float("inf")))
        if self.flat:
            one, wide = emit.whole(1), rows * a.wo  # one row, so that groups of pixels are whole
            convolve(emit, source, one, self.pixel, a.ci, one, wide, a.packed, a.co, y, ONCE, last)
        else:
            row = self.wide * a.ci
            convolve(emit, source, row, a.ci, a.ci, rows, a.wo, a.packed, a.co, y, self.window, last)

    def _hand_on(self, y: Floats, rows: Number) -> None:
        """Gives what was convolved channel by channel, and nothing else."""
        emit, a = self.emit, self.a
        lowest = emit.select(a.rectify, 0.0, -float("inf"))
        single = emit.select_one(a.rectify, 0.0, -float("inf"))
        with emit.loop(rows * a.wo) as p:
            source, target = a.d.from_(p * self.pixel), y.from_(p * a.co)
            for span in emit.spans(a.co):
                value = span.of(source) + span.of(a.packed_bias)
                span.put(target, value.at_least(lowest if span.wide else single))
