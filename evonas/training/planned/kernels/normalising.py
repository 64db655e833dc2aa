"""Batch normalisation (Ioffe and Szegedy 2015, Algorithm 1), forward and backward.

With mean and variance of a channel over M pixels, r = 1 / sqrt(variance + ε), z = γ r (y - mean) + β.
Given the gradient g of z, with s = Σ g and t = r Σ g (y - mean): the gradient of γ is t, that of β is s, that
of y is γ r (g - s / M - r t (y - mean) / M). Sums are taken of differences from the channel's first pixel, so
that large means cost no digits, and over images in double precision. A ReLU behind it is computed here:
where z is not above 0, g counts as 0.
"""

from __future__ import annotations

from types import SimpleNamespace

from .emitting import Emitter
from .kernel import Kernel, kernel
from .placing import Before, rounded, rows_of
from .values import F64, Floats, Number, Value

TERMS = 6
"""Rows of numbers by channel that one normalisation keeps, each filling whole vectors: mean, γ r, β, and of
the gradient of y: the factors of g and of y - mean, and what is added."""


def add_to_sums(
    emit: Emitter, n: Number, y: Floats, pixels: Number, channels: Number, shift: Floats, sums: Floats
) -> None:
    """Adds an image's differences from the first pixel, and their squares, to sums in double precision."""
    full = rounded(emit, channels)
    with emit.loop(full, step=emit.lanes) as c:
        with emit.when(n.is_(0)):
            shift.put(c, y.vector(c))
            nothing = emit.constant(0.0).wide()
            sums.put(c, nothing)
            sums.put(full + c, nothing)
        middle = shift.vector(c)
        total, squares = emit.variables(2), emit.variables(2)
        for size, p in emit.groups(pixels, (2, 1)):
            for u in range(size):
                value = y.vector((p + u) * channels + c) - middle
                total[u].set(total[u].get() + value)
                squares[u].set(value.times_plus(value, squares[u].get()))
        sums.add_vector(c, (total[0].get() + total[1].get()).wide())
        sums.add_vector(full + c, (squares[0].get() + squares[1].get()).wide())


def sums() -> Kernel:
    """The kernel that adds up a batch that no convolution of ours has made."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        with emit.loop(a.n) as n:
            add_to_sums(emit, n, a.y.from_(n * a.pixels * a.c), a.pixels, a.c, a.shift, a.sums)

    return kernel("sums", write, "y shift", "n pixels c", wide="sums")


def statistics() -> Kernel:
    """The kernel that turns sums into the terms of z, and moves the running statistics."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        full = rounded(emit, a.c)
        count = emit.as_double(a.pixels)
        one, zero = emit.single(1.0, F64), emit.single(0.0, F64)
        unbiased = count / (count - one)
        mean, scale, beta = rows_of(emit, a.terms, a.c)
        with emit.loop(a.c) as c:
            off = a.sums.one(c) / count
            variance = a.sums.one(full + c) / count - off * off
            variance = variance.above(zero, variance, zero)
            middle = a.shift.one(c).wide() + off
            rate = one / (variance + a.epsilon).root()
            mean.put(c, middle.narrow())
            scale.put(c, (a.gamma.one(c).wide() * rate).narrow())
            beta.put(c, a.beta.one(c))
            a.rates.put(c, rate)
            for running, now in ((a.running_mean, middle), (a.running_variance, variance * unbiased)):
                old = running.one(c).wide()
                running.put(c, (old + (now - old) * a.momentum).narrow())

    arrays = "shift gamma beta running_mean running_variance terms"
    return kernel("statistics", write, arrays, "pixels c", "epsilon momentum", wide="sums rates")


def fixed() -> Kernel:
    """The kernel that takes the terms of z from the running statistics."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        one = emit.single(1.0, F64)
        mean, scale, beta = rows_of(emit, a.terms, a.c)
        with emit.loop(a.c) as c:
            rate = one / (a.running_variance.one(c).wide() + a.epsilon).root()
            mean.put(c, a.running_mean.one(c))
            scale.put(c, (a.gamma.one(c).wide() * rate).narrow())
            beta.put(c, a.beta.one(c))

    arrays = "gamma beta running_mean running_variance terms"
    return kernel("fixed", write, arrays, "c", "epsilon")


def _normalised(y: Value, mean: Value, scale: Value, beta: Value) -> Value:
    return (y - mean).times_plus(scale, beta)


def normalise() -> Kernel:
    """The kernel that gives z, rectified where that follows."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        rows = rows_of(emit, a.terms, a.c)

        for rectify in emit.choices(a.relu):
            with emit.loop(a.pixels) as p, emit.loop(a.c, step=emit.lanes) as c:
                value = _normalised(a.y.vector(p * a.c + c), *(row.vector(c) for row in rows))
                a.z.put(p * a.c + c, value.rectified() if rectify else value)

    return kernel("normalise", write, "y z terms", "pixels c relu")


def clear_sums(emit: Emitter, sums: Floats, full: Number) -> None:
    """Begins sums over the gradient anew."""
    nothing = emit.constant(0.0).wide()
    with emit.loop(full, step=emit.lanes) as c:
        sums.put(c, nothing)
        sums.put(full + c, nothing)


