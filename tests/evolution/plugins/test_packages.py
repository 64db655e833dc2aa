"""The third door: the entry points of an installed package."""

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
EAGER = '[search]\nkernels = "eager"\n'
"""So that no kernels are compiled first."""


@pytest.fixture
def package(tmp_path, mine):
    """An installed package, as pip leaves it: the module, and its metadata beside it."""
    info = tmp_path / "my_operators-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA, encoding="utf-8")
    (info / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    (tmp_path / "eager.toml").write_text(EAGER)
    (tmp_path / "small.toml").write_text(EAGER + "[genome]\ncells = 1\nfilters = 2\n")
    return tmp_path


@pytest.fixture
def call(fresh, package):
    """What a command prints where the package is installed, in a process that nothing is known in."""

    def run(*words):
        words = list(map(str, words))
        return fresh(f"from evonas.cli import main; raise SystemExit(main({words}))", package)

    return run


def test_they_are_found_listed_and_used(call, images):
    listed = call("list", "operators").output
    assert "genet-flip-first (mutation, weight 1e+06, my-operators 1.2)" in listed
    assert "my-operators 1.2" in call("list", "strategies").output
    call(
        "evolve", "--genome", "genet", "--strategy", "twice-aging", "--dataset", images,
        "--budget", 6, "--population", 2, "--sample", 2, "--epochs", 1, "--workers", 0,
        "--run", "run", "--quiet", "--config", "eager.toml",
    )  # fmt: skip
    assert "  flip-first " in call("show", "run").output


def test_one_that_cannot_be_loaded_is_left_out_and_named(call, package, images):
    (package / "mine.py").write_text("raise RuntimeError('out of order')\n", encoding="utf-8")
    listed = call("list", "operators").output
    assert (
        "left out: operator 'genet-flip-first' (mine:flip_first) cannot be loaded: out of order"
        in " ".join(listed.split())
    )
    printed = call(
        "evolve", "--genome", "amoeba", "--dataset", images, "--budget", 2, "--epochs", 1,
        "--workers", 0, "--run", "run", "--quiet", "--config", "small.toml",
    )  # fmt: skip
    assert "cannot be loaded: out of order (left out)" in printed.errors
