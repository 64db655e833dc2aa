"""Room for weights that nothing needs any more: the worst go first, and what is needed stays."""

import pytest

import evonas


def sizes(result):
    return {number: stored.size for number, stored in result.journal.kept().items()}


def history(result):
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]


@pytest.fixture(scope="module")
def run(training, tmp_path_factory):
    """Runs a search with some room."""

    def evolve(**choices):
        return evonas.evolve(**training, run=tmp_path_factory.mktemp("runs") / "run", **choices)

    return evolve


@pytest.fixture(scope="module")
def without(run):
    return run()


@pytest.fixture(scope="module")
def with_all(run):
    return run(keep="1GB")


def test_without_room_only_what_is_needed_stays(without):
    kept = sizes(without)
    assert len(kept) < 12
    assert {path.name for path in (without.folder / "weights").iterdir()} == {
        f"{number:06d}.safetensors" for number in kept
    }


def test_with_room_all_stay_and_nothing_else_changes(without, with_all):
    assert sorted(sizes(with_all)) == list(range(12))
    assert history(with_all) == history(without)


def test_the_best_stay_longest(run, without, with_all):
    few, every = sizes(without), sizes(with_all)
    spare = sorted(every.keys() - few.keys(), key=lambda n: -with_all.individual(n).fitness)
    room = sum(few.values()) + every[spare[0]] + 1
    result = run(keep=room)
    kept = sizes(result)
    assert sum(kept.values()) <= room
    assert few.keys() < kept.keys() < every.keys()
    assert spare[0] in kept and spare[-1] not in kept


def test_less_room_than_is_needed(run, without):
    with pytest.warns(
        RuntimeWarning, match="keep: the weights that the search still needs take .* more than"
    ):
        assert sizes(run(keep=1000)) == sizes(without)


def test_room_can_change_later(with_all):
    result = evonas.resume(with_all.folder, budget=13, keep="0")
    assert len(sizes(result)) < 12
    assert evonas.load(with_all.folder).settings.keep == 0


@pytest.mark.parametrize("value", ["many", "-1GB", -5, True, False, "", [1]])
def test_no_size(value):
    with pytest.raises(evonas.UserError, match="keep: expected an amount of memory such as"):
        evonas.evolve(evaluate=lambda genome, rng: 1.0, needs="genome", budget=1, keep=value)
