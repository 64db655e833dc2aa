"""Every genome trains, every strategy searches: reproducible, and after a resume as if undisturbed."""

import random

import pytest
import torch

import evonas

SPACES = {
    "amoeba": {
        "cells": 1,
        "filters": 4,
        "combinations": 1,
        "stages": 1,
        "operations": ["identity", "max3x3", "conv1x1"],  # each kernel takes a while to compile
    },
    "genet": {"nodes": [3], "filters": [4], "hidden": 8},
    "hierarchical": {"groups": 1, "filters": 2, "nodes": [3, 3]},
    "large-scale": {"max_channels": 8, "max_parameters": 2000},
}
TRAINED = ["amoeba", "genet", "hierarchical", "large-scale"]
STRATEGIES = ["aging", "non-aging", "random", "genetic", "tournament", "sampled-tournament"]


def history(result):
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]


def search(images, genome, strategy, budget, **choices):
    random.seed(budget)  # what the caller's own generators hold must not count
    torch.manual_seed(budget)
    return evonas.evolve(
        genome,
        str(images),
        strategy=strategy,
        budget=budget,
        seed=11,
        epochs=1,
        device="cpu",
        kernels="planned" if genome == "amoeba" else "eager",  # one genome has its kernels compiled
        config={"genome": SPACES[genome], "training": {"batch_size": 32}},
        **choices,
    )


@pytest.mark.parametrize(
    ("genome", "strategy"),
    [(genome, "aging") for genome in TRAINED] + [("genet", "genetic"), ("large-scale", "tournament")],
)
def test_trained_histories_are_the_same_after_a_resume(genome, strategy, trained_images, tmp_path):
    choices = {"population": 3}
    whole = history(search(trained_images, genome, strategy, 9, **choices))
    assert [row["status"] for row in whole] == ["done"] * 9
    run = tmp_path / "run"
    search(trained_images, genome, strategy, 5, run=run, **choices)
    torch.manual_seed(99)
    random.seed(99)
    assert history(evonas.resume(run, budget=9)) == whole
    best = evonas.load(run).best
    outputs = best.network()(torch.rand(2, 3, 8, 8) * 255)
    assert outputs.shape == (2, 3)
    assert outputs.isfinite().all()


def score(genome, rng):
    return len(str(genome)) + rng.random()


QUICK = {("genet", strategy) for strategy in STRATEGIES} | {(genome, "aging") for genome in TRAINED}
"""Each strategy and each genome once, and the pair that needs a choice more; all pairs are slow tests."""
QUICK.add(("large-scale", "genetic"))


@pytest.mark.parametrize(
    ("genome", "strategy"),
    [
        pytest.param(genome, strategy, marks=() if (genome, strategy) in QUICK else pytest.mark.slow)
        for genome in TRAINED
        for strategy in STRATEGIES
    ],
)
def test_every_strategy_goes_on_where_it_was(genome, strategy, tmp_path):
    def evolve(budget, **choices):
        random.seed(budget)
        tactics = {} if strategy == "random" else {"population": 6}
        return evonas.evolve(
            genome, evaluate=score, needs="genome", strategy=strategy, seed=5,
            config={"genome": SPACES[genome]}, **{"budget": budget, **tactics, **choices},
        )  # fmt: skip

    if strategy == "genetic" and genome == "large-scale":
        with pytest.raises(evonas.UserError, match="p_c: expected 0 for a genome without a crossover"):
            evolve(40)
        whole = history(evolve(40, p_c=0.0))
        choices = {"p_c": 0.0}
    else:
        whole = history(evolve(40))
        choices = {}
    for cut in (1, 7, 23):
        run = tmp_path / f"run{cut}"
        evolve(max(cut, 1 if strategy == "random" else 6), run=run, **choices)
        assert history(evonas.resume(run, budget=40, evaluate=score, needs="genome")) == whole
