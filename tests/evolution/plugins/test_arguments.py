"""The second door: arguments of `evonas.evolve`."""

import pytest
from evonas.genomes.genet import GenetGenome
from evonas.operators import Operator, crossover, mutation

import evonas
from evonas.evolution.strategies.random_search import RandomSearch


def ones(genome, rng):
    return float(sum(genome))


@mutation("genet", weight=1e9)
def set_one(genome, rng):
    """Sets one bit."""
    genome[rng.randrange(len(genome))] = 1
    return genome


class Short(GenetGenome):
    name = "short"


class Never(RandomSearch):
    """Random search, by another name."""


def evolve(**choices):
    return evonas.evolve(evaluate=ones, needs="genome", **{"genome": "genet", "seed": 2, **choices})


def test_an_operator_is_used():
    result = evolve(operators=[set_one], strategy="aging", budget=60, population=6, sample=3)
    assert result.best.fitness >= 17
    assert {row["operator"] for row in result.history} == {"random", "genet-set-one"}


def test_one_of_the_same_name_takes_the_place_of_an_installed_one():
    off = Operator("genet-flip-bits", "genet", "mutation", set_one.function, 1.0)
    result = evolve(operators=[off], strategy="aging", budget=30, population=4, sample=2)
    rows = {row["id"]: row for row in result.history}
    for row in rows.values():
        if row["parents"]:
            before, after = rows[row["parents"][0]]["genome"], row["genome"]
            assert all(new >= old for old, new in zip(before, after, strict=True))


def test_files_and_operators_mix(mine):
    result = evolve(operators=[set_one, mine], strategy="aging", budget=40, population=4, sample=2)
    assert {row["operator"] for row in result.history} >= {"genet-set-one"}


def test_those_of_other_genomes_are_left_aside():
    result = evolve(
        operators=[Operator("x", "amoeba", "mutation", ones), Operator("y", "genet", "mutation", ones, 0.0)],
        strategy="aging",
        budget=8,
        population=2,
        sample=2,
    )
    assert {row["operator"] for row in result.history} == {"random", "genet-flip-bits"}


@pytest.mark.parametrize(
    ("genome", "message"),
    [
        ("amoeba", "operators: expected some for genome 'genet', which is what evolves, got x for amoeba"),
        ("gennet", "operator 'x': genome 'gennet' is unknown; did you mean 'genet'"),
    ],
)
def test_those_that_nothing_would_use_are_refused(genome, message, tmp_path):
    with pytest.raises(evonas.UserError, match=message):
        evolve(operators=[Operator("x", genome, "mutation", ones)], budget=2, run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: mutation(ones), 'mutation: expected the genome that it varies, as in @mutation."amoeba".'),
        (lambda: mutation("genet")(lambda genome: genome), "expected a function of .genome, rng."),
        (lambda: crossover("genet")(ones), "'genet-ones': expected a function of .genome, other, rng."),
    ],
)
def test_a_decorator_says_how_it_is_used(wrong, message):
    with pytest.raises(evonas.UserError, match=message):
        wrong()


def test_a_genome_and_a_strategy_may_be_classes():
    result = evolve(
        genome=Short,
        operators=[Operator("any", "short", "mutation", set_one.function)],
        strategy=Never,
        budget=5,
    )
    assert result.settings.genome == "short"
    assert result.settings.strategy == "never"
    assert type(result.best.genome) is Short


@pytest.mark.parametrize("wrong", [[ones], [3], 7, ones])
def test_what_is_no_operator_is_refused(wrong):
    with pytest.raises(evonas.UserError, match="operators: expected functions with the decorator mutation"):
        evolve(operators=wrong)


@pytest.mark.parametrize(("name", "what"), [("genome", int), ("genome", GenetGenome([0] * 19))])
def test_what_is_no_genome_is_refused(name, what):
    with pytest.raises(evonas.UserError, match="genome: expected a name or a subclass of Genome"):
        evolve(**{name: what})
