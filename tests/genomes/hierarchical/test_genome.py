import json
import random
import re
from collections import Counter
from random import Random

import pytest
from evonas.genomes.hierarchical import PRIMITIVES, HierarchicalGenome, HierarchicalSpace, Motif
from evonas.genomes.hierarchical.cost import parameters
from scipy.stats import chisquare

from evonas.errors import UserError
from evonas.evolution.genome import Origin
from evonas.evolution.registry import genome_type
from evonas.task import Task

FLAT = HierarchicalSpace(motifs=(1,), nodes=(11,))


def refused(message):
    return pytest.raises(UserError, match=re.escape(message))


# -- beginning ----------------------------------------------------------------------------------


def test_the_trivial_genotype_is_a_chain_of_identities():
    chain = HierarchicalGenome.chain(HierarchicalSpace())
    assert str(chain) == " ".join(["6-06-006"] * 6) + " | 1-01-001-0001"
    # Nothing is left of it but the 1×1 convolution behind each of four motifs in a row.
    steps = chain.wiring().steps
    assert [step.operation for step in steps] == ["conv1x1"] * 4
    assert [step.inputs[0] for step in steps] == ["input", *(step.name for step in steps[:-1])]
    flat = HierarchicalGenome.chain(FLAT)
    assert not flat.wiring().steps
    assert [edge.operation for edge in flat.levels[0][0].edges()] == [6] * 10


def test_without_mutations_the_chain_is_all_there_is(rng):
    space = HierarchicalSpace(mutations=0)
    assert HierarchicalGenome.random(space, rng) == HierarchicalGenome.chain(space)


def test_the_initial_population_is_diverse():
    rng = Random(1)
    population = [HierarchicalGenome.random(HierarchicalSpace(), rng) for _ in range(200)]
    assert len({genome.key() for genome in population}) == 200
    # After so many mutations nothing is left of the chain: all operations are as likely at every edge.
    drawn = Counter(
        operation for genome in population for motif in genome.levels[0] for operation in motif.operations
    )
    assert set(drawn) == set(range(7))
    assert chisquare(list(drawn.values())).pvalue > 1e-4
    cells = Counter(operation for genome in population for operation in genome.levels[1][0].operations)
    assert set(cells) == set(range(7))
    assert chisquare(list(cells.values())).pvalue > 1e-4


def test_the_same_generator_gives_the_same_genome(narrow):
    assert HierarchicalGenome.random(narrow, Random(1)) == HierarchicalGenome.random(narrow, Random(1))
    assert HierarchicalGenome.random(narrow, Random(1)) != HierarchicalGenome.random(narrow, Random(2))


def test_few_parameters_can_be_asked_for():
    rng = Random(1)
    space = HierarchicalSpace.from_dict({**FLAT.to_dict(), "max_parameters": 400_000, "mutations": 300})

    def sizes(space, count):
        genomes = [HierarchicalGenome.random(space, rng) for _ in range(count)]
        return [genome.decode(Task(3, 32, 32, 10)).parameter_count() for genome in genomes]

    assert max(sizes(FLAT, 5)) > 400_000
    assert 200_000 < max(sizes(space, 5)) <= 400_000
    # The chain: a stem, per cell four 1×1 and one separable convolution, a classifier.
    convolutions = sum(4 * (c * c + 2 * c) + (9 + 2) * c + c * 2 * c + 2 * 2 * c for c in (16, 32, 64))
    least = 27 * 16 + 2 * 16 + convolutions + 128 * 10 + 10
    with refused(
        f"hierarchical max_parameters: expected at least {least}, which the chain of identities has, "
        f"got {least - 1}"
    ):
        HierarchicalGenome.random(HierarchicalSpace(max_parameters=least - 1), rng)
    HierarchicalGenome.random(HierarchicalSpace(max_parameters=least, mutations=3), rng)


@pytest.mark.parametrize("ending", ["stride", "plain", "none"])
@pytest.mark.parametrize("projection", ["cell", "motif"])
def test_sizes_are_those_of_the_decoded_network(ending, projection):
    rng = Random(1)
    for cells, levels in ((1, {}), (3, {}), (2, {"motifs": (1,), "nodes": (6,)})):
        space = HierarchicalSpace(
            cells=cells,
            filters=3,
            groups=cells,
            mutations=200,
            projection=projection,
            ending=ending,
            **levels,
        )
        for _ in range(5):
            genome = HierarchicalGenome.random(space, rng)
            net = genome.decode(Task(3, 32, 32, 10))
            assert parameters(genome.wiring(), space) == net.parameter_count()


# -- data and text ------------------------------------------------------------------------------


def test_data_and_text_and_back(narrow, tiny):
    rng = Random(3)
    spaces = [narrow, tiny, FLAT, HierarchicalSpace(motifs=(20, 3, 1), nodes=(4, 4, 4))]
    for space in spaces * 10:
        genome = HierarchicalGenome.random(space, rng)
        assert HierarchicalGenome.from_dict(json.loads(json.dumps(genome.to_dict())), space) == genome
        assert HierarchicalGenome.from_text(str(genome), space) == genome


