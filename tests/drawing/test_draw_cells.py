from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from evonas.genomes.amoeba import AmoebaGenome, published

from evonas.drawing import draw_cells
from evonas.errors import UserError

Read = Callable[[Path], Any]


@pytest.mark.parametrize("name", sorted(published.PUBLISHED))
def test_published_cells_show_every_operation_and_edge(name: str, tmp_path: Path, read_drawing: Read) -> None:
    genome = AmoebaGenome(*published.PUBLISHED[name])
    drawing = read_drawing(genome.draw(tmp_path / "cells.svg"))
    assert {"normal cell", "reduction cell"} <= set(drawing.words)
    graphs = [cell.graph() for cell in genome.cells]
    labels = [label for graph in graphs for _, label in graph.nodes(data="label")]
    assert [box.hover for box in drawing.boxes] == labels
    assert len(drawing.edges) == sum(len(graph.edges) for graph in graphs)


def test_the_cells_stand_side_by_side(tmp_path: Path, read_drawing: Read) -> None:
    genome = AmoebaGenome(*published.AMOEBANET_A_TPU)
    drawing = read_drawing(genome.draw(tmp_path / "cells.svg"))
    nodes = len(genome.normal.graph())
    normal, reduction = drawing.boxes[:nodes], drawing.boxes[nodes:]
    assert max(box.right for box in normal) < min(box.left for box in reduction)
    for one in drawing.boxes:
        assert not [other for other in drawing.boxes if other is not one and one.overlaps(other, gap=5.0)]


def test_inputs_stand_above_and_the_output_below_all_others(tmp_path: Path, read_drawing: Read) -> None:
    genome = AmoebaGenome(*published.AMOEBANET_A_TPU)
    drawing = read_drawing(draw_cells({"a cell": genome.normal.graph()}, tmp_path / "cells.svg"))
    inputs = [box for box in drawing.boxes if box.hover in ("direct", "skip")]
    (output,) = [box for box in drawing.boxes if box.hover == "output"]
    rest = [box for box in drawing.boxes if box not in inputs and box is not output]
    assert max(box.bottom for box in inputs) < min(box.top for box in rest)
    assert max(box.bottom for box in rest) < output.top


def test_operations_are_spelt_out(tmp_path: Path, read_drawing: Read) -> None:
    cell = nx.DiGraph()
    for node, label in enumerate(["sep3x3", "conv1x7_7x1", "identity", "add", "<b>&"]):
        cell.add_node(node, label=label)
    nx.add_path(cell, range(5))
    drawing = read_drawing(draw_cells({"one": cell}, tmp_path / "cells.svg"))
    assert [box.words for box in drawing.boxes] == [
        ("sep 3×3",),
        ("conv 1×7 7×1",),
        ("identity",),
        ("+",),
        ("<b>&",),
    ]


def test_a_count_on_an_edge_and_a_node_apart_are_drawn(tmp_path: Path, read_drawing: Read) -> None:
    cell = nx.DiGraph()
    cell.add_node("unread", label="skip")
    cell.add_edge("a", "b", count=2)
    drawing = read_drawing(draw_cells({"one": cell}, tmp_path / "cells.svg"))
    assert [box.words[0] for box in drawing.boxes] == ["skip", "a", "b"]
    assert [edge.hover for edge in drawing.edges] == ["a → b", "a → b"]


def test_no_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^draw cells: expected at least one cell, got none$"):
        draw_cells({}, tmp_path / "cells.svg")


def test_an_empty_cell_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^draw cells: expected at least one node in 'hollow', got none$"):
        draw_cells({"hollow": nx.DiGraph()}, tmp_path / "cells.svg")


def test_a_cycle_is_refused(tmp_path: Path) -> None:
    cell = nx.DiGraph([(0, 1), (1, 0)])
    with pytest.raises(UserError, match=r"^draw cells: expected no cycle, got one in 'round'$"):
        draw_cells({"round": cell}, tmp_path / "cells.svg")
    assert not (tmp_path / "cells.svg").exists()


def test_the_ending_is_checked(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"^drawing: expected a file that ends in \.svg or \.png, got '.*cells\.pdf'$"
    ):
        draw_cells({"one": nx.DiGraph([(0, 1)])}, tmp_path / "cells.pdf")
