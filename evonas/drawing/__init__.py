"""Drawings, as SVG files, which need nothing else to make or to see them, or as PNG (an extra).

- `draw_architecture`: any architecture. Layers in a line are folded into one box; a large one is
  gathered by the leading parts of its nodes' names.
- `draw_change`, `draw_morphism`: a parent and its child side by side, with what has changed marked.
- `draw_cells`: small labelled graphs side by side, such as the cells of a genome; a code's letters above.
- `draw_cell_change`: the cells of a parent and its child that differ, before and after, marked likewise.

The way of a drawing: `describing` (words on boxes; `folding` and `grouping` decide what a box is) ->
`picture` (boxes and links) -> `layout` (ranks and order) -> `coordinates`, `arranging` (places) ->
`routes` (curves) -> `svg`. For a change, `marking` (what differs) and `before_after` stand in for the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError
from ..files import later
from .files import write_picture

if TYPE_CHECKING:
    import networkx as nx

    from ..architecture import Architecture
    from ..evolution import Morphism
    from .before_after import change_caption

__all__ = [
    "change_caption",
    "draw_architecture",
    "draw_cell_change",
    "draw_cells",
    "draw_change",
    "draw_morphism",
]

__getattr__ = later(__name__, {"before_after": "change_caption"})


def draw_architecture(architecture: Architecture, path: Path) -> Path:
    """Draws an architecture.

    Boxes carry the output's size (channels×height×width) and the number of trained parameters; the
    mouse resting on a box shows its nodes, their layers, sizes and parameters.

    Args:
        architecture: What to draw.
        path: Where to; it ends in ``.svg`` or ``.png``. A file that is there is replaced.

    Returns:
        The path.

    Raises:
        UserError: The path cannot be written to, or the architecture is empty, has no output, or
            shapes disagree.
    """
    from .describing import architecture_panel
    from .svg import svg

    path = _checked(path)
    panel = architecture_panel(architecture)
    return write_picture(svg([panel], f"Network: {panel.heading}"), path)


def draw_morphism(morphism: Morphism, architecture: Architecture, path: Path) -> Path:
    """Draws what a morphism makes of an architecture, before and after.

    Args:
        morphism: One that applies.
        architecture: The parent's.
        path: As of `draw_architecture`.

    Returns:
        The path.

    Raises:
        NotApplicable: The morphism does not apply.
        UserError: As of `draw_architecture`.
    """
    claim = "the function is preserved" if morphism.preserving else "approximately the same function"
    words = f"{morphism.kind}: {morphism.describe()} ({claim})"
    return draw_change(architecture, morphism.rewrite(architecture), path, [words])


def draw_change(parent: Architecture, child: Architecture, path: Path, caption: Sequence[str] = ()) -> Path:
    """Draws two architectures side by side, and marks the nodes and edges that are new, gone or changed.

    Nodes are compared by name. What is unchanged is muted; long stretches of it are one box.

    Args:
        parent: On the left.
        child: On the right.
        path: As of `draw_architecture`.
        caption: Lines above the two.

    Returns:
        The path.

    Raises:
        UserError: As of `draw_architecture`.
    """
    from .before_after import change_panels
    from .svg import svg

    path = _checked(path)
    return write_picture(svg(change_panels(parent, child), " ".join(caption) or "Change", caption), path)


def draw_cells(cells: Mapping[str, nx.DiGraph], path: Path) -> Path:
    """Draws small graphs side by side.

    Args:
        cells: Graphs without cycles by their heading. Node attribute ``label``, edge attribute
            ``count`` for an edge that is read more than once.
        path: Where to; it ends in ``.svg`` or ``.png``. A file that is there is replaced.

    Returns:
        The path.

    Raises:
        UserError: The path cannot be written to, there is no cell, or one is empty or has a cycle.
    """
    from .picture import cell_panel
    from .svg import svg

    path = _checked(path)
    if not cells:
        raise UserError("draw cells: expected at least one cell, got none")
    panels = [cell_panel(name, cell) for name, cell in cells.items()]
    return write_picture(svg(panels, f"Cells: {', '.join(cells)}"), path)


def draw_cell_change(
    parent: Mapping[str, nx.DiGraph],
    child: Mapping[str, nx.DiGraph],
    path: Path,
    caption: Sequence[str] = (),
) -> Path:
    """Draws the cells of a parent and its child that differ, and marks what is new, gone or another.

    Args:
        parent: As of `draw_cells`; nodes are compared by their names in the graphs.
        child: Likewise.
        path: As of `draw_cells`.
        caption: Lines above.

    Returns:
        The path.

    Raises:
        UserError: As of `draw_cells`.
    """
    from .cells_compared import compared_panels
    from .svg import svg

    path = _checked(path)
    panels = compared_panels(parent, child)
    if not panels:
        raise UserError("draw cells: expected at least one cell, got none")
    return write_picture(svg(panels, " ".join(caption) or "Change", caption), path)


def _checked(path: Path) -> Path:
    path = Path(path)
    if path.suffix.lower() not in (".svg", ".png"):
        raise UserError(f"drawing: expected a file that ends in .svg or .png, got {str(path)!r}")
    if not path.parent.is_dir():
        raise UserError(f"drawing: expected a folder that exists, got {str(path.parent)!r}")
    if path.is_dir():
        raise UserError(f"drawing: expected a file, got the folder {str(path)!r}")
    return path
