from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.graph import first_model
from evonas.operators.amoeba import operation
from evonas.operators.morphisms import (
    AddSkip,
    ConcatSkip,
    Deepen,
    RemoveLayer,
    ReplicateAdd,
    Separable,
    SplitConcat,
    Widen,
)

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Conv2d, GlobalAvgPool, Input, Linear, ReLU
from evonas.drawing import draw_change, draw_morphism
from evonas.drawing.marking import compare
from evonas.drawing.palette import LOOKS, Mark
from evonas.errors import NotApplicable, UserError
from evonas.evolution.morphism import Morphism
from evonas.task import Task

SVG = "{http://www.w3.org/2000/svg}"
Read = Callable[[Path], Any]


def parent() -> Architecture:
    return first_model(Task(3, 32, 32, 10), (32, 64, 128))


def long_chain(blocks: int) -> Architecture:
    net = Architecture()
    x = net.add("image", Input((3, 8, 8)))
    for number in range(blocks):
        x = net.add(f"block{number}.conv", Conv2d(8), x)
        x = net.add(f"block{number}.relu", ReLU(), x)
    net.add("head", Linear(10), net.add("pool", GlobalAvgPool(), x))
    return net


def marked(drawing: Any) -> dict[Mark, list[str]]:
    """The titles of the boxes under what their fill says."""
    of_fill = {look.fill: mark for mark, look in LOOKS.items()}
    found: dict[Mark, list[str]] = {mark: [] for mark in Mark}
    for node in drawing.root.iter(f"{SVG}g"):
        if node.get("class") == "node":
            words = [element.text for element in node.iterfind(f"{SVG}text")]
            sign = LOOKS[mark := of_fill[node.find(f"{SVG}rect[@class='box']").get("fill")]].sign
            assert (words[0] == sign) == bool(sign)
            found[mark].append(words[1] if sign else words[0])
    return found


def test_what_is_new_is_marked_and_the_rest_is_not(tmp_path: Path, read_drawing: Read) -> None:
    path = draw_morphism(Deepen("stage2.relu", 5, "deeper"), parent(), tmp_path / "a.svg")
    drawing = read_drawing(path)
    found = marked(drawing)
    assert found[Mark.NEW] == ["conv 5×5 → 64"] and not found[Mark.GONE] and not found[Mark.CHANGED]
    colours = [edge.colour for edge in drawing.edges]
    assert colours.count(LOOKS[Mark.NEW].stroke) == 2 and colours.count(LOOKS[Mark.GONE].stroke) == 1
    assert {"Before", "After", "new", "gone", "unchanged"} <= set(drawing.words)
    assert "Deepen: a layer of 5×5 filters behind stage2.relu (the function is preserved)" in drawing.words


def test_a_wider_layer_changes_what_reads_it_and_no_further(tmp_path: Path, read_drawing: Read) -> None:
    found = marked(read_drawing(draw_morphism(Widen("stage2.conv", 96, 0), parent(), tmp_path / "a.svg")))
    before, after = ["conv 3×3 → 64", "max 2×2 stride 2"], ["conv 3×3 → 96", "max 2×2 stride 2"]
    assert found[Mark.CHANGED] == [*before, "conv 3×3 → 128", *after, "conv 3×3 → 128"]
    assert not found[Mark.NEW] and not found[Mark.GONE]


def test_what_goes_is_marked_on_the_left(tmp_path: Path, read_drawing: Read) -> None:
    net = long_chain(4)
    drawing = read_drawing(draw_morphism(RemoveLayer("block2.conv"), net, tmp_path / "a.svg"))
    assert marked(drawing)[Mark.GONE] == ["conv 3×3 → 8"]
    gone = next(box for box in drawing.boxes if box.words[0] == LOOKS[Mark.GONE].sign)
    assert gone.right < drawing.width / 2 and "block2" in gone.words
    assert any("approximately the same function" in words for words in drawing.words)


