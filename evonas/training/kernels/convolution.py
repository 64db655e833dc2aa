"""A convolution, forward and backward: [ReLU] [depthwise] then all channels with all; image by image.

Forward: with r the padded and rectified image, d = r * taps channel by channel, y = d W (or y = r * W).
Where statistics are fixed, the normalisation that follows is folded into W and a bias.
Backward, given the gradient g of y: the gradient of W is the sum of dᵀ g over pixels, that of d is g Wᵀ; the
gradient of the taps is that of d times r, summed over pixels, and that of r is the gradient of d convolved
with the taps turned around. Where x is not above 0 a rectified image has none. What lies between x and y is
not kept but computed again, while the image lies in the cache. Where batch normalisation follows
(`normalising`), g comes as the gradient of what that gives, and is turned into y's here.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

from .convolving import (
    Before,
    Last,
    Panels,
    Window,
    convolve,
    convolve_weights,
    depthwise,
    depthwise_weights,
    place_pixels,
    place_rows,
    rounded,
    spread_pixels,
)
from .emitting import Emitter, Floats, Number
from .kernel import Kernel, kernel
from .normalising import add_to_sums, clear_sums, gate_and_sum, to_gradient

SIZES = "n h w ci co ho wo top left normal relu step channel band"
"""Images; the size of what is read and made; padding; whether what is read is normalised, and rectified;
numbers of the weights from one tap to the next, and from one channel to the next; rows that are worked on
together."""

ONCE = Window()


def forward(window: Window, by_channel: bool) -> Kernel:
    """The kernel that convolves a batch.

    Args:
        window: Of the depthwise convolution where there is one, else of the other.
        by_channel: Whether there is one, before one that sees single pixels.
    """
    name = f"forward_{'depthwise_' if by_channel else ''}{window}"
    arrays = "x before weights taps bias terms y shift r d packed_taps packed packed_bias"

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        image = _Image(emit, a, window, by_channel)
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


def backward(window: Window, by_channel: bool) -> Kernel:
    """The kernel that computes a convolution's gradients; its arguments are as of `forward`."""
    name = f"backward_{'depthwise_' if by_channel else ''}{window}"
    arrays = "x before weights taps y g gx g_weights g_taps terms"
    arrays += " r d packed_taps packed gy gd gp gr turned_taps turned sum_taps sum_weights"

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        image = _Image(emit, a, window, by_channel)
        image.pack()
        gradients = _Gradients(emit, a, window, by_channel, image)
        gradients.prepare()
        with emit.loop(a.n) as n:
            image.read(n)
            gradients.of(n)
        gradients.unpack()

    return kernel(name, write, arrays, f"{SIZES} add gate needed", wide="before_sums")


class _Image:
    """One image after the other, and what the forward pass makes of it."""

    def __init__(self, emit: Emitter, a: SimpleNamespace, window: Window, by_channel: bool) -> None:
        self.emit, self.a, self.window, self.by_channel = emit, a, window, by_channel
        self.full = rounded(emit, a.co)
        between = 1 if by_channel else window.kernel[0] * window.kernel[1]
        self.panels = Panels(emit, a.co, a.ci * between)
        self.pixel = rounded(emit, a.ci) if by_channel else a.ci
        self.wide = a.w + a.left * 2
        self.high = a.h + a.top * 2
        self.r = a.r
        self.flat = by_channel or (window.single and window.stride == (1, 1))

    def pack(self) -> None:
        """Lays weights out by tap, channel and filter, and clears the border of padded images."""
        emit, a, taps = self.emit, self.a, self.window.kernel[0] * self.window.kernel[1]
        emit.clear(a.r, self.high * self.wide * self.pixel)
        per_filter = a.ci if self.by_channel else a.ci * taps
        with emit.loop(a.co) as o:
            if self.by_channel:
                with emit.loop(a.ci) as c:
                    a.packed.put(self.panels.place(c, o), a.weights.one(o * per_filter + c))
            else:
                with emit.loop(taps) as t, emit.loop(a.ci) as c:
                    one = a.weights.one(o * per_filter + t * a.step + c * a.channel)
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
                with emit.loop(self.panels.rows) as k:
                    place = self.panels.place(k, o)
                    a.packed.put(place, a.packed.one(place) * scale)

    def convolve(self, y: Floats, rows: Number) -> None:
        """All channels with all in rows, rectified where that follows a folded normalisation."""
        emit, a = self.emit, self.a
        source = a.d if self.by_channel else self.r
        last = Last(a.packed_bias, emit.select(a.rectify, 0.0, -float("inf")))
        if self.flat:
            row, *size = a.co, emit.whole(1), rows * a.wo  # one row, so that groups of pixels are whole
            convolve(emit, source, row, self.pixel, a.ci, *size, a.packed, a.co, y, ONCE, last)
        else:
            row = self.wide * a.ci
            convolve(emit, source, row, a.ci, a.ci, rows, a.wo, a.packed, a.co, y, self.window, last)