def gradient_sums() -> Kernel:
    """The kernel that sums the gradient g of z, and g (y - mean), over a batch."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        full = rounded(emit, a.c)
        mean, scale, beta = rows_of(emit, a.terms, a.c)
        nothing = emit.constant(0.0)
        clear_sums(emit, a.sums, full)
        with emit.loop(a.n) as n, emit.loop(full, step=emit.lanes) as c:
            y, g = (array.from_(n * a.pixels * a.c + c) for array in (a.y, a.g))
            middle, slope, base = mean.vector(c), scale.vector(c), beta.vector(c)
            for gated in emit.choices(a.gate):
                total, product = emit.variables(2), emit.variables(2)
                for size, p in emit.groups(a.pixels, (2, 1)):
                    for u in range(size):
                        off = y.vector((p + u) * a.c) - middle
                        gradient = g.vector((p + u) * a.c)
                        if gated:
                            gradient = off.times_plus(slope, base).above(nothing, gradient, nothing)
                        total[u].set(total[u].get() + gradient)
                        product[u].set(gradient.times_plus(off, product[u].get()))
                a.sums.add_vector(c, (total[0].get() + total[1].get()).wide())
                a.sums.add_vector(full + c, (product[0].get() + product[1].get()).wide())

    return kernel("gradient_sums", write, "y g terms", "n pixels c gate", wide="sums")


def gate_and_sum(
    emit: Emitter,
    gr: Floats,
    stride: Number,
    y: Floats,
    g: Floats,
    pixels: Number,
    channels: Number,
    before: Before,
    sums: Floats,
) -> None:
    """Gives the gradient of z of one image where z is above 0, and adds what `gradient_sums` does.

    Args:
        emit: Writes it.
        gr: The gradient of the rectified z.
        stride: Numbers from one of its pixels to the next.
        y: What is normalised.
        g: The gradient of z.
        pixels: Of the image.
        channels: Of y and z.
        before: The normalisation, and whether its result is rectified.
        sums: In double precision.
    """
    full = rounded(emit, channels)
    lowest = emit.select(before.relu, 0.0, -float("inf"))
    single = emit.select_one(before.relu, 0.0, -float("inf"))
    for span in emit.spans(channels):
        mean, factor, summand = (span.of(row) for row in before.rows(emit, channels))
        nothing, floor = span.constant(0.0), lowest if span.wide else single
        totals, products = ([emit.variable(nothing) for _ in range(2)] for _ in range(2))
        for size, first in emit.groups(pixels, (2, 1)):  # a sum that waits for itself is slow
            for u in range(size):
                p = first + u
                off = span.of(y.from_(p * channels)) - mean
                gradient = span.of(gr.from_(p * stride))
                gradient = off.times_plus(factor, summand).above(floor, gradient, nothing)
                span.put(g.from_(p * channels), gradient)
                totals[u].set(totals[u].get() + gradient)
                products[u].set(gradient.times_plus(off, products[u].get()))
        for place, (one, other) in ((sums, totals), (sums.from_(full), products)):
            span.put(place, span.of(place) + (one.get() + other.get()).wide())


def gradient_terms() -> Kernel:
    """The kernel that gives the gradients of γ and β, and the terms of the gradient of y."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        full = rounded(emit, a.c)
        rows = rows_of(emit, a.terms, a.c, TERMS)
        count, zero = emit.as_double(a.pixels), emit.single(0.0, F64)
        with emit.loop(a.c) as c:
            rate = a.rates.one(c)
            total, turned = a.sums.one(c), a.sums.one(full + c) * rate
            factor = a.gamma.one(c).wide() * rate
            a.g_gamma.put(c, turned.narrow())
            a.g_beta.put(c, total.narrow())
            rows[3].put(c, factor.narrow())
            rows[4].put(c, (zero - factor * rate * turned / count).narrow())
            rows[5].put(c, (zero - factor * total / count).narrow())

    return kernel("gradient_terms", write, "gamma g_gamma g_beta terms", "pixels c", wide="sums rates")


def to_gradient(
    emit: Emitter,
    g: Floats,
    y: Floats,
    pixels: Number,
    channels: Number,
    terms: Floats,
    gate: Number,
    gy: Floats,
) -> None:
    """Turns the gradient of z into that of y."""
    rows = rows_of(emit, terms, channels, TERMS)
    nothing = emit.constant(0.0)

    for gated in emit.choices(gate):
        with emit.loop(pixels) as p, emit.loop(channels, step=emit.lanes) as c:
            mean, scale, beta, of_g, of_y, rest = (row.vector(c) for row in rows)
            off, gradient = y.vector(p * channels + c) - mean, g.vector(p * channels + c)
            if gated:
                gradient = off.times_plus(scale, beta).above(nothing, gradient, nothing)
            gy.put(p * channels + c, gradient.times_plus(of_g, off.times_plus(of_y, rest)))


def gradient() -> Kernel:
    """The kernel that turns a whole batch's gradient of z into that of y."""

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        to_gradient(emit, a.g, a.y, a.pixels, a.c, a.terms, a.gate, a.gy)

    return kernel("gradient", write, "g y terms gy", "pixels c gate")
