"""The settings of the space, and what they refuse."""

from typing import Any

import pytest
from evonas.genomes.genet import GenetSpace

from evonas.errors import UserError
from evonas.task import Task


def test_the_papers_spaces_have_13_and_19_bits() -> None:
    assert GenetSpace(nodes=(3, 5)).length == 13
    assert GenetSpace(nodes=(3, 4, 5)).length == 19
    assert GenetSpace().slices == [slice(0, 3), slice(3, 9), slice(9, 19)]


def test_one_number_of_filters_doubles_from_stage_to_stage() -> None:
    assert GenetSpace().widths == (8, 16, 32)
    assert GenetSpace(filters=64).widths == (64, 128, 256)
    assert GenetSpace(nodes=(3, 5), filters=(20, 50)).widths == (20, 50)


def test_it_goes_through_json_and_back() -> None:
    space = GenetSpace(nodes=(3, 5), filters=(20, 50), pool=2, q_m=0.1, q_c=0.3)
    assert GenetSpace.from_dict(space.to_dict()) == space


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"nodes": ()}, "genet nodes: expected whole numbers of at least 2, one a stage, got ()"),
        ({"nodes": (3, 1)}, "genet nodes: expected whole numbers of at least 2, one a stage, got (3, 1)"),
        ({"nodes": 3}, "genet nodes: expected whole numbers of at least 2, one a stage, got 3"),
        ({"filters": 0}, "genet filters: expected whole numbers of at least 1, got 0"),
        ({"filters": (8, 16, 0)}, "genet filters: expected whole numbers of at least 1, got (8, 16, 0)"),
        ({"filters": True}, "genet filters: expected whole numbers of at least 1, got True"),
        ({"filters": (8, 16)}, "genet filters: expected one number or one for each of 3 stages, got 2"),
        ({"kernel": 4}, "genet kernel: expected an odd number, got 4"),
        ({"kernel": 0}, "genet kernel: expected a whole number of at least 1, got 0"),
        ({"pool": 1}, "genet pool: expected a whole number of at least 2, got 1"),
        ({"hidden": 0.5}, "genet hidden: expected a whole number of at least 1, got 0.5"),
        ({"dropout": 1.0}, "genet dropout: expected at least 0 and below 1, got 1.0"),
        ({"density": -0.1}, "genet density: expected a probability from 0 to 1, got -0.1"),
        ({"q_m": 1.5}, "genet q_m: expected a probability from 0 to 1, got 1.5"),
        ({"q_c": "half"}, "genet q_c: expected a probability from 0 to 1, got 'half'"),
    ],
)
def test_bad_settings_are_refused(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        GenetSpace(**choices)
    assert str(caught.value) == message


@pytest.mark.parametrize(("nodes", "smallest"), [((3, 5), 4), ((3, 4, 5), 8)])
def test_images_too_small_for_the_poolings_are_refused(nodes: tuple[int, ...], smallest: int) -> None:
    space = GenetSpace(nodes=nodes)
    space.check(Task(1, smallest, smallest, 2))
    with pytest.raises(UserError) as caught:
        space.check(Task(1, 32, smallest - 1, 2))
    expected = f"need at least {smallest}×{smallest} pixels, got 32×{smallest - 1}"
    assert str(caught.value) == f"images: the {len(nodes)} poolings of this genome {expected}"
