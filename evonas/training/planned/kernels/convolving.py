"""What convolutions are made of, each for one image whose channels lie last.

Outputs are written a vector at a time, channels from the highest to the lowest, pixels from the first to the
last: what a vector writes beyond the last channel is overwritten by what belongs there, and after the last
pixel there is room (`layout.SLACK`). Sums that are added to lie in arrays whose channels fill whole vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .emitting import Emitter
from .placing import rounded
from .values import Floats, Number, Value
from .window import Window


@dataclass(frozen=True)
class Last:
    """What happens to sums in the end.

    Attributes:
        bias: Added, by filter, filling whole vectors.
        lowest: What they are not below, in all lanes.
    """

    bias: Floats
    lowest: Value


@dataclass(frozen=True)
class Panels:
    """How weights are laid out: two vectors of filters after the other, each by tap and channel.

    What one turn of `convolve` reads then lies together. The last filters may fill one vector alone.

    Attributes:
        emit: Writes it.
        filters: How many.
        rows: Taps times channels.
    """

    emit: Emitter
    filters: Number
    rows: Number

    def place(self, row: Number, filter_: Number) -> Number:
        """Where the weight of a row and a filter is."""
        two = 2 * self.emit.lanes
        first = filter_ // two * two
        return first * self.rows + row * self.wide(first) + (filter_ - first)

    def wide(self, first: Number) -> Number:
        """Filters in the panel that begins with one."""
        return (rounded(self.emit, self.filters) - first).least(2 * self.emit.lanes)


def _blocks(emit: Emitter, channels: Number) -> Iterator[tuple[int, Number]]:
    """Channels in blocks of two vectors, from the highest down, the odd vector first."""
    step = emit.lanes
    vectors = channels // step
    pairs = vectors // 2
    with emit.when(vectors.is_(pairs * 2 + 1)):
        yield 1, pairs * (2 * step)
    with emit.loop(pairs) as turn:
        yield 2, (pairs - 1 - turn) * (2 * step)


def pixels_at_once(emit: Emitter, vectors: int) -> tuple[int, ...]:
    """How many pixels are summed side by side, so that sums fill the registers."""
    return (8, 4, 1) if vectors == 1 or emit.registers == 32 else (4, 2, 1)


def convolve(
    emit: Emitter,
    r: Floats,
    row: Number,
    pixel: Number,
    ci: Number,
    ho: Number,
    wo: Number,
    weights: Floats,
    co: Number,
    y: Floats,
    window: Window,
    last: Last | None = None,
) -> None:
    """All with all: y[h, w, o] is the sum over (i, j, c) of r[h s + i, w s + j, c] weights[i, j, c, o].

    Args:
        emit: Writes it.
        r: The image, already padded.
        row: Numbers from one of its rows to the next.
        pixel: Numbers from one of its pixels to the next.
        ci: Its channels.
        ho: Rows of the result.
        wo: Columns of the result.
        weights: By tap, channel and filter, in `Panels`.
        co: Channels of the result.
        y: The result.
        window: Of the convolution.
        last: What happens to the sums.
    """
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    for vectors, c0 in _blocks(emit, rounded(emit, co)):
        panel, wide = weights.from_(c0 * (ci * (kh * kw))), vectors * emit.lanes
        with emit.loop(ho) as h:
            for size, w in emit.groups(wo, pixels_at_once(emit, vectors)):
                sums = _Sums(emit, vectors, size, pixel * sw)
                if last is not None:
                    sums.begin(last.bias.from_(c0))
                start = r.from_(h * sh * row + w * sw * pixel)
                if window.single:
                    sums.add(start, panel, ci)
                else:
                    with emit.loop(kh) as i, emit.loop(kw) as j:
                        seen = start.from_(i * dh * row + j * dw * pixel)
                        sums.add(seen, panel.from_((i * kw + j) * ci * wide), ci)
                sums.store(y.from_((h * wo + w) * co + c0), co, last)


class _Sums:
    """Sums of neighbouring pixels by filter, in registers.

    Args:
        emit: Writes them.
        vectors: Of filters.
        pixels: How many.
        apart: Numbers from what one pixel sees to what the next one does.
    """

    def __init__(self, emit: Emitter, vectors: int, pixels: int, apart: Number) -> None:
        self.emit, self.vectors, self.pixels, self.apart = emit, vectors, pixels, apart
        self.sums = [emit.variables(pixels) for _ in range(vectors)]

    def begin(self, bias: Floats) -> None:
        """Lets them begin with a bias."""
        for v, sums in enumerate(self.sums):
            for one in sums:
                one.set(bias.vector(v * self.emit.lanes))

    def add(self, source: Floats, weights: Floats, channels: Number) -> None:
        """Adds the products of all channels of a pixel and their weights."""
        emit = self.emit
        with emit.loop(channels) as c:
            here = [weights.vector((c * self.vectors + v) * emit.lanes) for v in range(self.vectors)]
            for u in range(self.pixels):
                value = source.spread(c + self.apart * u)
                for v, sums in enumerate(self.sums):
                    sums[u].set(here[v].times_plus(value, sums[u].get()))

    def store(self, y: Floats, pixel: Number, last: Last | None) -> None:
        """Stores them, pixel by pixel."""
        for u in range(self.pixels):
            for v, sums in enumerate(self.sums):
                value = sums[u].get()
                y.put(pixel * u + v * self.emit.lanes, value if last is None else value.at_least(last.lowest))


def convolve_weights(
    emit: Emitter,
    r: Floats,
    row: Number,
    pixel: Number,
    ci: Number,
    ho: Number,
    wo: Number,
    g: Floats,
    co: Number,
    weights: Floats,
    window: Window,
) -> None:
    """Adds the weights' gradients: the sums over (h, w) of g[h, w, o] r[h s + i, w s + j, c]."""
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    for vectors, c0 in _blocks(emit, rounded(emit, co)):
        panel, wide = weights.from_(c0 * (ci * (kh * kw))), vectors * emit.lanes
        with emit.loop(kh) as i, emit.loop(kw) as j:
            for size, c in emit.groups(ci, pixels_at_once(emit, vectors)):
                place = panel.from_(((i * kw + j) * ci + c) * wide)
                sums = [emit.variables(size) for _ in range(vectors)]
                with emit.loop(ho) as h:
                    source = r.from_((h * sh + i * dh) * row + j * dw * pixel + c)
                    gradients = g.from_(h * wo * co + c0)
                    with emit.loop(wo) as w:
                        here = [gradients.vector(w * co + v * emit.lanes) for v in range(vectors)]
                        for u in range(size):
                            value = source.spread(w * sw * pixel + u)
                            for v in range(vectors):
                                sums[v][u].set(here[v].times_plus(value, sums[v][u].get()))
                for v in range(vectors):
                    for u in range(size):
                        place.add_vector(wide * u + v * emit.lanes, sums[v][u].get())
