"""The journal as a file: durable, one writer, any number of readers."""

import json
import sqlite3
import subprocess
import sys

import pytest

from evonas.errors import UserError
from evonas.evolution.candidate import DONE, Result
from evonas.run.journal import SqliteJournal
from evonas.run.weights import Stored


def turn(journal, candidate, number):
    journal.asked(candidate(number), number)
    journal.told(candidate(number, Result(DONE, number / 8)), Stored(number, f"{number}.safetensors", 1, "a"))


def test_a_commit_is_flushed_to_the_disk(reopen):
    connection = reopen()._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"


def test_a_turn_counts_when_it_is_committed(reopen, candidate):
    journal, reader = reopen(), reopen(write=False)
    turn(journal, candidate, 0)
    assert reader.counts() == (0, 0)
    assert (list(reader.candidates()), reader.kept()) == ([], {})
    journal.commit()
    assert reader.counts() == (1, 1)
    assert list(reader.kept()) == [0]


def test_what_was_not_committed_is_gone(reopen, candidate):
    journal = reopen()
    turn(journal, candidate, 0)
    journal.commit()
    turn(journal, candidate, 1)
    journal.close()
    journal = reopen()
    assert journal.counts() == (1, 1)
    turn(journal, candidate, 1)
    journal.commit()
    assert [c.fitness for c in journal.candidates()] == [0, 1 / 8]


def test_a_reader_sees_one_state_while_the_run_goes_on(reopen, candidate):
    journal, reader = reopen(), reopen(write=False)
    for number in range(5):
        turn(journal, candidate, number)
        journal.commit()
    rows = reader.candidates()
    first = next(rows)
    for number in range(5, 300):  # enough that the write-ahead log is moved into the file meanwhile
        turn(journal, candidate, number)
        journal.commit()
    assert [c.number for c in (first, *rows)] == [0, 1, 2, 3, 4]
    assert [c.number for c in reader.candidates()] == list(range(300))


def test_readers_in_other_processes_see_whole_turns(reopen, candidate, tmp_path):
    program = f"""if True:
        from pathlib import Path
        from evonas.journal import SqliteJournal
        from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
        journal = SqliteJournal(Path({str(tmp_path / "run")!r}))
        journal.read_genomes_with(lambda data: AmoebaGenome.from_dict(data, AmoebaSpace()))
        print("ready", flush=True)
        seen = 0
        while seen < 100:
            found = list(journal.candidates())
            assert [c.number for c in found] == list(range(len(found)))
            assert all(c.result is not None for c in found), "half a turn"
            assert len(found) >= seen
            seen = len(found)
        print("sound", flush=True)
    """
    journal = reopen()
    readers = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert [reader.stdout.readline() for reader in readers] == ["ready\n", "ready\n"]
    for number in range(100):
        turn(journal, candidate, number)
        journal.commit()
    assert [reader.communicate()[0] for reader in readers] == ["sound\n", "sound\n"]


def test_a_reader_cannot_write(reopen, candidate):
    reopen()
    reader = reopen(write=False)
    with pytest.raises(
        UserError, match=r"journal .*journal\.db: cannot be used: attempt to write a readonly"
    ):
        turn(reader, candidate, 0)


def test_what_is_noted_of_the_run(reopen):
    journal = reopen()
    assert journal.meta() == {"format": 1, "settings": {"seed": 3}}
    journal.note("settings", {"seed": 4, "start": None})
    assert reopen(write=False).meta() == {"format": 1, "settings": {"seed": 4, "start": None}}


def test_a_new_journal_is_there_whole_or_not_at_all(tmp_path):
    with pytest.raises(TypeError):
        SqliteJournal.create(tmp_path, {"settings": object()})
    with pytest.raises(UserError, match="no run is there"):
        SqliteJournal(tmp_path)
    SqliteJournal.create(tmp_path, {"settings": {"seed": 1}}).close()
    assert [path.name for path in tmp_path.iterdir()] == ["journal.db"]
    assert SqliteJournal(tmp_path).meta()["settings"] == {"seed": 1}


def test_genomes_need_to_be_readable(reopen, candidate):
    journal = reopen()
    turn(journal, candidate, 0)
    journal.commit()

    def read(data):
        raise KeyError("layers")

    journal.read_genomes_with(read)
    with pytest.raises(UserError, match=r"journal .*: the genome of candidate 0 cannot be read: 'layers'"):
        list(journal.candidates())


def test_rows_are_plain_enough_for_other_programs(reopen, candidate, tmp_path):
    """A teacher looks into the file with SQL."""
    journal = reopen()
    for number in range(3):
        turn(journal, candidate, number)
    journal.commit()
    connection = sqlite3.connect(tmp_path / "run" / "journal.db")
    rows = connection.execute("SELECT number, fitness, told.body FROM told ORDER BY fitness DESC").fetchall()
    assert [row[:2] for row in rows] == [(2, 0.25), (1, 0.125), (0, 0)]
    assert json.loads(rows[0][2])["status"] == "done"
    connection.close()


@pytest.mark.parametrize("number", [-1, 7, 2**63, 10**23])
def test_a_number_that_no_candidate_has(reopen, candidate, number):
    """SQLite cannot even be asked for the largest."""
    journal = reopen()
    turn(journal, candidate, 0)
    journal.commit()
    with pytest.raises(UserError, match=f"candidate {number}: the run .* has none of that number"):
        journal.candidate(number)
