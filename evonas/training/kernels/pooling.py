"""Pooling, forward and backward: windows that slide over each channel, and the mean of a whole image.

The maximum's gradient goes to the first pixel of a window that has its value, which is looked for again
rather than kept. Padding never wins, and is left out of a mean's count.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

from .emitting import Emitter, Floats, Number
from .kernel import Kernel, kernel

SIZES = "n h w c ho wo kh kw sh sw top left"


def _windows(emit: Emitter, a: SimpleNamespace) -> Iterator[tuple[Number, Number, Number, list[Number]]]:
    """Loops over images and windows.

    Yields:
        Once: where the result's pixel and the image begin, and the rows and columns of the window in it.
    """
    with emit.loop(a.n) as n, emit.loop(a.ho) as h:
        first = (h * a.sh - a.top).most(0)
        last = (h * a.sh - a.top + a.kh).least(a.h)
        with emit.loop(a.wo) as w:
            left = (w * a.sw - a.left).most(0)
            right = (w * a.sw - a.left + a.kw).least(a.w)
            yield ((n * a.ho + h) * a.wo + w) * a.c, n * a.h * a.w * a.c, a.w, [first, last, left, right]


def largest() -> Kernel:
    """The maximum of each window."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for here, image, wide, (first, last, left, right) in _windows(emit, a):
            with emit.loop(a.c, step=emit.lanes) as c:
                most = emit.variable(emit.constant(-float("inf")))
                with emit.loop(last, first) as i, emit.loop(right, left) as j:
                    value = a.x.vector(image + (i * wide + j) * a.c + c)
                    most.set(value.not_below(most.get(), value, most.get()))
                a.y.put(here + c, most.get())

    return kernel("largest", write, "x y", SIZES)


def largest_gradient() -> Kernel:
    """Adds each window's gradient to its first pixel with the maximum."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for add in emit.choices(a.add):
            if not add:
                _clear(emit, a.gx, a.n * a.h * a.w * a.c)
        for here, image, wide, (first, last, left, right) in _windows(emit, a):
            for span in emit.spans(a.c):
                most = span.of(a.y.from_(here))
                rest = emit.variable(span.of(a.g.from_(here)))  # zero once it has found its place
                nothing = span.constant(0.0)
                with emit.loop(last, first) as i, emit.loop(right, left) as j:
                    place = image + (i * wide + j) * a.c
                    value, left_over = span.of(a.x.from_(place)), rest.get()
                    span.put(a.gx.from_(place), value.same(most, left_over, nothing), add=True)
                    rest.set(value.same(most, nothing, left_over))

    return kernel("largest_gradient", write, "x y g gx", f"{SIZES} add")


def mean() -> Kernel:
    """The mean of each window."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for here, image, wide, (first, last, left, right) in _windows(emit, a):
            share = emit.spread(emit.single(1.0) / emit.as_float((last - first) * (right - left)))
            with emit.loop(a.c, step=emit.lanes) as c:
                total = emit.variable()
                with emit.loop(last, first) as i, emit.loop(right, left) as j:
                    total.set(total.get() + a.x.vector(image + (i * wide + j) * a.c + c))
                a.y.put(here + c, total.get() * share)

    return kernel("mean", write, "x y", SIZES)


def mean_gradient() -> Kernel:
    """Adds a share of each window's gradient to all its pixels."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for add in emit.choices(a.add):
            if not add:
                _clear(emit, a.gx, a.n * a.h * a.w * a.c)
        for here, image, wide, (first, last, left, right) in _windows(emit, a):
            single = emit.single(1.0) / emit.as_float((last - first) * (right - left))
            share = emit.spread(single)
            for span in emit.spans(a.c):
                part = span.of(a.g.from_(here)) * (share if span.wide else single)
                with emit.loop(last, first) as i, emit.loop(right, left) as j:
                    span.put(a.gx.from_(image + (i * wide + j) * a.c), part, add=True)

    return kernel("mean_gradient", write, "g gx", f"{SIZES} add")


def whole_mean() -> Kernel:
    """The mean of all pixels of an image."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        share = emit.spread(emit.single(1.0) / emit.as_float(a.pixels))
        with emit.loop(a.n) as n, emit.loop(a.c, step=emit.lanes) as c:
            total = emit.variable()
            with emit.loop(a.pixels) as p:
                total.set(total.get() + a.x.vector((n * a.pixels + p) * a.c + c))
            a.y.put(n * a.c + c, total.get() * share)

    return kernel("whole_mean", write, "x y", "n pixels c")


def whole_mean_gradient() -> Kernel:
    """Gives each pixel its share of the mean's gradient."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        single = emit.single(1.0) / emit.as_float(a.pixels)
        share = emit.spread(single)
        for add in emit.choices(a.add):
            with emit.loop(a.n) as n, emit.loop(a.pixels) as p:
                target, source = a.gx.from_((n * a.pixels + p) * a.c), a.g.from_(n * a.c)
                for span in emit.spans(a.c):
                    span.put(target, span.of(source) * (share if span.wide else single), add)

    return kernel("whole_mean_gradient", write, "g gx", "n pixels c add")


def _clear(emit: Emitter, target: Floats, count: Number) -> None:
    for span in emit.spans(count):
        span.put(target, span.constant(0.0))
