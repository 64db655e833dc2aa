"""Writes a drawing as SVG, or turned into PNG."""

from __future__ import annotations

from pathlib import Path

from ..errors import UserError

SCALE = 2.0
"""Pixels of a PNG for one of the drawing's: sharp on a slide."""


def write_picture(svg: str, path: Path) -> Path:
    """Writes a drawing in the format that the file's name ends in.

    Args:
        svg: The drawing.
        path: It ends in ``.svg`` or ``.png``.

    Returns:
        The path.

    Raises:
        UserError: A PNG is wanted, and what makes one is not installed.
    """
    if path.suffix.lower() == ".png":
        path.write_bytes(_png(svg))
    else:
        path.write_text(svg, encoding="utf-8")
    return path


def _png(svg: str) -> bytes:
    try:
        from vl_convert import svg_to_png
    except ImportError:
        raise UserError(
            "drawing: a PNG needs an extra that is not installed: pip install 'evonas[png]'; SVG needs none"
        ) from None
    return bytes(svg_to_png(svg, scale=SCALE))
