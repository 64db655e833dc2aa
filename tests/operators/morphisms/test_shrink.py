"""Smaller networks that approximate their parent."""

import pytest
import torch
from evonas.operators.morphisms.deepen import Deepen
from evonas.operators.morphisms.shrink import RemoveLayer, RemoveSkip, Separable
from evonas.operators.morphisms.skip import AddSkip, ConcatSkip

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool,
    Input,
    Linear,
    MaxPool2d,
    ReLU,
)
from evonas.errors import NotApplicable
from evonas.network.network import build
from evonas.testing.morphisms import check_morphism, images_for, randomise, relative_gap


def network() -> Architecture:
    """Two convolutions of 4 filters with what belongs to them, and a classifier."""
    net = Architecture()
    last = net.add("image", Input((2, 6, 6)))
    for block in ("one", "two"):
        last = net.add(f"{block}.conv", Conv2d(4, bias=block == "two"), last)
        last = net.add(f"{block}.bn", BatchNorm2d(), last)
        last = net.add(f"{block}.relu", ReLU(), last)
    net.add("head", Linear(3), net.add("vector", Flatten(), last))
    return net


def gap(net, weights, child, carried) -> float:
    old, new = (build(a, weights=w, dtype=torch.float64) for a, w in ((net, weights), (child, carried)))
    return relative_gap(old, new, images_for(net))


def test_a_layer_goes_with_what_belongs_to_it() -> None:
    net = network()
    child, carried = check_morphism(RemoveLayer("two.conv"), net, randomise(net, 1))
    assert list(child) == ["image", "one.conv", "one.bn", "one.relu", "vector", "head"]
    assert set(carried) == set(child.parameters()) | set(child.buffers())


def test_what_others_read_too_stays() -> None:
    net = network()
    net.add("sum", Add(), "two.bn", "two.relu")
    net.rewire("vector", "sum")
    net.output = "head"
    child, _ = check_morphism(RemoveLayer("two.conv"), net, randomise(net, 1))
    assert child.inputs("sum") == ("one.relu", "two.relu")
    assert child.inputs("two.relu") == ("one.relu",)


def test_removing_what_was_inserted_gives_the_parent_back() -> None:
    net = network()
    weights = randomise(net, 2)
    morphism = Deepen("one.relu", 3, "more")
    child, carried = morphism.rewrite(net), morphism.carry(net, weights)
    again, back = check_morphism(RemoveLayer("more.conv"), child, carried)
    assert again == net
    assert gap(net, weights, again, back) == 0


def test_layers_that_cannot_go() -> None:
    net = network()
    reason = r"node 'one.conv': it makes \(4, 6, 6\) of \(2, 6, 6\), so nothing can take its place"
    with pytest.raises(NotApplicable, match=reason):
        RemoveLayer("one.conv").rewrite(net)
    with pytest.raises(NotApplicable, match="node 'image': expected a layer of one input, got Input"):
        RemoveLayer("image").rewrite(net)


def test_a_single_layer_can_go() -> None:
    net = network()
    child, _ = check_morphism(RemoveLayer("two.bn"), net, randomise(net, 3))
    assert child.inputs("two.relu") == ("two.conv",)


def test_removing_an_added_skip_of_zero_gives_the_parent_back() -> None:
    net = network()
    weights = randomise(net, 4)
    morphism = AddSkip("one.relu", "two.relu", "skip")
    child, carried = morphism.rewrite(net), morphism.carry(net, weights)
    again, back = check_morphism(RemoveSkip("skip.add", "skip.scale"), child, carried)
    assert "skip.scale" not in again
    assert gap(net, weights, again, back) == 0


@pytest.mark.parametrize("order", [("one.relu", "two.relu"), ("two.relu", "one.relu")])
def test_removing_a_concatenated_skip(order: tuple[str, str]) -> None:
    net = network()
    net.add("join", Concat(), *order)
    net.add("norm", BatchNorm2d(), "join")
    net.add("small", MaxPool2d(2, 2), "norm")
    net.rewire("vector", "small")
    net.output = "head"
    weights = randomise(net, 5)
    child, carried = check_morphism(RemoveSkip("join", "one.relu"), net, weights)
    start = 4 * order.index("two.relu")
    assert torch.equal(carried["norm.running_mean"], weights["norm.running_mean"][start : start + 4])
    # What is left computes what it would if the channels that went had been zero everywhere.
    silenced = {name: tensor.clone() for name, tensor in weights.items()}
    columns = silenced["head.weight"].view(3, 8, 9)
    columns[:, [n for n in range(8) if not start <= n < start + 4]] = 0
    assert gap(net, silenced, child, carried) < 1e-10


