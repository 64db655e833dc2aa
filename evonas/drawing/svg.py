"""Writes panels as SVG: the panels side by side, each under its heading, and one legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from . import bits, text
from .arranging import Arrangement, arrange
from .palette import COLOURS, EDGE, FAINT, INK, LOOKS, SKIP, Kind, Look, Mark
from .picture import BODY, LEADING, PADDING_X, PADDING_Y, STRIP, TITLE, Box, Panel, legend
from .routes import ARROW, Curve, curves

FONTS = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
MARGIN = 28.0
BETWEEN = 64.0
"""Room between two panels."""
HEADING = 17.0
CORNER = 8.0
CARD = 4.0
"""How far the cards of a stack stand out."""
SWATCH, SWATCH_GAP, LEGEND_ROW = 14.0, 20.0, 24.0
BADGE = 8.0
"""Radius of the sign on a marked box's corner."""


@dataclass(frozen=True)
class _Placed:
    """A panel with its places.

    Attributes:
        panel: What is drawn.
        arrangement: The places, from (0, 0).
        curves: The edges.
        left: Where the heading starts.
        head: Its upper end.
        shift: Where the boxes start; they stand in the middle below a wide heading.
        top: Likewise, downwards.
        width: Of boxes and heading.
    """

    panel: Panel
    arrangement: Arrangement
    curves: list[Curve]
    left: float
    head: float
    shift: float
    top: float
    width: float


def svg(panels: list[Panel], title: str, caption: Sequence[str] = ()) -> str:
    """The document; the caption's lines stand above the panels."""
    placed = _side_by_side(panels, MARGIN + LEGEND_ROW * len(caption) + (10.0 if caption else 0.0))
    widest = max((text.width(line, TITLE) for line in caption), default=300.0)
    right = max(max(part.left + part.width for part in placed), widest + MARGIN)
    bottom = max(part.top + part.arrangement.height for part in placed) + CARD * 2
    skips = any(link.skip for panel in panels for link in panel.links)
    rows = _legend_rows(legend(panels), skips, right - MARGIN)
    height = bottom + MARGIN + LEGEND_ROW * len(rows) + MARGIN - 6
    document = _document(right + MARGIN, height, title)
    for number, line in enumerate(caption):
        _write(document, line, MARGIN, MARGIN + TITLE + LEGEND_ROW * number, TITLE, anchor="start")
    for part in placed:
        _draw_panel(document, part)
    for row, entries in enumerate(rows):
        _draw_legend(document, entries, bottom + MARGIN + LEGEND_ROW * row)
    Xml.indent(document, " ")
    return Xml.tostring(document, encoding="unicode", xml_declaration=False) + "\n"


def _document(width: float, height: float, title: str) -> Xml.Element:
    """The root: its size, its title for readers and screen readers, a white ground."""
    sides = {"width": _number(width), "height": _number(height)}
    root = Xml.Element(
        "svg",
        sides,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_number(width)} {_number(height)}",
        role="img",
    )
    root.set("aria-label", text.legal(title))
    root.set("font-family", FONTS)
    _add(root, "title").text = text.legal(title)
    _add(root, "rect", sides, fill="#ffffff")
    return root


def _side_by_side(panels: list[Panel], head: float) -> list[_Placed]:
    placed = []
    left = MARGIN
    for panel, arrangement in zip(panels, arrange(panels), strict=True):
        lines = curves(arrangement, panel.boxes, panel.links)
        top = head + HEADING + 18.0 + (LEADING[BODY] if panel.note else 0.0) + bits.height(panel.bits)
        words = max(
            text.width(panel.heading, HEADING, bold=True),
            text.width(panel.note, BODY),
            bits.width(panel.bits),
        )
        width = max(arrangement.width, words)
        middle = left + (width - arrangement.width) / 2
        placed.append(_Placed(panel, arrangement, lines, left, head, middle, top, width))
        left += width + BETWEEN
    return placed


