"""The genome: a list that DEAP's own operators vary, its neighbours, its operators."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from deap import tools
from evonas.genomes.nasbench201 import NasBench201Genome, NasBench201Space
from evonas.genomes.nasbench201.cell import CONV3, EXAMPLE, NONE, OPERATIONS, SKIP
from evonas.operators.nasbench201 import edges, operation, swap_edges
from scipy.stats import chisquare

from evonas.errors import UserError
from evonas.evolution.genome import Origin
from evonas.evolution.registry import operators_for

SPACE = NasBench201Space()


def test_random_cells_are_uniform(rng: random.Random) -> None:
    drawn = [NasBench201Genome.random(SPACE, rng) for _ in range(5000)]
    for place in range(6):
        counts = Counter(genome[place] for genome in drawn)
        assert chisquare([counts[one] for one in OPERATIONS]).pvalue > 1e-4


def test_a_copy_is_independent(rng: random.Random) -> None:
    genome = NasBench201Genome.random(SPACE, rng)
    genome.fitness.values, genome.origin, genome.number = (0.5,), Origin((3,), "x"), 7
    twin = genome.clone()
    assert type(twin) is NasBench201Genome and twin == genome and twin.space is genome.space
    assert (twin.fitness.values, twin.origin, twin.number) == ((0.5,), genome.origin, 7)
    twin[0] = CONV3 if twin[0] != CONV3 else NONE
    del twin.fitness.values
    assert twin != genome and genome.fitness.valid


def test_deaps_operators_apply_as_they_are(global_random: None) -> None:
    one, other = NasBench201Genome([NONE] * 6), NasBench201Genome([SKIP] * 6)
    first, second = tools.cxTwoPoint(one, other)
    assert first is one and [{a, b} for a, b in zip(first, second, strict=True)] == [{NONE, SKIP}] * 6


def test_what_is_no_cell_is_refused_when_it_is_read() -> None:
    genome = NasBench201Genome([NONE] * 6)
    genome[2] = "conv"
    with pytest.raises(UserError, match="expected operations of .*, got 'conv'"):
        genome.key()
    with pytest.raises(UserError, match="expected a 'cell' such as"):
        NasBench201Genome.from_dict({"code": "1"}, SPACE)


def test_neighbours_are_all_that_differ_in_one_edge(rng: random.Random) -> None:
    genome = NasBench201Genome.random(SPACE, rng)
    found = genome.neighbours()
    assert len({str(one) for one in found}) == 24 and all(type(one) is NasBench201Genome for one in found)
    assert {sum(a != b for a, b in zip(one, genome, strict=True)) for one in found} == {1}


def test_an_operation_changes_one_edge_and_each_as_often(rng: random.Random) -> None:
    changes: Counter[tuple[int, str]] = Counter()
    for _ in range(6000):
        genome = NasBench201Genome([NONE] * 6)
        assert operation.mutate(genome, rng) is genome
        ((place, now),) = [(place, one) for place, one in enumerate(genome) if one != NONE]
        changes[place, now] += 1
    assert len(changes) == 24 and chisquare(list(changes.values())).pvalue > 1e-4


def test_each_edge_changes_with_q_m(rng: random.Random) -> None:
    space = NasBench201Space(q_m=0.25)
    drawn = [edges.mutate(NasBench201Genome([NONE] * 6, space), rng) for _ in range(4000)]
    for place in range(6):
        changed = sum(genome[place] != NONE for genome in drawn)
        assert chisquare([changed, 4000 - changed], [1000, 3000]).pvalue > 1e-4


def test_each_edge_is_swapped_with_q_c(rng: random.Random) -> None:
    space, swaps = NasBench201Space(q_c=0.3), [0] * 6
    for _ in range(4000):
        one, other = swap_edges(
            NasBench201Genome([NONE] * 6, space), NasBench201Genome([SKIP] * 6, space), rng
        )
        assert [{a, b} for a, b in zip(one, other, strict=True)] == [{NONE, SKIP}] * 6
        for place, found in enumerate(one):
            swaps[place] += found == SKIP
    for count in swaps:
        assert chisquare([count, 4000 - count], [1200, 2800]).pvalue > 1e-4


def test_its_operators() -> None:
    weights = {operator.name: operator.weight for operator in operators_for("nasbench201")}
    assert weights == {
        "nasbench201-operation": 1.0,
        "nasbench201-edges": 0,
        "nasbench201-swap-edges": 1.0,
    }


def test_its_picture(tmp_path: Path) -> None:
    path = NasBench201Genome.from_text(EXAMPLE, SPACE).draw(tmp_path / "cell.svg")
    text = "".join(ElementTree.parse(path).getroot().itertext())
    assert "nor_conv_3x3" in text and "avg_pool_3x3" in text
    legend = text[text.rindex("output") :]  # its kinds
    assert "convolution" in legend and "pooling" in legend and "other" not in legend


def test_a_drawing_shows_how_often_a_sum_has_a_term(tmp_path: Path) -> None:
    path = NasBench201Genome([SKIP] * 6).draw(tmp_path / "cell.svg")
    assert "×4" in "".join(ElementTree.parse(path).getroot().itertext())
