"""The third door: the entry points of an installed package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

METADATA = "Metadata-Version: 2.1\nName: my-operators\nVersion: 1.2\n"
POINTS = """
[evonas.operators]
genet-flip-first = mine:flip_first
[evonas.genomes]
mirrored = mine:Mirrored
[evonas.strategies]
twice-aging = mine:TwiceAging
"""


@pytest.fixture
def package(tmp_path, mine):
    """An installed package, as pip leaves it: the module, and its metadata beside it."""
    info = tmp_path / "my_operators-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA, encoding="utf-8")
    (info / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    return tmp_path


def call(package, *arguments):
    command = Path(sys.executable).with_name("evonas")
    variables = {**os.environ, "PYTHONPATH": str(package), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [str(command), *map(str, arguments)], capture_output=True, text=True, env=variables, cwd=package
    )


def test_they_are_found_listed_and_used(package, images):
    listed = call(package, "list", "operators").stdout
    assert "genet-flip-first (mutation, weight 1e+06, my-operators 1.2)" in listed
    assert "my-operators 1.2" in call(package, "list", "strategies").stdout
    ended = call(
        package, "evolve", "--genome", "genet", "--strategy", "twice-aging", "--dataset", images,
        "--budget", 6, "--population", 2, "--sample", 2, "--epochs", 1, "--workers", 0,
        "--run", "run", "--quiet",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "  flip-first " in call(package, "show", "run").stdout


def test_one_that_cannot_be_loaded_is_left_out_and_named(package, images):
    (package / "mine.py").write_text("raise RuntimeError('out of order')\n", encoding="utf-8")
    listed = call(package, "list", "operators")
    assert listed.returncode == 0
    assert (
        "left out: operator 'genet-flip-first' (mine:flip_first) cannot be loaded: out of order"
        in " ".join(listed.stdout.split())
    )
    ended = call(
        package, "evolve", "--genome", "amoeba", "--dataset", images, "--budget", 2, "--epochs", 1,
        "--workers", 0, "--run", "run", "--quiet",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "cannot be loaded: out of order (left out)" in ended.stderr