def _draw_panel(document: Xml.Element, part: _Placed) -> None:
    group = _add(document, "g", {"class": "panel"})
    heading = (part.left, part.head + HEADING - 3)
    _write(group, part.panel.heading, *heading, HEADING, weight="600", anchor="start")
    if part.panel.note:
        _write(group, part.panel.note, part.left, heading[1] + 19, BODY, fill=FAINT, anchor="start")
    if part.panel.bits:
        below = heading[1] + 14 + (LEADING[BODY] if part.panel.note else 0.0)
        group.append(bits.drawn(part.panel.bits, part.left, below))
    inner = _add(group, "g", transform=f"translate({_number(part.shift)} {_number(part.top)})")
    _draw_edges(inner, part)
    for index, box in enumerate(part.panel.boxes):
        _draw_box(inner, box, part.arrangement.x[index], part.arrangement.middle(index))


# -- edges ------------------------------------------------------------------------------------------


def _draw_edges(parent: Xml.Element, part: _Placed) -> None:
    """All edges; those of one source lie in front of those of the sources before it."""
    sources: dict[int, list[Curve]] = {}
    for curve in part.curves:
        sources.setdefault(part.panel.links[curve.link].source, []).append(curve)
    for source in sorted(sources):
        halo = {"class": "halo", "fill": "none", "stroke": "#ffffff", **_thick(5.0)}
        for curve in sources[source]:  # a white rim, so that crossings can be told from joints
            _add(parent, "path", halo, d=curve.path)
        # Where they start together, the line has the colour of the others and not of skip connections.
        for curve in sorted(sources[source], key=lambda curve: not part.panel.links[curve.link].skip):
            _draw_edge(parent, curve, part.panel)


def _draw_edge(parent: Xml.Element, curve: Curve, panel: Panel) -> None:
    link = panel.links[curve.link]
    look = LOOKS[link.mark] if link.mark else Look("", SKIP if link.skip else EDGE)
    colour = look.stroke
    group = _add(parent, "g", {"class": "edge"})
    _add(group, "title").text = text.legal(link.hover)
    thick = 2.2 if look.sign else 1.6
    _add(group, "path", _dashes(look), d=curve.path, fill="none", stroke=colour, **_thick(thick))
    x, y = curve.tip
    corners = [(x - ARROW / 2, y - ARROW), (x, y), (x + ARROW / 2, y - ARROW)]
    _add(group, "polygon", points=" ".join(f"{_number(a)},{_number(b)}" for a, b in corners), fill=colour)
    if curve.mark:
        _write(group, curve.mark, x + 7, y - 5, BODY, fill=colour, weight="600", anchor="start")


# -- boxes ------------------------------------------------------------------------------------------


def _draw_box(parent: Xml.Element, box: Box, x: float, y: float) -> None:
    width, height = box.size
    left, top = x - width / 2, y - height / 2
    look = LOOKS[box.mark] if box.mark else Look(*COLOURS[box.kind])
    fill, stroke = look.fill, look.stroke
    group = _add(parent, "g", {"class": "node"})
    _add(group, "title").text = text.legal(box.hover)
    corner = width / 2 if box.circle else CORNER
    sides = {"width": _number(width), "height": _number(height), "rx": _number(corner)}
    for card in (2, 1) if box.stack else ():
        place = {"x": _number(left + CARD * card), "y": _number(top + CARD * card)}
        _add(group, "rect", {"class": "card", **place, **sides}, fill=fill, stroke=stroke, **_thick(1.0))
    place = {"x": _number(left), "y": _number(top)}
    rim = {"class": "box", **place, **sides, **_dashes(look)}
    _add(group, "rect", rim, fill=fill, stroke=stroke, **_thick(2.0 if look.sign else 1.4))
    if look.sign:
        _draw_sign(group, look, left + 2, top + 2)
    if box.circle:
        _write(group, box.title, x, y + 6, 18.0, fill=look.ink, weight="600")
        return
    baseline = top + PADDING_Y + TITLE
    _write(
        group, box.title, x, baseline, TITLE, fill=look.ink, weight="400" if box.mark is Mark.SAME else "600"
    )
    for line in box.lines:
        baseline += LEADING[BODY]
        _write(group, line, x, baseline + 1, BODY, fill=FAINT)
    if box.strip:
        _draw_strip(group, box, left + PADDING_X, top + height - PADDING_Y - STRIP / 2)


