from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from evonas.genomes.amoeba import AmoebaGenome, published
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.operators.amoeba import hidden_state, operation

from evonas.drawing import draw_cell_change, draw_cells
from evonas.drawing.palette import LOOKS, Mark
from evonas.errors import UserError

Read = Callable[[Path], Any]


def genome() -> AmoebaGenome:
    return AmoebaGenome(*published.AMOEBANET_A_TPU)


def test_only_the_cell_that_has_changed_is_shown(tmp_path: Path, read_drawing: Read) -> None:
    parent = genome()
    child = hidden_state(parent.clone(), random.Random(1))
    drawing = read_drawing(draw_cell_change(parent.pictured(), child.pictured(), tmp_path / "a.svg", ["why"]))
    before, after = parent.pictured(), child.pictured()
    changed = [name for name in before if set(before[name].edges) != set(after[name].edges)]
    assert "why" in drawing.words
    headings = {word for word in drawing.words if word.endswith((", before", ", after"))}
    assert headings == {f"{name}, {when}" for name in changed for when in ("before", "after")}
    colours = [edge.colour for edge in drawing.edges]
    # The moved input, and what became or is no more a loose end of the cell.
    assert (
        1 <= colours.count(LOOKS[Mark.NEW].stroke) <= 3 and 1 <= colours.count(LOOKS[Mark.GONE].stroke) <= 3
    )


def test_a_changed_operation_is_marked(tmp_path: Path) -> None:
    parent = genome()
    child = parent.clone()
    while child.key() == parent.key():
        child = operation(parent.clone(), random.Random(7))
    text = draw_cell_change(parent.pictured(), child.pictured(), tmp_path / "a.svg").read_text("utf-8")
    assert text.count(f'fill="{LOOKS[Mark.CHANGED].fill}"') == 3  # one box in each panel, and the legend


def test_where_nothing_has_changed_all_is_shown(tmp_path: Path, read_drawing: Read) -> None:
    drawing = read_drawing(draw_cell_change(genome().pictured(), genome().pictured(), tmp_path / "a.svg"))
    assert {"normal cell, before", "normal cell, after", "reduction cell, after"} <= set(drawing.words)


def test_cells_that_come_and_go(tmp_path: Path, read_drawing: Read) -> None:
    old, new = nx.DiGraph([("a", "b")]), nx.DiGraph([("c", "d")])
    drawing = read_drawing(draw_cell_change({"old": old}, {"new": new}, tmp_path / "a.svg"))
    assert {"old, before", "new, after"} <= set(drawing.words)
    with pytest.raises(UserError, match="expected at least one cell, got none"):
        draw_cell_change({}, {}, tmp_path / "b.svg")


def test_the_bits_of_a_string_stand_above_its_graph(tmp_path: Path, read_drawing: Read) -> None:
    genome = GenetGenome.from_text("0-01-100", GenetSpace(nodes=(4,), filters=(8,)))
    words = read_drawing(genome.draw(tmp_path / "a.svg")).words
    for pair in ("1→2", "1→3", "2→3", "1→4", "2→4", "3→4"):
        assert pair in words
    assert words.count("1") == 2 and words.count("0") == 4


def test_a_flipped_bit_is_marked(tmp_path: Path) -> None:
    space = GenetSpace(nodes=(4,), filters=(8,))
    one, other = (GenetGenome.from_text(code, space).pictured() for code in ("0-01-100", "0-11-100"))
    text = draw_cell_change(one, other, tmp_path / "a.svg").read_text("utf-8")
    bits = text.partition('class="bits"')[2]
    assert bits.count(f'stroke="{LOOKS[Mark.CHANGED].stroke}"') >= 2


def test_png(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert", reason="needs evonas[png]")
    data = draw_cells(genome().pictured(), tmp_path / "a.png").read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(b"\x89PNG") and width > 1000 and height > 500


def test_png_without_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(UserError, match=r"drawing: a PNG needs an extra .*evonas\[png\]"):
        draw_cells(genome().pictured(), tmp_path / "a.png")
