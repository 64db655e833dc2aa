import pytest

import evonas
from evonas.errors import UserError
from evonas.settings.composition import compose, resolve
from evonas.settings.recipe import (
    SEARCH_KEYS,
    TABLES,
    checked,
    load_recipe,
    merged,
    parse_recipe,
    read_recipe,
    recipe_names,
)


def test_every_recipe_in_the_box_resolves():
    assert "amoebanet-small" in recipe_names()
    for name in recipe_names():
        recipe = load_recipe(name)
        assert recipe["recipe"] == name
        for key in ("summary", "paper", "cost"):
            assert recipe[key]
        settings = resolve(compose(None, {"recipe": name}, {}), uses_images=False)
        assert settings.recipe == name
        assert settings.final_plan.epochs >= settings.plan.epochs


def test_the_defaults_are_the_genomes_own_recipe():
    recipe = load_recipe("amoebanet-small")
    settings = resolve(compose(None, None, {}), uses_images=False)
    assert settings.genome == "amoeba"
    assert settings.strategy == recipe["search"]["strategy"]
    assert settings.space["filters"] == recipe["genome"]["filters"]
    assert settings.plan.epochs == recipe["training"]["epochs"]


def test_what_a_caller_asks_for_goes_first(tmp_path):
    config = tmp_path / "mine.toml"
    config.write_text("[search]\nbudget = 50\nseed = 9\n[genome]\nfilters = 5\n[training]\nepochs = 7\n")
    settings = resolve(compose("amoeba", config, {"budget": 60, "sample": 3}), uses_images=False)
    assert (settings.budget, settings.seed, settings.tactics["sample"]) == (60, 9, 3)
    assert (settings.space["filters"], settings.space["cells"], settings.plan.epochs) == (5, 1, 7)
    assert resolve(compose("amoeba", config, {"epochs": 2}), uses_images=False).plan.epochs == 2


def test_a_config_as_a_dict_is_one_as_a_file(tmp_path):
    config = {"search": {"budget": 9}, "genome": {"cells": 2}, "final": {"epochs": 3}}
    file = tmp_path / "mine.toml"
    file.write_text("[search]\nbudget = 9\n[genome]\ncells = 2\n[final]\nepochs = 3\n")
    assert compose(None, config, {}) == compose(None, str(file), {}) == compose(None, file, {})


def test_tables_are_laid_over_each_other_key_by_key():
    base = {"search": {"budget": 1, "seed": 2}, "summary": "old", "final": {"epochs": 1}}
    over = {"search": {"seed": 3}, "summary": "new", "genome": {"cells": 1}}
    result = merged(base, over)
    assert result["search"] == {"budget": 1, "seed": 3}
    assert (result["summary"], result["genome"], result["final"]) == ("new", {"cells": 1}, {"epochs": 1})
    assert set(TABLES) <= set(result)
    assert base["search"] == {"budget": 1, "seed": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[serch]\n", r"config: 'serch' is unknown; did you mean 'search'\?"),
        ("[search]\nbuget = 3\n", r"config \[search\]: 'buget' is unknown; did you mean 'budget'\?"),
        ("search = 3\n", "config: expected 'search' to be a table, got 3"),
        ("[summary]\n", "config: expected 'summary' to be a text, got {}"),
        ("summary = 3\n", "config: expected 'summary' to be a text, got 3"),
        ("[search\n", "config: no valid TOML: "),
        ("budget = 40 epochs", "config: no valid TOML: "),
    ],
)
def test_a_recipe_with_a_mistake(text, message):
    with pytest.raises(UserError, match=message):
        parse_recipe(text, "config")


@pytest.mark.parametrize("config", [{"serch": {}}, {"search": 3}, {"search": {"buget": 3}}, {3: {}}])
def test_a_dict_is_checked_like_a_file(config):
    with pytest.raises(UserError, match="^config"):
        checked(config, "config")
    with pytest.raises(UserError, match="^config"):
        evonas.evolve(config=config, evaluate=lambda genome, rng: 0, needs="genome", budget=1)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"training": {"epoch": 3}}, "training setting 'epoch' is unknown; did you mean 'epochs'"),
        ({"training": {"epochs": 0}}, "training epochs: expected a whole number of at least 1, got 0"),
        ({"final": {"epocs": 3}}, "training setting 'epocs' is unknown"),
        ({"genome": {"cells": "many"}}, "amoeba cells: expected a whole number of at least 1, got 'many'"),
        ({"strategy": {"temperature": 1}}, "strategy setting 'temperature' is unknown to this strategy"),
        ({"recipe": "amoebanet-smal"}, "recipe 'amoebanet-smal' is unknown; did you mean 'amoebanet-small'"),
        ({"search": {"budget": 0}}, "budget: expected a whole number of at least 1, got 0"),
        ({"search": {"strategy": 3}}, "strategy: expected a text, got 3"),
    ],
)
def test_settings_that_are_refused(config, message):
    with pytest.raises(UserError, match=message):
        resolve(compose(None, config, {}), uses_images=False)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match=r"config .*nowhere\.toml: cannot be read: "):
        read_recipe(tmp_path / "nowhere.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"config .*binary\.toml: cannot be read: "):
        read_recipe(tmp_path / "binary.toml")


def test_every_key_of_a_search_has_an_effect():
    """A key that is known and not used would be a silent mistake."""
    from evonas.settings.settings import Settings

    assert set(SEARCH_KEYS) <= set(Settings.__dataclass_fields__)
