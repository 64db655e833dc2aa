"""Searches over a table: through the engine, resumed, refused, at another length of training."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import evonas
from evonas.errors import UserError
from evonas.tables import read_table


def search(table: Path, **choices: object) -> evonas.api.SearchResult:
    return evonas.evolve("nasbench201", "toy", table=str(table), budget=60, seed=3, **choices)


def test_fitness_is_the_tables(made_table: Path) -> None:
    figures = read_table(made_table).figures("toy")
    rows = list(search(made_table).history)
    assert len(rows) == 60
    for row in rows:
        assert row["fitness"] == figures.valid[row["genome"]]
        assert row["metric_training_seconds"] == figures.seconds[row["genome"]]
        assert row["lineage_epochs"] == 3
        assert not any("test" in name for name in row)  # which a search never sees


def test_another_length_of_training(made_table: Path) -> None:
    result = search(made_table, epochs=12)
    valid = read_table(made_table).figures("toy", 12).valid
    assert all(row["fitness"] == valid[row["genome"]] for row in result.history)
    assert result.settings.plan.epochs == 12
    with pytest.raises(UserError, match="has toy validated after 3 or 12 epochs, got 5"):
        search(made_table, epochs=5)


def test_workers_find_the_same(made_table: Path) -> None:
    alone = [row["genome"] for row in search(made_table).history]
    assert [row["genome"] for row in search(made_table, workers=2).history] == alone


def test_a_run_is_resumed(made_table: Path, tmp_path: Path) -> None:
    whole = [row["genome"] for row in search(made_table).history]
    copy = shutil.copy(made_table, tmp_path / "copy.csv")
    evonas.evolve(
        "nasbench201", "toy", table=str(copy), budget=60, seed=3, max_seconds=0, run=tmp_path / "run"
    )
    resumed = evonas.resume(tmp_path / "run")
    assert [row["genome"] for row in resumed.history] == whole
    resumed.journal.close()
    with Path(copy).open("a", encoding="utf-8") as file:
        file.write("other,1,1,1,1\n")
    with pytest.raises(UserError, match="its content is not what the run began with"):
        evonas.resume(tmp_path / "run", budget=80)


def test_a_toolbox_looks_up_too(made_table: Path) -> None:
    toolbox = evonas.toolbox("nasbench201", "toy", table=str(made_table), seed=1)
    (individual,) = toolbox.population(n=1)
    assert toolbox.evaluate(individual) == (read_table(made_table).figures("toy").valid[str(individual)],)


def test_a_genotype_that_is_not_there_has_failed(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("cell,toy_valid3\n|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,1\n", encoding="utf-8")
    result = evonas.evolve("nasbench201", "toy", table=str(path), strategy="random", budget=3)
    reasons = {row["reason"] for row in result.history}
    assert len(reasons) == 3 and all("it has no toy accuracy for |" in reason for reason in reasons)


def test_what_is_refused(made_table: Path) -> None:
    with pytest.raises(UserError, match="dataset: table .* has toy: say which"):
        evonas.evolve("nasbench201", table=str(made_table))
    with pytest.raises(UserError, match="table: it gives the fitness, and so does the function"):
        search(made_table, evaluate=lambda genome, rng: 0.0)
