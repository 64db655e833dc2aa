import random
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import evonas
from evonas.architecture.architecture import Architecture
from evonas.data import ArraySource, build_dataset, load_dataset
from evonas.errors import UserError
from evonas.inheritance.by_name import inherit
from evonas.network.network import build, weights_of
from evonas.task import Task

COLUMNS = [
    "id",
    "parents",
    "operator",
    "genome",
    "fitness",
    "status",
    "parameters",
    "flops",
    "inherited",
    "lineage_epochs",
    "seconds",
]
SMALL = {
    "genome": {
        "cells": 1,
        "filters": 4,
        "combinations": 2,
        "stages": 2,
        "operations": ["identity", "max3x3", "conv1x1"],  # each kernel takes a while to compile
    },
    "training": {"batch_size": 32},
}
TASK = Task(3, 8, 8, 3)


def by_states(genome, rng):
    return (
        sum(state for cell in genome.cells for pair in cell.combinations for _, state in pair) + rng.random()
    )


def rows(result):
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]


def write_images(path, seed=0, test=True):
    """120 images of three classes that differ in brightness."""
    rng = np.random.default_rng(seed)
    y = np.arange(120) % 3
    x = (rng.integers(0, 120, (120, 8, 8, 3)) + 50 * y[:, None, None, None]).astype(np.uint8)
    rest = (
        {"x_test": x[:9], "y_test": y[:9]}
        if test
        else {"x_test": np.full(7, np.nan), "y_test": np.array("no")}
    )
    np.savez(path, x_train=x, y_train=y, **rest)
    return str(path)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """An .npz file in which what is tested on is no image at all."""
    return write_images(tmp_path_factory.mktemp("data") / "images.npz", test=False)


@pytest.fixture(scope="module")
def how(images):
    """The choices of a search with real trainings, as small as they can be."""
    return {"dataset": images, "epochs": 1, "population": 4, "sample": 2, "device": "cpu", "config": SMALL}


