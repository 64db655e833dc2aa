"""How a child's network begins: the modes of inheritance."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from evonas.genomes.graph import GraphGenome, GraphSpace
from evonas.operators.morphisms import Deepen, PruneChannels, Widen, ZeroWiden

import evonas
from evonas.evolution.variation import unborn
from evonas.inheritance.child import build_child
from evonas.inheritance.verification import FunctionChangedError, check_same_function
from evonas.network.network import build, weights_of
from evonas.search.evaluation import Job, Parent, Shared
from evonas.task import Task
from evonas.testing.morphisms import randomise

TASK = Task(3, 8, 8, 4)
SPACE = GraphSpace(filters=(4, 6, 8)).for_task(TASK)


@pytest.fixture
def parent():
    genome = GraphGenome.random(SPACE, random.Random(0))
    genome.number = 0
    return genome


@pytest.fixture
def weights(parent):
    return {name: tensor.float() for name, tensor in randomise(parent.decode(TASK), 1).items()}


def born(parent, *morphisms):
    child = unborn(parent.clone())
    for morphism in morphisms:
        child.take(morphism)
    return child


def begun(child, parent, weights, mode="morph", **choices):
    job = Job(1, child, 0, Parent(parent, 7.0, lambda: weights))
    return build_child(child.decode(TASK), job, TASK, mode, **choices)


CHAIN = (Deepen("stage1.relu", 3, "one"), Widen("stage2.conv", 12, 3), ZeroWiden("stage3.conv", 12, 4))


@torch.no_grad()
def logits(network):
    return network.eval()(torch.rand(8, 3, 8, 8, generator=torch.Generator().manual_seed(0)))


def test_by_its_morphisms_a_child_computes_what_its_parent_does(parent, weights):
    child = begun(born(parent, *CHAIN), parent, weights, with_parent=True)
    expected = logits(build(parent.decode(TASK), weights=weights))
    assert torch.allclose(logits(child.network), expected, atol=1e-4 * float(expected.std()))
    assert child.inserted == ("one.bn",)
    assert child.lineage_epochs == 7
    assert 0 < child.inherited < 1
    assert torch.equal(logits(child.parent), expected)


def test_an_unchanged_one_is_the_parent(parent, weights):
    for mode in ("match", "morph", "remap"):
        child = begun(born(parent), parent, weights, mode)
        assert child.inherited == 1
        assert all(torch.equal(tensor, weights[name]) for name, tensor in weights_of(child.network).items())


def test_what_only_approximates_is_not_held_to_the_claim(parent, weights):
    child = begun(born(parent, PruneChannels("stage2.conv", 3)), parent, weights, with_parent=True)
    assert child.parent is not None and not child.preserving
    assert child.changed >= {"stage2.conv", "stage2.bn", "stage3.conv"}
    assert "stage1.conv" not in child.changed
    assert child.inherited > 0.5


def test_a_chain_that_does_not_lead_to_the_child_is_left_aside(parent, weights):
    child = born(parent, *CHAIN)
    child.origin = replace(child.origin, morphisms=CHAIN[:1])
    found = begun(child, parent, weights, with_parent=True)
    assert found.parent is None
    assert found.inherited > 0  # as far as the difference tells


def test_without_weights_or_mode_it_begins_anew(parent, weights):
    child = born(parent, *CHAIN)
    fresh = begun(child, parent, weights, "none")
    assert (fresh.inherited, fresh.lineage_epochs) == (0, 0)
    assert begun(child, parent, None).inherited == 0
    expected = weights_of(build(child.decode(TASK), Job(1, child, 0).stream(1)))
    assert all(torch.equal(tensor, expected[name]) for name, tensor in weights_of(fresh.network).items())


def test_the_pool_gives_what_fits_by_name_and_shape(parent, weights):
    child = born(parent, Widen("stage2.conv", 12, 3))
    job = Job(1, child, 0, shared=Shared(weights, 5.0))
    found = build_child(child.decode(TASK), job, TASK, "pool")
    mine = weights_of(found.network)
    assert torch.equal(mine["stage1.conv.weight"], weights["stage1.conv.weight"])
    assert mine["stage2.conv.weight"].shape != weights["stage2.conv.weight"].shape
    assert 0 < found.inherited < 1
    assert found.lineage_epochs == 5
    empty = build_child(child.decode(TASK), Job(1, child, 0, shared=Shared({}, 0.0)), TASK, "pool")
    assert empty.inherited == 0


# -- verification in a running search -----------------------------------------------------------


class Batches:
    def batches(self, size):
        yield torch.rand(size, 3, 8, 8, generator=torch.Generator().manual_seed(1)), torch.zeros(size)


def test_a_changed_function_is_refused_loudly(parent, weights):
    child = begun(born(parent, *CHAIN), parent, weights, with_parent=True)
    assert check_same_function(child.parent, child.network, Batches()) < 1e-3
    with torch.no_grad():
        child.network.get_parameter("one.conv.weight").mul_(1.1)
    with pytest.raises(FunctionChangedError, match="the morphisms of this child changed the function"):
        check_same_function(child.parent, child.network, Batches())


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = rng.integers(0, 120, (90, 8, 8, 3)) + 50 * y[:, None, None, None]
    path = tmp_path / "images.npz"
    np.savez(path, x_train=x.astype(np.uint8), y_train=y, x_test=x[:9].astype(np.uint8), y_test=y[:9])
    return str(path)


CONFIG = {
    "genome": {"filters": [4, 4, 8]},
    "strategy": {"neighbours": 3, "morphisms": 2},
    "training": {"epochs": 1, "batch_size": 30},
}


def search(images, **choices):
    return evonas.evolve("graph", images, config=CONFIG, budget=7, seed=3, **choices)


def rows(result):
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]


def test_a_search_verifies_its_morphisms(images):
    found = rows(search(images, verify_morphisms=True))
    assert [row["status"] for row in found] == ["done"] * 7
    for row in found[1:]:
        before = found[row["parents"][0]]["fitness"]
        assert row["metric_accuracy_before"] == pytest.approx(before, abs=0.06)  # one image of 18


def test_a_morphism_that_lies_fails_its_children(images, monkeypatch):
    honest = ZeroWiden.carry
    lying = lambda self, net, weights: {k: t * 1.3 for k, t in honest(self, net, weights).items()}  # noqa: E731
    monkeypatch.setattr(ZeroWiden, "carry", lying)
    found = rows(search(images, verify_morphisms=True))
    failed = [row for row in found if row["status"] == "failed"]
    assert failed
    assert all("zero-widen" in row["operator"] for row in failed)
    assert all("FunctionChangedError: the morphisms of this child changed" in row["reason"] for row in failed)
    assert not any(row["status"] == "failed" for row in rows(search(images)))


@pytest.mark.parametrize("mode", ["morph", "remap", "match"])
def test_a_run_of_morphisms_goes_on_where_it_was(images, tmp_path, mode):
    whole = rows(search(images, inherit=mode))
    run = tmp_path / "run"
    evonas.evolve("graph", images, config=CONFIG, budget=4, seed=3, inherit=mode, run=run)
    assert rows(evonas.resume(run, budget=7)) == whole


def test_a_pool_is_shared_and_filled(images):
    found = rows(
        evonas.evolve(
            "genet",
            images,
            strategy="random",
            inherit="pool",
            budget=8,
            epochs=1,
            look_ahead=1,
            config={"genome": {"nodes": [3], "filters": [4], "hidden": 8}},
        )  # fmt: skip
    )
    assert found[0]["inherited"] == 0
    assert all(row["inherited"] > 0.3 for row in found[1:])
    assert [row["lineage_epochs"] for row in found] == list(range(1, 9))


def test_a_pool_goes_on_after_a_resume(images, tmp_path):
    run = tmp_path / "run"
    config = {"genome": {"nodes": [3], "filters": [4], "hidden": 8}}
    evonas.evolve(
        "genet", images, strategy="random", inherit="pool", budget=4, epochs=1, config=config, run=run
    )
    found = rows(evonas.resume(run, budget=8))
    assert all(row["inherited"] > 0.3 for row in found[4:])


def test_momentum_travels_with_the_weights_where_asked(images, tmp_path):
    """One child that is only trained on: carried momentum makes its training another, and nothing else."""

    def losses(carry, run):
        training = {**CONFIG["training"], "carry_momentum": carry, "schedule": "constant"}
        result = evonas.evolve(
            "graph", images, config={**CONFIG, "training": training}, budget=2, neighbours=2, morphisms=1,
            seed=3, run=run,
        )  # fmt: skip
        evonas.resume(run, budget=3)
        result = evonas.load(run)
        stored = result.store.load(result.journal.kept()[0])
        assert any(name.startswith("momentum:") for name in stored) == carry
        assert not any(name.startswith("momentum:") for name in result.individual(0).weights())
        return [row["metric_loss"] for row in result.history]

    carried, from_rest = losses(True, tmp_path / "carried"), losses(False, tmp_path / "rest")
    assert carried[0] == from_rest[0]
    assert carried[1] != from_rest[1]
    assert carried[2] != from_rest[2]
