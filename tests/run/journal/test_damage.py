"""A damaged journal is refused with a clear message, or what is read of it is right: never anything else."""

import random
import shutil
import sqlite3

import pytest

import evonas

FLIPS = 150


def fitness(genome, rng):
    if rng.random() < 0.2:
        raise RuntimeError("bad luck")
    return {"fitness": rng.random(), "extra": rng.random()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The file of a run that has ended, as bytes."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    evonas.evolve(evaluate=fitness, needs="genome", budget=40, population=8, sample=3, run=folder)
    assert not (folder / "journal.db-wal").exists() or (folder / "journal.db-wal").stat().st_size == 0
    return (folder / "journal.db").read_bytes()


@pytest.fixture
def write(tmp_path):
    """Puts a journal file into a fresh run folder."""
    folder = tmp_path / "run"

    def fresh(content):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "journal.db").write_bytes(content)
        return folder

    return fresh


def read(folder):
    """All that a reader sees."""
    result = evonas.load(folder)
    rows = [tuple(row.items()) for row in result.history]
    return rows, result.settings, result.best.id, result.top(5)[-1].id, result.journal.meta()


def test_the_whole_file_is_read(write, whole):
    assert len(read(write(whole))[0]) == 40
    evonas.resume(write(whole), evaluate=fitness, needs="genome", budget=45)


def test_flipped_bytes(write, whole):
    expected, refused = read(write(whole)), 0
    rng = random.Random(2024)
    for number in range(FLIPS):
        damaged = bytearray(whole)
        for _ in range(1 if number % 3 else 5):
            damaged[rng.randrange(len(whole))] ^= rng.randrange(1, 256)
        folder = write(damaged)
        try:
            assert read(folder) == expected, "damaged, read, and wrong"
        except evonas.UserError as error:
            refused += 1
            assert f"journal {folder / 'journal.db'}: " in str(error)
            assert "\n" not in str(error)
            with pytest.raises(evonas.UserError, match="journal"):
                evonas.resume(folder, evaluate=fitness, needs="genome")
    assert refused > FLIPS // 2


@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_short(write, whole, share):
    folder = write(whole[: int(share * len(whole))])
    with pytest.raises(evonas.UserError, match=r"journal .*journal\.db: the file is damaged"):
        read(folder)
    with pytest.raises(evonas.UserError, match=r"journal .*journal\.db: the file is damaged"):
        evonas.resume(folder, evaluate=fitness, needs="genome")


@pytest.mark.parametrize("content", [b"", b"x", b"dear diary\n" * 500, b"SQLite format 3\0" + bytes(4080)])
def test_another_file(write, content):
    folder = write(content)
    for _ in range(2):
        with pytest.raises(evonas.UserError, match=r"journal .*journal\.db: the file is damaged"):
            evonas.load(folder)
        with pytest.raises(evonas.UserError, match=r"journal .*journal\.db: the file is damaged"):
            evonas.resume(folder, evaluate=fitness, needs="genome")
        assert (folder / "journal.db").read_bytes() == content, "it was changed"


def test_a_database_of_something_else(write):
    folder = write(b"")
    connection = sqlite3.connect(folder / "journal.db")
    connection.execute("CREATE TABLE cats (name TEXT)")
    connection.close()
    with pytest.raises(evonas.UserError, match="damaged, or another SQLite database: it has no format"):
        evonas.load(folder)


def test_a_folder_in_its_place(tmp_path):
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(evonas.UserError, match=r"no run is there \(expected a file journal\.db\)"):
        evonas.load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE told SET fitness = fitness + 1 WHERE fitness > 0.5",
        "UPDATE asked SET body = replace(body, 'sep3x3', 'sep5x5')",
        "UPDATE told SET place = place + 1 WHERE number = 39",
        "UPDATE meta SET value = replace(value, '\"seed\":0', '\"seed\":1')",
        "DELETE FROM asked WHERE number = 7",
    ],
)
def test_rows_that_were_changed(write, whole, change):
    folder = write(whole)
    connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
    assert connection.execute(change).rowcount > 0
    connection.close()
    with pytest.raises(evonas.UserError, match=r"journal .*: the file is damaged"):
        read(folder)
    with pytest.raises(evonas.UserError, match=r"journal .*: the file is damaged"):
        evonas.resume(folder, evaluate=fitness, needs="genome")


def test_a_write_ahead_log_that_is_damaged_takes_back_whole_turns(tmp_path):
    """What SQLite's own checksums refuse is as if it had not been: the run goes on from there."""
    from evonas.settings.runs import open_run

    folder, copy = tmp_path / "run", tmp_path / "copy"

    def stop(candidate):
        if candidate.number == 20:
            shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*-shm"))

    how = {"evaluate": fitness, "needs": "genome"}
    whole = evonas.evolve(**how, budget=30, population=8, sample=3, run=folder, watch=stop)
    log = copy / "journal.db-wal"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 0xFF
    log.write_bytes(content)
    with open_run(copy) as opened:
        asked, told = opened.journal.counts()
    assert 0 < told < 20
    assert told < asked <= told + 4
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in whole.history]
    again = evonas.resume(copy, **how)
    assert [{k: v for k, v in row.items() if k != "seconds"} for row in again.history] == rows