def test_removing_one_of_two_like_inputs() -> None:
    net = network()
    net.add("join", Concat(), "two.relu", "two.relu")
    net.rewire("vector", "join")
    net.output = "head"
    weights = randomise(net, 6)
    child, carried = check_morphism(RemoveSkip("join", "two.relu"), net, weights)
    assert child.inputs("join") == ("two.relu",)
    assert torch.equal(carried["head.weight"], weights["head.weight"][:, : 4 * 36])


def test_a_skip_that_was_added_can_be_removed() -> None:
    net = network()
    weights = randomise(net, 7)
    morphism = ConcatSkip("one.relu", "two.relu", "skip")
    child, carried = morphism.rewrite(net), morphism.carry(net, weights)
    again, back = check_morphism(RemoveSkip("skip.concat", "one.relu"), child, carried)
    assert gap(net, weights, again, back) == 0


def test_skips_that_cannot_go() -> None:
    net = network()
    net.add("sum", Add(), "two.relu")
    net.rewire("vector", "sum")
    net.output = "head"
    for node, source, reason in (
        ("two.bn", "two.conv", "node 'two.bn': expected a sum or a concatenation, got BatchNorm2d"),
        ("sum", "one.relu", "node 'sum': it does not read 'one.relu'"),
        ("sum", "two.relu", "node 'sum': 'two.relu' is all that it reads"),
    ):
        with pytest.raises(NotApplicable, match=reason):
            RemoveSkip(node, source).rewrite(net)


def test_a_separable_convolution_is_smaller_and_near() -> None:
    net = network()
    weights = randomise(net, 8)
    child, carried = check_morphism(Separable("two.conv", "apart"), net, weights)
    assert child.parameter_count() < net.parameter_count()
    assert torch.equal(carried["apart.pointwise.bias"], weights["two.conv.bias"])
    near = gap(net, weights, child, carried)
    other = carried | {
        f"apart.{part}.weight": tensor
        for part in ("depthwise", "pointwise")
        for tensor in [torch.randn_like(carried[f"apart.{part}.weight"]) / 3]
    }
    assert 0 < near < gap(net, weights, child, other)


def test_filters_of_rank_one_become_separable_exactly() -> None:
    net = Architecture()
    net.add("conv", Conv2d(5, (3, 5), stride=2, dilation=2, padding=4), net.add("image", Input((3, 9, 9))))
    net.add("head", Linear(2), net.add("vector", GlobalAvgPool(), "conv"))
    weights = randomise(net, 9)
    generator = torch.Generator().manual_seed(0)
    depthwise = torch.randn(1, 3, 3, 5, generator=generator, dtype=torch.float64)
    pointwise = torch.randn(5, 3, 1, 1, generator=generator, dtype=torch.float64)
    weights["conv.weight"] = depthwise * pointwise
    child, carried = check_morphism(Separable("conv", "apart"), net, weights)
    assert gap(net, weights, child, carried) < 1e-12


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (Conv2d(4, 1), "node 'conv': 16 weights would become 20, which is no fewer"),
        (Conv2d(4, groups=2), "node 'conv': expected a dense convolution, got a depthwise or grouped one"),
        (Conv2d(kernel=3, depthwise=True), "node 'conv': expected a dense convolution"),
    ],
)
def test_convolutions_that_stay_dense(layer: Conv2d, reason: str) -> None:
    net = Architecture()
    net.add("conv", layer, net.add("image", Input((4, 5, 5))))
    with pytest.raises(NotApplicable, match=reason):
        Separable("conv", "apart").rewrite(net)


def test_none_claims_to_preserve() -> None:
    assert not any(kind.preserving for kind in (RemoveLayer, RemoveSkip, Separable))
