"""The recipes say what the paper says (Real et al. 2019, Methods Details)."""

import pytest
from evonas.genomes.amoeba import AmoebaSpace

from evonas.settings.composition import compose, resolve


@pytest.mark.parametrize(
    ("name", "strategy", "tactics"),
    [("amoebanet", "aging", {"population": 100, "sample": 25}), ("random", "random", {"mutations": 50})],
)
def test_the_recipes_are_the_papers_settings(name, strategy, tactics):
    settings = resolve(compose("amoeba", {"recipe": name}, {}), uses_images=True)
    assert (settings.strategy, settings.tactics) == (strategy, tactics)
    assert (settings.dataset, settings.budget, settings.inherit) == ("cifar10", 20_000, "none")
    assert settings.make_space() == AmoebaSpace(cells=3, filters=24)
    plan = settings.plan
    assert (plan.epochs, plan.batch_size, plan.learning_rate) == (25, 128, 0.024)
    assert (plan.schedule, plan.momentum, plan.weight_decay) == ("cosine", 0.9, 5e-4)
    final = settings.final_plan
    assert (final.epochs, final.learning_rate, final.auxiliary) == (600, 0.024, 0.5)
    assert 1 - final.drop_path == pytest.approx(0.7)


def test_small_random_search_differs_from_small_evolution_in_the_strategy_alone():
    found = [
        resolve(compose("amoeba", {"recipe": f"{name}-small"}, {}), uses_images=True)
        for name in ("random", "amoebanet")
    ]
    one, other = (settings.to_dict() for settings in found)
    differing = {key for key in one if one[key] != other[key]}
    assert differing == {"strategy", "tactics", "inherit", "recipe"}
