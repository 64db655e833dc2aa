"""A code as a row of letters, each above what it decides: a GeNet string beside its graph."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from . import text
from .palette import EDGE, FAINT, INK, LOOKS
from .picture import Bit

SIDE = 20.0
GAP = 8.0
WORDS = 9.0
"""Font size of what a bit decides."""


def height(bits: tuple[Bit, ...]) -> float:
    """Pixels that the row takes."""
    return SIDE + 2 * WORDS + 8.0 if bits else 0.0


def width(bits: tuple[Bit, ...]) -> float:
    """Likewise, across."""
    return len(bits) * _pitch(bits) if bits else 0.0


def _pitch(bits: tuple[Bit, ...]) -> float:
    return max(SIDE, *(text.width(bit.meaning, WORDS) for bit in bits)) + GAP


def drawn(bits: tuple[Bit, ...], left: float, top: float) -> Xml.Element:
    """The row as a group of SVG, its upper left corner there."""
    group = Xml.Element("g", {"class": "bits"})
    pitch = _pitch(bits)
    for number, bit in enumerate(bits):
        x = left + number * pitch + (pitch - GAP - SIDE) / 2
        look = LOOKS[bit.mark] if bit.mark else None
        stroke = look.stroke if look else EDGE
        fill = look.fill if look else "#e2e8f0" if bit.on else "#ffffff"
        part = Xml.SubElement(group, "g", {"class": "bit"})
        Xml.SubElement(part, "title").text = text.legal(f"{bit.meaning}: {bit.value}")
        square = {"x": f"{x:.1f}", "y": f"{top:.1f}", "width": f"{SIDE:g}", "height": f"{SIDE:g}", "rx": "4"}
        Xml.SubElement(part, "rect", square, fill=fill, stroke=stroke, **{"stroke-width": "1.4"})
        _write(part, bit.value, x + SIDE / 2, top + 14.5, 13.0, INK if bit.on else FAINT, bit.on)
        _write(part, bit.meaning, x + SIDE / 2, top + SIDE + WORDS + 3, WORDS, FAINT, False)
    return group


def _write(parent: Xml.Element, words: str, x: float, y: float, size: float, fill: str, bold: bool) -> None:
    place = {
        "x": f"{x:.1f}",
        "y": f"{y:.1f}",
        "font-size": f"{size:g}",
        "text-anchor": "middle",
        "fill": fill,
    }
    weight = {"font-weight": "600" if bold else "400"}
    Xml.SubElement(parent, "text", place | weight).text = text.legal(words)