@pytest.fixture(scope="module")
def trained(how, tmp_path_factory):
    """A run of twelve trainings."""
    return evonas.evolve(**how, budget=12, seed=3, run=tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def copy(trained, tmp_path):
    """A copy of that run, to damage."""
    return Path(shutil.copytree(trained.folder, tmp_path / "copy"))


# -- a search that trains --------------------------------------------------------------------------


def test_the_history_is_a_table(trained):
    table = pd.DataFrame(trained.history)
    assert list(table.columns[: len(COLUMNS)]) == COLUMNS
    assert list(table["id"]) == list(range(12)) == list(range(len(trained.history)))
    assert set(table["status"]) == {"done"}
    assert table["fitness"].between(0, 1).all()
    assert (table["seconds"] > 0).all()
    assert table["parameters"].gt(0).all()
    assert table["flops"].gt(0).all()
    assert table["fitness"].dtype == table["inherited"].dtype == np.float64
    assert table["genome"].str.contains(" | ", regex=False).all()
    assert {"metric_loss", "metric_accuracy_before", "metric_training_images"} <= set(table.columns)
    assert pd.DataFrame(trained.history).equals(table), "it is read anew"


def test_costs_are_those_of_the_architecture(trained):
    for row in trained.history:
        architecture = trained.individual(row["id"]).architecture
        assert row["parameters"] == architecture.parameter_count()
        assert row["flops"] == architecture.flops()


def test_inheritance_is_recorded_over_generations(trained):
    found = {row["id"]: row for row in trained.history}
    generations = {number: len(trained.lineage(number)) for number in found}
    assert max(generations.values()) >= 3
    for number, row in found.items():
        if not row["parents"]:
            assert (row["operator"], row["inherited"], row["lineage_epochs"]) == ("random", 0, 1)
            assert np.isnan(row.get("metric_accuracy_before", np.nan))
            continue
        (parent,) = row["parents"]
        child, architecture = (trained.individual(n).architecture for n in (number, parent))
        share = inherit(build(child), child, architecture, weights_of(build(architecture)))
        assert row["operator"] in ("amoeba-hidden-state", "amoeba-operation", "amoeba-identity")
        assert row["inherited"] == share > 0
        assert row["lineage_epochs"] == found[parent]["lineage_epochs"] + 1 == generations[number]
        assert 0 <= row["metric_accuracy_before"] <= 1


def test_the_best_network_is_the_one_that_was_measured(trained, images):
    best = trained.best
    assert best.fitness == max(row["fitness"] for row in trained.history)
    network = best.network()
    assert not network.training
    split = load_dataset(images).search_split()
    with torch.no_grad():
        guessed = network(torch.from_numpy(split.x_val).permute(0, 3, 1, 2).float()).argmax(1)
    assert (guessed.numpy() == split.y_val).mean() == pytest.approx(best.fitness, abs=1 / len(split.y_val))
    assert best.fitness > 0.5


def test_without_inheritance_every_child_starts_anew(how):
    result = evonas.evolve(**how, budget=6, inherit="none")
    assert any(row["parents"] for row in result.history)
    assert {(row["inherited"], row["lineage_epochs"]) for row in result.history} == {(0, 1)}


def test_no_search_reads_test_images(how, trained, images):
    """The file's are none: whoever read them would have noticed."""
    with pytest.raises(UserError, match="x_test"):
        load_dataset(images).test()
    assert trained.best.network() is not None


def test_a_search_in_memory_is_the_same(how, trained):
    result = evonas.evolve(**how, budget=12, seed=3)
    assert result.folder is None
    assert rows(result) == rows(trained)
    best, other = result.best.weights(), trained.best.weights()
    assert all(torch.equal(best[name], other[name]) for name in other)


def test_a_dataset_in_memory_is_searched_on(how, trained, images):
    result = evonas.evolve(**{**how, "dataset": load_dataset(images), "budget": 5}, seed=3)
    assert rows(result) == rows(trained)[:5]
    rng = np.random.default_rng(0)
    pets = ArraySource(rng.random((40, 8, 8)), np.arange(40) % 2, without_test=True)
    result = evonas.evolve(dataset=build_dataset("pets", pets), budget=1, epochs=1, config=SMALL)
    assert result.best.architecture.shape(result.best.architecture.input) == (1, 8, 8)
    assert result.settings.dataset == "pets"


@pytest.mark.parametrize(
    "choice",
    [{"train_limit": 20}, {"layout": "auto"}, {"table": "t.csv"}, {"download": True}, {"data_dir": "d"}],
)
def test_what_is_said_of_reading_images_is_refused_with_those_in_memory(images, choice):
    (name,) = choice
    with pytest.raises(UserError, match=f"^{name}: expected none with a dataset that is in memory, got "):
        evonas.evolve(dataset=load_dataset(images), **choice)


# -- a function of the user's ----------------------------------------------------------------------


def test_a_fitness_of_genomes_needs_no_images():
    result = evonas.evolve(evaluate=by_states, needs="genome", budget=20, population=5, config=SMALL)
    table = pd.DataFrame(result.history)
    assert list(table.columns[: len(COLUMNS)]) == COLUMNS
    assert table["parameters"].isna().all()
    assert result.settings.dataset == ""
    with pytest.raises(UserError, match="came from genomes alone, so there is no task"):
        _ = result.best.architecture
    with pytest.raises(UserError, match="its weights were not kept"):
        result.best.weights()


def test_a_fitness_of_architectures(images, monkeypatch):
    monkeypatch.setattr("evonas.network.build", lambda *_: pytest.fail("built"))

    def small(architecture, rng):
        assert isinstance(architecture, Architecture)
        return {"fitness": -architecture.parameter_count(), "depth": len(list(architecture))}

    result = evonas.evolve(
        dataset=images, evaluate=small, needs="architecture", budget=20, config=SMALL, population=5
    )
    table = pd.DataFrame(result.history)
    assert (table["fitness"] == -table["parameters"]).all()
    assert table["metric_depth"].gt(10).all()
    assert result.best.architecture.parameter_count() == table["parameters"].min()


def test_a_fitness_of_networks_whose_weights_go_on(images, tmp_path):
    """The function counts in a weight how often it has seen one."""

    def count(network, rng):
        bias = network.get_parameter("classifier.bias")
        with torch.no_grad():
            bias += 1
        return bias[0].item()

    how = {
        "dataset": images,
        "evaluate": count,
        "needs": "network",
        "config": SMALL,
        "population": 3,
        "sample": 2,
    }
    result = evonas.evolve(**how, budget=10, run=tmp_path / "run")
    for row in result.history:
        assert row["fitness"] == len(result.lineage(row["id"]))
        assert (row["inherited"] > 0) == bool(row["parents"])
    assert result.best.weights()["classifier.bias"][0] == result.best.fitness
    with pytest.raises(UserError, match="evaluate: the run's fitness is a function of network, got training"):
        evonas.resume(tmp_path / "run")
    with pytest.raises(
        UserError, match="evaluate: the run's fitness is a function of network, got function of genome"
    ):
        evonas.resume(tmp_path / "run", evaluate=by_states, needs="genome")


def test_failures_are_recorded_with_their_reasons():
    def moody(genome, rng):
        mood = rng.randrange(4)
        if mood == 0:
            raise RuntimeError("no way")
        return [None, float("nan"), "good", rng.random()][mood]

    result = evonas.evolve(evaluate=moody, needs="genome", budget=60, population=5, config=SMALL)
    table = pd.DataFrame(result.history)
    assert len(table) == 60
    assert set(table["reason"]) == {
        "",
        "RuntimeError: no way",
        "the fitness was nan, not a finite number",
        "evaluate: expected a number or a dict with 'fitness', got 'good'",
    }
    assert ((table["status"] == "failed") == table["fitness"].isna()).all()
    assert [c.number for c in result.failures()] == list(table["id"][table["status"] == "failed"])


def test_when_all_has_failed_there_is_no_best():
    result = evonas.evolve(evaluate=lambda genome, rng: None, needs="genome", budget=3, config=SMALL)
    assert result.top(5) == []
    message = (
        "run: no candidate was evaluated with success yet, so there is no best; "
        "3 of 3 failed with: evaluate: expected a number or a dict with 'fitness', got None"
    )
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        _ = result.best


def test_who_watches_sees_every_candidate():
    seen, began = [], []
    evonas.evolve(
        evaluate=by_states,
        needs="genome",
        budget=7,
        config=SMALL,
        watch=lambda candidate: seen.append((candidate.number, candidate.fitness is not None)),
        started=lambda settings, evaluated: began.append((settings.budget, evaluated)),
    )
    assert seen == [(number, True) for number in range(7)]
    assert began == [(7, 0)]


# -- runs that go on -------------------------------------------------------------------------------


def test_an_unfinished_run_can_be_read_and_resumed(how, trained, tmp_path):
    def stop(candidate):
        if candidate.number == 4:
            raise KeyboardInterrupt

    folder, began = tmp_path / "run", []
    with pytest.raises(KeyboardInterrupt):
        evonas.evolve(**how, budget=12, seed=3, run=folder, watch=stop)
    unfinished = evonas.load(folder)
    assert rows(unfinished)[:5] == rows(trained)[:5]
    assert [row["status"] for row in unfinished.history][5:] in (["pending"] * n for n in range(1, 5))
    assert unfinished.best.network() is not None
    resumed = evonas.resume(folder, started=lambda settings, evaluated: began.append(evaluated))
    assert began == [5]
    assert rows(resumed) == rows(trained)
    assert rows(evonas.load(str(folder))) == rows(trained)


def test_a_larger_budget_later_is_a_larger_budget_at_once(how, trained, tmp_path):
    evonas.evolve(**how, budget=7, seed=3, run=tmp_path)
    assert rows(evonas.resume(tmp_path, budget=12)) == rows(trained)
    again = evonas.load(tmp_path)
    assert again.settings == trained.settings
    assert set(again.journal.kept()) == set(trained.journal.kept())


def test_time_that_is_up_is_no_end(tmp_path):
    how = {"evaluate": by_states, "needs": "genome"}
    first = evonas.evolve(**how, budget=9, run=tmp_path, config=SMALL, max_seconds=0)
    assert {row["status"] for row in first.history} == {"pending"}
    assert rows(evonas.resume(tmp_path, **how)) == rows(evonas.evolve(**how, budget=9, config=SMALL))


@pytest.mark.parametrize("limit", ["10", float("nan"), -1, True])
def test_what_is_no_time(limit, trained, tmp_path):
    message = f"max_seconds: expected seconds of at least 0, got {limit!r}"
    how = {"evaluate": by_states, "needs": "genome"}
    with pytest.raises(UserError, match=message):
        evonas.evolve(**how, budget=4, config=SMALL, run=tmp_path / "run", max_seconds=limit)
    assert not (tmp_path / "run").exists()
    evonas.evolve(**how, budget=4, config=SMALL, run=tmp_path / "run")
    with pytest.raises(UserError, match=message):
        evonas.resume(tmp_path / "run", **how, budget=5, max_seconds=limit)
    assert evonas.load(tmp_path / "run").settings.budget == 4
    with pytest.raises(UserError, match=message):
        evonas.refine(trained, budget=2, max_seconds=limit)


def test_a_run_that_has_ended_is_resumed_to_no_effect(copy, trained):
    assert rows(evonas.resume(copy)) == rows(trained)


@pytest.mark.parametrize("budget", [1, 11])
def test_a_budget_that_is_used_up_already(copy, budget):
    message = f"budget: the run has 12 candidates already, so expected at least that, got {budget}"
    with pytest.raises(UserError, match=message):
        evonas.resume(copy, budget=budget)


@pytest.mark.parametrize("budget", [0, -3, "12", 12.5, True])
def test_what_is_no_budget(copy, budget):
    with pytest.raises(UserError, match=f"budget: expected a whole number of at least 1, got {budget!r}"):
        evonas.resume(copy, budget=budget)
    with pytest.raises(UserError, match=f"budget: expected a whole number of at least 1, got {budget!r}"):
        evonas.evolve(evaluate=by_states, needs="genome", budget=budget)


def test_a_run_is_not_continued_on_other_images(how, tmp_path):
    data = write_images(tmp_path / "mine.npz")
    evonas.evolve(**{**how, "dataset": data}, budget=4, run=tmp_path / "run")
    write_images(tmp_path / "mine.npz", seed=1)
    all_of_them = r"\(120 of the 120 images that the search had are gone or have other content\)"
    with pytest.raises(UserError, match=rf"mine\.npz: .* not those that the run began with {all_of_them}"):
        evonas.resume(tmp_path / "run", budget=5)
    x, y = np.zeros((90, 8, 8, 3), dtype=np.uint8), np.arange(90) % 3
    np.savez(tmp_path / "mine.npz", x_train=x, y_train=y, x_test=x[:9], y_test=y[:9])
    with pytest.raises(UserError, match=r"began with \(120 images then, 90 now; 120 of the 120 images "):
        evonas.resume(tmp_path / "run", budget=5)


# -- weights that are not there --------------------------------------------------------------------


def test_missing_weights_of_the_best(copy):
    result = evonas.load(copy)
    for path in (copy / "weights").iterdir():
        path.unlink()
    with pytest.raises(UserError, match=r"weights .*\.safetensors: cannot be read: No such file"):
        result.best.network()


def test_damaged_weights_of_the_best(copy):
    result = evonas.load(copy)
    path = copy / "weights" / f"{result.best.id:06}.safetensors"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"weights .*\.safetensors: the file is damaged"):
        result.best.network()


