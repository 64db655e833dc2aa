"""An operator that goes wrong is reported by name, and costs one candidate."""

import sys
import threading

import pytest
from evonas.operators import NotApplicable, crossover, mutation

import evonas
from evonas.evolution.time_limit import TimeLimitReached, enforceable, limited


def ones(genome, rng):
    return float(sum(genome))


@mutation("genet", weight=0.5)
def raises(genome, rng):
    genome.clear()
    raise RuntimeError("boom")


@mutation("genet", weight=0.5)
def returns_nothing(genome, rng):
    genome[0] ^= 1


@mutation("genet", weight=0.5)
def breaks_it(genome, rng):
    genome[3] = 7
    return genome


@mutation("genet", weight=0.3)
def hangs(genome, rng):
    while True:
        try:
            while True:
                pass
        except Exception:  # noqa: S110 - an operator that cannot be told to stop
            pass


@mutation("genet", weight=5)
def finds_no_place(genome, rng):
    raise NotApplicable("no place")


earlier = []


@mutation("genet", weight=1e9)
def returns_the_first(genome, rng):
    """Changes what it was given at its first call, whomever it is called for."""
    earlier.append(genome)
    earlier[0][0] ^= 1
    return earlier[0]


@crossover("genet", weight=1e9)
def returns_one_twice(genome, other, rng):
    return genome, genome


@mutation("genet", weight=1e9)
def returns_a_new_one(genome, rng):
    return type(genome)([1 - bit for bit in genome], genome.space)


@mutation("amoeba", weight=1e9)
def leaves_the_space(genome, rng):
    genome.normal.set_element(0, 0, ("conv3x3", 0))
    return genome


@crossover("amoeba", weight=1e9)
def takes_it_along(genome, other, rng):
    other.normal.set_element(1, 1, ("conv1x1", 0))
    return genome, other


@crossover("genet", weight=1e9)
def mixes_badly(genome, other, rng):
    genome[0] = "x"
    return genome, other


def evolve(operators, **choices):
    return evonas.evolve(
        "genet",
        evaluate=ones,
        needs="genome",
        operators=operators,
        **{"strategy": "aging", "budget": 60, "population": 5, "sample": 2, **choices},
    )


REASONS = {
    "genet-raises": "operator 'genet-raises': RuntimeError: boom (test_failing_operators.py, line 20)",
    "genet-returns-nothing": (
        "operator 'genet-returns-nothing': expected it to return the genome, got NoneType"
    ),
    "genet-breaks-it": "operator 'genet-breaks-it': it left an invalid genome: ",
    "genet-hangs": "operator 'genet-hangs': it had not returned after 0.02 s, which is all that ",
}


@pytest.mark.parametrize("strategy", ["aging", "non-aging", "tournament", "sampled-tournament", "genetic"])
def test_each_costs_one_candidate_and_is_named(strategy, tmp_path):
    choices = {"p_m": 0.9, "p_c": 0.0} if strategy == "genetic" else {}
    if strategy not in ("aging", "non-aging"):
        choices["sample"] = None
    operators = [raises, returns_nothing, breaks_it, hangs, finds_no_place]
    run = tmp_path / "run"
    result = evolve(operators, strategy=strategy, operator_seconds=0.02, run=run, **choices)
    rows = list(result.history)
    assert len(rows) == 60
    failed = [row for row in rows if row["status"] == "failed"]
    assert {row["operator"] for row in failed} == set(REASONS)
    for row in failed:
        assert row["reason"].startswith(REASONS[row["operator"]])
        assert set(row["genome"]) <= set("01-|")  # it can be read, whatever the operator did
    assert sum(row["operator"] == "genet-flip-bits" for row in rows) >= 5
    assert not any(row["status"] == "failed" for row in rows if row["operator"] not in REASONS)


def test_the_history_is_the_same_after_a_resume(tmp_path):
    operators = [raises, returns_nothing, breaks_it]
    whole = [(row["genome"], row["reason"]) for row in evolve(operators).history]
    run = tmp_path / "run"
    evolve(operators, budget=23, run=run)
    again = evonas.resume(run, budget=60, evaluate=ones, needs="genome", operators=operators)
    assert [(row["genome"], row["reason"]) for row in again.history] == whole


def test_a_failed_crossover_costs_one_of_the_two():
    result = evolve([mixes_badly], strategy="genetic", sample=None, population=6, budget=24, p_c=1.0, p_m=0.0)
    rows = list(result.history)[6:]
    failed = [row for row in rows if row["status"] == "failed"]
    assert len(failed) == 9
    assert {row["operator"] for row in failed} == {"genet-mixes-badly"}
    assert {row["operator"] for row in rows if row["status"] == "done"} == {"copy"}


def test_an_earlier_genome_costs_the_candidate():
    earlier.clear()
    rows = list(evolve([returns_the_first], budget=12, population=3, sample=3).history)
    done = [row for row in rows if row["operator"] == "genet-returns-the-first" and row["status"] == "done"]
    assert done[0]["id"] == 3
    failed = [row for row in rows if row["status"] == "failed"]
    assert failed
    assert {row["reason"] for row in failed} == {
        "operator 'genet-returns-the-first': expected it to return the genome that it was given, or a new "
        "one, got that of candidate 3"
    }


