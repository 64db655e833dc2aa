"""What every journal does."""

import pytest

from evonas.errors import UserError
from evonas.evolution.candidate import DONE, FAILED, Result
from evonas.run.journal import best_candidates
from evonas.run.weights import Stored


def done(fitness, **more):
    return Result(DONE, fitness, **more)


def fill(journal, candidate, fitnesses):
    """Asks and tells in turns, two ahead."""
    for number in range(len(fitnesses) + 1):
        if number < len(fitnesses):
            journal.asked(candidate(number), max(0, number - 1))
        if number > 0:
            value = fitnesses[number - 1]
            result = done(value) if value is not None else Result(FAILED, reason="bad luck")
            journal.told(candidate(number - 1, result), None)
        journal.commit()


def test_candidates_come_back_as_they_were(journal, candidate):
    result = Result(
        DONE,
        0.1 + 0.2,
        metrics={"loss": 1 / 3, "überraschung": 1e-300},
        parameters=2**40,
        flops=12,
        inherited=0.25,
        lineage_epochs=7.5,
        seconds=0.125,
        curve=((2.5, None), (1.25, 0.75)),
    )
    failed = Result(FAILED, reason="out of memory: ‘14 GB’")
    children = [
        candidate(0, result),
        candidate(1, failed),
        candidate(2, parents=(0,)),
        candidate(3, parents=(0, 1)),
    ]
    for child in children:
        journal.asked(child, 0)
    for child in children[:2]:
        journal.told(child, None)
    journal.commit()
    found = list(journal.candidates())
    assert [c.number for c in found] == [0, 1, 2, 3]
    assert [c.result for c in found] == [result, failed, None, None]
    assert [c.genome for c in found] == [c.genome for c in children]
    assert [c.genome.origin for c in found] == [c.genome.origin for c in children]
    assert [c.genome.number for c in found] == [0, 1, 2, 3]
    assert [c.row() for c in found] == [c.row() for c in children]
    assert [journal.candidate(number).row() for number in range(4)] == [c.row() for c in found]
    assert journal.counts() == (4, 2)


@pytest.mark.parametrize("number", [-1, 2, 10**6])
def test_a_number_that_is_not_there(journal, candidate, number):
    fill(journal, candidate, [0.5, 0.5])
    with pytest.raises(UserError, match=f"candidate {number}"):
        journal.candidate(number)


def test_events_come_in_the_order_in_which_they_were_heard(journal, candidate):
    journal.asked(candidate(0), 0)
    journal.asked(candidate(1), 0)
    journal.told(candidate(1, done(0.5)), None)
    journal.asked(candidate(2), 1)
    journal.told(candidate(0, done(0.25)), None)
    journal.told(candidate(2, done(0.75)), None)
    journal.asked(candidate(3), 2)  # noted late: it was asked before 2 was told
    journal.asked(candidate(4), 3)
    journal.commit()
    heard = [("told" if isinstance(event, Result) else "asked", number) for number, event in journal.events()]
    assert heard == [
        ("asked", 0),
        ("asked", 1),
        ("told", 1),
        ("asked", 2),
        ("told", 0),
        ("asked", 3),
        ("told", 2),
        ("asked", 4),
    ]
    assert [event.fitness for _, event in journal.events() if isinstance(event, Result)] == [0.5, 0.25, 0.75]


def test_the_best_come_first_and_of_equals_the_earlier(journal, candidate):
    fill(journal, candidate, [0.5, None, -0.0, 0.75, 0.5, 0.75, None, -2])
    assert [c.number for c in journal.best(3)] == [3, 5, 0]
    assert [c.number for c in journal.best(100)] == [3, 5, 0, 4, 2, 7]
    assert [c.fitness for c in journal.best(2)] == [0.75, 0.75]
    assert journal.best(0) == []
    assert [c.number for c in best_candidates(journal.candidates(), 4)] == [3, 5, 0, 4]


def test_nothing_is_the_best_of_nothing(journal, candidate):
    assert journal.best(1) == list(journal.candidates()) == list(journal.events()) == []
    fill(journal, candidate, [None])
    assert journal.best(1) == []


def test_weights_are_known_until_they_are_dropped(journal, candidate):
    kept = [Stored(number, f"{number}.safetensors", 100 + number, "abc") for number in range(3)]
    for number, stored in enumerate(kept):
        journal.asked(candidate(number), number)
        journal.told(candidate(number, done(0.5)), stored)
    journal.dropped(kept[1])
    journal.commit()
    assert journal.kept() == {0: kept[0], 2: kept[2]}


def test_a_candidate_without_a_result_cannot_be_told(journal, candidate):
    journal.asked(candidate(0), 0)
    with pytest.raises(UserError, match="journal: candidate 0 has no result"):
        journal.told(candidate(0), None)


def test_metrics_that_are_no_numbers_are_left_out_of_the_file(reopen, candidate):
    journal = reopen()
    journal.asked(candidate(0), 0)
    result = done(0.5, metrics={"loss": float("inf"), "gap": float("nan"), "accuracy": 1.0})
    journal.told(candidate(0, result), None)
    journal.commit()
    assert journal.candidate(0).result.metrics == {"accuracy": 1.0}