def test_a_resume_without_a_parents_weights_says_so(copy):
    for path in (copy / "weights").iterdir():
        path.write_bytes(b"")
    with pytest.raises(
        UserError, match=r"weights .*\.safetensors: the file is damaged: expected .* got 0 bytes"
    ):
        evonas.resume(copy, budget=20)
    assert len([row for row in evonas.load(copy).history if row["status"] == "failed"]) == 0


def test_weights_of_the_dead_are_gone(trained):
    gone = set(range(12)) - set(trained.journal.kept())
    assert gone
    with pytest.raises(UserError, match=f"candidate {min(gone)}: its weights were not kept"):
        trained.individual(min(gone)).network()
    files = {int(path.stem) for path in (trained.folder / "weights").iterdir()}
    assert files == set(trained.journal.kept())


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"genome": "ameba"}, "genome 'ameba' is unknown; did you mean 'amoeba'"),
        ({"strategy": "ageing"}, "strategy 'ageing' is unknown; did you mean 'aging'"),
        (
            {"populaton": 3},
            "strategy setting 'populaton' is unknown to this strategy; did you mean 'population'",
        ),
        (
            {"budgit": 3},
            "strategy setting 'budgit' is unknown to this strategy; did you mean 'budget'",
        ),
        ({"population": 100}, "population: expected at most the budget of 3, got 100"),
        ({"population": 0}, "population: expected a whole number of at least 1, got 0"),
        ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
        ({"look_ahead": 0}, "look_ahead: expected a whole number of at least 1, got 0"),
        ({"inherit": "all"}, "inherit 'all' is unknown"),
        ({"start": "amoebanet-z"}, "genotype 'amoebanet-z' is unknown"),
        ({"needs": "weights"}, "needs: expected genome, architecture, network, got 'weights'"),
        ({"config": {"genome": {"cell": 3}}}, "genome setting 'cell' is unknown; did you mean 'cells'"),
    ],
)
def test_what_is_refused_leaves_no_folder(tmp_path, choices, message):
    how = {"evaluate": by_states, "needs": "genome", "budget": 3, "run": tmp_path / "run", **choices}
    with pytest.raises(UserError, match=message):
        evonas.evolve(**how)
    assert not (tmp_path / "run").exists()


def test_the_seed_decides():
    how = {"evaluate": by_states, "needs": "genome", "budget": 12, "population": 4, "config": SMALL}
    random.seed(0)
    first = rows(evonas.evolve(**how, seed=1))
    random.seed(1)
    assert rows(evonas.evolve(**how, seed=1)) == first
    assert rows(evonas.evolve(**how, seed=2)) != first
