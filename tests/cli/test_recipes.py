"""`--recipe NAME`: a paper's settings or a laptop's, by name."""

import pytest

import evonas as library

SMALL = ["--budget", "2", "--epochs", "1", "--train-limit", "60", "--workers", "0", "--quiet"]


@pytest.mark.parametrize(
    ("recipe", "genome", "strategy"),
    [
        ("genet-small", "genet", "genetic"),
        ("random-small", "amoeba", "random"),
        pytest.param("hierarchical-small", "hierarchical", "sampled-tournament", marks=pytest.mark.slow),
    ],
)
def test_a_recipe_says_everything(evonas, tmp_path, recipe, genome, strategy):
    run = tmp_path / "run"
    assert evonas("evolve", "--recipe", recipe, *SMALL, "--run", run).status == 0
    settings = library.load(run).settings
    assert (settings.genome, settings.strategy, settings.recipe) == (genome, strategy, recipe)


def test_any_option_overrides_it(evonas, tmp_path):
    run = tmp_path / "run"
    chosen = ["--recipe", "genet-small", "--strategy", "random", "--inherit", "none"]
    ended = evonas("evolve", *chosen, *SMALL, "--run", run)
    assert ended.status == 0
    settings = library.load(run).settings
    assert (settings.strategy, settings.inherit, settings.recipe) == ("random", "none", "genet-small")


def test_a_recipe_of_another_genome_is_refused(evonas):
    assert evonas("evolve", "--recipe", "genet-small", "--genome", "amoeba").failed_with(
        "recipe 'genet-small': it is for genome 'genet', got 'amoeba'"
    )


def test_a_misspelt_one_names_the_nearest(evonas):
    assert evonas("evolve", "--recipe", "genet-smal").failed_with("did you mean 'genet-small'?")


def test_the_papers_settings_are_those_of_the_recipe(evonas, tmp_path):
    """A paper's full recipe asks for its dataset, which is not here: it says so instead of searching."""
    ended = evonas("evolve", "--recipe", "amoebanet", "--data-dir", tmp_path, "--run", tmp_path / "run")
    assert ended.status == 2
    assert "cifar10" in ended.err
    assert not (tmp_path / "run").exists()
