"""No architecture twice, where that is wanted."""

import pytest
from evonas.operators import mutation

import evonas


def ones(genome, rng):
    return float(sum(genome))


def keys(result):
    return [candidate.genome.key() for candidate in result.journal.candidates()]


def evolve(**choices):
    known = {"strategy": "aging", "budget": 60, "population": 8, "sample": 4, "seed": 3}
    return evonas.evolve(
        "genet", evaluate=ones, needs="genome", config={"genome": {"nodes": [3, 4], "filters": [4, 4]}},
        **{**known, **choices},
    )  # fmt: skip


def test_it_asks_again_for_what_was_there():
    plain, unique = keys(evolve()), keys(evolve(unique=True))
    assert len(set(plain)) < 55
    assert len(set(unique)) == 60 > len(set(plain))


def test_asking_again_has_an_end():
    """A space of few networks is used up, and then they come again."""
    found = keys(
        evonas.evolve(
            "genet",
            evaluate=ones,
            needs="genome",
            strategy="random",
            budget=40,
            unique=True,
            config={"genome": {"nodes": [2], "filters": [4]}},
        )  # fmt: skip
    )
    assert len(found) == 40
    assert len(set(found)) == 2
    assert len(set(found[:2])) == 2


def test_an_operator_that_fails_is_not_asked_again():
    calls = []

    @mutation("genet", weight=1e9)
    def raises(genome, rng):
        calls.append(genome)
        raise RuntimeError("boom")

    history = list(evolve(unique=True, budget=20, operators=[raises]).history)
    failed = [row for row in history if row["status"] == "failed"]
    assert len(calls) == len(failed) == 12
    assert all("boom" in row["reason"] for row in failed)


def test_a_resume_knows_what_was_there(tmp_path):
    whole = keys(evolve(unique=True))
    run = tmp_path / "run"
    evolve(unique=True, budget=25, run=run)
    assert keys(evonas.resume(run, budget=60, evaluate=ones, needs="genome")) == whole


def test_a_strategy_that_repeats_on_purpose_refuses():
    with pytest.raises(
        evonas.UserError, match="unique: GeneticAlgorithm evaluates individuals again on purpose"
    ):
        evolve(unique=True, strategy="genetic", sample=None)


def test_it_is_true_or_false():
    with pytest.raises(evonas.UserError, match="unique: expected true or false, got 3"):
        evolve(unique=3)
