"""Convolving each channel of an image by itself, and the gradients of the taps.

The image's channels fill whole vectors.
"""

from __future__ import annotations

from .emitting import Emitter
from .values import Floats, Number
from .window import Window


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
    # A sum that waits for itself is added to every 4 cycles.
    sets = max(1, min(4, (emit.registers - 5) // kw))
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