def _draw_sign(parent: Xml.Element, look: Look, x: float, y: float, radius: float = BADGE) -> None:
    """A sign in a filled circle."""
    place = {"cx": _number(x), "cy": _number(y), "r": _number(radius)}
    _add(parent, "circle", {"class": "sign", **place}, fill=look.stroke)
    _write(parent, look.sign, x, y + 0.5 * radius, 1.6 * radius, fill="#ffffff", weight="700")


def _draw_strip(parent: Xml.Element, box: Box, left: float, top: float) -> None:
    """How many layers of each kind a group has, as lengths."""
    whole = box.size[0] - 2 * PADDING_X
    total = sum(count for _, count in box.strip)
    for kind, count in box.strip:
        width = whole * count / total
        place = {"x": _number(left), "y": _number(top), "width": _number(width), "height": _number(STRIP)}
        _add(parent, "rect", {"class": "strip", **place}, fill=COLOURS[kind][1])
        left += width


# -- legend -----------------------------------------------------------------------------------------

_Entry = tuple[float, Kind | Mark | None, str]
"""Where it starts, what it shows (None: a skip connection), and its words."""


def _legend_rows(kinds: list[Kind | Mark], skips: bool, width: float) -> list[list[_Entry]]:
    """Entries with where they start, in as many rows as they need; None stands for a skip connection."""
    entries: list[tuple[Kind | Mark | None, str]] = [(kind, kind.value) for kind in kinds]
    if skips:
        entries.append((None, "skip connection"))
    rows: list[list[_Entry]] = [[]]
    x = 0.0
    for kind, words in entries:
        wide = SWATCH + 7 + text.width(words, BODY)
        if rows[-1] and x + wide > width:
            rows.append([])
            x = 0.0
        rows[-1].append((MARGIN + x, kind, words))
        x += wide + SWATCH_GAP
    return rows


def _draw_legend(document: Xml.Element, entries: list[_Entry], top: float) -> None:
    group = _add(document, "g", {"class": "legend"})
    for x, kind, words in entries:
        if kind is None:
            middle = _number(top + SWATCH / 2)
            _add(group, "path", d=f"M{_number(x)},{middle}h{_number(SWATCH)}", stroke=SKIP, **_thick(1.8))
        else:
            look = LOOKS[kind] if isinstance(kind, Mark) else Look(*COLOURS[kind])
            sides = {"width": _number(SWATCH), "height": _number(SWATCH), "rx": "3"}
            place = {"class": "swatch", "x": _number(x), "y": _number(top), **sides}
            _add(group, "rect", place, fill=look.fill, stroke=look.stroke, **_thick(1.2))
            if look.sign:
                _draw_sign(group, look, x + SWATCH / 2, top + SWATCH / 2, 5.0)
        _write(group, words, x + SWATCH + 7, top + 11, BODY, fill=FAINT, anchor="start")


# -- elements ---------------------------------------------------------------------------------------


def _add(
    parent: Xml.Element, tag: str, attributes: dict[str, str] | None = None, /, **more: str
) -> Xml.Element:
    return Xml.SubElement(parent, tag, {**(attributes or {}), **more})


def _write(
    parent: Xml.Element,
    words: str,
    x: float,
    y: float,
    size: float,
    *,
    fill: str = INK,
    weight: str = "400",
    anchor: str = "middle",
) -> None:
    place = {"x": _number(x), "y": _number(y), "font-size": _number(size), "font-weight": weight}
    _add(parent, "text", {**place, "text-anchor": anchor, "fill": fill}).text = text.legal(words)


def _dashes(look: Look) -> dict[str, str]:
    return {"stroke-dasharray": "5 3"} if look.dashed else {}


def _thick(width: float) -> dict[str, str]:
    return {"stroke-width": _number(width)}


def _number(value: float) -> str:
    """At most one decimal, so that files are small and the same everywhere."""
    return f"{value:.1f}".removesuffix(".0")
