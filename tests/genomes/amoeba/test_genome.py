import json
import random
import re

import pytest
from evonas.genomes.amoeba import SP_I, AmoebaGenome, AmoebaSpace

from evonas.errors import UserError
from evonas.evolution.genome import Origin
from evonas.evolution.registry import genome_type
from evonas.task import Task


def refused(message: str):
    return pytest.raises(UserError, match=re.escape(message))


def test_data_and_text_and_back(space, rng):
    for _ in range(50):
        genome = AmoebaGenome.random(space, rng)
        assert AmoebaGenome.from_dict(json.loads(json.dumps(genome.to_dict())), space) == genome
        assert str(genome) == f"{genome.normal} | {genome.reduction}"


@pytest.mark.parametrize("data", [None, {}, {"normal": {}}, "normal"])
def test_data_that_is_no_genotype_is_refused(space, data):
    with refused("amoeba genotype: expected 'normal' and 'reduction' cells, got"):
        AmoebaGenome.from_dict(data, space)


def test_what_is_wrong_in_a_cell_says_in_which_one(genome):
    data = genome.to_dict()
    data["normal"]["combinations"][0][0][1] = 4
    with refused("normal cell, combinations[0], left: may read states 0 to 1, got 4"):
        AmoebaGenome.from_dict(data, genome.space)
    with refused("reduction cell, combinations[0], right: operation 'mux3x3' is unknown; did you mean"):
        AmoebaGenome.from_text("sep3x3(0)+max3x3(0) | sep3x3(0)+mux3x3(0)", genome.space)


def test_the_same_generator_gives_the_same_genome(space):
    assert AmoebaGenome.random(space, random.Random(1)) == AmoebaGenome.random(space, random.Random(1))
    assert AmoebaGenome.random(space, random.Random(1)) != AmoebaGenome.random(space, random.Random(2))


def test_a_clone_keeps_everything_and_shares_no_cell(genome):
    genome.origin, genome.number = Origin((4,), "amoeba-operation"), 5
    genome.fitness.values = (0.25,)
    genome.history_index = 3  # what deap.tools.History puts on an individual
    clone = genome.clone()
    assert (clone.origin, clone.number, clone.history_index) == (genome.origin, 5, 3)
    assert clone.fitness.values == (0.25,)
    assert clone.fitness is not genome.fitness
    assert clone.space is genome.space
    assert all(a is not b for a, b in zip(clone.cells, genome.cells, strict=True))


def test_the_same_genotype_in_another_space(genome):
    genome.fitness.values = (1.0,)
    larger = genome.with_space(AmoebaSpace(cells=2, filters=8))
    assert larger.cells == genome.cells
    assert larger != genome
    assert not larger.fitness.valid
    task = Task(3, 16, 16, 4)
    assert larger.decode(task).parameter_count() > genome.decode(task).parameter_count()


def test_it_is_found_by_name():
    assert genome_type("amoeba") is AmoebaGenome
    with refused("genome 'ameba' is unknown; did you mean 'amoeba'?"):
        genome_type("ameba")


# -- the space ----------------------------------------------------------------------------------


def test_the_spaces_defaults_are_the_papers_search_settings():
    space = AmoebaGenome.default_space()
    assert space == AmoebaSpace(cells=3, filters=24, operations=SP_I, combinations=5, stages=3, stem="auto")
    assert len(SP_I) == 8
    assert AmoebaSpace.from_dict(json.loads(json.dumps(space.to_dict()))) == space


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"cells": 0}, "amoeba cells: expected a whole number of at least 1, got 0"),
        ({"filters": 4.0}, "amoeba filters: expected a whole number of at least 1, got 4.0"),
        ({"stages": True}, "amoeba stages: expected a whole number of at least 1, got True"),
        ({"combinations": "5"}, "amoeba combinations: expected a whole number of at least 1, got '5'"),
        ({"operations": []}, "amoeba operations: expected at least one, got none"),
        ({"operations": ["sep3x3", "sep9x9"]}, "amoeba operations: 'sep9x9' is unknown; did you mean"),
        ({"stem": "huge"}, "amoeba stem: expected auto, small or large, got 'huge'"),
        ({"filter": 8}, "genome setting 'filter' is unknown; did you mean 'filters'?"),
    ],
)
def test_impossible_settings_are_refused(choices, message):
    with refused(message):
        AmoebaSpace.from_dict(choices)


@pytest.mark.parametrize(
    ("space", "size", "smallest", "halvings"),
    [
        (AmoebaSpace(filters=4), 3, 4, 2),
        (AmoebaSpace(filters=4, stages=5), 15, 16, 4),
        (AmoebaSpace(filters=4, stem="large"), 31, 32, 5),
    ],
)
def test_images_that_are_too_small_are_refused(genome, space, size, smallest, halvings):
    message = (
        f"images: the {halvings} strides of this genome need at least {smallest}×{smallest} pixels, "
        f"got {smallest}×{size}"
    )
    with refused(message):
        genome.with_space(space).decode(Task(3, smallest, size, 10))
    genome.with_space(space).decode(Task(3, smallest, smallest, 10)).validate()


@pytest.mark.parametrize(
    ("stem", "size", "images"),
    [("auto", 95, "small"), ("auto", 96, "large"), ("small", 224, "small"), ("large", 32, "large")],
)
def test_the_stem_follows_the_images_unless_it_is_chosen(stem, size, images):
    assert AmoebaSpace(stem=stem).images(Task(3, size, size + 8, 10)) == images
