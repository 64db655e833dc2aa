"""Journals of other versions: every old format stays readable, a newer one is refused.

``format-1.sql`` is a journal as the first version wrote it, dumped as text, and ``format-1.json`` its
history. ``run-format-1`` is a whole run folder of that format, as `make_run` wrote it, and
``run-format-1.json`` what is in it. They are never written anew.
"""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import torch

import evonas
from evonas.run.journal import FORMAT
from evonas.run.journal.file import sealed, to_json

ASSETS = Path(__file__).parent
FORMATS = range(1, FORMAT + 1)


@pytest.fixture
def journal(tmp_path):
    """Builds the journal of an old format in tmp_path/run."""

    def build(number):
        (tmp_path / "run").mkdir()
        connection = sqlite3.connect(tmp_path / "run" / "journal.db")
        connection.executescript((ASSETS / f"format-{number}.sql").read_text())
        connection.close()
        return tmp_path / "run"

    return build


@pytest.mark.parametrize("number", FORMATS)
def test_an_old_run_is_read(journal, number):
    result = evonas.load(journal(number))
    expected = json.loads((ASSETS / f"format-{number}.json").read_text())
    assert list(result.history) == expected
    assert [row["status"] for row in expected] == [
        "done",
        "failed",
        "done",
        "done",
        "done",
        "pending",
        "pending",
    ]
    assert result.individual(0).candidate.result.curve == ((2.25, None), (1.5, 0.5))
    assert (result.best.id, [one.id for one in result.top(9)]) == (2, [2, 4, 0, 3])
    assert sorted(result.journal.kept()) == [0, 2, 4]
    assert (result.settings.budget, result.settings.seed, result.settings.tactics["population"]) == (12, 1, 3)


@pytest.mark.parametrize("number", FORMATS)
def test_an_old_run_goes_on(journal, number):
    result = evonas.resume(journal(number), evaluate=lambda genome, rng: rng.random(), needs="genome")
    rows = list(result.history)
    assert rows[:5] == json.loads((ASSETS / f"format-{number}.json").read_text())[:5]
    assert [row["status"] for row in rows[5:]] == ["done"] * 7
    assert {parent for row in rows[7:] for parent in row["parents"]} <= set(range(2, 11))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            FORMAT + 1,
            rf"its format {FORMAT + 1} is newer than {FORMAT}, which this version reads: update evonas",
        ),
        (99, rf"its format 99 is newer than {FORMAT}"),
        (0, f"expected format {FORMAT}, got 0"),
        ("first", f"expected format {FORMAT}, got 'first'"),
        (None, f"expected format {FORMAT}, got None"),
    ],
)
def test_another_format_is_refused(journal, found, message):
    folder = journal(FORMAT)
    connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", sealed("format", to_json(found)))
    connection.close()
    before = (folder / "journal.db").read_bytes()
    with pytest.raises(evonas.UserError, match=rf"journal .*journal\.db: {message}"):
        evonas.load(folder)
    with pytest.raises(evonas.UserError, match=message):
        evonas.resume(folder, evaluate=lambda genome, rng: 0.5, needs="genome")
    assert (folder / "journal.db").read_bytes() == before


# -- whole run folders, weights included ------------------------------------------------------------


@pytest.fixture
def run_folder(tmp_path, monkeypatch):
    """Copies the run folder of an old format to tmp_path/run, and draws its images."""

    def copy(number):
        monkeypatch.chdir(tmp_path)
        shutil.copytree(ASSETS / f"run-format-{number}", tmp_path / "run")
        rng = np.random.default_rng(0)
        y = np.arange(90) % 3
        x = rng.integers(0, 120, (90, 8, 8, 3)) + 50 * y[:, None, None, None]
        np.savez(tmp_path / "images.npz", x_train=x.astype(np.uint8), y_train=y)
        return tmp_path / "run"

    return copy


@pytest.mark.filterwarnings("ignore:run .* it began under other conditions")
@pytest.mark.parametrize("number", FORMATS)
def test_an_old_run_folder(run_folder, number):
    """Its history and its weights are read, and its search goes on with them."""
    folder = run_folder(number)
    expected = json.loads((ASSETS / f"run-format-{number}.json").read_text())
    result = evonas.load(folder)
    rows = [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]
    assert rows == expected["rows"]
    assert {str(n): stored.file for n, stored in result.journal.kept().items()} == expected["kept"]
    for one in expected["kept"]:
        network = result.individual(int(one)).network()
        assert network(torch.rand(2, 3, 8, 8) * 255).isfinite().all()
    result.journal.close()
    again = list(evonas.resume(folder, budget=len(rows) + 3).history)
    assert len(again) == len(rows) + 3
    assert [row["status"] for row in again[-3:]] == ["done"] * 3
    assert any(row["inherited"] > 0 for row in again[-3:])