def test_so_does_one_genome_as_both_of_a_crossover():
    choices = {"strategy": "genetic", "sample": None, "population": 6, "budget": 12}
    result = evolve([returns_one_twice], p_c=1.0, p_m=0.0, **choices)
    reasons = {row["reason"] for row in result.history if row["status"] == "failed"}
    assert reasons == {
        "operator 'genet-returns-one-twice': expected it to return both genomes, got one of them twice"
    }


def test_a_new_genome_is_the_child_of_whose_clone_it_was_made_from():
    rows = list(evolve([returns_a_new_one], budget=12, population=3, sample=3).history)
    assert all(row["operator"] == "genet-returns-a-new-one" for row in rows[3:])
    for row in rows[3:]:
        (parent,) = row["parents"]
        assert row["genome"] == rows[parent]["genome"].translate(str.maketrans("01", "10"))


def test_so_is_that_of_a_function_in_a_toolbox():
    toolbox = evonas.toolbox("genet", evaluate=ones, needs="genome")
    toolbox.register("mutate", lambda genome: (returns_a_new_one.function(genome, None),))
    choices = {"strategy": "aging", "budget": 8, "population": 3, "sample": 3}
    rows = list(evonas.evolve(toolbox=toolbox, **choices).history)
    assert all(len(row["parents"]) == 1 for row in rows[3:])


def evolve_cells(operators, **choices):
    return evonas.evolve(
        evaluate=lambda genome, rng: rng.random(),
        needs="genome",
        operators=operators,
        config={"genome": {"cells": 1, "filters": 4}},
        **choices,
    )


def test_leaving_the_search_space_costs_the_candidate():
    rows = list(evolve_cells([leaves_the_space], budget=6, population=3, sample=2).history)
    assert [row["status"] for row in rows] == ["done"] * 3 + ["failed"] * 3
    assert rows[-1]["reason"] == (
        "operator 'amoeba-leaves-the-space': it left the search space: normal cell, combinations[0]: "
        "expected operations of identity, sep3x3, sep5x5, sep7x7, avg3x3, max3x3, dil3x3, conv1x7_7x1, "
        "got 'conv3x3'"
    )


def test_so_does_a_crossover():
    choices = {"budget": 12, "population": 4, "strategy": "genetic", "p_c": 1.0, "p_m": 0.0}
    result = evolve_cells([takes_it_along], **choices)
    failed = [row for row in result.history if row["status"] == "failed"]
    assert failed
    assert all("it left the search space: normal cell, combinations[1]" in row["reason"] for row in failed)


def test_a_search_that_begins_outside_its_space_may_stay_there():
    """AmoebaNet-B has operations that SP-I, where its recipe searches on, has not."""
    choices = {"start": "amoebanet-b", "budget": 6, "population": 3, "sample": 2}
    result = evolve_cells([leaves_the_space], **choices)
    assert {row["status"] for row in result.history} == {"done"}


def test_where_none_ever_applies_each_candidate_says_so():
    from evonas.operators import Operator

    off = Operator("genet-flip-bits", "genet", "mutation", ones, 0)
    rows = list(evolve([finds_no_place, off], budget=8).history)
    assert [row["status"] for row in rows] == ["done"] * 5 + ["failed"] * 3
    assert rows[-1]["reason"] == (
        "operators: none of genet-finds-no-place applied in 100 draws; genet-finds-no-place: no place"
    )


# -- the limit itself ---------------------------------------------------------------------------


def test_a_limit_stops_what_does_not_return():
    with pytest.raises(TimeLimitReached), limited(0.02):
        hangs.function(None, None)


def test_a_limit_leaves_no_timer_behind():
    import signal

    before, timer = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    with limited(0.01):
        pass
    left = signal.getitimer(signal.ITIMER_REAL)
    assert left[1] == timer[1]
    assert left[0] == pytest.approx(timer[0], abs=1)  # that of whoever limits this test
    assert signal.getsignal(signal.SIGALRM) is before


def test_no_limit_outlives_an_interrupt_at_whatever_step():
    import signal

    before, (left, interval) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    steps = 0
    try:
        while interrupted_after(steps):
            if (handler := signal.getsignal(signal.SIGALRM)) is not before:
                handler(signal.SIGALRM, None)  # does nothing any more, should its timer be running
            signal.signal(signal.SIGALRM, before)
            steps += 1
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left, interval)
    assert steps > 8


def interrupted_after(steps):
    """Sets a limit and interrupts that after so many steps; whether it takes so many."""
    left = steps

    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code is not limited.__wrapped__.__code__:
            return None
        if event == "line":
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        with limited(600):
            pass
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def test_another_thread_has_no_limit_and_says_so():
    found = []

    def work():
        found.append(enforceable())
        with limited(0.001):
            found.append(sum(range(200_000)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False, sum(range(200_000))]
