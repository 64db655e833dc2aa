"""What is said of a run both at its end and by `evonas show`."""

import dataclasses
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evonas as library
from evonas.cli.outcome import hardly_better_than_chance, time_taken
from evonas.cli.survey import Survey, survey
from evonas.search.executors.usage import SlotUse, Usage
from evonas.search.pace import NOTED, Pace

COLUMNS = (
    "fitness: accuracy on the validation images; inherited: share of its weights that came from its parent; "
    "epochs: with those of the ancestors whose weights it inherited"
)


@pytest.fixture
def hopeless(tmp_path: Path) -> Path:
    """Images that are all the same: every network names one class for all of them."""
    path = tmp_path / "same.npz"
    np.savez(path, x_train=np.full((60, 8, 8, 1), 7, np.uint8), y_train=np.arange(60) % 3 // 2)
    return path


def test_the_end_explains_its_table_as_show_does(evonas: Callable[..., Any], hopeless: Path) -> None:
    folder = hopeless.parent / "run"
    words = ["--dataset", hopeless, "--budget", 2, "--epochs", 1, "--workers", 0, "--run", folder]
    ended, shown = evonas("evolve", *words), evonas("show", folder)
    for said in (ended.out, shown.out):
        flat = " ".join(said.split())
        assert COLUMNS in flat
        assert "hardly better than chance: naming the most frequent class always is right on 0.7" in flat
        assert "search anew with more --epochs" in flat


def test_a_best_above_chance_is_not_called_so(evonas: Callable[..., Any], hopeless: Path) -> None:
    folder = hopeless.parent / "run"
    words = ["--dataset", hopeless, "--budget", 1, "--epochs", 1, "--workers", 0, "--run", folder]
    assert evonas("evolve", *words, "--quiet").status == 0
    with closing((result := library.load(folder)).journal):
        found = survey(result)
        counts = result.journal.meta()["counts"]
        assert hardly_better_than_chance(result, found)
        one_more = (counts["commonest"] + 1) / counts["validation"]  # of ten, which may be luck
        better = found.best[0].result
        assert better is not None
        for fitness, called_so in ((one_more, True), (1.0, False)):
            found.best[0].result = dataclasses.replace(better, fitness=fitness)
            assert bool(hardly_better_than_chance(result, found)) == called_so


@pytest.mark.parametrize(
    ("sessions", "told"),
    [
        ([], "8 min 8 s of evaluation"),
        ([(490.0, 1)], "8 min 8 s of evaluation"),
        ([(257.0, 2)], "4 min 17 s (8 min 8 s of evaluation on 2 workers)"),
        ([(100.0, 2), (157.0, 4)], "4 min 17 s (8 min 8 s of evaluation on up to 4 workers)"),
        ([(600.0, 1)], "10 min (8 min 8 s of evaluation)"),
    ],
)
def test_time_is_told_twice_where_it_differs(sessions: list[tuple[float, int]], told: str) -> None:
    result = library.evolve("genet", evaluate=lambda genome, rng: 1.0, needs="genome", budget=1)
    noted = [Pace(1, 0, Usage(seconds, (SlotUse("w"),) * many)).to_dict() for seconds, many in sessions]
    result.journal.note(NOTED, noted)
    assert time_taken(result, Survey(seconds=488)) == told
