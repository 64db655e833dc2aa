"""The first door: a Python file, at the command line."""

import contextlib
import io

import pytest

import evonas
from evonas.cli import main

CONFIG = """
[genome]
nodes = [3]
filters = [4]
[training]
epochs = 1
"""


def call(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(argument) for argument in arguments])
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def small(tmp_path, images):
    path = tmp_path / "small.toml"
    path.write_text(CONFIG, encoding="utf-8")
    how = ["--budget", 8, "--population", 3, "--workers", 0, "--quiet"]
    return ["--dataset", images, "--config", path, *how]


def test_a_search_uses_them_and_says_so(mine, small, tmp_path):
    run = tmp_path / "run"
    status, _, err = call("evolve", "--genome", "genet", "--operators", mine, "--strategy", "aging",
                          "--sample", 2, *small, "--run", run)  # fmt: skip
    assert status == 0, err
    rows = list(evonas.load(run).history)
    assert [row["operator"] for row in rows] == ["random"] * 3 + ["genet-flip-first"] * 5
    for row in rows[3:]:
        assert row["genome"][0] != rows[row["parents"][0]]["genome"][0]
    _, shown, _ = call("show", run)
    (line,) = [line for line in shown.splitlines() if line.split()[:2] == ["flip-first", "5"]]
    assert line.split()[2:4] == ["63", "%"]


def test_a_crossover_of_mine_is_used(mine, small, tmp_path):
    run = tmp_path / "run"
    config = tmp_path / "cross.toml"
    config.write_text(CONFIG + "[strategy]\np_c = 1.0\np_m = 0.0\n", encoding="utf-8")
    mine.write_text(mine.read_text(encoding="utf-8").replace("weight=2)", "weight=1e9)"), encoding="utf-8")
    small[small.index("--config") + 1] = config
    small[small.index("--population") + 1] = 4
    status, _, err = call("evolve", "--genome", "genet", "--operators", mine, *small, "--run", run)
    assert status == 0, err
    assert {row["operator"] for row in evonas.load(run).history} == {"random", "genet-swap-first"}


def test_a_genome_and_a_strategy_of_mine(mine, small, tmp_path):
    run = tmp_path / "run"
    status, _, err = call("evolve", "--genome", "mirrored", "--strategy", "twice-aging", "--sample", 2,
                          "--operators", mine, *small, "--run", run)  # fmt: skip
    assert status == 0, err
    rows = list(evonas.load(run).history)
    assert [row["operator"] for row in rows] == ["random"] * 3 + ["mirrored-flip-both"] * 5
    bits = [row["genome"].replace("-", "").replace("|", "") for row in rows]
    assert all(text[0] == text[-1] for text in bits)


def test_a_run_goes_on_with_the_same_file_alone(mine, small, tmp_path):
    runs = [tmp_path / "whole", tmp_path / "parts"]
    common = [
        "evolve",
        "--genome",
        "genet",
        "--operators",
        mine,
        "--strategy",
        "aging",
        "--sample",
        2,
        *small,
    ]
    assert call(*common, "--run", runs[0])[0] == 0
    common[common.index("--budget") + 1] = 5
    assert call(*common, "--run", runs[1])[0] == 0
    status, out, err = call("resume", runs[1], "--budget", 8)
    assert (status, out) == (2, "")
    assert err == (
        f"error: operators: the run began with 'genet-flip-first' of {mine}, which is not here: "
        "name its file again (operators=..., or --operators), or install its package\n"
    )
    assert call("resume", runs[1], "--budget", 8, "--operators", mine, "--workers", 0, "--quiet")[0] == 0
    histories = [[(row["genome"], row["fitness"]) for row in evonas.load(run).history] for run in runs]
    assert histories[0] == histories[1]


def test_a_run_keeps_the_weights_that_it_began_with(mine, small, tmp_path):
    runs = [tmp_path / "whole", tmp_path / "parts"]
    common = [
        "evolve",
        "--genome",
        "genet",
        "--operators",
        mine,
        "--strategy",
        "aging",
        "--sample",
        2,
        *small,
    ]
    assert call(*common, "--run", runs[0])[0] == 0
    common[common.index("--budget") + 1] = 5
    assert call(*common, "--run", runs[1])[0] == 0
    mine.write_text(mine.read_text(encoding="utf-8").replace("weight=1e6", "weight=0"), encoding="utf-8")
    assert call("resume", runs[1], "--budget", 8, "--operators", mine, "--workers", 0, "--quiet")[0] == 0
    histories = [[(row["genome"], row["fitness"]) for row in evonas.load(run).history] for run in runs]
    assert histories[0] == histories[1]


