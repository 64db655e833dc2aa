"""How fast a search is, and what is noted of it."""

import time

import pytest

import evonas
from evonas.evolution.candidate import DONE, Candidate, Result
from evonas.run.journal import MemoryJournal
from evonas.search.executors import Executor
from evonas.search.executors.usage import Meter, SlotUse, Usage
from evonas.search.pace import NOTED, Ledger, Pace

PACE = Pace(30, 6000, Usage(60.0, (SlotUse("a", 20, 60.0), SlotUse("b", 10, 30.0)), 15.0))


def test_what_a_pace_says():
    assert PACE.per_hour == 1800
    assert PACE.images_per_second == 100
    assert PACE.wait == 0.5
    assert PACE.usage.busy == 0.75
    assert PACE.usage.candidates == 30
    assert Pace.from_dict(PACE.to_dict()) == PACE
    nothing = Pace(0, 0, Usage(0.0, ()))
    assert (nothing.per_hour, nothing.images_per_second, nothing.wait, nothing.usage.busy) == (0, 0, 0, 0)


def test_a_place_is_busy_while_anything_is_there():
    meter, clock = Meter(), time.monotonic
    before = clock()
    for _ in range(2):
        meter.enter()
    entered = clock()
    time.sleep(0.01)
    meter.leave()
    during = meter.use("x")
    leaving = clock()
    meter.leave()
    left = clock()
    time.sleep(0.01)
    after = meter.use("x")
    assert (during.candidates, after.candidates) == (1, 2)
    assert leaving - entered <= after.busy <= left - before  # by the same clock, however slow this is


class Idle(Executor):
    asked = 0

    def submit(self, job): ...

    def result(self, number): ...

    def next_ended(self): ...

    def usage(self):
        self.asked += 1
        return Usage(1.0, ())


def test_thousands_of_candidates_are_not_measured_one_by_one():
    executor, journal = Idle(), MemoryJournal()
    with Ledger(journal, executor) as ledger:
        for number in range(1000):
            ledger.told(Candidate(number, None, Result(DONE, 1.0, metrics={"training_images": 8.0})))
    assert executor.asked < 50
    (noted,) = journal.meta()[NOTED]
    assert (noted["candidates"], noted["images"]) == (1000, 8000)


@pytest.mark.parametrize("workers", [None, 1])
def test_every_session_of_a_run_is_noted(tmp_path, workers):
    paces = []
    choices = {"evaluate": lambda genome, rng: rng.random(), "needs": "genome", "workers": workers}
    evonas.evolve(
        **choices, budget=4, population=2, sample=2, run=tmp_path / "r", meter=lambda pace: paces.append(pace)
    )
    result = evonas.resume(tmp_path / "r", **choices, budget=7)
    first, second = (Pace.from_dict(noted) for noted in result.journal.meta()[NOTED])
    assert (first.candidates, second.candidates) == (4, 3)
    assert first.usage.candidates == 4
    assert 0 <= first.usage.busy <= 1
    assert len(paces) == 4
    name = "this process" if workers is None else "worker 1"
    assert [slot.name for slot in first.usage.slots] == [name]


def test_what_ended_a_search_is_not_hidden(tmp_path):
    class Full(MemoryJournal):
        def note(self, key, value):
            raise ValueError("the disk is full")

    with pytest.raises(ZeroDivisionError), Ledger(Full(), Idle()) as ledger:
        ledger.told(Candidate(0, None, Result(DONE, 1.0)))
        ledger._journal = Refusing()
        raise ZeroDivisionError


class Refusing(MemoryJournal):
    def note(self, key, value):
        raise evonas.UserError("the disk is full")
