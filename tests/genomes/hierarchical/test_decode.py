import math
import random

import networkx as nx
import pytest
import torch
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace, Motif
from torch.utils.flop_counter import FlopCounterMode

from evonas.architecture.layers import AvgPool2d, Conv2d, GlobalAvgPool, Linear, MaxPool2d
from evonas.network.network import build
from evonas.task import Task

SMALL = Task(3, 8, 8, 4)
FLAT = HierarchicalSpace(motifs=(1,), nodes=(11,), groups=1, filters=2)


def best(**choices):
    space = HierarchicalSpace(**choices)
    return HierarchicalGenome.from_dict(HierarchicalGenome.published()["hierarchical-best"], space)


# -- against the papers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "task", "published"),
    [(64, Task(3, 32, 32, 10), 15.7), (128, Task(3, 32, 32, 10), 61.3), (64, Task(3, 299, 299, 1000), 64)],
    ids=["CIFAR-10, c0 = 64", "CIFAR-10, c0 = 128", "ImageNet"],
)
def test_the_best_cell_has_the_published_sizes(filters, task, published):
    # 15.7 is Table 1 of DARTS (Liu et al. 2019), 61.3 Table 1 of ENAS (Pham et al. 2018), 64 the paper's own.
    net = best(filters=filters, cells=2, ending="none").decode(task)
    statistics = sum(math.prod(shape) for shape in net.buffers().values())
    assert round((net.parameter_count() + statistics) / 1e6, 1 if published < 62 else 0) == published
    by_default = best(filters=filters, cells=2).decode(task).parameter_count() / 1e6
    assert by_default == pytest.approx(published, rel=0.035)
    other_reading = best(filters=filters, cells=2, projection="motif").decode(task).parameter_count() / 1e6
    assert other_reading > 1.35 * published


def line(net):
    """Size of the image and channels along the network: the stem, cells and what follows them."""
    parts = {}
    for name in net:
        parts[".".join(name.split(".")[:2]) if name.startswith("group") else name.split(".")[0]] = name
    return {part: net.shape(last) for part, last in parts.items()}


CHAIN = {"groups": 3, "cells": 2, "filters": 4, "mutations": 0}


@pytest.mark.parametrize(
    ("ending", "last"),
    [
        ("stride", {"group3.cell2": (16, 8, 8), "group3.sep2": (32, 4, 4), "pool": (32,)}),
        ("plain", {"group3.cell2": (16, 8, 8), "group3.sep2": (16, 8, 8), "pool": (16,)}),
        ("none", {"group3.cell2": (16, 8, 8), "pool": (16,)}),
    ],
)
def test_the_stack_is_that_of_the_paper(ending, last):
    space = HierarchicalSpace(**CHAIN, ending=ending)
    net = HierarchicalGenome.chain(space).decode(Task(3, 32, 32, 10))
    assert line(net) == {
        "image": (3, 32, 32),
        "stem": (4, 32, 32),
        "group1.cell1": (4, 32, 32),
        "group1.sep1": (4, 32, 32),
        "group1.cell2": (4, 32, 32),
        "group1.sep2": (8, 16, 16),
        "group2.cell1": (8, 16, 16),
        "group2.sep1": (8, 16, 16),
        "group2.cell2": (8, 16, 16),
        "group2.sep2": (16, 8, 8),
        "group3.cell1": (16, 8, 8),
        "group3.sep1": (16, 8, 8),
        **last,
        "classifier": (10,),
    }
    assert net.layer("stem.conv") == Conv2d(4, 3)
    assert net.layer("group1.sep2.depthwise.conv") == Conv2d(kernel=3, stride=2, depthwise=True)
    assert net.layer("group1.sep2.pointwise.conv") == Conv2d(8, 1)
    assert net.layer("pool") == GlobalAvgPool()
    assert net.layer("classifier") == Linear(10)


