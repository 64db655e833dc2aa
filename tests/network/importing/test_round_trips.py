"""What evonas hands out comes back: as it was built, from a program's file, from a Python file."""

import importlib.util
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.genomes.graph import GraphGenome, first_model
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace
from evonas.genomes.nasbench201 import NasBench201Genome, NasBench201Space
from evonas.operators.morphisms import AddSkip, Deepen, ReplicateAdd, SplitConcat, Widen
from torch import nn

from evonas.architecture import Architecture
from evonas.evolution.morphism import apply
from evonas.network.deploy import Deployable
from evonas.network.export import export
from evonas.network.importing import read_program
from evonas.network.network import build, input_shape
from evonas.task import Task
from evonas.testing.morphisms import randomise
from evonas.testing.random_networks import grown

TASK = Task(2, 8, 12, 4)

SPACES = {
    "amoeba": (AmoebaGenome, AmoebaSpace(cells=1, filters=4, stages=1)),
    "genet": (GenetGenome, GenetSpace(nodes=(3, 3), filters=4, hidden=8)),
    "hierarchical": (HierarchicalGenome, HierarchicalSpace(motifs=(3, 1), nodes=(3, 3), groups=1, filters=3)),
    "large-scale": (LargeScaleGenome, LargeScaleSpace(max_depth=8, max_channels=8, reference=(2, 8, 12))),
    "nasbench201": (NasBench201Genome, NasBench201Space(cells=1, filters=4)),
}


def decoded(name: str, seed: int) -> Architecture:
    rng = random.Random(seed)
    if name == "graph":
        return GraphGenome(first_model(TASK, (4, 6))).decode(TASK)
    kind, space = SPACES[name]
    return grown(kind, space, 5, rng).decode(TASK)


def as_module(source: Deployable, folder: Path) -> nn.Module:
    return source.network()


def as_program(source: Deployable, folder: Path) -> torch.export.ExportedProgram:
    return read_program(export(source, "pt2", folder / "net.pt2")[0])


def as_python(source: Deployable, folder: Path) -> nn.Module:
    path = export(source, "python", folder / "net.py")[0]
    spec = importlib.util.spec_from_file_location("exported", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load()


FORMS = {"module": as_module, "pt2": as_program, "python": as_python}


def check(net: Architecture, weights: dict[str, torch.Tensor], form: str, folder: Path) -> Architecture:
    """Brings a network back; its outputs are the same to float32's rounding."""
    net = net.unsteered()
    source = Deployable(net, weights)
    images = torch.randn(3, *input_shape(net), generator=torch.Generator().manual_seed(1))
    again, carried = Architecture.from_module(FORMS[form](source, folder), images)
    with torch.no_grad():
        wanted = source.network()(images)
        outputs = build(again, weights=carried).eval()(images)
    assert (outputs - wanted).abs().max() <= 1e-5 * (wanted.max() - wanted.min())
    assert sum(t.numel() for t in carried.values()) == sum(t.numel() for t in weights.values())
    return again


def single(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.float() for name, tensor in weights.items()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [*SPACES, "graph"])
@pytest.mark.usefixtures("global_random")
def test_what_a_genome_decodes_to(name: str, form: str, tmp_path: Path) -> None:
    for seed in range(1 if form == "pt2" else 2 - (name == "amoeba")):
        net = decoded(name, seed)
        check(net, single(randomise(net, seed)), form, tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_a_model_after_refinement(form: str, tmp_path: Path, images: Callable[..., torch.Tensor]) -> None:
    model = nn.Sequential(
        nn.ZeroPad2d((0, 1, 0, 1)),
        nn.Conv2d(3, 6, 3, 2),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(96, 4),
    )
    net, weights = Architecture.from_module(model, images(3, 16, 16))
    steps = [
        Deepen("n3", 3, "deeper"),
        Widen("n1", 9, seed=1),
        AddSkip("deeper.bn", "deeper.relu", "skip"),
        ReplicateAdd("deeper.conv", 2, "paths", seed=3),
        SplitConcat("n3", 2, "parts"),
    ]
    grown_net, carried = apply(steps, net, weights)
    check(grown_net, carried, form, tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_every_layer_that_random_networks_have(
    form: str, tmp_path: Path, random_architecture: Callable[[random.Random], Architecture]
) -> None:
    for seed in range(2 if form == "pt2" else 12):
        net = random_architecture(random.Random(seed))
        check(net, single(randomise(net, seed)), form, tmp_path)
