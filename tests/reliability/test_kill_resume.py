"""A run that was killed at any moment and resumed has the history of one that was not."""

import random
import statistics
import time
from itertools import count
from pathlib import Path

import pytest

import evonas
from evonas.run.journal.file import BEGUN

MOMENTS = 10


@pytest.fixture(scope="module")
def choices(training):
    return {**training, "budget": 8, "look_ahead": 3}


def continued(folder: Path, **choices):
    """The run of a folder in which a search was killed: resumed, or begun where it had not begun."""
    if (folder / "journal.db").exists():
        how = {key: value for key, value in choices.items() if key in ("evaluate", "needs")}
        return evonas.resume(folder, **how)
    with pytest.raises(evonas.UserError, match="no run is there"):
        evonas.resume(folder)
    return evonas.evolve(**choices, run=folder)


def state_sum(genome, rng):
    """The fitness of the searches that are killed."""
    if rng.random() < 0.1:
        raise RuntimeError("bad luck")
    return (
        sum(state for cell in genome.cells for pair in cell.combinations for _, state in pair) + rng.random()
    )


def ended(folder: Path, rows) -> list[dict]:
    """The candidates that a search which was killed had done with."""
    found = rows(evonas.load(folder)) if (folder / "journal.db").exists() else []
    return [row for row in found if row["status"] != "pending"]


def files(kept: dict[int, tuple[str, int, str]]) -> set[str]:
    return {name for name, _, _ in kept.values()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, searches, choices) -> tuple[Path, list[Path]]:
    """The run that is not killed, and copies of its folder before each change of a file in it."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, searches().snapshots(folder, **choices)


@pytest.mark.slow  # tests/crash kills twelve times in the quick tests
@pytest.mark.timeout(900)
def test_ten_random_moments(tmp_path, searches, choices, whole, rows, kept):
    """Real trainings in real processes, killed at moments all over the run's duration."""
    rng = random.Random(str(tmp_path))
    processes, expected = searches(), rows(evonas.load(whole[0]))
    assert [row["id"] for row in expected] == list(range(choices["budget"]))
    each = statistics.median(row["seconds"] for row in evonas.load(whole[0]).history)

    folders = (tmp_path / f"killed{number}" for number in count())
    for moment in range(MOMENTS):
        after = moment * choices["budget"] // MOMENTS
        folder = kill(processes, folders, choices, after, lambda: rng.random() * each)
        done = ended(folder, rows)
        assert len(done) >= after
        assert done == expected[: len(done)]
        assert rows(continued(folder, **choices)) == expected, f"killed after {len(done)} candidates"
        assert kept(folder) == kept(whole[0])
        assert {path.name for path in (folder / "weights").iterdir()} == files(kept(whole[0]))


def kill(processes, folders, choices, after, delay) -> Path:
    """Starts searches and kills them some time after so many candidates, until one was still at work."""
    for folder in folders:
        processes.begin(**choices, run=str(folder))
        processes.until("ended", times=after)
        time.sleep(delay())
        if processes.kill():
            return folder
    raise AssertionError("there are always more folders")


def test_between_any_two_changes_of_files(tmp_path, choices, whole, rows, kept):
    """What a kill leaves between any two changes of files has all that is needed; some are resumed."""
    folder, snapshots = whole
    expected = rows(evonas.load(folder))
    begun = [folder for folder in snapshots if (folder / "journal.db").exists()]
    leftover = []
    for folder in begun:
        done = ended(folder, rows)
        assert done == expected[: len(done)]
        on_disk = {path.name for path in (folder / "weights").glob("*")}
        assert files(kept(folder)) <= on_disk
        if files(kept(folder)) < on_disk:
            leftover.append(folder)
    assert len(begun) > 3 * choices["budget"]
    assert len(leftover) > choices["budget"]
    for folder in random.Random(str(tmp_path)).sample(leftover, 2):
        assert rows(continued(folder, **choices)) == expected
        assert kept(folder) == kept(whole[0])
        assert {path.name for path in (folder / "weights").iterdir()} == files(kept(whole[0]))


def test_while_the_folder_is_set_up(tmp_path, searches, rows):
    """A folder in which a search was killed before its journal was there takes a new search."""
    whole = tmp_path / "whole"
    how = {"budget": 9, "population": 3, "sample": 2}
    snapshots = searches().snapshots(whole, fitness="genome", **how)
    before = [folder for folder in snapshots if not (folder / "journal.db").exists()]
    left = {path.name for folder in before for path in folder.iterdir()}
    assert {"run.lock", "journal.db.tmp"} <= left <= {"run.lock", *BEGUN}
    for folder in snapshots:
        again = continued(folder, evaluate=state_sum, needs="genome", **how)
        assert rows(again) == rows(evonas.load(whole))
        assert not {path.name for path in folder.iterdir()} & set(BEGUN)


def test_killed_again_and_again(tmp_path, searches, rows):
    """A run that was killed, and whose resuming was killed, and so on."""
    processes, how = searches(), {"fitness": "genome", "population": 5, "sample": 2, "budget": 200}
    expected = processes.history(**how)
    rng, folder, lives = random.Random(5), tmp_path / "run", 1
    guard = {"fail": "journal.committed:60=kill"}  # where the kill from here comes late
    processes.begin(**how, **guard, run=str(folder))
    while True:
        processes.until("ended", times=rng.randrange(1, 60))
        if not processes.kill():
            break
        lives += 1
        again = {"resume": True} if (folder / "journal.db").exists() else how
        processes.begin(**{"fitness": "genome", "run": str(folder), **guard, **again})
    assert rows(evonas.load(folder)) == expected
    assert lives > 200 // 60