def test_large_images_get_two_strided_convolutions_and_one_more_cell():
    space = HierarchicalSpace(**CHAIN)
    shapes = line(HierarchicalGenome.chain(space).decode(Task(3, 96, 96, 10)))
    assert list(shapes)[:6] == ["image", "stem1", "stem2", "group0.cell1", "group0.sep1", "group1.cell1"]
    assert shapes["stem1"] == (2, 48, 48)
    assert shapes["stem2"] == shapes["group0.cell1"] == (4, 24, 24)
    assert shapes["group0.sep1"] == shapes["group1.cell2"] == (8, 12, 12)
    assert shapes["group3.sep2"] == (64, 2, 2)  # 3 × 3 rounded up
    for stem, size, images in (("auto", 95, "small"), ("auto", 96, "large"), ("large", 64, "large")):
        assert HierarchicalSpace(stem=stem).images(Task(3, size, size + 9, 10)) == images


def test_primitives_are_the_papers():
    layers = {
        "conv1x1": [Conv2d(2, 1)],
        "depthwise3x3": [Conv2d(kernel=3, depthwise=True)],
        "sep3x3": [Conv2d(kernel=3, depthwise=True), Conv2d(2, 1)],
        "max3x3": [MaxPool2d(3)],
        "avg3x3": [AvgPool2d(3)],
        "identity": [],
    }
    space = HierarchicalSpace(motifs=(1,), nodes=(2,), groups=1, filters=2)
    for number, (name, expected) in enumerate(layers.items(), 1):
        assert space.names(2)[number] == name
        net = HierarchicalGenome.from_text(str(number), space).decode(SMALL)
        cell = [node for node in net if node.startswith("group1.cell1.")]
        found = [net.layer(node) for node in cell if not node.endswith((".bn", ".relu"))]
        assert found == expected
        convolutions = sum(isinstance(layer, Conv2d) for layer in expected)
        for kind in (".bn", ".relu"):  # each convolution has its own
            assert sum(node.endswith(kind) for node in cell) == convolutions


# -- against the definition ---------------------------------------------------------------------


