"""What convolutions are made of, each for one image whose channels lie last.

Outputs are written a vector at a time, channels from the highest to the lowest, pixels from the first to the
last: what a vector writes beyond the last channel is overwritten by what belongs there, and after the last
pixel there is room (`layout.SLACK`). Sums that are added to lie in arrays whose channels fill whole vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .emitting import Emitter, Floats, Number, Value

Whole = int | Number


@dataclass(frozen=True)
class Window:
    """A convolution's window.

    Attributes:
        kernel: Height and width.
        stride: Down and across.
        dilation: Between taps, down and across.
    """

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)

    @property
    def single(self) -> bool:
        """Whether it sees one pixel."""
        return self.kernel == (1, 1)

    @property
    def reach(self) -> tuple[int, int]:
        """Pixels between its first and last tap."""
        (kh, kw), (dh, dw) = self.kernel, self.dilation
        return (kh - 1) * dh, (kw - 1) * dw

    def __str__(self) -> str:
        return "_".join(f"{a}x{b}" for a, b in (self.kernel, self.stride, self.dilation))


@dataclass(frozen=True)
class Last:
    """What happens to sums in the end.

    Attributes:
        bias: Added, by filter, filling whole vectors.
        lowest: What they are not below, in all lanes.
    """

    bias: Floats
    lowest: Value


def rounded(emit: Emitter, channels: Number) -> Number:
    """Channels that fill whole vectors."""
    return (channels + (emit.lanes - 1)) // emit.lanes * emit.lanes


def place_rows(
    emit: Emitter,
    x: Floats,
    r: Floats,
    size: tuple[Number, Number, Number],
    top: Number,
    left: Number,
    wide: Number,
    relu: Number,
) -> None:
    """Copies an image (height, width, channels) into a larger one, as it is or rectified."""
    h, w, c = size
    for rectify in emit.choices(relu):
        with emit.loop(h) as row:
            source, target = x.from_(row * w * c), r.from_(((row + top) * wide + left) * c)
            for span in emit.spans(w * c):
                value = span.of(source)
                span.put(target, value.rectified() if rectify else value)


def place_pixels(
    emit: Emitter,
    x: Floats,
    r: Floats,
    size: tuple[Number, Number, Number],
    pixel: Number,
    top: Whole,
    left: Whole,
    wide: Number,
    apart: tuple[int, int],
    relu: Number,
) -> None:
    """Copies an image into a larger one, with gaps, whose pixels have channels that fill whole vectors."""
    h, w, c = size
    for rectify in emit.choices(relu):
        with emit.loop(h) as row, emit.loop(w) as column:
            source = x.from_((row * w + column) * c)
            target = r.from_(((row * apart[0] + top) * wide + column * apart[1] + left) * pixel)
            with emit.loop(pixel, step=emit.lanes) as at:
                value = source.vector(at)
                target.put(at, value.rectified() if rectify else value)


def spread_pixels(
    emit: Emitter,
    x: Floats,
    r: Floats,
    size: tuple[Number, Number, Number],
    top: Whole,
    left: Whole,
    wide: Number,
    apart: tuple[int, int],
) -> None:
    """Copies an image into a larger one with gaps between the pixels, and writes nothing into these."""
    h, w, c = size
    with emit.loop(h) as row, emit.loop(w) as column:
        source = x.from_((row * w + column) * c)
        target = r.from_(((row * apart[0] + top) * wide + column * apart[1] + left) * c)
        for span in emit.spans(c):
            span.put(target, span.of(source))


def depthwise(
    emit: Emitter,
    r: Floats,
    wide: Number,
    c: Number,
    ho: Number,
    wo: Number,
    taps: Floats,
    d: Floats,
    window: Window,
) -> None:
    """Convolves each channel by itself: d[h, w] is the sum over taps (i, j) of r[h s + i, w s + j] taps[i, j]."""
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    # A row's taps and the sums of several pixels stay in registers; each pixel that is read is read once.
    most = emit.registers - kw - 1
    with emit.loop(c, step=emit.lanes) as c0, emit.loop(ho) as h:
        for size, w in emit.groups(wo, (8, 4, 1) if most >= 8 else (4, 1)):
            sums = emit.variables(size)
            with emit.loop(kh) as i:
                source = r.from_(((h * sh + i * dh) * wide + w * sw) * c + c0)
                weights = [taps.vector((i * kw + j) * c + c0) for j in range(kw)]
                for column, uses in _columns(size, kw, sw, dw).items():
                    seen = source.vector(c * column)
                    for u, j in uses:
                        sums[u].set(weights[j].times_plus(seen, sums[u].get()))
            for u in range(size):
                d.put((h * wo + w + u) * c + c0, sums[u].get())


def _columns(pixels: int, taps: int, stride: int, dilation: int) -> dict[int, list[tuple[int, int]]]:
    """For each column that neighbouring pixels see, by which pixel's which tap, from the left."""
    found: dict[int, list[tuple[int, int]]] = {}
    for u in range(pixels):
        for j in range(taps):
            found.setdefault(u * stride + j * dilation, []).append((u, j))
    return dict(sorted(found.items()))


