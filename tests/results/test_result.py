import pytest

import evonas
from evonas.errors import UserError


def mood(genome, rng):
    value = rng.randrange(5)
    if value == 0:
        raise RuntimeError("bad luck")
    return value


@pytest.fixture(scope="module", params=["memory", "folder"])
def result(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run" if request.param == "folder" else None
    return evonas.evolve(evaluate=mood, needs="genome", budget=30, population=5, sample=3, run=folder)


def test_the_history_is_read_anew_at_each_pass(result):
    first, second = list(result.history), list(result.history)
    assert first == second
    assert len(result.history) == len(first) == 30
    one, other = iter(result.history), iter(result.history)
    assert [next(one), next(one)] == [next(other), next(other)] == first[:2]


def test_the_history_can_be_indexed(result):
    rows = list(result.history)
    assert [result.history[place] for place in (0, 29, -1, -30)] == [rows[0], rows[29], rows[-1], rows[-30]]
    for part in (slice(3), slice(-2, None), slice(20, 4, -3), slice(40, 50)):
        assert result.history[part] == rows[part]
    for place in (30, -31):
        with pytest.raises(IndexError, match=f"30 candidates, so there is no place {place}"):
            result.history[place]
    with pytest.raises(TypeError):
        result.history["fitness"]


def test_the_best_are_those_of_highest_fitness_the_earlier_first(result):
    found = sorted((-row["fitness"], row["id"]) for row in result.history if row["status"] == "done")
    assert [(-one.fitness, one.id) for one in result.top(7)] == found[:7]
    assert [one.id for one in result.top(1000)] == [number for _, number in found]
    assert result.best.id == found[0][1]
    assert repr(result.best) == f"<Individual {result.best.id}, fitness {result.best.fitness}>"


def test_individuals_by_number(result):
    for row in result.history:
        one = result.individual(row["id"])
        assert (one.id, one.fitness, str(one.genome)) == (row["id"], row["fitness"], row["genome"])
        assert one.candidate.row() == row
    for number in (30, -1):
        with pytest.raises(UserError, match=f"candidate {number}"):
            result.individual(number)


def test_failures_have_reasons(result):
    failures = list(result.failures())
    assert [c.number for c in failures] == [row["id"] for row in result.history if row["status"] == "failed"]
    assert {c.result.reason for c in failures} == {"RuntimeError: bad luck"}


def test_a_lineage_goes_back_to_the_first_generation(result):
    for row in result.history:
        line = result.lineage(row["id"])
        assert line[-1].number == row["id"]
        assert line[0].genome.origin.parents == ()
        for parent, child in zip(line, line[1:], strict=False):
            assert child.genome.origin.parents == (parent.number,)
    assert max(len(result.lineage(row["id"])) for row in result.history) > 2


def test_what_a_search_without_images_cannot_give(result):
    with pytest.raises(UserError, match="came from genomes alone, so there is no task to decode them for"):
        _ = result.best.architecture
    with pytest.raises(UserError, match="it had no images, so there is nothing to normalise"):
        result.known_statistics()
    with pytest.raises(UserError, match=f"candidate {result.best.id}: its weights were not kept"):
        result.best.weights()


def test_a_best_that_is_drawn(result, tmp_path):
    result.best.genome.draw(tmp_path / "best.svg")
    assert (tmp_path / "best.svg").read_text().startswith("<svg")


def test_a_result_says_what_it_is(result):
    where = f"run {result.folder}" if result.folder else "in memory"
    best = f"best {result.best.fitness:.4f} (candidate {result.best.id})"
    assert repr(result) == f"<SearchResult amoeba, 30 of 30 evaluated, {best}, {where}>"


def test_even_one_whose_journal_is_closed(tmp_path):
    evonas.evolve(evaluate=mood, needs="genome", budget=2, run=tmp_path / "run").journal.close()
    result = evonas.load(tmp_path / "run")
    result.journal.close()
    assert repr(result) == f"<SearchResult amoeba, run {tmp_path / 'run'}>"
