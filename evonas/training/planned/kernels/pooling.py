"""Pooling, forward and backward: windows that slide over each channel, and the mean of a whole image.

The maximum's gradient goes to the first pixel of a window that has its value, which is looked for again
rather than kept. Padding never wins, and is left out of a mean's count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace

from .emitting import Emitter
from .kernel import Kernel, kernel
from .values import Number, Span, Value, Variable

SIZES = "n h w c ho wo sh sw top left"

Size = tuple[int, int]


@dataclass(frozen=True)
class _Place:
    """Where a window lies in its image.

    Attributes:
        made: The array of the result, from the window's pixel on.
        image: Where the image begins.
        rows: From the first row to behind the last.
        columns: Likewise.
    """

    emit: Emitter
    a: SimpleNamespace
    size: Size
    made: Number
    image: Number
    rows: tuple[Number, Number]
    columns: tuple[Number, Number]

    @property
    def count(self) -> Number:
        """Pixels of it that lie in the image."""
        return (self.rows[1] - self.rows[0]) * (self.columns[1] - self.columns[0])

    def each(self, seen: Callable[[Number], None]) -> None:
        """Does something at each pixel, given where it begins; unrolled where the window is whole."""
        emit, wide, c = self.emit, self.a.w, self.a.c
        start = self.image + (self.rows[0] * wide + self.columns[0]) * c
        with emit.either(self.count.is_(self.size[0] * self.size[1])) as (then, otherwise):
            with then:
                for down in range(self.size[0]):
                    for across in range(self.size[1]):
                        seen(start + (wide * down + across) * c)
            with otherwise:
                rows, columns = (last - first for first, last in (self.rows, self.columns))
                with emit.loop(rows) as i, emit.loop(columns) as j:
                    seen(start + (i * wide + j) * c)


def _windows(emit: Emitter, a: SimpleNamespace, size: Size) -> Iterator[_Place]:
    """Loops over images and windows.

    Yields:
        Once: a window.
    """
    with emit.loop(a.n) as n, emit.loop(a.ho) as h:
        rows = (h * a.sh - a.top).most(0), (h * a.sh - a.top + size[0]).least(a.h)
        with emit.loop(a.wo) as w:
            columns = (w * a.sw - a.left).most(0), (w * a.sw - a.left + size[1]).least(a.w)
            made = ((n * a.ho + h) * a.wo + w) * a.c
            yield _Place(emit, a, size, made, n * a.h * a.w * a.c, rows, columns)


def _named(name: str, size: Size) -> str:
    return f"{name}_{size[0]}x{size[1]}"


def largest(size: Size) -> Kernel:
    """The maximum of each window."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for place in _windows(emit, a, size):
            with emit.loop(a.c, step=emit.lanes) as c:
                most = emit.variable(emit.constant(-float("inf")))

                def see(at: Number, c: Number = c, most: Variable = most) -> None:
                    value = a.x.vector(at + c)
                    most.set(value.not_below(most.get(), value, most.get()))

                place.each(see)
                a.y.put(place.made + c, most.get())

    return kernel(_named("largest", size), write, "x y", SIZES)


def largest_gradient(size: Size) -> Kernel:
    """Adds each window's gradient to its first pixel with the maximum."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        _clear_first(emit, a)
        for place in _windows(emit, a, size):
            for span in emit.spans(a.c):
                most = span.of(a.y.from_(place.made))
                rest = emit.variable(span.of(a.g.from_(place.made)))  # zero once it has found its place

                def see(at: Number, span: Span = span, most: Value = most, rest: Variable = rest) -> None:
                    value, left, nothing = span.of(a.x.from_(at)), rest.get(), span.constant(0.0)
                    span.put(a.gx.from_(at), value.same(most, left, nothing), add=True)
                    rest.set(value.same(most, nothing, left))

                place.each(see)

    return kernel(_named("largest_gradient", size), write, "x y g gx", f"{SIZES} add")


def mean(size: Size) -> Kernel:
    """The mean of each window."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for place in _windows(emit, a, size):
            share = emit.spread(emit.single(1.0) / emit.as_float(place.count))
            with emit.loop(a.c, step=emit.lanes) as c:
                total = emit.variable()

                def see(at: Number, c: Number = c, total: Variable = total) -> None:
                    total.set(total.get() + a.x.vector(at + c))

                place.each(see)
                a.y.put(place.made + c, total.get() * share)

    return kernel(_named("mean", size), write, "x y", SIZES)


def mean_gradient(size: Size) -> Kernel:
    """Adds a share of each window's gradient to all its pixels."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        _clear_first(emit, a)
        for place in _windows(emit, a, size):
            single = emit.single(1.0) / emit.as_float(place.count)
            share = emit.spread(single)
            for span in emit.spans(a.c):
                part = span.of(a.g.from_(place.made)) * (share if span.wide else single)

                def see(at: Number, span: Span = span, part: Value = part) -> None:
                    span.put(a.gx.from_(at), part, add=True)

                place.each(see)

    return kernel(_named("mean_gradient", size), write, "g gx", f"{SIZES} add")


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


def _clear_first(emit: Emitter, a: SimpleNamespace) -> None:
    """Zeros where nothing is added to."""
    with emit.when(a.add.is_(0)):
        for span in emit.spans(a.n * a.h * a.w * a.c):
            span.put(a.gx, span.constant(0.0))
