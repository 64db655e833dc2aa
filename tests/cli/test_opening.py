"""What a search says before its first candidate."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evonas.cli.opening import few_steps, lowered
from evonas.data import load_dataset
from evonas.evolution.offers import entries
from evonas.settings.composition import compose, resolve
from evonas.settings.settings import Settings

FEW = "few steps: 1 of 64 images an epoch, 1 in a training: more --epochs (or a smaller training.batch_size)"
LOWERED = "population 1 instead of the recipe's 12, since the budget is 2 "


def settings_of(**choices: Any) -> Settings:
    return resolve(compose(None, None, choices), True)


def test_few_steps_and_a_smaller_population_are_said_where_a_run_begins(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path
) -> None:
    begun = evonas("evolve", "--budget", 2, *tiny, "--run", tmp_path / "r").err.splitlines()
    assert begun[3].startswith(FEW) and begun[4].startswith(LOWERED)
    again = evonas("resume", tmp_path / "r", "--budget", 3, "--workers", 0).err
    assert "few steps" not in again and "instead of" not in again


@pytest.mark.parametrize("still", ["--quiet", "--json"])
def test_neither_is_said_to_those_who_do_not_read_it(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path, still: str
) -> None:
    ended = evonas("evolve", "--budget", 1, *tiny, "--run", tmp_path / "r", still)
    assert ended.status == 0 and "few steps" not in ended.err and "instead of" not in ended.err


@pytest.mark.parametrize("genome", entries("genomes"))
def test_neither_is_said_of_a_search_as_it_comes(genome: str) -> None:
    recipe = compose(genome, None, {})
    settings = resolve(recipe, True)
    split = load_dataset("digits").search_split()
    assert few_steps(settings, split.counts()["training"]) == lowered(settings, recipe) == ""


@pytest.mark.parametrize(
    ("images", "epochs", "told"),
    [
        (115, 3, "few steps: 1 of 64 images an epoch, 3 in a training: more --epochs"),
        (115, 20, ""),
        (40, 1, "few steps: 1 of 40 images an epoch, 1 in a training: "),
        (640, 1, "few steps: 10 of 64 images an epoch, 10 in a training: "),
        (640, 2, ""),
    ],
)
def test_steps_are_those_that_a_trainer_makes(images: int, epochs: int, told: str) -> None:
    line = few_steps(settings_of(epochs=epochs), images)
    assert line.startswith(told) and bool(line) == bool(told)


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"budget": 6}, "population 2 instead of the recipe's 12, since the budget is 6 (at most a third"),
        ({"budget": 36}, ""),
        ({"budget": 6, "population": 2}, ""),
        ({"budget": 6, "strategy": "random"}, ""),
        (
            {"recipe": "nasbench201-random", "strategy": "aging", "budget": 30},
            "population 10 instead of the strategy's 100, since the budget is 30 ",
        ),
    ],
)
def test_a_population_that_the_budget_bounds(choices: dict[str, Any], told: str) -> None:
    recipe = compose(None, None, choices)
    line = lowered(resolve(recipe, True), recipe)
    assert line.startswith(told) and bool(line) == bool(told)
