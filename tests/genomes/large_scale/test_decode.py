import random

import networkx as nx
import pytest
import torch
from evonas.genomes.large_scale import Dna, LargeScaleGenome, LargeScaleSpace
from evonas.genomes.large_scale.text import read

from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Conv2d,
    LeakyReLU,
    Linear,
    PadChannels,
    ReLU,
    Resize,
    TakeChannels,
)
from evonas.network.network import build
from evonas.task import Task


def network_of(text: str, task: Task, **weights: torch.Tensor):
    """A network in evaluation mode; weights by edge id, the classifier made the identity."""
    architecture = LargeScaleGenome(read(text)).decode(task)
    given = {f"edge_{name}.conv.weight": tensor for name, tensor in weights.items()}
    given["vertex_output.classifier.weight"] = torch.eye(task.classes)
    given["vertex_output.classifier.bias"] = torch.zeros(task.classes)
    return build(architecture, weights=given).eval()


@pytest.mark.parametrize(
    ("task", "count"),
    [(Task(3, 32, 32, 10), 40), (Task(1, 8, 8, 10), 20), (Task(3, 32, 32, 100), 400), (Task(4, 5, 7, 2), 10)],
)
def test_the_trivial_start_is_pooling_and_a_linear_classifier(task, count):
    genome = LargeScaleGenome.random(LargeScaleSpace(), random.Random(1))
    net = genome.decode(task)
    assert net.parameter_count() == task.classes * (task.channels + 1) == count
    assert [net.layer(name).kind for name in net] == ["Input", "GlobalAvgPool", "Linear"]


def test_a_dna_and_the_graph_written_by_hand(dna):
    """The whole network of the fixture for images of 3 channels, 8 by 8."""
    by_hand = nx.DiGraph()
    layers = {
        "conv1": Conv2d(6),
        "bn1": BatchNorm2d(),
        "relu1": ReLU(),
        "conv2": Conv2d(6, (1, 5), 2),
        "resized": Resize(4),
        "padded": PadChannels(3),
        "sum2": Add(),
        "bn3": BatchNorm2d(),
        "relu3": ReLU(),
        "resized4": Resize(4),
        "sum4": Add(),
        "classifier": Linear(4),
    }
    by_hand.add_nodes_from((name, {"layer": repr(layer)}) for name, layer in layers.items())
    by_hand.add_nodes_from([("image", {"layer": "Input"}), ("pool", {"layer": "GlobalAvgPool()"})])
    nx.add_path(by_hand, ["image", "conv1", "bn1", "relu1", "conv2", "sum2", "bn3", "relu3", "sum4"])
    nx.add_path(by_hand, ["image", "resized", "padded", "sum2"])
    nx.add_path(by_hand, ["relu1", "resized4", "sum4", "pool", "classifier"])
    net = LargeScaleGenome(dna).decode(Task(3, 8, 8, 4))
    graph = nx.DiGraph(net.graph.edges)
    for name in graph:
        layer = net.layer(name)
        graph.nodes[name]["layer"] = "Input" if layer.kind == "Input" else repr(layer)
    assert nx.is_isomorphic(graph, by_hand, node_match=lambda one, other: one["layer"] == other["layer"])
    assert net.parameter_count() == 6 * 3 * 9 + 12 + 6 * 6 * 5 + 12 + 4 * 7


def test_padding_and_resizing_against_numbers_by_hand():
    # One channel becomes two; the stride keeps pixels 0, 2, 8 and 10, as does resizing the skip to 2 by 2.
    text = "lr=0.1 input>a:e=conv(2.0,0.0,0.0,1.0) a>output:start input~output:s"
    network = network_of(text, Task(1, 4, 4, 2), e=torch.tensor([1.0, 10.0]).reshape(2, 1, 1, 1))
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    # Channel 0: the mean of 0, 2, 8, 10 from the convolution and again from the skip; channel 1: ten times it
    # and the zeros of the padding.
    assert network(image).tolist() == [[5 + 5, 50]]