def test_the_form_for_json_speaks_in_names():
    space = HierarchicalSpace(motifs=(2, 1), nodes=(3, 2))
    genome = HierarchicalGenome.from_text("4-12 0-00 | 2", space)
    assert genome.to_dict() == {
        "levels": [
            [[["max3x3"], ["conv1x1", "depthwise3x3"]], [["no_edge"], ["no_edge", "no_edge"]]],
            [[["motif2"]]],
        ]
    }
    # So it means the same where primitives are in another order.
    other = genome.with_space(
        HierarchicalSpace.from_dict({**space.to_dict(), "primitives": PRIMITIVES[::-1]})
    )
    assert str(other) == "3-65 0-00 | 2"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "hierarchical genotype: expected 'levels', lists of motifs, got None"),
        (
            {"levels": "4-12"},
            "hierarchical genotype: expected 'levels', lists of motifs, got {'levels': '4-12'}",
        ),
        ({"levels": [3]}, "hierarchical genotype: expected 'levels', lists of motifs, got {'levels': [3]}"),
        ({"levels": [[]]}, "hierarchical genotype: expected 2 levels of motifs, got 1"),
        (
            {"levels": [[[["identity"]]], [[["motif1"]]]]},
            "hierarchical genotype: expected 2 and 1 motifs at the levels from 2 up, got 1 and 1",
        ),
        ({"levels": [[[["sep5x5"]]], []]}, "motif operation 'sep5x5' is unknown; known: no_edge, identity"),
        ({"levels": [[], [[["motif3"]]]]}, "motif operation 'motif3' is unknown; did you mean 'motif2'"),
    ],
)
def test_data_that_is_no_genotype_is_refused(tiny, data, message):
    with refused(message):
        HierarchicalGenome.from_dict(data, tiny)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "hierarchical genotype: expected 2 and 1 motifs at the levels from 2 up, got 0"),
        ("1-11 1-11", "hierarchical genotype: expected 2 and 1 motifs at the levels from 2 up, got 2"),
        (
            "1-11 1-11-111 | 1-11",
            "hierarchical genotype, level 2, motif 2: expected 3 nodes, got 4",
        ),
        ("1-11 1-14 | 1-11", "hierarchical genotype, level 2, motif 2: expected operations up to 3, got 4"),
        ("1-11 1-11 | 1-13", "hierarchical genotype, level 3, motif 1: expected operations up to 2, got 3"),
        ("1-11 1-11 | a cell", "motif: expected rows of 1, 2, 3, ... digits, - between, got 'cell'"),
    ],
)
def test_text_that_is_no_genotype_is_refused(tiny, text, message):
    with refused(message):
        HierarchicalGenome.from_text(text, tiny)


def test_a_clone_keeps_everything_and_shares_no_motif(genome):
    genome.origin, genome.number = Origin((4,), "hierarchical-edge", (2,)), 5
    genome.fitness.values = (0.25,)
    genome.history_index = 3  # what deap.tools.History puts on an individual
    clone = genome.clone()
    assert clone == genome
    assert (clone.origin, clone.number, clone.history_index) == (genome.origin, 5, 3)
    assert clone.fitness.values == (0.25,)
    assert clone.fitness is not genome.fitness
    assert clone.space is genome.space
    for one, other in zip(clone.levels, genome.levels, strict=True):
        assert one is not other
        assert all(a is not b and a.operations is not b.operations for a, b in zip(one, other, strict=True))


def test_a_change_can_be_undone(genome, rng):
    before = genome.clone()
    for _ in range(50):
        undo = genome.apply(genome.draw_change(rng))
        genome.apply(undo)
        assert genome == before


def test_it_is_found_by_name():
    assert genome_type("hierarchical") is HierarchicalGenome
    assert HierarchicalGenome.recipe == "hierarchical-small"


# -- the published cell -------------------------------------------------------------------------


def test_the_published_cell_uses_the_motifs_that_the_paper_says():
    best = HierarchicalGenome.from_dict(
        HierarchicalGenome.published()["hierarchical-best"], HierarchicalSpace()
    )
    used = Counter(edge.operation for edge in best.levels[1][0].edges())
    assert set(used) == {1, 3, 4, 5}
    assert [number for number, _ in used.most_common(2)] == [5, 3]  # "motifs 3 and 5 are dominating"
    # "nodes 1 and 5 are connected by Motif 4, which in turn contains a direct connection" (Section 4.3)
    assert best.levels[1][0].rows()[3][0] == 4
    for direct in (4, 5):
        assert PRIMITIVES[best.levels[0][direct - 1].rows()[2][0] - 1] == "identity"


def test_drawing(tmp_path):
    best = HierarchicalGenome.from_dict(
        HierarchicalGenome.published()["hierarchical-best"], HierarchicalSpace()
    )
    picture = best.draw(tmp_path / "best.svg").read_text(encoding="utf-8")
    for shown in ("cell", "motif 1", "motif 3", "motif 4", "motif 5", "sep 3×3", "avg 3×3", "max 3×3"):
        assert shown in picture
    assert "motif 2" not in picture
    empty = HierarchicalGenome.from_text("0-00-000 " * 6 + "| 0-00-000-0000", HierarchicalSpace())
    assert "input" in empty.draw(tmp_path / "empty.svg").read_text(encoding="utf-8")
    flat = HierarchicalGenome.random(FLAT, random.Random(1))
    assert "concat" in flat.draw(tmp_path / "flat.svg").read_text(encoding="utf-8")
    HierarchicalGenome([[Motif.chain(3, 1)] * 2, [Motif.chain(3, 2)], [Motif.chain(2, 1)]], DEEP).draw(
        tmp_path / "deep.svg"
    )


DEEP = HierarchicalSpace(motifs=(2, 1, 1), nodes=(3, 3, 2))
