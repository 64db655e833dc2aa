"""Kernels that treat each number by itself, or move numbers: sums, rectifying, joining, cropping, scaling."""

from __future__ import annotations

from types import SimpleNamespace

from .emitting import Emitter
from .kernel import Kernel, kernel
from .placing import Before


def rectify() -> Kernel:
    """Y = max(x, 0)."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for span in emit.spans(a.count):
            span.put(a.y, span.of(a.x).rectified())

    return kernel("rectify", write, "x y", "count")


def rectify_gradient() -> Kernel:
    """The gradient of x is that of y where y is above 0, and 0 elsewhere."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for add in emit.choices(a.add):
            for span in emit.spans(a.count):
                nothing = span.constant(0.0)
                span.put(a.gx, span.of(a.y).above(nothing, span.of(a.g), nothing), add)

    return kernel("rectify_gradient", write, "y g gx", "count add")


def plus() -> Kernel:
    """Y = a + b."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for span in emit.spans(a.count):
            span.put(a.y, span.of(a.a) + span.of(a.b))

    return kernel("plus", write, "a b y", "count")


def plus_normalised() -> Kernel:
    """Y = a + b, each normalised and rectified first where it is said how."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        operands = [
            (a.a, Before(a.a_normal, a.a_terms, a.a_relu)),
            (a.b, Before(a.b_normal, a.b_terms, a.b_relu)),
        ]

        def add(both: bool) -> None:
            floors = [emit.select(before.relu, 0.0, -float("inf")) for _, before in operands]
            singles = [emit.select_one(before.relu, 0.0, -float("inf")) for _, before in operands]
            with emit.loop(a.pixels) as p:
                for span in emit.spans(a.c):
                    summands = []
                    for at, (array, before) in enumerate(operands):
                        value = span.of(array.from_(p * a.c))
                        if at == 0 or both:
                            mean, factor, summand = (span.of(row) for row in before.rows(emit, a.c))
                            value = (value - mean).times_plus(factor, summand)
                            value = value.at_least(floors[at] if span.wide else singles[at])
                        summands.append(value)
                    span.put(a.y.from_(p * a.c), summands[0] + summands[1])

        for both in emit.choices(a.b_normal):
            add(both)

    return kernel(
        "plus_normalised", write, "a b a_terms b_terms y", "pixels c a_normal b_normal a_relu b_relu"
    )


def copy() -> Kernel:
    """Y = x, or y + x: rows of `width` numbers, from one place in a row to another."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for add in emit.choices(a.add):
            with emit.loop(a.rows) as row:
                source, target = a.x.from_(row * a.source), a.y.from_(row * a.target)
                for span in emit.spans(a.width):
                    span.put(target, span.of(source), add)

    return kernel("copy", write, "x y", "rows width source target add")


def move() -> Kernel:
    """y[h, w] = x[h + down, w + right], or 0 beyond the image: padding, cropping and shifting."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for add in emit.choices(a.add):
            with emit.loop(a.n) as n, emit.loop(a.ho) as h, emit.loop(a.wo) as w:
                row, column = h + a.down, w + a.right
                target = a.y.from_(((n * a.ho + h) * a.wo + w) * a.c)
                source = a.x.from_(((n * a.h + row) * a.w + column) * a.c)
                builder = emit.builder
                inside = builder.and_(row >= 0, row < a.h)
                inside = builder.and_(inside, builder.and_(column >= 0, column < a.w))
                with emit.either(inside) as (then, otherwise):
                    with then:
                        for span in emit.spans(a.c):
                            span.put(target, span.of(source), add)
                    with otherwise:
                        if not add:
                            for span in emit.spans(a.c):
                                span.put(target, span.constant(0.0))

    return kernel("move", write, "x y", "n h w c ho wo down right add")


def turn() -> Kernel:
    """y[n, c, p] = x[n, p, c]: from the channels of each pixel to the pixels of each channel, and back."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        for add in emit.choices(a.add):
            with emit.loop(a.n) as n, emit.loop(a.c) as c, emit.loop(a.pixels) as p:
                one = a.x.one((n * a.pixels + p) * a.c + c)
                place = (n * a.c + c) * a.pixels + p
                a.y.put(place, a.y.one(place) + one if add else one)

    return kernel("turn", write, "x y", "n pixels c add")


def column_sums() -> Kernel:
    """y[c] is the sum of x[p, c] over p: the gradient of a bias."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        with emit.loop(a.c) as c:
            total = emit.variable(emit.single(0.0))
            with emit.loop(a.rows) as row:
                total.set(total.get() + a.x.one(row * a.c + c))
            a.y.put(c, total.get())

    return kernel("column_sums", write, "x y", "rows c")