@pytest.mark.parametrize(
    ("morphism", "new"),
    [
        (AddSkip("stage2.conv", "stage2.relu", "skip"), ["skip.add", "skip.scale"]),
        (ConcatSkip("image", "stage1.relu", "skip"), ["skip.concat"]),
        (ReplicateAdd("stage2.conv", 2, "paths", 0), ["paths.add", "paths.branch2"]),
        (SplitConcat("stage2.conv", 2, "paths"), ["paths.branch1", "paths.branch2", "paths.concat"]),
        (Separable("stage3.conv", "thin"), ["thin.depthwise", "thin.pointwise"]),
    ],
)
def test_the_comparison_names_what_is_new(morphism: Morphism, new: list[str]) -> None:
    before, after = compare(parent(), morphism.rewrite(parent()))
    assert sorted(name for name, mark in after.marks.items() if mark is Mark.NEW) == new
    gone = {name for name, mark in before.marks.items() if mark is Mark.GONE}
    assert gone == set(parent()) - set(morphism.rewrite(parent()))
    assert {edge for edge in after.edges if edge in before.edges} == set()


def test_long_unchanged_stretches_are_one_box(tmp_path: Path, read_drawing: Read) -> None:
    net = long_chain(30)
    drawing = read_drawing(draw_morphism(Deepen("block15.relu", 3, "deeper"), net, tmp_path / "a.svg"))
    folded = [box.words[0] for box in drawing.boxes if "unchanged" in box.words[0]]
    assert len(folded) == 4 and sum(int(title.split()[0]) for title in folded[:2]) == 57
    assert len(drawing.boxes) < 20


def test_every_node_is_in_one_box_and_no_box_overlaps(tmp_path: Path, read_drawing: Read) -> None:
    space, task = AmoebaSpace(cells=1, filters=4), Task(1, 8, 8, 10)
    genome = AmoebaGenome.random(space, random.Random(1))
    child = genome.clone()
    for seed in range(3):
        child = operation.function(child, random.Random(seed))
    drawing = read_drawing(
        draw_change(genome.decode(task), child.decode(task), tmp_path / "a.svg", ["three operators"])
    )
    assert "three operators" in drawing.words and marked(drawing)[Mark.NEW]
    for number, box in enumerate(drawing.boxes):
        assert not any(box.overlaps(other) for other in drawing.boxes[number + 1 :])


def test_two_networks_that_share_nothing_are_grouped(tmp_path: Path, read_drawing: Read) -> None:
    task = Task(1, 8, 8, 10)
    large = AmoebaGenome.random(AmoebaSpace(cells=3, filters=4), random.Random(1)).decode(task)
    drawing = read_drawing(draw_change(large, long_chain(2), tmp_path / "a.svg"))
    assert any(title.endswith("layers gone") for title in marked(drawing)[Mark.GONE])
    assert len(drawing.boxes) < 120


def test_a_network_beside_itself_has_no_mark_but_unchanged(tmp_path: Path, read_drawing: Read) -> None:
    found = marked(read_drawing(draw_change(parent(), parent(), tmp_path / "a.svg")))
    assert not found[Mark.NEW] and not found[Mark.GONE] and not found[Mark.CHANGED]


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    skip = AddSkip("stage2.conv", "stage2.relu", "skip")
    one, two = (draw_morphism(skip, parent(), tmp_path / f"{n}.svg").read_bytes() for n in "ab")
    assert one == two


def test_a_morphism_that_does_not_apply_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match="node 'nowhere': not in this architecture"):
        draw_morphism(Deepen("nowhere", 3, "deeper"), parent(), tmp_path / "a.svg")
    with pytest.raises(UserError, match=r"drawing: expected a file that ends in \.svg or \.png"):
        draw_morphism(Deepen("stage2.relu", 3, "deeper"), parent(), tmp_path / "a.pdf")
    assert not list(tmp_path.iterdir())
