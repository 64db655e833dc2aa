"""The genetic algorithm as a strategy: what it may be asked, its state, its settings, whole runs."""

import random
from pathlib import Path
from typing import Any

import pytest
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.genomes.graph import GraphGenome, GraphSpace

import evonas
from evonas.errors import UserError
from evonas.evolution.genome import Genome
from evonas.evolution.registry import operators_for
from evonas.evolution.strategies import Start
from evonas.evolution.strategies.genetic import GeneticAlgorithm
from evonas.evolution.toolboxes import make_toolbox


def test_a_generation_may_be_asked_at_once_and_the_next_one_waits_for_all(algorithm, ask, ones):
    strategy = algorithm(population=6)
    current: list[Genome] = []
    for number in range(6):
        genome = ask(strategy, number)
        assert genome is not None
        genome.number = number
        strategy.asked(genome)
        current.append(genome)
    for genome in reversed(current):
        assert ask(strategy, 6) is None
        genome.fitness.values = (ones(genome),)
        strategy.tell(genome)
    assert strategy.generation == 1 and ask(strategy, 6) is not None


def test_asking_changes_nothing(algorithm, ask, drive, ones):
    strategy = algorithm(population=4)
    drive(strategy, ones, 1)
    one, other = ask(strategy, 4), ask(strategy, 4)
    assert one is not None and other is not None
    assert one == other and one is not other and one.origin == other.origin
    assert not one.fitness.valid and one.number is None


def state(strategy: GeneticAlgorithm, asked: int, ask: Any) -> list[Any]:
    """All that can be seen of a strategy, what it would propose next included."""
    following = ask(strategy, asked)
    return [
        strategy.generation,
        strategy.living(),
        [
            (str(individual), individual.number, individual.fitness.values)
            for individual in strategy.population
        ],
        following and (str(following), following.origin),
    ]


@pytest.mark.parametrize("start", [None, "genet-2"])
def test_replaying_what_was_asked_and_told_restores_the_state(start, algorithm, ask, ones):
    genome = start and GenetGenome.from_dict(GenetGenome.published()[start], GenetSpace())
    straight = algorithm(start=genome or None, population=4)
    events: list[tuple[str, Genome]] = []
    waiting: list[Genome] = []
    asked = 0
    while straight.generation < 4:
        child = ask(straight, asked) if len(waiting) < 3 else None
        if child is not None:
            child.number, asked = asked, asked + 1
            events.append(("asked", child.clone()))
            straight.asked(child)
            waiting.append(child)
        else:
            told = waiting.pop(0)
            if told.number != 2:  # which fails
                told.fitness.values = (ones(told),)
            events.append(("told", told.clone()))
            straight.tell(told)
        replayed = algorithm(start=genome or None, population=4)
        known: dict[int | None, Genome] = {}
        for kind, event in events:
            if kind == "asked":
                known[event.number] = event.clone()
                replayed.asked(known[event.number])
            else:
                known[event.number].fitness.wvalues = event.fitness.wvalues
                replayed.tell(known[event.number])
        assert state(replayed, asked, ask) == state(straight, asked, ask)


def test_the_same_seed_gives_the_same_search_whatever_the_look_ahead(algorithm, drive, ones):
    def texts(generations):
        return [[str(genome) for genome in generation] for generation in generations]

    runs = [texts(drive(algorithm(seed=1), ones, 5, look_ahead)) for look_ahead in (1000, 1, 3)]
    assert runs[0] == runs[1] == runs[2]
    assert texts(drive(algorithm(seed=2), ones, 5)) != runs[0]


def test_the_global_generator_is_left_alone(algorithm, drive, ones):
    strategy = algorithm(population=4)
    drive(strategy, ones, 1)
    random.seed(7)
    before = random.getstate()
    strategy.ask()
    assert random.getstate() == before


def test_only_possible_parents_live(algorithm, ask, drive, ones):
    strategy = algorithm(population=4)
    first, second = drive(strategy, ones, 2)
    assert strategy.living() == {genome.number for genome in second}
    for number in range(8, 12):
        genome = ask(strategy, number)
        assert genome is not None
        genome.number = number
        strategy.asked(genome)
        alive = {4, 5, 6, 7} if number < 11 else set()
        assert strategy.living() == alive | set(range(8, number + 1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 0}, "population: expected at least 1, got 0"),
        ({"p_m": 1.1}, "p_m: expected a probability from 0 to 1, got 1.1"),
        ({"p_c": "often"}, "p_c: expected a probability from 0 to 1, got 'often'"),
    ],
)
def test_bad_settings_are_refused(settings, message, algorithm):
    with pytest.raises(UserError) as caught:
        algorithm(**settings)
    assert str(caught.value) == message


def test_a_genome_without_a_crossover_needs_p_c_0() -> None:
    toolbox = make_toolbox(GraphGenome, GraphSpace(), operators_for("graph"))
    with pytest.raises(UserError, match="p_c: expected 0 for a genome without a crossover operator, got 0.2"):
        GeneticAlgorithm(toolbox, Start(), **GeneticAlgorithm.settings)
    result = evonas.evolve(
        "amoeba",
        budget=12,
        strategy="genetic",
        population=4,
        p_c=0.0,
        evaluate=lambda genome, rng: rng.random(),
        needs="genome",
    )
    assert len(list(result.history)) == 12


def share_of_ones(genome: GenetGenome, rng: random.Random) -> float:
    return sum(genome) / len(genome) + 0.1 * rng.random()


def rows(result: Any) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in result.history]


def test_a_run_that_stops_within_a_generation_and_goes_on_has_the_same_history(tmp_path: Path) -> None:
    choices: dict[str, Any] = {"evaluate": share_of_ones, "needs": "genome", "seed": 4}
    whole = evonas.evolve("genet", budget=40, population=8, look_ahead=3, **choices)
    assert [row["operator"] for row in rows(whole)][:9].count("random") == 8
    del choices["seed"]
    evonas.evolve("genet", budget=21, population=8, look_ahead=3, run=tmp_path / "run", seed=4, **choices)
    went_on = evonas.resume(tmp_path / "run", budget=40, **choices)
    assert rows(went_on) == rows(whole)
