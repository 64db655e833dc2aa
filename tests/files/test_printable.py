"""What comes from a run neither steers a terminal nor stops a page."""

import ast
import json
import os
import sqlite3
from pathlib import Path

import pytest

import evonas
from evonas.cli import main
from evonas.files.printing import encodable, printable
from evonas.report import write_report
from evonas.run.journal.file import sealed, to_json

STEERING = "\x1b]0;owned\x07\x9b2J\u202e"


def fitness(genome, rng):
    return rng.random()


@pytest.fixture
def run(tmp_path):
    """A run with a name that is no UTF-8, whose operators and reasons steer terminals."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff"))
    evonas.evolve(
        "amoeba", evaluate=fitness, needs="genome", budget=6, population=3, sample=2, run=folder
    ).journal.close()
    connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
    (text,) = connection.execute("SELECT body FROM asked WHERE number = 5").fetchone()
    asked = sealed(5, 2, to_json({**json.loads(text), "operator": f"op{STEERING}"}))
    told = sealed(5, 5, 0.9, 0.0, to_json({"status": "done"}))
    failed = sealed(4, 4, None, 0.0, to_json({"status": "failed", "reason": f"why{STEERING}"}))
    connection.execute("INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?)", asked)
    for row in (told, failed):
        connection.execute("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.close()
    return folder


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 🧬\n\tindented", "plain é 🧬\n\tindented"),
        (STEERING, r"\x1b]0;owned\x07\x9b2J\u202e"),
        ("\r\x00\x7f\u2028", r"\r\x00\x7f\u2028"),
        ("r\udcff", r"r\udcff"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_what_is_not_seen_is_written_out(text, shown):
    assert printable(text) == shown


def test_what_utf_8_does_not_have_is_written_out():
    assert encodable("r\udcff é") == r"r\udcff é"


def test_a_run_steers_no_terminal(run, capsys):
    assert main(["show", str(run)]) == 0
    out = capsys.readouterr().out
    assert r"op\x1b]0;owned\x07\x9b2J\u202e" in out.replace("\n", "")
    assert r"why\x1b]0;owned" in out
    assert not [character for character in out if not character.isprintable() and character != "\n"]


def test_a_message_steers_no_terminal(run, capsys):
    assert main(["draw", str(run), "--id", "5", "--what", STEERING]) == 2
    assert main(["show", STEERING]) == 2
    err = capsys.readouterr().err
    assert "\x1b" not in err and r"\x1b]0;owned" in err


def test_a_report_of_a_folder_whose_name_is_no_utf_8(run, tmp_path):
    written = write_report(run, tmp_path / "x.html", 1)
    assert r"r\udcff" in written.read_text(encoding="utf-8")


def test_all_commands_print_in_one_place():
    """`say` and `Page` make printable what they print; a bare `print` of a run's words would not."""
    folder = Path(evonas.__file__).parent / "cli"
    prints = {
        path.name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert prints <= {"saying.py", "page.py", "app.py", "compare.py"}  # the last two: nothing of a run
