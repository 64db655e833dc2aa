"""Sizes of a genome's networks are those of networks."""

from __future__ import annotations

import random
from statistics import median_low

import pytest

from evonas.data import load_dataset
from evonas.evolution import genome_type, names
from evonas.network import build
from evonas.settings import sizes_of, usual_space
from evonas.settings.genome_sizes import DIGITS, DRAWS


def test_they_are_for_the_images_that_a_search_takes_by_default() -> None:
    assert load_dataset("digits").task == DIGITS


@pytest.mark.parametrize("name", names("genomes"))
def test_they_are_those_of_built_networks(name: str) -> None:
    kind = genome_type(name)
    found, space = sizes_of(kind), usual_space(kind).for_task(DIGITS)
    smallest = kind.smallest(space, DIGITS)

    def trained(genome) -> int:
        return sum(one.numel() for one in build(genome.decode(DIGITS), seed=0).parameters())

    assert kind.good_for
    assert found.smallest.parameters == trained(smallest)
    assert found.smallest.flops == smallest.decode(DIGITS).flops()
    if kind.draws_nothing:
        assert found.usual is None and found.most == space.max_parameters
    else:
        drawn = [trained(kind.random(space, random.Random(number))) for number in range(DRAWS)]
        assert found.usual.parameters == median_low(drawn) > found.smallest.parameters
        assert found.usual.flops > found.smallest.flops and found.most is None


@pytest.mark.parametrize("name", names("genomes"))
def test_no_other_is_smaller_in_the_usual_space(name: str) -> None:
    kind = genome_type(name)
    space = usual_space(kind).for_task(DIGITS)
    least = sizes_of(kind).smallest.parameters
    published = [kind.from_dict(data, space) for data in kind.published().values() if not kind.draws_nothing]
    others = [kind.random(space, random.Random(1000 + number)) for number in range(12)]
    assert all(one.decode(DIGITS).parameter_count() >= least for one in [*published, *others])
