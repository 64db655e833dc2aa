"""Compiled training, as far as a CPU goes."""

import random
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Add, BatchNorm2d, Conv2d, DropPath, GlobalAvgPool, Input, Linear, ReLU
from evonas.errors import UserError
from evonas.task import Task
from evonas.training import compiling
from evonas.training.device import Compute
from evonas.training.final_training import FinalTraining
from evonas.training.images import Normalisation
from evonas.training.plan import Plan

needs_compiler = pytest.mark.skipif(
    not any(shutil.which(name) for name in ("g++", "c++", "clang++")), reason="needs a C++ compiler"
)
PLAN = Plan(epochs=2, batch_size=8, learning_rate=0.05)


def training(plan=PLAN) -> FinalTraining:
    """A residual block, so that a path can be dropped."""
    net = Architecture()
    node = net.add("image", Input((3, 6, 6)))
    node = net.add("conv", Conv2d(4), node)
    path = net.add("block.conv", Conv2d(4), node)
    path = net.add("block.bn", BatchNorm2d(), path)
    path = net.add("block.drop", DropPath(), path)
    node = net.add("sum", Add(), node, path)
    node = net.add("relu", ReLU(), node)
    node = net.add("pool", GlobalAvgPool(), node)
    net.add("head", Linear(3), node)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (24, 6, 6, 3)).astype(np.uint8), rng.integers(0, 3, 24)
    normalisation = Normalisation((128,) * 3, (74,) * 3)
    return FinalTraining(net, None, Task(3, 6, 6, 3), plan, Compute(), x, y, normalisation, True, 1, 2)


def same(one, other):
    for name in one.weights:
        torch.testing.assert_close(one.weights[name], other.weights[name], rtol=1e-4, atol=1e-5)


def silent(epoch):
    pass


@pytest.mark.slow
@pytest.mark.timeout(900)  # the compiler itself is slow where others work, too
@needs_compiler
@pytest.mark.parametrize("drop_path", [0.0, 0.4])
def test_a_compiled_training_is_the_same_training(drop_path):
    one = training(PLAN.changed({"drop_path": drop_path}))
    plain, compiled = one.here(silent), replace(one, compiled=True).here(silent)
    same(plain, compiled)
    assert plain.compile_seconds is None
    assert compiled.compile_seconds > 0


@pytest.mark.slow
@pytest.mark.timeout(900)  # the compiler itself is slow where others work, too
@needs_compiler
def test_compiled_on_two_processes():
    one = training()
    same(one.on(("cpu", "cpu"), silent), replace(one, compiled=True).on(("cpu", "cpu"), silent))


@pytest.mark.slow
@pytest.mark.timeout(900)  # the compiler itself is slow where others work, too
@needs_compiler
def test_a_compiled_auxiliary_head():
    genome = AmoebaGenome.random(AmoebaSpace(cells=1, filters=4, combinations=1, stages=2), random.Random(0))
    one = training(PLAN.changed({"auxiliary": 0.4}))
    one = replace(one, architecture=genome.decode(one.task), auxiliary=genome.auxiliary_node())
    plain, compiled = one.here(silent), replace(one, compiled=True).here(silent)
    assert [point.loss for point in plain.curve] == pytest.approx(
        [point.loss for point in compiled.curve], rel=1e-3
    )


def compiling_with(monkeypatch, backend):
    original = torch.compile
    monkeypatch.setattr(
        compiling.torch, "compile", lambda module, **choices: original(module, backend=backend, **choices)
    )
    return replace(training(), compiled=True)


def test_what_the_compiler_refuses_is_one_line(monkeypatch):
    def backend(graph, inputs):
        raise RuntimeError("no compiler was found\nat all")

    with pytest.raises(
        UserError, match="^compile: torch.compile failed: RuntimeError: no compiler was found; wi"
    ):
        compiling_with(monkeypatch, backend).here(silent)


def test_memory_that_runs_out_while_compiling_is_no_matter_of_the_compiler(monkeypatch):
    def backend(graph, inputs):
        raise RuntimeError("CUDA out of memory")

    with pytest.raises(RuntimeError, match="CUDA out of memory"):
        compiling_with(monkeypatch, backend).here(silent)


def test_compiling_changes_nothing(monkeypatch):
    """With a backend that only traces: tensors, statistics and random numbers stay as they were."""
    one = compiling_with(monkeypatch, "eager")
    state = torch.get_rng_state()
    same(replace(one, compiled=False).here(silent), one.here(silent))
    assert torch.equal(state, torch.get_rng_state())
