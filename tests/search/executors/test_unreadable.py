"""What cannot cross between a worker and the search costs its candidate; nobody waits for it for ever."""

import random
import sys

import cloudpickle
import pytest
from evonas.genomes.genet import GenetGenome

from evonas.errors import UserError
from evonas.evolution.candidate import DONE, Result
from evonas.run.weights import WeightsError
from evonas.search.evaluation import Evaluator, Job
from evonas.search.executors.processes import Place, ProcessExecutor

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import tests


class Unreadable(float):
    """A figure that can be sent."""

    def __reduce__(self):
        return unreadable, ()


def unreadable():
    raise RuntimeError("nobody can read this")


class Unsendable(float):
    """A figure that cannot even be sent."""

    def __reduce__(self):
        raise RuntimeError("nobody can send this")


class TwoWordsError(WeightsError):
    """An error whose class wants more to be made again than it keeps."""

    def __init__(self, one, other):
        super().__init__(f"{one} {other}")


class Stop(BaseException):
    """Is no `Exception`."""


class Odd(Evaluator):
    """Answers candidate 1 with something odd."""

    packs = True

    def __init__(self, kind):
        self.kind = kind

    def run(self, job):
        odd = self.kind if job.number == 1 else ""
        if odd == "figure":
            return Result(DONE, 1.0, metrics={"a": Unreadable()})
        if odd == "unsendable":
            return Result(DONE, 1.0, metrics={"a": Unsendable()})
        if odd == "error":
            raise TwoWordsError("two", "words")
        if odd == "stop":
            raise Stop("no further")
        if odd == "unexpected":
            raise ZeroDivisionError("by nought")
        return Result(DONE, float(job.number))

    def evaluate(self, job):
        raise NotImplementedError


@pytest.mark.parametrize("capacity", [1, 2])
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("figure", "its result cannot be read: RuntimeError: nobody can read this"),
        ("unsendable", "its result cannot be sent: RuntimeError: nobody can send this"),
        ("error", "two words"),
        ("stop", "Stop: no further"),
        ("unexpected", "ZeroDivisionError: by nought"),
    ],
)
def test_what_cannot_cross_costs_one_candidate(kind, reason, capacity):
    genome = GenetGenome.random(GenetGenome.default_space(), random.Random(0))
    with ProcessExecutor(Odd(kind), [Place("cpu", capacity)]) as executor:
        for number in range(4):
            executor.submit(Job(number, genome, 0))
        results = [executor.result(number) for number in range(4)]
    assert [result.status for result in results] == ["done", "failed", "done", "done"]
    assert results[1].reason == reason


class Roomless(Odd):
    """Cannot be shared, as on a device that does not tell what memory it has."""

    def sharing(self, memory, let_in):
        raise TwoWordsError("CUDA", "error")


def test_a_process_that_cannot_be_shared_says_why():
    genome = GenetGenome.random(GenetGenome.default_space(), random.Random(0))
    with ProcessExecutor(Roomless(""), [Place("cpu", 2)]) as executor:
        for number in range(3):
            executor.submit(Job(number, genome, 0))
        with pytest.raises(UserError) as raised:
            executor.result(0)
    assert str(raised.value) == (
        "workers: 3 worker processes in a row died before they began; the last one gave up: CUDA error"
    )
