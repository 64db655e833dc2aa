"""By which code a run trains: chosen once, recorded, kept; with or without a compiler for kernels."""

import json
import sqlite3
import sys

import pytest
from planned_networks import SMALL

import evonas
from evonas.errors import UserError
from evonas.run.journal.file import sealed
from evonas.settings import Settings
from evonas.task import Task
from evonas.training import check_kernels, choose_kernels, paths

TASK = Task(3, 8, 8, 3)


@pytest.fixture
def choices(training):
    """A search with few kinds of windows."""
    config = {**training["config"], "genome": SMALL["nasbench201"]}
    others = {key: choice for key, choice in training.items() if key != "kernels"}
    return {**others, "genome": "nasbench201", "budget": 6, "population": 3, "config": config}


@pytest.fixture
def without_compiler(monkeypatch):
    """A machine where kernels cannot be compiled."""
    monkeypatch.setattr(paths, "no_kernels", lambda: "No module named 'llvmlite'")
    for name in [name for name in sys.modules if name.startswith("llvmlite")]:
        monkeypatch.setitem(sys.modules, name, None)


def with_kernels(choices, kernels):
    return {**choices, "config": {**choices["config"], "search": {"kernels": kernels}}}


def rows(result):
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]


def told(result):
    """What does not depend on how memory is used."""
    return [(row["genome"], row["status"], row["fitness"]) for row in rows(result)]


# -- choosing --------------------------------------------------------------------------------------


def test_the_fastest_code_is_chosen():
    assert choose_kernels("cpu", "float32", 1) == "planned"
    assert choose_kernels("cpu", "float32", 2) == choose_kernels("cpu", "bfloat16", 1) == "dense"
    assert choose_kernels("cuda:0", "float32", 1) == "eager"


def test_without_a_compiler_pytorch_trains(without_compiler, choices):
    assert choose_kernels("cpu", "float32", 1) == "dense"
    result = evonas.evolve(**choices)
    assert result.settings.kernels == "dense"
    assert {row["status"] for row in result.history} == {"done"}
    assert not any("metric_planned" in row for row in result.history)


@pytest.mark.parametrize(
    ("kernels", "how", "message"),
    [
        ("planned", ("cpu", "float32", 2), "expected planned only with one thread of a CPU in float32"),
        ("planned", ("cpu", "bfloat16", 1), "got cpu, 1 threads, bfloat16"),
        ("planned", ("cuda:0", "float32", 1), "got cuda:0"),
        ("dense", ("cuda:0", "float32", 1), "expected dense only on a CPU"),
    ],
)
def test_code_that_does_not_suit(kernels, how, message):
    with pytest.raises(UserError, match=message):
        check_kernels(kernels, *how)


@pytest.mark.parametrize(
    ("kernels", "message"),
    [("fast", "kernels: expected eager, dense, planned, got 'fast'"), (3, "kernels: expected a text, got 3")],
)
def test_code_that_is_unknown(choices, kernels, message):
    with pytest.raises(UserError, match=message):
        evonas.evolve(**with_kernels(choices, kernels))


def test_planned_trainings_need_a_compiler(choices, tmp_path, monkeypatch, request):
    """A search that asks for them, and a run that began with them, are told once, and nothing is spoilt."""
    folder = tmp_path / "run"
    evonas.evolve(**{**choices, "budget": 3}, run=folder).journal.close()
    request.getfixturevalue("without_compiler")
    message = "kernels: planned ones need llvmlite, which does not work here: No module named 'llvmlite'"
    with pytest.raises(UserError, match=message):
        evonas.evolve(**with_kernels(choices, "planned"))
    with pytest.raises(UserError, match=message):
        evonas.resume(folder, budget=4)
    monkeypatch.undo()
    assert len(evonas.resume(folder, budget=4).history) == 4


# -- recorded, and kept ----------------------------------------------------------------------------


def test_what_was_chosen_is_recorded_and_kept(choices, tmp_path):
    """A run goes on by the code that it began with; one gives what another gives."""
    whole = evonas.evolve(**choices)
    assert whole.settings.kernels == "planned"
    assert all(row["metric_planned"] > 0.5 for row in whole.history)
    for kernels in ("eager", "dense"):
        folder = tmp_path / kernels
        evonas.evolve(**with_kernels({**choices, "budget": 3}, kernels), run=folder).journal.close()
        gone_on = evonas.resume(folder, budget=6)
        assert gone_on.settings.kernels == kernels
        assert not any("metric_planned" in row for row in gone_on.history)
        assert told(gone_on) == told(whole)


def test_a_file_of_choices_may_say_so(choices, tmp_path):
    path = tmp_path / "choices.toml"
    path.write_text('[search]\nkernels = "eager"\n[genome]\ncells = 1\nfilters = 4\n', encoding="utf-8")
    result = evonas.evolve(**{**choices, "budget": 2, "population": 2, "config": path})
    assert result.settings.kernels == "eager"
    assert not any("metric_planned" in row for row in result.history)


def test_a_journal_without_the_key_goes_on_eagerly(choices, tmp_path):
    """As runs were begun before there was a choice."""
    folder = tmp_path / "run"
    evonas.evolve(**with_kernels({**choices, "budget": 3}, "eager"), run=folder).journal.close()
    connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
    (text,) = connection.execute("SELECT value FROM meta WHERE key = 'settings'").fetchone()
    settings = json.loads(text)
    assert settings.pop("kernels") == "eager"
    row = sealed("settings", json.dumps(settings))
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", row)
    connection.close()
    assert Settings.from_dict(settings).kernels == "eager"
    result = evonas.resume(folder, budget=5)
    assert result.settings.kernels == "eager"
    assert rows(result) == rows(evonas.evolve(**with_kernels({**choices, "budget": 5}, "eager")))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_any_number_of_workers_gives_the_same_history(choices):
    assert rows(evonas.evolve(**choices, workers=2)) == rows(evonas.evolve(**choices))


def test_a_stop_between_changes_nothing(choices, tmp_path):
    whole = rows(evonas.evolve(**choices))
    evonas.evolve(**{**choices, "budget": 3}, run=tmp_path / "run").journal.close()
    assert rows(evonas.resume(tmp_path / "run", budget=6)) == whole