def depthwise_weights(
    emit: Emitter,
    r: Floats,
    wide: Number,
    c: Number,
    ho: Number,
    wo: Number,
    g: Floats,
    taps: Floats,
    window: Window,
) -> None:
    """Adds the taps' gradients: taps[i, j] is the sum over pixels (h, w) of g[h, w] r[h s + i, w s + j]."""
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    sets = max(1, min(4, (emit.registers - 5) // kw))  # a sum that waits for itself is added to every 4 cycles
    with emit.loop(c, step=emit.lanes) as c0, emit.loop(kh) as i:
        place = taps.from_(i * kw * c + c0)
        sums = [emit.variables(kw) for _ in range(sets)]
        with emit.loop(ho) as h:
            source = r.from_((h * sh + i * dh) * wide * c + c0)
            gradients = g.from_(h * wo * c + c0)
            for size, w in emit.groups(wo, (4, 1)):
                here = [gradients.vector((w + u) * c) for u in range(size)]
                for column, uses in _columns(size, kw, sw, dw).items():
                    seen = source.vector((w * sw + column) * c)
                    for u, j in uses:
                        total = sums[u % sets][j]
                        total.set(here[u].times_plus(seen, total.get()))
        for j in range(kw):
            total = sums[0][j].get()
            for others in sums[1:]:
                total = total + others[j].get()
            place.add_vector(c * j, total)


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
    if emit.lanes == 16:
        return (12, 4, 1)
    return (6, 2, 1) if vectors == 2 else (12, 4, 1)


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
    """All channels with all: y[h, w, o] is the sum over (i, j, c) of r[h s + i, w s + j, c] weights[i, j, c, o].

    Args:
        emit: Writes it.
        r: The image, already padded.
        row: Numbers from one of its rows to the next.
        pixel: Numbers from one of its pixels to the next.
        ci: Its channels.
        ho: Rows of the result.
        wo: Columns of the result.
        weights: By tap, channel and filter, filters filling whole vectors.
        co: Channels of the result.
        y: The result.
        window: Of the convolution.
        last: What happens to the sums.
    """
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    full = rounded(emit, co)
    for vectors, c0 in _blocks(emit, full):
        with emit.loop(ho) as h:
            for size, w in emit.groups(wo, pixels_at_once(emit, vectors)):
                sums = [emit.variables(size) for _ in range(vectors)]
                if last is not None:
                    for v in range(vectors):
                        for one in sums[v]:
                            one.set(last.bias.vector(c0 + v * emit.lanes))

                def add(source: Floats, weight: Floats) -> None:
                    with emit.loop(ci) as c:
                        here = [weight.vector(c * full + v * emit.lanes) for v in range(vectors)]
                        for u in range(size):
                            value = source.spread(c + pixel * (u * sw))
                            for v in range(vectors):
                                sums[v][u].set(here[v].times_plus(value, sums[v][u].get()))

                start = r.from_(h * sh * row + w * sw * pixel)
                if window.single:
                    add(start, weights.from_(c0))
                else:
                    with emit.loop(kh) as i, emit.loop(kw) as j:
                        add(start.from_(i * dh * row + j * dw * pixel), weights.from_((i * kw + j) * ci * full + c0))
                for u in range(size):
                    for v in range(vectors):
                        value = sums[v][u].get()
                        if last is not None:
                            value = last.lowest.above(value, last.lowest, value)
                        y.put((h * wo + w + u) * co + c0 + v * emit.lanes, value)


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
    """Adds the weights' gradients: weights[i, j, c, o] is the sum over (h, w) of g[h, w, o] r[h s + i, w s + j, c]."""
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    full = rounded(emit, co)
    for vectors, c0 in _blocks(emit, full):
        with emit.loop(kh) as i, emit.loop(kw) as j:
            for size, c in emit.groups(ci, pixels_at_once(emit, vectors)):
                place = weights.from_(((i * kw + j) * ci + c) * full + c0)
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
                        place.add_vector(full * u + v * emit.lanes, sums[v][u].get())
