"""The genome: a list that DEAP's own operators vary, its text forms, its picture."""

import json
import random
from pathlib import Path
from xml.etree import ElementTree

import pytest
from deap import tools
from evonas.genomes.genet import GenetGenome, GenetSpace
from scipy.stats import chisquare

from evonas.errors import UserError
from evonas.evolution.genome import Origin
from evonas.task import Task

CODE = "1-01|0-01-100|0-11-101-0001"


def test_the_first_generation_is_fair(rng: random.Random) -> None:
    draws = 10_000
    genomes = [GenetGenome.random(GenetSpace(), rng) for _ in range(draws)]
    ones = [sum(genome[place] for genome in genomes) for place in range(19)]
    for count in ones:
        assert chisquare([count, draws - count]).pvalue > 1e-4
    loaded = [GenetGenome.random(GenetSpace(density=0.2), rng) for _ in range(1000)]
    count = sum(map(sum, loaded))
    assert chisquare([count, 19_000 - count], [0.2 * 19_000, 0.8 * 19_000]).pvalue > 1e-4
    assert not any(GenetGenome.random(GenetSpace(density=0), rng))


def test_it_is_a_list() -> None:
    genome = GenetGenome.from_text(CODE, GenetSpace())
    assert isinstance(genome, list) and genome == list(genome)
    assert genome[3:9] == [0, 0, 1, 1, 0, 0]
    assert genome != GenetGenome([0] * 19)
    assert genome == GenetGenome(list(genome), GenetSpace(filters=64))  # a list knows only its items
    with pytest.raises(TypeError, match="unhashable"):
        hash(genome)


def test_a_copy_is_independent_and_keeps_what_a_clone_keeps() -> None:
    genome = GenetGenome.from_text(CODE, GenetSpace())
    genome.fitness.values = (0.5,)
    genome.origin, genome.number = Origin((3, 4), "genet-swap-stages"), 7
    twin = genome.clone()
    assert type(twin) is GenetGenome and twin == genome and twin.space is genome.space
    assert (twin.fitness.values, twin.origin, twin.number) == ((0.5,), genome.origin, 7)
    twin[0] = 0
    del twin.fitness.values
    assert genome[0] == 1 and genome.fitness.values == (0.5,)


def test_deaps_operators_apply_as_they_are(global_random: None) -> None:
    one, other = GenetGenome([0] * 19), GenetGenome([1] * 19)
    (flipped,) = tools.mutFlipBit(one, indpb=1.0)
    assert flipped is one and one == other
    assert all(type(bit) is int for bit in one)
    one[:] = [0] * 19
    first, second = tools.cxUniform(one, other, indpb=0.5)
    assert first is one and second is other
    assert 0 < sum(one) < 19 and [a + b for a, b in zip(one, other, strict=True)] == [1] * 19
    tools.cxTwoPoint(one, other)
    assert one.decode(Task(3, 32, 32, 10)).output == "classifier"


def test_deaps_hall_of_fame_holds_each_code_once() -> None:
    best = tools.HallOfFame(5)
    for value, code in ((0.5, CODE), (0.6, CODE), (0.4, "0-00|0-00-000|0-00-000-0000")):
        genome = GenetGenome.from_text(code, GenetSpace())
        genome.fitness.values = (value,)
        best.update([genome])
    assert [str(genome) for genome in best] == [CODE, "0-00|0-00-000|0-00-000-0000"]


def test_json_and_text_read_back(rng: random.Random) -> None:
    for nodes in ((3, 5), (3, 4, 5), (2,), (7, 6)):
        space = GenetSpace(nodes=nodes)
        for _ in range(50):
            genome = GenetGenome.random(space, rng)
            data = json.loads(json.dumps(genome.to_dict()))
            assert GenetGenome.from_dict(data, space) == genome
            assert GenetGenome.from_text(str(genome), space) == genome


def test_its_text_is_the_papers_notation() -> None:
    bits = [1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 1]
    assert str(GenetGenome(bits)) == CODE
    assert GenetGenome(bits).to_dict() == {"code": CODE}


def test_the_published_genotypes_can_be_read() -> None:
    space = GenetSpace()
    found = {name: GenetGenome.from_dict(data, space) for name, data in GenetGenome.published().items()}
    assert str(found["genet-1"]) == CODE
    assert str(found["genet-2"]) == "1-01|1-01-100|0-11-101-0001"
    assert list(found["genet-all-ones"]) == [1] * 19
    assert list(found["genet-all-zeros"]) == [0] * 19


@pytest.mark.parametrize(
    ("bits", "message"),
    [
        ([0] * 18, "genet genotype: expected 19 bits for stages of 3, 4, 5 nodes, got 18"),
        ([0] * 18 + [2], "genet genotype: expected bits, each 0 or 1, got [0, 0, 0"),
    ],
)
def test_bad_bits_are_refused(bits: list[int], message: str) -> None:
    with pytest.raises(UserError) as caught:
        GenetGenome(bits)
    assert str(caught.value).startswith(message)
    genome = GenetGenome([0] * 19)
    genome[:] = bits
    with pytest.raises(UserError, match="genet genotype: expected"):
        genome.decode(Task(3, 32, 32, 10))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "genet genotype: expected a 'code' such as '1-01|0-01-100', got {}"),
        ({"code": 5}, "genet genotype: expected a 'code' such as '1-01|0-01-100', got {'code': 5}"),
        ([1, 0], "genet genotype: expected a 'code' such as '1-01|0-01-100', got [1, 0]"),
        ({"code": "1-01"}, "genet genotype: expected 3 stages with | between them, got '1-01'"),
        (
            {"code": "1-01|0-01|0-11-101-0001"},
            "genet stage of 4 nodes: expected bits such as 1-11-111, got '0-01'",
        ),
    ],
)
def test_bad_genotypes_are_refused(data: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        GenetGenome.from_dict(data, GenetSpace())  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_images_too_small_are_refused_when_decoded() -> None:
    with pytest.raises(UserError, match="3 poolings of this genome need at least 8×8 pixels, got 4×4"):
        GenetGenome([0] * 19).decode(Task(1, 4, 4, 2))


def test_its_picture_shows_each_stage_under_its_bits(tmp_path: Path) -> None:
    path = GenetGenome.from_text(CODE, GenetSpace()).draw(tmp_path / "genet.svg")
    words = [text.strip() for text in ElementTree.parse(path).getroot().itertext() if text.strip()]
    assert {"stage 1: 1-01", "stage 2: 0-01-100", "stage 3: 0-11-101-0001"} <= set(words)
    assert {"conv 5×5 · input", "conv 3×3 · 5", "conv 3×3 · output"} <= set(words)


def test_a_base_networks_picture_has_one_convolution_a_stage(tmp_path: Path) -> None:
    path = GenetGenome([0] * 13, GenetSpace(nodes=(3, 5))).draw(tmp_path / "genet.svg")
    words = [text.strip() for text in ElementTree.parse(path).getroot().itertext() if text.strip()]
    assert "conv 5×5 · input" in words
    assert not any("output" in word or "3×3" in word for word in words if word.startswith("conv"))
