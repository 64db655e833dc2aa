from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace, published

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    GlobalAvgPool,
    Input,
    Layer,
    Linear,
    ReLU,
)
from evonas.drawing import draw_architecture
from evonas.drawing.palette import COLOURS, EDGE, SKIP, Kind, kind_of
from evonas.errors import UserError
from evonas.task import Task

Drawn = Callable[[Architecture], Any]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def own_kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kinds of layer that a test defines are forgotten after it."""
    monkeypatch.setattr(Layer, "kinds", dict(Layer.kinds))
    yield


def small() -> Architecture:
    net = Architecture()
    x = net.add("image", Input((3, 16, 16)))
    x = net.add("stem.conv", Conv2d(8), x)
    stem = net.add("stem.relu", ReLU(), net.add("stem.bn", BatchNorm2d(), x))
    x = net.add("body.depthwise", Conv2d(kernel=5, depthwise=True), stem)
    x = net.add("body.bn", BatchNorm2d(), net.add("body.conv", Conv2d(8, 1), x))
    x = net.add("join", Add(), x, stem)
    net.add("head", Linear(10), net.add("pool", GlobalAvgPool(), x))
    return net


def test_it_returns_the_path_and_writes_an_accessible_svg(tmp_path: Path, drawn: Drawn) -> None:
    path = tmp_path / "a.svg"
    assert draw_architecture(small(), path) == path
    root = drawn(small()).root
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title = root.findtext(f"{SVG}title")
    assert (len(small()) - 1, small().parameter_count(), small().flops()) == (9, 602, 245_920)
    assert title == root.get("aria-label") == "Network: 9 layers · 602 parameters · 246k FLOPs per image"


def test_every_node_is_in_the_hover_text_of_one_box(drawn: Drawn) -> None:
    net = small()
    drawing = drawn(net)
    lines = [line for box in drawing.boxes for line in box.hover.split("\n")]
    for name in net:
        (line,) = [line for line in lines if line.startswith(f"{name}: ")]
        assert repr(net.layer(name)) in line
        assert "×".join(map(str, net.shape(name))) in line


def test_boxes_say_what_they_do_their_size_and_parameters(drawn: Drawn) -> None:
    words = [box.words for box in drawn(small()).boxes]
    assert words == [
        ("input", "3×16×16"),
        ("conv 3×3 → 8", "conv · BN · ReLU", "8×16×16 · 232 params"),
        ("sep 5×5 → 8", "depthwise · 1×1 · BN", "8×16×16 · 280 params"),
        ("+",),
        ("global avg", "8"),
        ("linear → 10", "10 · 90 params"),
        ("output", "10"),
    ]


def test_each_link_is_one_edge_from_its_source_to_its_target(drawn: Drawn) -> None:
    drawing = drawn(small())
    assert len(drawing.edges) == 7  # six boxes in a row and the output, one skip connection
    for edge in drawing.edges:
        first = edge.hover.split("\n")[0]
        source, target = first.split(" → ")
        (start,) = [box for box in drawing.boxes if f"{source}: " in box.hover]
        (end,) = [box for box in drawing.boxes if f"{target}: " in box.hover or box.words[0] == target]
        assert start.left < edge.points[0][0] < start.right
        assert abs(edge.points[0][1] - start.bottom) < 5.0
        assert end.left < edge.tip[0] < end.right
        assert abs(edge.tip[1] - end.top) < 5.0


def test_a_skip_connection_has_its_own_colour_and_a_legend(drawn: Drawn) -> None:
    drawing = drawn(small())
    skips = [edge.hover.split("\n")[0] for edge in drawing.edges if edge.colour == SKIP]
    assert skips == ["stem.relu → join"]
    assert {edge.colour for edge in drawing.edges} == {SKIP, EDGE}
    assert "skip connection" in drawing.words


def test_the_legend_has_the_kinds_that_are_there(drawn: Drawn) -> None:
    legend = [kind.value for kind in Kind if kind.value in drawn(small()).words]
    shown = ["input, output", "convolution", "separable, depthwise", "pooling", "merging", "linear"]
    assert legend == shown


@pytest.mark.parametrize(("times", "curves", "mark"), [(1, 1, ""), (2, 2, ""), (3, 3, ""), (4, 1, "×4")])
def test_reading_a_node_several_times_shows(drawn: Drawn, times: int, curves: int, mark: str) -> None:
    net = Architecture()
    x = net.add("image", Input((3, 8, 8)))
    x = net.add("conv", Conv2d(4), x)
    net.add("sum", Add(), *[x] * times)
    edges = [edge for edge in drawn(net).edges if edge.hover.startswith("conv → sum")]
    assert len(edges) == curves
    assert {edge.mark for edge in edges} == {mark}
    tips = sorted(edge.tip[0] for edge in edges)
    assert all(right - left > 5.0 for left, right in zip(tips, tips[1:], strict=False))


def test_concatenating_a_node_twice_shows_two_curves(drawn: Drawn) -> None:
    net = Architecture()
    x = net.add("image", Input((3, 8, 8)))
    a, b = net.add("a", Conv2d(4), x), net.add("b", Conv2d(4), x)
    net.add("cat", Concat(), a, b, a)
    hovers = [edge.hover.split("\n")[0] for edge in drawn(net).edges]
    assert sorted(hovers) == ["a → cat", "a → cat", "b → cat", "cat → output", "image → a", "image → b"]


def test_labels_of_own_kinds_are_escaped(drawn: Drawn, own_kinds: None) -> None:
    @dataclass(frozen=True)
    class Sneaky(Layer):
        def label(self) -> str:
            return "<script>&\x00\x1b]]>\n\"'"

        def __repr__(self) -> str:
            return "<Sneaky>\x07"

    net = Architecture()
    net.add("sneaky", Sneaky(), net.add("image", Input((3, 8, 8))))
    drawing = drawn(net)
    assert not [element for element in drawing.root.iter() if "script" in element.tag]
    box = drawing.boxes[1]
    assert box.words[0] == "<script>&\ufffd\ufffd]]> \"'"
    assert "sneaky: <Sneaky>\ufffd → 3×8×8" in box.hover


def test_a_long_label_is_cut_on_the_box_and_whole_in_the_hover_text(drawn: Drawn, own_kinds: None) -> None:
    @dataclass(frozen=True)
    class Wordy(Layer):
        text: str = "z" * 500

        def label(self) -> str:
            return self.text

    net = Architecture()
    net.add("wordy", Wordy(), net.add("image", Input((3, 8, 8))))
    box = drawn(net).boxes[1]
    assert box.words[0] == "z" * 35 + "…"
    assert "z" * 500 in box.hover
    assert box.right - box.left < 400


def test_own_kinds_get_the_colour_of_what_their_name_says(own_kinds: None) -> None:
    names = ["LeakyReLU", "GELU", "ReLU6", "Tanh", "LayerNorm", "LpPool", "FancyConv", "Whatever"]
    kinds = [kind_of(type(name, (Layer,), {})()) for name in names]
    activations = [Kind.ACTIVATION] * 4
    assert kinds == [*activations, Kind.NORMALISATION, Kind.POOLING, Kind.CONVOLUTION, Kind.OTHER]
    assert set(COLOURS) == set(Kind)


def test_an_input_alone_is_drawn(drawn: Drawn) -> None:
    net = Architecture()
    net.add("image", Input((3, 8, 8)))
    assert [box.words for box in drawn(net).boxes] == [("input", "3×8×8"), ("output", "3×8×8")]


def test_dead_parts_are_drawn_too(drawn: Drawn) -> None:
    net = small()
    net.add("aside", Conv2d(2), "stem.relu")
    net.output = "head"
    drawing = drawn(net)
    assert drawing.box("conv 3×3 → 2")
    assert len(drawing.edges) == 8


def test_amoebanet_shows_its_stack_of_cells_with_direct_and_skip_edges(drawn: Drawn) -> None:
    genome = AmoebaGenome(*published.AMOEBANET_A_TPU, AmoebaSpace(cells=3, filters=8))
    drawing = drawn(genome.decode(Task(3, 32, 32, 10)))
    names = [f"stage{stage}.cell{cell}" for stage in (1, 2, 3) for cell in (1, 2, 3)]
    for place in (6, 3):
        names.insert(place, f"stage{place // 3}.reduction")
    titles = [box.words[0] for box in drawing.boxes]
    assert titles == ["input", "conv 3×3 → 8", *names, "global avg", "linear → 10", "output"]

    owners = ["stem", *names]
    links = set()
    for edge in drawing.edges:
        source, target = edge.hover.split("\n")[0].split(" → ")
        links.add((source, target))
    between = {
        (owner, reader)
        for source, target in links
        for owner in owners
        for reader in owners
        if source.startswith(f"{owner}.") and target.startswith(f"{reader}.")
    }
    direct = set(zip(owners, owners[1:], strict=False))
    skip = set(zip(owners, owners[2:], strict=False))
    assert between == direct | skip
    assert sum(edge.colour == SKIP for edge in drawing.edges) == len(skip)


def test_drawing_leaves_the_architecture_as_it_was(drawn: Drawn) -> None:
    net = small()
    before = net.to_dict()
    drawn(net)
    assert net.to_dict() == before


def test_the_method_of_an_architecture_draws(tmp_path: Path) -> None:
    path = small().draw(str(tmp_path / "a.svg"))
    assert path == tmp_path / "a.svg"
    assert path.read_text(encoding="utf-8").startswith("<svg ")


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_text("x" * 1_000_000, encoding="utf-8")
    draw_architecture(small(), path)
    assert path.read_text(encoding="utf-8").rstrip().endswith("</svg>")


@pytest.mark.parametrize("name", ["a.pdf", "a", "svg", "a.svg.gz"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    message = f"drawing: expected a file that ends in .svg or .png, got {str(path)!r}"
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        draw_architecture(small(), path)
    assert not path.exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    message = f"drawing: expected a folder that exists, got {str(tmp_path / 'no')!r}"
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        draw_architecture(small(), tmp_path / "no" / "a.svg")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.svg").mkdir()
    with pytest.raises(UserError, match=r"^drawing: expected a file, got the folder '.*a\.svg'$"):
        draw_architecture(small(), tmp_path / "a.svg")


def test_an_empty_architecture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^draw architecture: expected at least one node, got none$"):
        draw_architecture(Architecture(), tmp_path / "a.svg")


def test_shapes_that_disagree_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    net = small()
    net.replace("body.conv", Conv2d(9, 1))
    with pytest.raises(UserError, match=r"^node 'join': Add expected inputs of one shape"):
        draw_architecture(net, tmp_path / "a.svg")
    assert not (tmp_path / "a.svg").exists()
