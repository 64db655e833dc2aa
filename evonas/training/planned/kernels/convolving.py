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


@dataclass(frozen=True)
class Before:
    """What happens to numbers as they are read: a normalisation, and a ReLU.

    Attributes:
        normal: 1 where they are normalised, else 0.
        terms: By which; see `normalising`.
        relu: 1 where they are rectified, else 0.
    """

    normal: Number
    terms: Floats
    relu: Number

    def rows(self, emit: Emitter, channels: Number) -> list[Floats]:
        """Mean, factor and summand by channel."""
        full = rounded(emit, channels)
        return [self.terms.from_(full * row) for row in range(3)]


def place_rows(
    emit: Emitter,
    x: Floats,
    r: Floats,
    size: tuple[Number, Number, Number],
    top: Number,
    left: Number,
    wide: Number,
    before: Before,
) -> None:
    """Copies an image (height, width, channels) into a larger one, as it is to be read."""
    h, w, c = size
    lowest = emit.select(before.relu, 0.0, -float("inf"))
    single = emit.select_one(before.relu, 0.0, -float("inf"))
    for normal in emit.choices(before.normal):
        with emit.loop(h) as row:
            source, target = x.from_(row * w * c), r.from_(((row + top) * wide + left) * c)
            if not normal:
                for span in emit.spans(w * c):
                    span.put(target, span.of(source).at_least(lowest if span.wide else single))
                continue
            rows = before.rows(emit, c)
            with emit.loop(w) as column:
                here, there = source.from_(column * c), target.from_(column * c)
                for span in emit.spans(c):
                    mean, factor, summand = (span.of(one) for one in rows)
                    value = (span.of(here) - mean).times_plus(factor, summand)
                    span.put(there, value.at_least(lowest if span.wide else single))


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
    before: Before | None = None,
) -> None:
    """Copies an image into a larger one, with gaps, whose pixels have channels that fill whole vectors."""
    h, w, c = size

    def copy(normal: bool) -> None:
        rows = before.rows(emit, c) if before is not None and normal else []
        lowest = None if before is None else emit.select(before.relu, 0.0, -float("inf"))
        with emit.loop(h) as row:
            if not rows:
                with emit.loop(w) as column, emit.loop(pixel, step=emit.lanes) as at:
                    value = x.vector((row * w + column) * c + at)
                    place = ((row * apart[0] + top) * wide + column * apart[1] + left) * pixel
                    r.put(place + at, value if lowest is None else value.at_least(lowest))
                return
            with emit.loop(pixel, step=emit.lanes) as at:  # so that its terms stay in registers
                mean, factor, summand = (one.vector(at) for one in rows)
                with emit.loop(w) as column:
                    value = (x.vector((row * w + column) * c + at) - mean).times_plus(factor, summand)
                    place = ((row * apart[0] + top) * wide + column * apart[1] + left) * pixel
                    r.put(place + at, value if lowest is None else value.at_least(lowest))

    if before is None:
        copy(False)
        return
    for normal in emit.choices(before.normal):
        copy(normal)


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
    """Each channel by itself: d[h, w] is the sum over taps (i, j) of r[h s + i, w s + j] taps[i, j]."""
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
    sets = max(
        1, min(4, (emit.registers - 5) // kw)
    )  # a sum that waits for itself is added to every 4 cycles
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
            whole = sums[0][j].get()
            for others in sums[1:]:
                whole = whole + others[j].get()
            place.add_vector(c * j, whole)


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
