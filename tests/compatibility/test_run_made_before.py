"""Runs that were begun before the modules had rooms are read, and go on as they would have then.

`make_runs` stopped them midway at the commit before, and wrote beside them how that commit went on. They are
never made anew.
"""

import json
import runpy
import shutil
from pathlib import Path

import pytest
import torch

import evonas
from evonas.run.environment import environment

HERE = Path(__file__).parent
MADE = runpy.run_path(str(HERE / "make_runs.py"))
WHOLE = json.loads((HERE / "run-before-the-move.json").read_text(encoding="utf-8"))
STOP, BUDGET, rows = MADE["STOP"], MADE["BUDGET"], MADE["rows"]

PROPOSED = ("id", "parents", "operator", "genome")
"""What of a candidate is known before it is evaluated."""

pytestmark = pytest.mark.filterwarnings("ignore:run .* it began under other conditions")


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """Copies one of the runs, and the table that is named in its journal."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / MADE["TABLE"], tmp_path)

    def copy(name):
        return Path(shutil.copytree(HERE / "run-before-the-move" / name, tmp_path / name))

    return copy


def proposed(found):
    return [{key: row[key] for key in PROPOSED} for row in found]


def sums_are_the_same(folder):
    """Whether networks trained here come out as where the run was made, to the last bit."""
    then, now = evonas.load(folder).journal.meta()["environment"], environment()
    return all(then[key] == now[key] for key in ("machine", "system", "vectors", "torch"))


@pytest.mark.parametrize("name", WHOLE)
def test_it_is_read(stopped, name):
    result = evonas.load(stopped(name))
    found, whole = rows(result), WHOLE[name]
    assert found[:STOP] == whole[:STOP]
    assert proposed(found) == proposed(whole[: len(found)])
    assert [row["status"] for row in found] == ["done"] * STOP + ["pending"] * (len(found) - STOP)
    assert STOP < len(found) < BUDGET == result.settings.budget


@pytest.mark.parametrize("name", ["function", "table"])
def test_it_goes_on_as_it_would_have(stopped, name):
    assert rows(MADE["resumed"](name, stopped(name))) == WHOLE[name]


def test_trained_networks_are_read(stopped):
    result = evonas.load(stopped("training"))
    kept = result.journal.kept()
    assert len(kept) == STOP
    for number in kept:
        network = result.individual(number).network()
        assert network(torch.rand(2, 1, 8, 8) * 16).isfinite().all()


def test_a_run_of_trainings_goes_on(stopped):
    folder, whole = stopped("training"), WHOLE["training"]
    asked = len(evonas.load(folder).history)
    same = sums_are_the_same(folder)
    found = rows(MADE["resumed"]("training", folder))
    assert found[:STOP] == whole[:STOP]
    assert proposed(found[:asked]) == proposed(whole[:asked])
    assert [row["status"] for row in found] == ["done"] * BUDGET
    assert all(row["inherited"] > 0 for row in found[STOP:])  # from weights that were written then
    if same:
        assert found == whole