class ByDefinition:
    """One cell computed from the genotype alone, equations 2 and 3 of the paper, with a network's weights."""

    def __init__(self, genome, weights, cell, channels):
        self.genome, self.weights, self.cell, self.channels = genome, weights, cell, channels
        self.used = set()

    def __call__(self, image):
        top = self.motif(len(self.genome.levels) + 1, 1, image, "")
        return image if top is None else top

    def motif(self, level, number, x, path):
        motif = self.genome.levels[level - 2][number - 1]
        values = [x]
        for node, row in enumerate(motif.rows(), 2):
            parts = []
            for before, operation in enumerate(row, 1):
                if operation and values[before - 1] is not None:
                    place = f"{path}edge{before}to{node}."
                    parts.append(self.operation(level - 1, operation, values[before - 1], place))
            parts = [part for part in parts if part is not None]
            values.append(torch.cat(parts, 1) if parts else None)
        if values[-1] is None or level > 2 or len(self.genome.levels) == 1:
            return values[-1]
        return self.convolution(f"{path}project", values[-1])

    def operation(self, level, number, x, path):
        if level > 1:
            return self.motif(level, number, x, f"{path}motif{number}.")
        name = self.genome.space.primitives[number - 1]
        if name == "identity":
            return x
        if name == "max3x3":
            return torch.nn.functional.max_pool2d(x, 3, 1, 1)
        if name == "avg3x3":
            return torch.nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        if name == "sep3x3":
            return self.convolution(
                f"{path}sep3x3.pointwise", self.convolution(f"{path}sep3x3.depthwise", x, depthwise=True)
            )
        return self.convolution(f"{path}{name}", x, depthwise=name == "depthwise3x3")

    def convolution(self, path, x, depthwise=False):
        """An operation that leads nowhere is computed too: with weights of zero, as it has none."""
        channels = x.shape[1]
        name = f"{self.cell}.{path}"
        if f"{name}.conv.weight" not in self.weights:
            return x if depthwise else x.new_zeros(x.shape[0], self.channels, *x.shape[2:])
        self.used.add(name)
        weight, groups = self.weights[f"{name}.conv.weight"], channels if depthwise else 1
        x = torch.nn.functional.conv2d(x, weight, padding=weight.shape[-1] // 2, groups=groups)
        norm = [self.weights[f"{name}.bn.{key}"] for key in ("running_mean", "running_var", "weight", "bias")]
        return torch.nn.functional.batch_norm(x, *norm, eps=1e-5).relu()


@pytest.mark.parametrize(
    "space",
    [
        HierarchicalSpace(filters=2, groups=2, mutations=300),
        HierarchicalSpace(filters=2, groups=2, mutations=300, motifs=(1,), nodes=(7,)),
        HierarchicalSpace(filters=2, groups=1, mutations=300, motifs=(3, 2, 1), nodes=(3, 3, 3)),
    ],
    ids=["paper", "flat", "four levels"],
)
def test_cells_compute_what_the_definition_says(space, build_random):
    rng = random.Random(2018)
    genomes = [HierarchicalGenome.random(space, rng) for _ in range(3)]
    if len(space.nodes) == 2:
        genomes.append(
            HierarchicalGenome.from_dict(HierarchicalGenome.published()["hierarchical-best"], space)
        )
    for genome in genomes:
        net = genome.decode(SMALL)
        weights = build_random(net, seed=1).state_dict()
        cell = f"group{space.groups}.cell1"
        channels = space.filters * 2 ** (space.groups - 1)
        (before,) = net.inputs(f"group{space.groups}.sep1.depthwise.conv")
        source = f"group{space.groups - 1}.sep1.pointwise.relu" if space.groups > 1 else "stem.relu"
        outputs = {}
        image = torch.randn(2, 3, 8, 8)
        for node in (source, before):
            part = net.copy()
            part.output = node
            part.prune()
            wanted = {**part.parameters(), **part.buffers()}
            outputs[node] = build(part, weights={key: weights[key] for key in wanted}).eval()(image)
        reference = ByDefinition(genome, weights, cell, channels)
        torch.testing.assert_close(outputs[before], reference(outputs[source]), rtol=1e-4, atol=1e-5)
        convolutions = {
            name.removesuffix(".conv") for name in net if name.startswith(cell) and ".conv" in name
        }
        assert reference.used == {name for name in convolutions if f"{name}.conv" in net}


@pytest.mark.parametrize("seed", [1, 2])
def test_cost_and_shapes_are_those_of_torch(narrow, seed):
    net = HierarchicalGenome.random(narrow, random.Random(seed)).decode(SMALL)
    network = build(net).eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        logits = network(torch.randn(1, *SMALL.input_shape))
    assert logits.shape == (1, SMALL.classes)
    assert net.flops() == counter.get_total_flops()
    assert sum(p.numel() for p in network.parameters()) == net.parameter_count()


# -- what is dead, shared and named -------------------------------------------------------------


def test_each_use_of_a_motif_has_weights_of_its_own():
    space = HierarchicalSpace(motifs=(1, 1), nodes=(2, 3), groups=1, filters=2)
    net = HierarchicalGenome.from_text("1 | 1-11", space).decode(SMALL)
    weights = [name for name in net if name.endswith("conv1x1.conv")]
    assert weights == [
        f"group1.cell1.edge{edge}.motif1.edge1to2.conv1x1.conv" for edge in ("1to2", "1to3", "2to3")
    ]


def test_dead_parts_are_dropped():
    space = HierarchicalSpace(motifs=(2, 1), nodes=(4, 4), groups=1, filters=2)
    # Motif 1 has a node that nothing reaches (2) and one that leads nowhere (3); nothing gets through 2.
    genome = HierarchicalGenome.from_text("0-20-140 1-01-000 | 1-20-121", space)
    assert [(step.name, step.inputs) for step in genome.wiring().steps] == [
        ("edge1to4.motif1.edge1to4.conv1x1", ("input",)),
        ("edge1to4.motif1.project", ("edge1to4.motif1.edge1to4.conv1x1",)),
    ]
    net = genome.decode(SMALL)
    net.validate()


def test_a_cell_without_a_way_through_hands_on_its_input(build_random):
    space = HierarchicalSpace(filters=2, cells=2)
    nothing = HierarchicalGenome([[Motif.chain(4, 0)] * 6, [Motif.chain(5, 1)]], space)
    net = nothing.decode(SMALL)
    assert not any(".cell" in name for name in net)
    assert net.inputs("group1.sep1.depthwise.conv") == ("stem.relu",)
    assert build_random(net)(torch.randn(2, 3, 8, 8)).isfinite().all()
    assert HierarchicalGenome([[Motif.chain(11, 6)]], FLAT).wiring().output == "input"


def test_a_name_means_the_same_layer_in_every_genotype(narrow, rng):
    # As a child's weights are its parent's by name, and a mutation may add and remove anything.
    meaning = {}
    for _ in range(150):
        net = HierarchicalGenome.random(narrow, rng).decode(SMALL)
        for name in net:
            assert meaning.setdefault(name, net.layer(name)) == net.layer(name)
    assert len(meaning) > 1000


def test_a_mutation_in_one_motif_touches_its_uses_alone(rng):
    parent = best(groups=1, filters=2)
    child = parent.clone()
    child.levels[0][2].operations[0] = 1  # motif 3: edge 1 to 2 becomes a 1×1 convolution
    before, after = set(parent.decode(SMALL)), set(child.decode(SMALL))
    assert before - after
    assert all(".motif3.edge1to2.sep3x3." in name for name in before - after)
    assert all(".motif3.edge1to2.conv1x1." in name for name in after - before)


# -- bounds -------------------------------------------------------------------------------------


def bounds(net, space):
    """Convolutions and poolings in a row and in all, and the widest node, of the first cell."""
    cell = [name for name in net if name.startswith("group1.cell1.")]
    counted = [name for name in cell if isinstance(net.layer(name), Conv2d | MaxPool2d | AvgPool2d)]
    graph = net.graph.subgraph(cell)
    weights = nx.DiGraph()
    weights.add_edges_from(
        (source, target, {"weight": int(target in counted)}) for source, target in graph.edges
    )
    weights.add_edges_from(("in", name, {"weight": int(name in counted)}) for name in cell)
    longest = nx.dag_longest_path_length(weights) if cell else 0
    widest = max((net.shape(name)[0] for name in cell), default=0)
    assert widest % space.filters == 0
    return longest, len(counted), widest // space.filters


def test_the_bounds_are_reached():
    for space, motif in (
        (HierarchicalSpace(groups=1, filters=2), "4-36-366"),
        (HierarchicalSpace(groups=1, filters=2, projection="motif"), "4-36-366"),
    ):
        dense = HierarchicalGenome.from_text(f"{motif} " * 6 + "| 1-11-111-1111", space)
        everything = HierarchicalGenome.from_text("3-33-333 " * 6 + "| 1-11-111-1111", space)
        identities = HierarchicalGenome.from_text("6-66-666 " * 6 + "| 1-11-111-1111", space)
        longest, largest, _ = bounds(everything.decode(SMALL), space)
        assert (longest, largest) == (space.longest, space.largest)
        assert bounds(identities.decode(SMALL), space)[2] == space.widest
        assert bounds(dense.decode(SMALL), space)[2] <= space.widest
    identities = HierarchicalGenome([[Motif(11, [6] * 55)]], FLAT)
    assert bounds(identities.decode(SMALL), FLAT)[2] == FLAT.widest == 512


SPACES = {
    "paper": HierarchicalSpace(groups=1, filters=2),
    "motif": HierarchicalSpace(groups=1, filters=2, projection="motif", cells=2, ending="none"),
    "flat": FLAT,
    "four levels": HierarchicalSpace(motifs=(3, 2, 1), nodes=(3, 3, 4), groups=1, filters=2),
}


@pytest.mark.parametrize(
    ("kind", "starts", "mutations"),
    [
        ("paper", 20, 10),
        ("motif", 5, 10),
        ("flat", 5, 20),
        ("four levels", 5, 20),
        pytest.param("paper", 20, 1000, marks=pytest.mark.slow),
        pytest.param("flat", 20, 1000, marks=pytest.mark.slow),
    ],
)
def test_long_lines_of_mutants_decode_within_the_bounds(kind, starts, mutations, build_random):
    rng, space = random.Random(kind), SPACES[kind]
    number = 0
    for _ in range(starts):
        genome = HierarchicalGenome.random(space, rng)
        for _ in range(mutations):
            genome.apply(genome.draw_change(rng))
            net = genome.decode(SMALL)
            net.validate()
            longest, largest, widest = bounds(net, space)
            assert longest <= space.longest
            assert largest <= space.largest
            assert widest <= space.widest
            if number % 100 == 0:
                logits = build_random(net)(torch.randn(1, *SMALL.input_shape))
                assert logits.shape == (1, SMALL.classes)
                assert logits.isfinite().all()
            number += 1