def test_they_are_listed_with_their_file(mine):
    status, out, _ = call("list", "operators", "--operators", mine)
    assert status == 0
    assert f"genet-flip-first (mutation, weight 1e+06, {mine})" in out
    assert "Flips the first bit." in out
    assert f"genet-flip-bits (mutation, weight 1, evonas {evonas.__version__})" in out
    assert f"genet-swap-first (crossover, weight 2, {mine})" in out
    for what, name in (("genomes", "mirrored"), ("strategies", "twice-aging")):
        _, out, _ = call("list", what, "--operators", mine)
        assert name in out


@pytest.mark.parametrize(
    ("imported", "decorator"),
    [
        ("from evonas.operators import mutation", "mutation"),
        ("from evonas.operator import mutation", "mutation"),
        ("from evonas import operator", "operator.mutation"),
        ("import evonas.operator", "evonas.operator.mutation"),
    ],
)
def test_the_decorator_is_the_same_wherever_it_is_imported_from(imported, decorator, written):
    path = written(f"{imported}\n@{decorator}('genet')\ndef mine(genome, rng): ...\n")
    status, out, _ = call("list", "operators", "--operators", path)
    assert status == 0
    assert f"genet-mine (mutation, weight 1, {path})" in "".join(out.splitlines())


def test_a_genome_that_nobody_provides_is_refused_in_a_listing_too(mine, written):
    path = written("from evonas.operators import mutation\n@mutation('ameoba')\ndef x(genome, rng): ...\n")
    for words in (["list", "operators"], ["evolve"]):
        status, out, err = call(*words, "--operators", path)
        assert (status, out) == (2, "")
        assert err.startswith(
            "error: operator 'ameoba-x': genome 'ameoba' is unknown; did you mean 'amoeba'?"
        )
    assert call("list", "operators", "--operators", mine)[0] == 0  # one varies a genome of that file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def broken(:\n", "line 1: SyntaxError: "),
        ("x = 1\nraise KeyError('no')\n", "line 2: KeyError: 'no'"),
        (
            "import nowhere_to_be_found\n",
            "line 1: ModuleNotFoundError: No module named 'nowhere_to_be_found'",
        ),
        ("x = 1\n", ": expected a function with the decorator mutation or crossover"),
        (
            "from evonas.operators import mutation\n@mutation('genet', weight=-1)\ndef x(g, rng): ...\n",
            "line 2: UserError: operator 'genet-x' weight: expected at least 0, got -1",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(text, message, written):
    path = written(text)
    status, out, err = call("evolve", "--operators", path)
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith(f"error: operators {path}")
    assert message in line


def test_a_file_that_is_not_there_is_refused(tmp_path):
    status, _, err = call("list", "operators", "--operators", tmp_path / "none.py")
    assert status == 2
    assert "none.py: cannot be read: No such file or directory" in err
    (tmp_path / "my_operators.py").touch()
    _, _, err = call("list", "operators", "--operators", tmp_path / "my_operator.py")
    assert err.endswith(f"; did you mean {str(tmp_path / 'my_operators.py')!r}?\n")


def test_an_installed_name_is_not_taken(written):
    path = written(
        """
        from evonas.genomes.genet import GenetGenome

        class Other(GenetGenome):
            name = "genet"
        """
    )
    status, _, err = call("evolve", "--operators", path)
    assert status == 2
    assert "genome 'genet'" in err and "has one of that name: choose another" in err


OWN = """
from evonas.evolution import mutation
from evonas.evolution.strategies.random_search import RandomSearch
from evonas.genomes.genet import GenetGenome
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("raise SystemExit(0)", "line 6: SystemExit: 0"),  # which would end the command, with success
        ("class A(RandomSearch):\n    name = 'x'\nclass B(RandomSearch):\n    name = 'x'", "'x' twice"),
        ("class A(GenetGenome):\n    name = 'x'\nclass B(GenetGenome):\n    name = 'x'", "'x' twice"),
        ("class A(GenetGenome):\n    name = 5", "genomes: expected a text for a name, got 5"),
        ("a, b = (mutation('genet', name='x')(lambda genome, rng: genome) for _ in 'ab')", "'x' twice"),
        ("a = mutation('genet', name=5)(lambda genome, rng: genome)", "expected name='...', a text"),
        ("a = mutation('genet')(5)", "mutation: expected a function, got 5"),
        ("a = mutation('genet', weight=float('inf'))(lambda genome, rng: genome)", "at least 0, got inf"),
    ],
)
def test_files_that_cannot_be_meant(tmp_path, text, expected):
    path = tmp_path / "own.py"
    path.write_text(OWN + "\n" + text, encoding="utf-8")
    status, out, err = call("list", "genomes", "--operators", path)
    assert status == 2 and not out and err.startswith(f"error: operators {path}"), err
    assert expected in err and len(err.splitlines()) == 1


def test_a_thing_with_two_names_is_one(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(OWN + "class Twice(RandomSearch):\n    pass\nOther = Twice\n", encoding="utf-8")
    assert call("list", "strategies", "--operators", path)[0] == 0
