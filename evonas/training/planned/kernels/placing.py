"""Copying an image to where it is worked on: padded, with gaps, normalised and rectified as it is read."""

from __future__ import annotations

from dataclasses import dataclass

from .emitting import Emitter
from .values import Floats, Number

Whole = int | Number


def rounded(emit: Emitter, channels: Number) -> Number:
    """Channels that fill whole vectors."""
    return (channels + (emit.lanes - 1)) // emit.lanes * emit.lanes


def rows_of(emit: Emitter, terms: Floats, channels: Number, count: int = 3) -> list[Floats]:
    """The first rows of a normalisation's terms: by default those that it is computed by."""
    return [terms.from_(rounded(emit, channels) * row) for row in range(count)]


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
        return rows_of(emit, self.terms, channels)


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
