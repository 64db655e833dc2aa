"""A convolution, backward: the gradients of what it reads, of its weights and of its taps, image by image.

Given the gradient g of y (see `convolution`): that of W is the sum of dᵀ g over pixels, that of d is g Wᵀ;
that of the taps is the sum over pixels of the gradient of d times r, and that of r is the gradient of d
convolved with the taps turned around. Where what is read was not above 0 before it was rectified, there is
none. What lies between x and y is not kept but computed again, while the image lies in the cache. Where a
normalisation follows (`normalising`), g comes as the gradient of what that gives, and becomes that of y here.
"""

from __future__ import annotations

from types import SimpleNamespace

from .by_channel import depthwise, depthwise_weights
from .convolution import ONCE, SIZES, Image, Kind
from .convolving import Panels, convolve, convolve_weights
from .emitting import Emitter
from .kernel import Kernel, kernel
from .normalising import clear_sums, gate_and_sum, to_gradient
from .placing import Before, place_pixels, rounded, spread_pixels
from .values import Floats, Number
from .window import Window


def backward(window: Window, kind: Kind) -> Kernel:
    """The kernel that computes a convolution's gradients; its arguments are as of `convolution.forward`."""
    name = f"backward_{kind}_{window}"
    arrays = "x before weights taps y g gx g_weights g_taps terms"
    arrays += " r d packed_taps packed gy gd gp gr turned_taps turned sum_taps sum_weights"

    def write(emit: Emitter, a: SimpleNamespace) -> None:
        image = Image(emit, a, window, kind)
        image.pack()
        gradients = _Gradients(emit, a, image)
        gradients.prepare()
        with emit.loop(a.n) as n:
            image.read(n)
            gradients.of(n)
        gradients.unpack()

    return kernel(name, write, arrays, f"{SIZES} add gate needed", wide="before_sums")


class _Gradients:
    """The gradients that one image after the other gives."""

    def __init__(self, emit: Emitter, a: SimpleNamespace, image: Image) -> None:
        self.emit, self.a, self.image, self.window = emit, a, image, image.window
        self.full_in = rounded(emit, a.ci)
        channels = self.full_in if image.by_channel else a.ci  # that the gradient of what is read has
        self.panels = Panels(emit, channels, a.co * image.between)
        self.turned = Window(self.window.kernel, (1, 1), self.window.dilation)
        (down, across), taps = self.window.reach, self.window.kernel[0] * self.window.kernel[1]
        self.high, self.wide = a.h + down, a.w + across
        self.top, self.left = down - a.top, across - a.left
        self.thin = self.window.single and self.window.stride != (1, 1)
        self.taps = taps

    def prepare(self) -> None:
        """Turns weights around, and clears what is added to."""
        emit, a, taps = self.emit, self.a, self.taps
        with emit.when(a.normal.is_(1)):
            clear_sums(emit, a.before_sums, self.full_in)
        if not self.image.alone:
            emit.clear(a.sum_weights, self.image.panels.rows * self.image.full)
            between = self.image.between
            with emit.loop(a.co) as o, emit.loop(a.ci) as c, emit.loop(between) as t:
                one = a.weights.one(o * (a.ci * between) + t * a.step + c * a.channel)
                a.turned.put(self.panels.place((between - 1 - t) * a.co + o, c), one)
        channels = self.image.pixel if self.image.by_channel else a.co
        if not self.window.single:
            emit.clear(a.gp, self.high * self.wide * channels)
        if self.thin:
            emit.clear(a.gr, a.h * a.w * a.ci)
        if self.image.by_channel:
            emit.clear(a.sum_taps, self.image.pixel * taps)
            with emit.loop(a.ci) as c, emit.loop(taps) as t:
                a.turned_taps.put((taps - 1 - t) * self.image.pixel + c, a.taps.one(c * taps + t))

    def of(self, n: Number) -> None:
        """Adds one image's, and gives its own."""
        emit, a = self.emit, self.a
        g, y = (array.from_(n * a.ho * a.wo * a.co) for array in (a.g, a.y))
        gx, x = (array.from_(n * a.h * a.w * a.ci) for array in (a.gx, a.x))
        if self.image.by_channel:
            for first, rows in self.image.bands():
                start = first * a.wo * a.co
                self._by_channel(self._gradient(g.from_(start), y.from_(start), rows), first, rows)
            with emit.when(a.needed.is_(1)):
                self._back(gx, x)
            return
        gy = self._gradient(g, y, a.ho)
        row, high, wide = self.image.wide * a.ci, a.ho, a.wo
        if self.image.flat:
            high, wide = emit.whole(1), a.ho * a.wo
        r, sums = self.image.r, a.sum_weights
        convolve_weights(emit, r, row, a.ci, a.ci, high, wide, gy, a.co, sums, self.window)
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
        emit, a, pixel = self.emit, self.a, self.image.pixel
        flat = emit.whole(1), rows * a.wo
        if self.image.alone:
            place_pixels(emit, gy, a.gd, (rows, a.wo, a.co), pixel, 0, 0, a.wo, (1, 1))
            self._taps(first, rows)
            return
        self.image.by_channels(first, rows)
        convolve_weights(emit, a.d, a.ci, pixel, a.ci, *flat, gy, a.co, a.sum_weights, ONCE)
        # Filters fill whole vectors here: what lies beyond the channels is never read.
        convolve(emit, gy, a.co, a.co, a.co, *flat, a.turned, pixel, a.gd, ONCE)
        self._taps(first, rows)

    def _taps(self, first: Number, rows: Number) -> None:
        """Of rows: gradients of taps, and the gradient of d, laid out with a border."""
        emit, a, pixel, (down, _) = self.emit, self.a, self.image.pixel, self.window.stride
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
        emit, a, taps, panels, between = self.emit, self.a, self.taps, self.image.panels, self.image.between
        if not self.image.alone:
            with emit.loop(a.co) as o, emit.loop(a.ci) as c, emit.loop(between) as t:
                place = o * (a.ci * between) + t * a.step + c * a.channel
                a.g_weights.put(place, a.sum_weights.one(panels.place(t * a.ci + c, o)))
        if self.image.by_channel:
            with emit.loop(a.ci) as c, emit.loop(taps) as t:
                a.g_taps.put(c * taps + t, a.sum_taps.one(t * self.image.pixel + c))