class _Gradients:
    """The gradients that one image after the other gives."""

    def __init__(
        self, emit: Emitter, a: SimpleNamespace, window: Window, by_channel: bool, image: _Image
    ) -> None:
        self.emit, self.a, self.window, self.by_channel, self.image = emit, a, window, by_channel, image
        self.full_in = rounded(emit, a.ci)
        channels = self.full_in if by_channel else a.ci  # that the gradient of what is read has
        self.panels = Panels(
            emit, channels, a.co * (1 if by_channel else image.window.kernel[0] * image.window.kernel[1])
        )
        self.turned = Window(window.kernel, (1, 1), window.dilation)
        self.wide = a.w + window.reach[1]
        self.high = a.h + window.reach[0]
        self.top = window.reach[0] - a.top
        self.left = window.reach[1] - a.left
        self.thin = window.single and window.stride != (1, 1)
        self.taps = window.kernel[0] * window.kernel[1]

    def prepare(self) -> None:
        """Turns weights around, and clears what is added to."""
        emit, a, taps = self.emit, self.a, self.taps
        with emit.when(a.normal.is_(1)):
            clear_sums(emit, a.before_sums, self.full_in)
        emit.clear(a.sum_weights, self.image.panels.rows * self.image.full)
        with emit.loop(a.co) as o, emit.loop(a.ci) as c:
            if self.by_channel:
                a.turned.put(self.panels.place(o, c), a.weights.one(o * a.ci + c))
            else:
                with emit.loop(taps) as t:
                    one = a.weights.one(o * a.ci * taps + t * a.step + c * a.channel)
                    a.turned.put(self.panels.place((taps - 1 - t) * a.co + o, c), one)
        channels = self.image.pixel if self.by_channel else a.co
        if not self.window.single:
            emit.clear(a.gp, self.high * self.wide * channels)
        if self.thin:
            emit.clear(a.gr, a.h * a.w * a.ci)
        if self.by_channel:
            emit.clear(a.sum_taps, self.image.pixel * taps)
            with emit.loop(a.ci) as c, emit.loop(taps) as t:
                a.turned_taps.put((taps - 1 - t) * self.image.pixel + c, a.taps.one(c * taps + t))

    def of(self, n: Number) -> None:
        """Adds one image's, and gives its own."""
        emit, a = self.emit, self.a
        g, y = (array.from_(n * a.ho * a.wo * a.co) for array in (a.g, a.y))
        gx, x = (array.from_(n * a.h * a.w * a.ci) for array in (a.gx, a.x))
        if self.by_channel:
            for first, rows in self.image.bands():
                start = first * a.wo * a.co
                self._by_channel(self._gradient(g.from_(start), y.from_(start), rows), first, rows)
            with emit.when(a.needed.is_(1)):
                self._back(gx, x)
            return
        gy = self._gradient(g, y, a.ho)
        row, *size = self.image.wide * a.ci, a.ho, a.wo
        if self.image.flat:
            size = [emit.whole(1), a.ho * a.wo]
        convolve_weights(emit, self.image.r, row, a.ci, a.ci, *size, gy, a.co, a.sum_weights, self.window)
        with emit.when(a.needed.is_(1)):
            self._dense(gy)
            self._finish(gx, x, a.h * a.w, a.ci)

    def _gradient(self, g: Floats, y: Floats, rows: Number) -> Floats:
        """The gradient of what the convolution gives, in rows."""
        emit, a = self.emit, self.a
        with emit.when(a.terms.there):
            to_gradient(emit, g, y, rows * a.wo, a.co, a.terms, a.gate, a.gy)
        chosen = emit.builder.select(a.terms.there, a.gy.address.value, g.address.value)
        return Floats(emit, Number(emit, chosen))

    def _by_channel(self, gy: Floats, first: Number, rows: Number) -> None:
        """Of rows: gradients of weights and taps, and the gradient of d, laid out with a border."""
        emit, a, pixel, (down, _) = self.emit, self.a, self.image.pixel, self.window.stride
        flat = emit.whole(1), rows * a.wo
        self.image.by_channels(first, rows)
        convolve_weights(emit, a.d, a.ci, pixel, a.ci, *flat, gy, a.co, a.sum_weights, ONCE)
        # Filters fill whole vectors here: what lies beyond the channels is never read.
        convolve(emit, gy, a.co, a.co, a.co, *flat, a.turned, pixel, a.gd, ONCE)
        r = a.r.from_(first * down * self.image.wide * pixel)
        depthwise_weights(emit, r, self.image.wide, pixel, rows, a.wo, a.gd, a.sum_taps, self.window)
        place, apart = (first * down + self.top, self.left, self.wide), self.window.stride
        place_pixels(emit, a.gd, a.gp, (rows, a.wo, pixel), pixel, *place, apart)

    def _back(self, gx: Floats, x: Floats) -> None:
        """From the gradient of d to that of what was read, in rows."""
        emit, a, pixel = self.emit, self.a, self.image.pixel
        with emit.loop(a.h, step=a.band) as first:
            rows = (a.h - first).least(a.band)
            gp = a.gp.from_(first * self.wide * pixel)
            depthwise(emit, gp, self.wide, pixel, rows, a.w, a.turned_taps, a.gr, self.turned)
            start = first * a.w * a.ci
            self._finish(gx.from_(start), x.from_(start), rows * a.w, pixel)

    def _dense(self, gy: Floats) -> None:
        emit, a = self.emit, self.a
        flat = emit.whole(1), a.ho * a.wo
        if self.window.single and not self.thin:
            convolve(emit, gy, a.co, a.co, a.co, *flat, a.turned, a.ci, a.gr, ONCE)
        elif self.thin:
            convolve(emit, gy, a.co, a.co, a.co, *flat, a.turned, a.ci, a.gd, ONCE)
            spread_pixels(emit, a.gd, a.gr, (a.ho, a.wo, a.ci), 0, 0, a.w, self.window.stride)
        else:
            place = self.top, self.left, self.wide
            spread_pixels(emit, gy, a.gp, (a.ho, a.wo, a.co), *place, self.window.stride)
            convolve(emit, a.gp, self.wide * a.co, a.co, a.co, a.h, a.w, a.turned, a.ci, a.gr, self.turned)

    def _finish(self, gx: Floats, x: Floats, pixels: Number, pixel: Number) -> None:
        """Stores gradients or adds them to what is there, of rectified numbers where they were above 0.

        Where a normalisation lies before, its sums over the gradient are taken on the way.
        """
        emit, a = self.emit, self.a
        with emit.when(a.normal.is_(1)):
            before = Before(a.normal, a.before, a.relu)
            gate_and_sum(emit, a.gr, pixel, x, gx, pixels, a.ci, before, a.before_sums)
        with emit.when(a.normal.is_(0)):
            self._store(gx, x, pixels, pixel)

    def _store(self, gx: Floats, x: Floats, pixels: Number, pixel: Number) -> None:
        emit, a = self.emit, self.a

        def store(rectified: bool, add: bool, count: Number, step: Number, stride: Number) -> None:
            with emit.loop(count) as p:
                there, here, seen = gx.from_(p * step), a.gr.from_(p * stride), x.from_(p * step)
                for span in emit.spans(step):
                    value = span.of(here)
                    if rectified:
                        nothing = span.constant(0.0)
                        value = span.of(seen).above(nothing, value, nothing)
                    span.put(there, value, add)

        for rectified in emit.choices(a.relu):
            for add in emit.choices(a.add):
                with emit.either(pixel.is_(a.ci)) as (then, otherwise):
                    with then:
                        store(rectified, add, emit.whole(1), pixels * a.ci, emit.whole(0))
                    with otherwise:
                        store(rectified, add, pixels, a.ci, pixel)

    def unpack(self) -> None:
        """Gives the weights' gradients in the order of the weights."""
        emit, a, taps, panels = self.emit, self.a, self.taps, self.image.panels
        with emit.loop(a.co) as o, emit.loop(a.ci) as c:
            if self.by_channel:
                a.g_weights.put(o * a.ci + c, a.sum_weights.one(panels.place(c, o)))
            else:
                with emit.loop(taps) as t:
                    place = o * a.ci * taps + t * a.step + c * a.channel
                    a.g_weights.put(place, a.sum_weights.one(panels.place(t * a.ci + c, o)))
        if self.by_channel:
            with emit.loop(a.ci) as c, emit.loop(taps) as t:
                a.g_taps.put(c * taps + t, a.sum_taps.one(t * self.image.pixel + c))
