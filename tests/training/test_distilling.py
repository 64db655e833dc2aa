"""A child that only approximates its parent learns from it first."""

import random

import numpy as np
import pytest
import torch
from evonas.genomes.graph import GraphGenome, GraphSpace
from evonas.operators.morphisms import PruneChannels, Separable

import evonas
from evonas.evolution.operator import Operator
from evonas.evolution.variation import unborn
from evonas.inheritance.child import build_child
from evonas.search.evaluation import Job, Parent
from evonas.task import Task
from evonas.testing.morphisms import randomise
from evonas.training.device import Compute
from evonas.training.distilling import distil
from evonas.training.images import DeviceImages, Normalisation
from evonas.training.plan import Plan
from evonas.training.trainer import to_device

TASK = Task(3, 8, 8, 4)
SPACE = GraphSpace(filters=(6, 8, 8)).for_task(TASK)
COMPUTE = Compute()


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (96, 8, 8, 3)).astype(np.uint8)
    return DeviceImages(x, rng.integers(0, 4, 96), Normalisation((128,) * 3, (74,) * 3), "cpu", 0)


@pytest.fixture
def child():
    parent = GraphGenome.random(SPACE, random.Random(0))
    parent.number = 0
    weights = {name: tensor.float() for name, tensor in randomise(parent.decode(TASK), 1).items()}
    genome = unborn(parent.clone())
    genome.take(PruneChannels("stage2.conv", 4))
    job = Job(1, genome, 0, Parent(parent, 1.0, lambda: weights))
    return build_child(genome.decode(TASK), job, TASK, "morph", with_parent=True)


@torch.no_grad()
def distance(student, teacher, images):
    student.eval()
    batch = torch.cat([batch for batch, _ in images.batches(32)])
    return float(
        torch.nn.functional.kl_div(
            student(batch).log_softmax(1), teacher(batch).softmax(1), reduction="batchmean"
        )
    )


def test_it_comes_nearer_to_its_parent_and_leaves_the_rest_alone(child, images):
    plan = Plan(distill_epochs=8, batch_size=16, learning_rate=0.02, crop=0)
    teacher = to_device(child.parent, COMPUTE).eval()
    student = to_device(child.network, COMPUTE)
    before = {name: tensor.detach().clone() for name, tensor in student.named_parameters()}
    far = distance(student, teacher, images)
    distil(student, teacher, child.changed, images, plan, COMPUTE, 3, mirror=False)
    assert distance(student, teacher, images) < 0.7 * far
    moved = {name for name, tensor in student.named_parameters() if not torch.equal(tensor, before[name])}
    assert {name.rpartition(".")[0] for name in moved} <= child.changed
    assert "stage2.conv.weight" in moved
    assert "stage1.conv.weight" not in moved
    assert all(tensor.requires_grad for tensor in student.parameters())


def test_where_nothing_can_learn_all_do(child, images):
    plan = Plan(distill_epochs=1, batch_size=32, crop=0)
    student = to_device(child.network, COMPUTE)
    before = student.get_parameter("stage1.conv.weight").detach().clone()
    distil(student, to_device(child.parent, COMPUTE).eval(), set(), images, plan, COMPUTE, 3, mirror=False)
    assert not torch.equal(student.get_parameter("stage1.conv.weight"), before)


def test_a_search_distils_what_only_approximates(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = (rng.integers(0, 120, (90, 8, 8, 3)) + 50 * y[:, None, None, None]).astype(np.uint8)
    path = tmp_path / "images.npz"
    np.savez(path, x_train=x, y_train=y, x_test=x[:9], y_test=y[:9])

    def separate(genome, rng):
        genome.take(Separable.draw(genome.architecture, rng))
        return genome

    def search(epochs):
        only = {f"graph-{name}": 0 for name in ("deepen", "zero-widen", "add-skip", "concat-skip")}
        result = evonas.evolve(
            "graph", str(path), operators=[Operator("separate", "graph", "mutation", separate)],
            budget=4, seed=1, config={
                "genome": {"filters": [4, 4, 8]}, "operators": only,
                "strategy": {"neighbours": 3, "morphisms": 1},
                "training": {"epochs": 1, "batch_size": 30, "distill_epochs": epochs},
            },
        )  # fmt: skip
        return [row["metric_loss"] for row in result.history], [row["status"] for row in result.history]

    plain, distilled = search(0), search(2)
    assert plain[1] == distilled[1] == ["done"] * 4
    assert plain[0][0] == distilled[0][0]  # the first has no parent
    assert plain[0][1] != distilled[0][1]
    assert plain[0][3] == distilled[0][3]  # trained on, nothing approximated


def test_the_number_of_epochs_is_checked():
    expected = "training distill_epochs: expected a whole number of at least 0"
    with pytest.raises(evonas.UserError, match=expected):
        Plan(distill_epochs=-1)
