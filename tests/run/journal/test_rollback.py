"""Where hosts share a folder there is no write-ahead log: a rollback journal does without shared memory."""

import os
import sqlite3

import pytest

import evonas
from evonas.run.journal.filesystem import is_shared, kind_of

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2
31 30 8:2 / /home/local rw,relatime - xfs /dev/sdb1 rw
32 22 0:41 / /mnt/my\040share rw - cifs //server/share rw
33 22 0:42 / /mnt/ssh rw - fuse.sshfs me@server:/ rw
34 22 0:43 / /mnt/disk rw - fuse.ntfs-3g /dev/sdc1 rw
35 22 0:44 / /scratch rw - lustre mgs@tcp:/scratch rw
36 22 0:45 / /twice rw - nfs server:/a rw
37 22 8:9 / /twice rw - ext4 /dev/sdd1 rw
this line is no mount
"""


@pytest.mark.parametrize(
    ("folder", "kind", "shared"),
    [
        ("/data/runs", "ext4", False),
        ("/home/me/runs", "nfs4", True),
        ("/home/local/runs", "xfs", False),
        ("/homework", "ext4", False),
        ("/mnt/my share/runs", "cifs", True),
        ("/mnt/ssh", "fuse.sshfs", True),
        ("/mnt/disk/x", "fuse.ntfs-3g", False),
        ("/scratch/me", "lustre", True),
        ("/twice/x", "ext4", False),
    ],
)
def test_the_file_system_of_a_folder(tmp_path, folder, kind, shared):
    from pathlib import Path

    (tmp_path / "mounts").write_text(MOUNTS)
    assert kind_of(Path(folder), tmp_path / "mounts") == kind
    assert is_shared(Path(folder), tmp_path / "mounts") is shared


def test_where_that_cannot_be_told(tmp_path):
    assert kind_of(tmp_path, tmp_path / "nothing") is None
    assert not is_shared(tmp_path, tmp_path / "nothing")
    assert kind_of(tmp_path) or os.name != "posix"


def fitness(genome, rng):
    return rng.random()


HOW = {"evaluate": fitness, "needs": "genome"}


def mode(folder):
    connection = sqlite3.connect(folder / "journal.db")
    try:
        return connection.execute("PRAGMA journal_mode").fetchone()[0]
    finally:
        connection.close()


def test_a_run_there(tmp_path, monkeypatch):
    """The same history; readers see whole turns meanwhile; a resume elsewhere takes the log again."""
    monkeypatch.setenv("EVONAS_JOURNAL", "rollback")
    seen = []

    def read(candidate):
        result = evonas.load(tmp_path / "run")
        seen.append(sum(row["status"] == "done" for row in result.history))
        result.journal.close()

    evonas.evolve(**HOW, budget=12, population=4, run=tmp_path / "run", watch=read).journal.close()
    assert seen == list(range(1, 13))
    assert mode(tmp_path / "run") == "delete"
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"journal.db", "run.lock"}
    monkeypatch.setenv("EVONAS_JOURNAL", "wal")
    result = evonas.resume(tmp_path / "run", **HOW, budget=20)
    genomes = [row["genome"] for row in result.history]
    result.journal.close()
    assert mode(tmp_path / "run") == "wal"
    assert genomes == [row["genome"] for row in evonas.evolve(**HOW, budget=20, population=4).history]


def test_a_reader_takes_back_what_a_kill_has_left_half_done(tmp_path, monkeypatch):
    """A journal of the old pages lies beside the file: whoever comes first puts them back."""
    monkeypatch.setenv("EVONAS_JOURNAL", "rollback")
    folder = tmp_path / "run"
    evonas.evolve(**HOW, budget=6, population=3, run=folder).journal.close()
    process = os.fork()
    if process == 0:
        connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
        connection.execute("PRAGMA cache_size = 1")  # so that pages are written before the commit
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE asked SET body = body || ?", ("x" * 20_000,))
        os._exit(0)
    os.waitpid(process, 0)
    assert (folder / "journal.db-journal").stat().st_size > 512
    result = evonas.load(folder)
    assert len(list(result.history)) == 6
    result.journal.close()


def test_another_word(tmp_path, monkeypatch):
    monkeypatch.setenv("EVONAS_JOURNAL", "paper")
    with pytest.raises(evonas.UserError, match="EVONAS_JOURNAL: expected wal or rollback, got 'paper'"):
        evonas.evolve(**HOW, budget=2, run=tmp_path / "run")
