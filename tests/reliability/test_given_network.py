"""A refinement that is killed or stopped has the network that it was given, or none was begun."""

import pytest

import evonas
from evonas.files.failpoints import PLACES
from evonas.run.folder import GIVEN
from evonas.settings.runs import open_run

REFINING = {
    "budget": 4,
    "neighbours": 3,
    "morphisms": 1,
    "epochs": 1,
    "seed": 3,
    "device": "cpu",
    "kernels": "eager",
}


@pytest.fixture(scope="module")
def source(training, tmp_path_factory):
    """A run with a trained network."""
    folder = tmp_path_factory.mktemp("source") / "run"
    evonas.evolve(**{**training, "budget": 4}, run=folder)
    return folder


@pytest.fixture(scope="module")
def whole(source, tmp_path_factory):
    """The refinement that nobody killed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    evonas.refine(source, run=folder, **REFINING)
    return folder


def test_it_is_kept_as_long_as_it_is_needed(source, tmp_path, whole, rows):
    assert rows(evonas.load(whole))[0]["operator"] == "given"
    assert {path.name for path in whole.iterdir() if path.is_dir()} == {"weights"}
    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        evonas.refine(source, run=run, started=stop, **REFINING)
    assert [path.name for path in (run / GIVEN).iterdir()] == ["000000.safetensors"]
    assert rows(evonas.resume(run)) == rows(evonas.load(whole))
    assert not (run / GIVEN).exists()


def stop(settings, evaluated):
    raise KeyboardInterrupt


QUICK = "run.locked:1", "run.begun:1", "journal.commit:1", "weights.named:1", "search.told:2"
"""One of each kind; the other places are among the slow tests."""
WHERE = [f"{place}:1" for place in PLACES if not place.startswith(("worker.", "run.swept", "search.re"))]


@pytest.mark.parametrize(
    "where",
    [
        pytest.param(place, marks=() if place in QUICK else pytest.mark.slow)
        for place in (*WHERE, "weights.written:2", "weights.named:2", "search.told:2")
    ],
)
def test_killed_at_any_place_it_is_not_lost(source, tmp_path, whole, searches, rows, kept, where):
    run = tmp_path / "run"
    process = searches()
    process.begin(refine=str(source), run=str(run), fail=f"{where}=kill", **REFINING)
    process.until("status")
    assert process.status == -9
    begun = (run / "journal.db").exists()
    result = evonas.resume(run) if begun else evonas.refine(source, run=run, **REFINING)
    assert rows(result) == rows(evonas.load(whole))
    assert kept(run) == kept(whole)
    assert {path.name for path in run.iterdir() if path.is_dir()} == {"weights"}


def test_another_search_may_begin_where_one_was_killed(source, tmp_path, training, searches):
    run = tmp_path / "run"
    process = searches()
    process.begin(refine=str(source), run=str(run), fail="weights.named:1=kill", **REFINING)
    process.until("status")
    assert (run / GIVEN).is_dir()
    evonas.evolve(**{**training, "budget": 4}, run=run)
    assert not (run / GIVEN).exists()


def test_a_folder_of_ones_own_by_that_name_is_no_leftover(source, tmp_path):
    (tmp_path / GIVEN).mkdir()
    (tmp_path / GIVEN / "presents.txt").write_text("a bicycle")
    with pytest.raises(evonas.UserError, match="expected a new or empty folder, got one with files in it"):
        evonas.refine(source, run=tmp_path, **REFINING)
    assert (tmp_path / GIVEN / "presents.txt").exists()


def test_a_damaged_one_is_refused_only_while_it_is_needed(source, tmp_path, whole, rows):
    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        evonas.refine(source, run=run, started=stop, **REFINING)
    file = run / GIVEN / "000000.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:-7])
    with pytest.raises(evonas.UserError, match=r"given.*000000\.safetensors: the file is damaged"):
        evonas.resume(run)
    file.write_bytes(content)
    assert rows(evonas.resume(run)) == rows(evonas.load(whole))
    file.parent.mkdir()
    file.write_bytes(content[:-7])  # as one that an earlier evonas left, damaged since
    assert len(rows(evonas.resume(run, budget=5))) == 5
    with open_run(run) as opened:
        assert opened.given() is None
