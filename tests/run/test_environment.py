"""What results depend on is noted, and what is not as it was is said where a run goes on."""

import pytest

import evonas
from evonas.run.environment import drift, environment


def fitness(genome, rng):
    return rng.random()


HOW = {"evaluate": fitness, "needs": "genome"}


def test_what_is_noted(tmp_path):
    result = evonas.evolve(**HOW, budget=2, run=tmp_path / "run", seed=9)
    meta = result.journal.meta()
    assert meta["environment"] == environment()
    assert all(isinstance(value, str) for value in environment().values())
    assert environment()["python"] and environment()["torch"] and environment()["evonas"]
    assert meta["settings"]["seed"] == 9 and meta["settings"]["look_ahead"] == 4
    assert "environments" not in meta


def test_a_resume_elsewhere_says_what_differs(tmp_path, monkeypatch, recwarn):
    evonas.evolve(**HOW, budget=4, population=2, run=tmp_path / "run").journal.close()
    evonas.resume(tmp_path / "run", **HOW, budget=5).journal.close()
    assert not [one for one in recwarn if "conditions" in str(one.message)]
    other = {**environment(), "torch": "9.9", "vectors": "avx512f"}
    monkeypatch.setattr("evonas.run.run.environment", lambda device: other)
    words = r"began under other conditions \(.*torch .*, now 9\.9.*\): what was done stays as it is"
    for budget in (6, 7):
        with pytest.warns(RuntimeWarning, match=words):
            evonas.resume(tmp_path / "run", **HOW, budget=budget).journal.close()
    assert evonas.load(tmp_path / "run").journal.meta()["environments"] == [[5, other]]


def test_in_words():
    assert drift({"python": "3.11"}, {"python": "3.11", "deap": "1"}) == ""
    assert drift({"device": "A", "gone": "x"}, {"device": "B"}) == "device A, now B"
