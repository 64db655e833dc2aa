"""Genotypes as text and in JSON form: of a known kind, and of whatever kind."""

import json
import random
import textwrap
from typing import Any

import pytest
from evonas.genomes.darts import DartsGenome, DartsSpace
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace
from evonas.genomes.nasbench201 import NasBench201Genome, NasBench201Space

import evonas
from evonas.errors import UserError
from evonas.evolution import Genome, genome_type, names
from evonas.settings import compose, genotype_from_text, kinds_reading, read_genotype, resolve, usual_space

KINDS = names("genomes")
CELL = "|avg_pool_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"


def some(name: str) -> list[Genome]:
    kind = genome_type(name)
    return [kind.random(usual_space(kind), random.Random(number)) for number in range(3)]


def ways(genome: Genome) -> dict[str, str]:
    """How evonas prints a genotype, and how it is kept."""
    found = {
        "as text": str(genome),
        "as JSON": json.dumps(genome.to_dict()),
        "as a row of a history": json.dumps({"id": 7, "genome": str(genome), "fitness": 0.5}),
        "named": json.dumps({"genome": genome.name, "genotype": genome.to_dict()}, indent=1),
        "named, as text": json.dumps({"genome": genome.name, "genotype": str(genome)}),
    }
    if genome.name != "graph":  # its summary is no genotype, and says where that is
        found["broken into lines"] = textwrap.fill(
            genome.summary(),
            72,
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return found


@pytest.mark.parametrize("name", KINDS)
def test_whatever_is_printed_is_read(name: str) -> None:
    for genome in some(name):
        for way, text in ways(genome).items():
            found = genotype_from_text(text)
            assert found is not None, way
            assert (found.name, found.to_dict()) == (name, genome.to_dict()), way
            of_kind = read_genotype(type(genome), genome.space, text)
            assert of_kind.to_dict() == genome.to_dict(), way


@pytest.mark.parametrize("name", KINDS)
def test_a_text_is_taken_for_one_genomes_alone(name: str) -> None:
    for genome in some(name):
        assert [kind.name for kind in kinds_reading(str(genome))] in ([name], [])


@pytest.mark.parametrize(
    ("kind", "space"),
    [
        (GenetGenome, GenetSpace(nodes=(3, 4))),
        (GenetGenome, GenetSpace(nodes=(4, 2, 3, 2), filters=(4, 6, 8, 9))),
        (HierarchicalGenome, HierarchicalSpace(motifs=(2, 1), nodes=(3, 4))),
        (HierarchicalGenome, HierarchicalSpace(motifs=(1,), nodes=(6,))),
        (HierarchicalGenome, HierarchicalSpace(motifs=(3, 2, 1), nodes=(3, 3, 3))),
    ],
)
def test_what_another_space_holds_is_read_in_one_that_does(kind: type[Genome], space: Any) -> None:
    genome = kind.random(space, random.Random(4))
    for text in (str(genome), json.dumps(genome.to_dict())):
        found = genotype_from_text(text)
        assert found is not None and found.to_dict() == genome.to_dict() and found.key() == genome.key()


def test_spaces_around_the_bars_of_a_string_change_nothing() -> None:
    """They made motifs of it, and so another network (`HierarchicalGenome`)."""
    code = "1-01|0-01-100|0-11-101-0001"
    found = genotype_from_text(code.replace("|", " | "))
    assert isinstance(found, GenetGenome)
    assert str(found) == code


def test_what_two_genomes_may_mean_is_asked_back() -> None:
    with pytest.raises(UserError, match="got one of genet and hierarchical: say which by"):
        genotype_from_text("1-01 | 0-11")
    with pytest.raises(UserError, match="got one of genet and hierarchical: say which by") as caught:
        genotype_from_text("1-01")
    named = str(caught.value).partition("say which by ")[2]
    assert isinstance(genotype_from_text(named), GenetGenome)
    assert isinstance(genotype_from_text(named.replace("genet", "hierarchical")), HierarchicalGenome)


@pytest.mark.parametrize(
    "text", ["", "amoebanet-z", "a walk in the park", "runs/a-b", "x" * 5000, "import os", "1.5", "C:\\nets"]
)
def test_what_is_not_meant_as_a_genotype(text: str) -> None:
    assert genotype_from_text(text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("|nor_conv_7x7~0|+|none~0|none~1|+|none~0|none~1|none~2|", "nor_conv_7x7"),
        ("|none~0|+|none~0|none~1|", "nasbench201 genotype: expected a cell such as"),
        ("|none~0|" * 10_000, "nasbench201 genotype: expected a cell such as"),
        ("Genotype(normal=[], reduce=[])", "darts genotype, normal: expected 4 nodes"),
        ("sep3x3(0)+sep3x3(1) sep9x9(0)+sep3x3(0) | sep3x3(0)+sep3x3(1)", "'sep9x9' is unknown"),
        ("1-01|0-01-10", "genet stage of 4 nodes: expected bits"),
        ("lr=0.1 input>output", "large-scale edge: expected SOURCE>TARGET:ID"),
        ("{", "genotype: expected JSON"),
        ('{"genome": "ameba", "genotype": {}}', "did you mean 'amoeba'"),
        ('{"genome": "nasbench201", "genotype": {"cell": "|none~0|"}}', "expected a cell such as"),
    ],
)
def test_what_is_wrong_with_one_is_said_in_a_line(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        genotype_from_text(text)
    assert message in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("genotype", "message"),
    [
        ("darts-v3", "'darts-v3' is unknown; did you mean 'darts-v"),
        ("genet-1", "expected one of genome 'darts', which is searched with, got one of genome 'genet'"),
        (CELL, "got one of genome 'nasbench201': choose that (--genome nasbench201)"),
        ('{"genome": "amoeba", "genotype": {}}', "got one of genome 'amoeba'"),
        ("Genotype(normal=[('conv', 0)] * 8)", "darts genotype, character"),
        ("Genotype (), but not quite", "darts genotype"),
    ],
)
def test_what_is_not_of_the_genome_that_is_searched(genotype: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_genotype(DartsGenome, DartsSpace(), genotype)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_text_in_settings_becomes_data_and_a_name_stays() -> None:
    def start(text: str) -> Any:
        return resolve(compose("nasbench201", None, {"start": text}), uses_images=True).start

    assert start(CELL) == {"cell": CELL}
    assert start(f"\n  {CELL.replace('+', ' + ')}") == {"cell": CELL}
    assert start("nasbench201-resnet") == "nasbench201-resnet"


STARTS = {
    "nasbench201": CELL,
    "genet": "0-10|1-00-110|1-10-010-0110",
    "darts": str(DartsGenome.random(DartsSpace(), random.Random(8))),
    "large-scale": str(some("large-scale")[0]),
    "hierarchical": str(some("hierarchical")[1]),
    "amoeba": str(some("amoeba")[2]),
}


@pytest.mark.parametrize("name", STARTS)
def test_a_search_in_python_begins_from_a_text(name: str) -> None:
    result = evonas.evolve(
        genome=name,
        start=STARTS[name],
        budget=1,
        population=1,
        evaluate=lambda genome, rng: 1.0,
        needs="genome",
        workers=0,
    )
    (row,) = result.history
    assert (row["operator"], row["genome"]) == ("start", STARTS[name])


def test_a_cell_is_the_same_in_any_notation() -> None:
    space = NasBench201Space(cells=1, filters=2)
    known = NasBench201Genome.from_text(CELL, space)
    for text in (CELL, f" {CELL}\n", CELL.replace("|+|", "| + |"), CELL.replace("|+|", "|\n+\n|")):
        assert NasBench201Genome.from_text(text, space) == known
