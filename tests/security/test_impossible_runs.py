"""A run whose checksums agree, and that no evonas has written, is refused in one line, whatever is wrong."""

import json
import shutil
import sqlite3

import pytest

import evonas
from evonas.cli import main
from evonas.report import write_report
from evonas.run.journal import SqliteJournal
from evonas.run.journal.file import sealed, to_json
from evonas.testing.made_runs import make_run

STRANGE = (5, "x", [1], {"a": 1}, None, [[1]], True, [{"a": 1}], 1.5, -1, {"operators": [5]}, [[1, 2]])

FEW = (5, {"a": 1}, [[1]])
"""A number, a table, and a list that has the form of statistics."""

KEYS = (
    *("settings", "environment", "environments", "variation", "data_dir", "fitness", "dataset", "images"),
    *("given", "usage", "task", "statistics", "classes"),
)


def fitness(genome, rng):
    return rng.random()


HOW = {"evaluate": fitness, "needs": "genome"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Runs by strategy, one made with images; not to be changed."""
    root = tmp_path_factory.mktemp("made")
    found = {"images": make_run(root / "images", budget=6)}
    for strategy, genome in (("aging", "amoeba"), ("non-aging", "amoeba"), ("genetic", "genet")):
        choices = {"population": 3, "sample": 2} if genome == "amoeba" else {"population": 4}
        evonas.evolve(
            genome, **HOW, strategy=strategy, budget=10, run=root / strategy, **choices
        ).journal.close()
        found[strategy] = root / strategy
    return found


@pytest.fixture
def run_of(made, tmp_path):
    """A copy of one of them."""
    return lambda name: shutil.copytree(made[name], tmp_path / "run", dirs_exist_ok=True)


def note(run, key, value):
    change(run, "meta", [sealed(key, to_json(value))])


def change(run, table, rows):
    """Puts rows in place of others, with checksums of what SQLite makes of them."""
    connection = sqlite3.connect(run / "journal.db", isolation_level=None)
    for row in rows:
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)
    connection.close()


def rows_of(run, table):
    connection = sqlite3.connect(run / "journal.db")
    rows = [row[:-1] for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]
    connection.close()
    return rows


def change_asked(run, number, place=None, **body):
    """Another place or another origin of a candidate."""
    for found, was, text in rows_of(run, "asked"):
        if number in (None, found):
            changed = to_json({**json.loads(text), **body})
            change(run, "asked", [sealed(found, was if place is None else place, changed)])


def go_on(run):
    evonas.resume(run, **HOW, budget=13).journal.close()


def one_line(run, match):
    """Whether a resume is refused in one line that names the journal."""
    with pytest.raises(evonas.UserError, match=match) as refusal:
        go_on(run)
    assert str(run / "journal.db") in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("values", [FEW, pytest.param(STRANGE, marks=pytest.mark.slow)], ids=["a few", "all"])
@pytest.mark.parametrize("key", KEYS)
def test_a_note_of_another_type(run_of, key, values, tmp_path, capsys):
    """Each command refuses it or does what it was asked for; a traceback would end the test."""
    refused = 0
    for value in values:
        run = run_of("images")
        note(run, key, value)
        capsys.readouterr()
        status = main(["show", str(run)])
        assert status in (0, 2)
        told = capsys.readouterr().err
        if status == 2:
            refused += 1
            assert told.count("\n") == 1 and str(run) in told
        others = (["show", "--json"], ["report", "-o", str(tmp_path / "x.html")], ["draw"], ["resume"])
        for words in others[: 1 if status == 2 else None]:
            assert main([*words[:1], str(run), *words[1:]]) in (0, 2), (words, value)
        run = run_of("aging")
        note(run, key, value)
        try:
            go_on(run)
        except evonas.UserError as error:
            assert "\n" not in str(error)
    assert refused >= len(values) - (3 if values is STRANGE else 1)  # a few values suit


@pytest.mark.parametrize(
    ("key", "value", "match"),
    [
        ("usage", 5, "usage: expected a list, got 5"),
        ("environment", {"python": 3}, "environment: python: expected a text, got 3"),
        ("environments", [["x", {}]], "environments: expected a whole number of at least 0, got 'x'"),
        ("variation", {"operators": [["a", "b"]]}, "expected an operator's name, weight and source"),
        ("variation", {"operators": [["a", -1.0, ""]]}, "expected a weight of at least 0, got -1.0"),
        ("variation", {"registered": [1]}, "variation: registered: expected a text, got 1"),
        ("data_dir", 5, "data_dir: expected a text, got 5"),
        ("task", {"channels": 1}, "task: expected channels, height, width, classes, got 'channels'"),
        ("statistics", [[0.5]], "statistics: expected means and deviations"),
        ("statistics", [[0.5], ["x"]], "statistics: expected a finite number, got 'x'"),
        ("statistics", [[0.5] * 2, [1.0] * 2], "expected two numbers for each of 1 channels, got 2 and 2"),
        ("statistics", [[0.5], [0.0]], "expected deviations above 0"),
        ("classes", 5, "classes: expected a list, got 5"),
        ("given", {"file": "x.safetensors"}, "given: size: expected a whole number"),
    ],
)
def test_what_is_said_of_a_note(run_of, key, value, match):
    run = run_of("images")
    note(run, key, value)
    with pytest.raises(
        evonas.UserError, match=f"journal {run / 'journal.db'}: the file is damaged: .*{match}"
    ):
        evonas.load(run)


def test_a_task_without_its_statistics(run_of):
    run = run_of("aging")
    note(run, "task", {"channels": 1, "height": 8, "width": 8, "classes": 10})
    with pytest.raises(evonas.UserError, match="'statistics' is not noted with the task"):
        evonas.load(run)


@pytest.mark.parametrize(
    ("place", "match"),
    [
        ("x", "has place 'x'"),
        (-5, "has place -5, expected a whole number of at least"),
        (b"1", "has place b'1'"),
    ],
)
def test_a_place_that_is_none(run_of, place, match):
    run = run_of("aging")
    change_asked(run, 4, place)
    one_line(run, f"candidate 4 {match}")
    assert main(["report", str(run)]) in (0, 2)


@pytest.mark.parametrize("place", [9, 99_999])
def test_a_result_before_its_proposal(run_of, place, tmp_path):
    run = run_of("aging")
    change_asked(run, 4, place)
    one_line(run, "candidate 4 (was told, and not asked before|has place)|candidate 5 has place")
    assert main(["report", str(run), "-o", str(tmp_path / "x.html")]) in (0, 2)


def test_a_result_of_a_negative_number(run_of):
    run = run_of("aging")
    row = rows_of(run, "told")[0]
    connection = sqlite3.connect(run / "journal.db", isolation_level=None)
    connection.execute("DELETE FROM told WHERE number = ?", (row[0],))
    connection.close()
    change(run, "told", [sealed(-1, *row[1:])])
    one_line(run, "candidate -1 was told, and not asked before")


@pytest.mark.parametrize(
    ("size", "digest", "match"),
    [("x", "0" * 32, "size: expected a whole number"), (5, 7.5, "digest"), (-1, "", "size: expected")],
)
def test_weights_of_no_size(run_of, size, digest, match):
    """SQLite makes a text of a number in the digest's column, so that a blob stands for what is no text."""
    run = run_of("aging")
    digest = digest if isinstance(digest, str) else b"x"
    change(run, "weights", [sealed(2, "000002.safetensors", size, digest)])
    one_line(run, f"weights of candidate 2: .*{match}")
    with pytest.raises(evonas.UserError, match="weights of candidate 2"):
        SqliteJournal(run).kept()


@pytest.mark.parametrize("removed", [[], [0], [6, 5]])
def test_whom_non_aging_evolution_removes(run_of, removed):
    run = run_of("non-aging")
    change_asked(run, 8, removed=removed)
    one_line(run, r"candidate 8: non-aging: expected one of the population to be removed")
    write_report(run, run / "x.html")  # the living are then those whose weights are kept


def test_more_in_a_generation_than_its_size(run_of):
    run = run_of("genetic")
    change_asked(run, None, 0)
    one_line(run, "candidate 4: genetic: expected 4 in a generation, got one more")


@pytest.mark.parametrize(
    ("name", "tactics", "match"),
    [
        ("aging", {"population": 3, "sample": 2, "sampel": 1}, "'sampel' is unknown .*did you mean 'sample'"),
        ("aging", {"population": 3, "sample": "x"}, "sample: expected a whole number of at least 1, got 'x'"),
        ("aging", {"population": 3}, "its settings do not suit it: missing a required argument: 'sample'"),
        ("genetic", {"population": 4, "p_m": "x", "p_c": 0}, "p_m: expected a probability"),
    ],
)
def test_settings_that_the_strategy_has_not(run_of, name, tactics, match):
    run = run_of(name)
    settings = evonas.load(run).settings.to_dict()
    note(run, "settings", {**settings, "tactics": tactics})
    with pytest.raises(evonas.UserError, match=match):
        go_on(run)
    write_report(run, run / "x.html")


def test_a_table_that_is_no_text(run_of):
    run = run_of("aging")
    settings = evonas.load(run).settings.to_dict()
    note(run, "settings", {**settings, "table": 5})
    one_line(run, "table: expected a text, got 5")
