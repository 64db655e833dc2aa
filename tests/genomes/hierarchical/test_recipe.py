"""The recipes say what the paper says (Liu et al. 2018, Section 4), and the small one runs."""

import pytest
from evonas.genomes.hierarchical import HierarchicalSpace

from evonas.api import evolve
from evonas.settings.composition import compose, resolve


def test_the_recipe_is_the_papers_setting():
    settings = resolve(compose("hierarchical", {"recipe": "hierarchical"}, {}), uses_images=True)
    assert (settings.strategy, settings.dataset, settings.inherit) == (
        "sampled-tournament",
        "cifar10",
        "none",
    )
    assert (settings.budget, settings.look_ahead) == (7000, 200)
    assert settings.tactics == {"population": 200, "share": 0.05, "tournament": "growing"}
    assert settings.make_space() == HierarchicalSpace(motifs=(6, 1), nodes=(4, 5), cells=1, filters=16)
    plan = settings.plan
    steps = plan.epochs * (45_000 // plan.batch_size)
    assert steps == pytest.approx(5000, rel=0.02)
    assert [share * 5000 for share in plan.milestones] == [4000, 4500]
    assert (plan.batch_size, plan.learning_rate, plan.decay, plan.momentum) == (256, 0.1, 0.1, 0.9)
    assert (plan.weight_decay, plan.repeats) == (3e-4, 4)
    final = settings.final_plan
    assert final.epochs * (50_000 // final.batch_size) == pytest.approx(80_000, rel=0.02)
    assert [share * 80_000 for share in final.milestones] == [40_000, 60_000, 70_000]


def test_the_small_recipe_is_the_genomes_own():
    settings = resolve(compose("hierarchical", None, {}), uses_images=True)
    assert settings.recipe == "hierarchical-small"
    assert (settings.dataset, settings.budget, settings.inherit) == ("digits", 40, "match")


def test_a_small_search_trains_and_children_inherit():
    config = {"genome": {"filters": 2, "groups": 1, "nodes": [3, 3]}, "training": {"epochs": 1}}
    result = evolve("hierarchical", budget=5, population=2, train_limit=200, config=config, seed=1)
    assert {candidate.result.status for candidate in result.journal.candidates()} == {"done"}
    inherited = [candidate.result.inherited for candidate in result.journal.candidates()]
    assert inherited[:2] == [0, 0]
    assert min(inherited[2:]) > 0.3