def test_truncation_against_numbers_by_hand():
    # Four channels become one, their sum; the first one of the skip is added to it.
    text = "lr=0.1 input>a:e=conv(0.25,0.0,0.0,0.0) a>output:start input~output:s"
    architecture = LargeScaleGenome(read(text)).decode(Task(4, 2, 1, 2))
    weights = {
        "edge_e.conv.weight": torch.ones(1, 4, 1, 1),
        "vertex_output.classifier.weight": torch.tensor([[1.0], [2.0]]),
        "vertex_output.classifier.bias": torch.tensor([0.0, 1.0]),
    }
    network = build(architecture, weights=weights).eval()
    image = torch.tensor([[1.0, 3.0], [10.0, 30.0], [100.0, 300.0], [0.0, 0.0]]).reshape(1, 4, 2, 1)
    # Sums over channels 111 and 333, plus the first channel 1 and 3: 112 and 336, whose mean is 224.
    assert network(image).tolist() == [[224, 449]]


def test_the_edge_of_higher_scale_precedence_decides_the_size():
    text = "lr=0.1 input>a:e=conv(1.0,0.0,0.0,1.0) a>output:start input~output:s"
    small = LargeScaleGenome(read(text)).decode(Task(2, 8, 6, 3))
    large = LargeScaleGenome(read(f"{text}@0,2")).decode(Task(2, 8, 6, 3))
    assert small.shape("vertex_output.sum") == (2, 4, 3)
    assert large.shape("vertex_output.sum") == (2, 8, 6)
    assert large.layer("edge_start.resized") == Resize((8, 6))


def test_a_skip_of_too_many_channels_is_truncated_before_it_is_resized():
    text = "lr=0.1 input>a:e=conv(0.5,1.0,1.0,1.0) a>output:start input~output:s"
    net = LargeScaleGenome(read(text)).decode(Task(4, 8, 8, 3))
    assert net.layer("edge_s.truncated") == TakeChannels(2)
    assert net.inputs("edge_s.resized") == ("edge_s.truncated",)


def test_a_leak_makes_the_rectifiers_leaky(dna):
    net = LargeScaleGenome(dna, LargeScaleSpace(leak=0.1)).decode(Task(3, 8, 8, 4))
    assert net.layer("vertex_a.relu") == LeakyReLU(0.1)


def test_a_conv_is_never_thinner_than_a_channel():
    text = "lr=0.1 input>a:e=conv(0.1,1.0,1.0,0.0) a>output:start"
    assert LargeScaleGenome(read(text)).decode(Task(1, 8, 8, 3)).shape("edge_e.conv") == (1, 8, 8)


def test_names_come_from_ids(dna):
    net = LargeScaleGenome(dna).decode(Task(3, 8, 8, 4))
    ids = {name.split(".")[0] for name in net} - {"image"}
    assert ids <= {f"edge_{name}" for name in dna.edges} | {f"vertex_{name}" for name in dna.vertices}
    assert {
        "edge_e1.conv",
        "vertex_a.bn",
        "vertex_b.sum",
        "edge_s1.padded",
        "vertex_output.classifier",
    } <= set(net)


def test_an_image_may_be_smaller_than_every_filter_and_stride():
    text = "lr=0.1 input>a:e=conv(2.0,3.0,3.0,3.0) a>output:start input~output:s"
    architecture = LargeScaleGenome(read(text)).decode(Task(1, 1, 2, 2))
    assert build(architecture).eval()(torch.zeros(1, 1, 1, 2)).shape == (1, 2)


def test_dead_weight_is_no_node():
    """Linear vertices and identity connections leave no trace in the network."""
    text = "lr=0.1 input>a:e1 a>b:e2 b>output:start"
    trivial = LargeScaleGenome(Dna.trivial(0.1)).decode(Task(3, 8, 8, 4))
    assert LargeScaleGenome(read(text)).decode(Task(3, 8, 8, 4)) == trivial
