"""Nothing lies on top of anything else, and nothing outside the picture."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace, published

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Concat, Conv2d, Input
from evonas.drawing import text
from evonas.drawing.coordinates import spread
from evonas.drawing.layout import layers_of
from evonas.task import Task

Drawn = Callable[[Architecture], Any]
Build = Callable[[int, int], Architecture]


def check(drawing: Any) -> None:
    for one, other in combinations(drawing.boxes, 2):
        assert not one.overlaps(other, gap=10.0), (one.hover, other.hover)
    for box in drawing.boxes:
        assert 0 <= box.left < box.right <= drawing.width
        assert 0 <= box.top < box.bottom <= drawing.height
    for edge in drawing.edges:
        for x, y in edge.points:
            assert 0 <= x <= drawing.width and 0 <= y <= drawing.height
        for box in drawing.boxes:
            inside = [point for point in edge.points if box.contains(point, rim=1.0)]
            assert not inside, f"{edge.hover} runs through {box.hover}"


@pytest.mark.parametrize("seed", range(12))
def test_tangled_networks(seed: int, drawn: Drawn, tangled: Build) -> None:
    net = tangled(seed, 10 + 7 * seed)
    check(drawn(net))


@pytest.mark.parametrize("stages", [1, 3])
@pytest.mark.parametrize("blocks", [1, 4, 30])
def test_residual_networks(stages: int, blocks: int, drawn: Drawn, residual: Build) -> None:
    check(drawn(residual(stages, blocks)))


@pytest.mark.parametrize("name", sorted(published.PUBLISHED))
def test_amoebanets(name: str, drawn: Drawn) -> None:
    genome = AmoebaGenome(*published.PUBLISHED[name], AmoebaSpace(cells=2, filters=8))
    check(drawn(genome.decode(Task(3, 32, 32, 10))))


def test_a_densely_linked_network_stays_narrow(drawn: Drawn) -> None:
    net = Architecture()
    made = [net.add("conv0", Conv2d(4), net.add("image", Input((3, 8, 8))))]
    for number in range(1, 20):
        joined = net.add(f"join{number}", Concat(), *made)
        made.append(net.add(f"conv{number}", Conv2d(4), joined))
    drawing = drawn(net)
    check(drawing)
    assert drawing.width < 4000


def test_lines_of_text_stay_in_their_boxes(drawn: Drawn, tangled: Build) -> None:
    for box in drawn(tangled(1, 30)).boxes:
        for size, words in zip((13.0, 11.0, 11.0), box.words, strict=False):
            assert text.width(words, size) <= box.right - box.left


def test_a_tall_network_is_cut_into_columns(drawn: Drawn) -> None:
    net = Architecture()
    x = net.add("image", Input((3, 8, 8)))
    for number in range(50):
        x = net.add(f"conv{number}", Conv2d(4), x)
    drawing = drawn(net)
    check(drawing)
    assert 1.0 < drawing.width / drawing.height < 2.5
    assert len({round(box.left + box.right) for box in drawing.boxes}) > 3


def test_a_chain_stands_exactly_straight(drawn: Drawn, residual: Build) -> None:
    drawing = drawn(residual(1, 1))
    middles = [(box.left + box.right) / 2 for box in drawing.boxes]
    assert max(middles) - min(middles) < 0.2  # coordinates have one decimal


def test_every_edge_leads_down_one_rank_at_a_time() -> None:
    edges = [(0, 1), (1, 2), (2, 3), (0, 3), (1, 3), (4, 3), (0, 3)]
    layers = layers_of(6, edges)
    assert layers.rank == [0, 1, 2, 3, 0, 0]  # inputs and a box apart are on top
    assert [len(layers.route(*edge)) for edge in edges] == [2, 2, 2, 4, 3, 4, 4]
    assert layers.route(0, 3)[1:3] == [layers.lanes[0, 1], layers.lanes[0, 2]]
    everything = sorted(vertex for rank in layers.ranks for vertex in rank)
    assert everything == sorted([*range(6), *layers.lanes.values()])


@pytest.mark.parametrize(
    ("wishes", "weights", "gaps", "places"),
    [
        ([5.0], [1.0], [], [5.0]),
        ([0.0, 10.0], [1.0, 1.0], [3.0], [0.0, 10.0]),
        ([1.0, 1.0], [1.0, 1.0], [4.0], [-1.0, 3.0]),
        ([1.0, 1.0], [3.0, 1.0], [4.0], [0.0, 4.0]),
        ([10.0, 0.0, 5.0], [1.0, 1.0, 1.0], [1.0, 1.0], [4.0, 5.0, 6.0]),
    ],
)
def test_places_are_the_nearest_that_keep_their_distance(
    wishes: list[float], weights: list[float], gaps: list[float], places: list[float]
) -> None:
    assert spread(wishes, weights, gaps) == pytest.approx(places)
