"""Layers as several branches."""

import pytest
import torch
from evonas.operators.morphisms.deepen import Deepen
from evonas.operators.morphisms.paths import ReplicateAdd, SplitConcat

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    BatchNorm2d,
    Concat,
    Conv2d,
    GlobalAvgPool,
    Input,
    Layer,
    Linear,
    ReLU,
    Scale,
    TakeChannels,
)
from evonas.errors import NotApplicable, UserError
from evonas.testing.morphisms import check_morphism, randomise


def around(layer: Layer) -> Architecture:
    """The layer on a rectified image of 6 channels, before a normalisation and a classifier."""
    net = Architecture()
    net.add("stem", Conv2d(6), net.add("image", Input((2, 6, 6))))
    net.add("relu", ReLU(), "stem")
    net.add("layer", layer, "relu")
    net.add("bn", BatchNorm2d(), "layer")
    net.add("last", ReLU(), "bn")
    net.add("head", Linear(3), net.add("vector", GlobalAvgPool(), "last"))
    return net


CONVOLUTIONS = [
    Conv2d(5, 3),
    Conv2d(5, 1, bias=True, stride=2),
    Conv2d(9, 3, groups=3, bias=True),
    Conv2d(kernel=3, depthwise=True, bias=True),
]


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("copies", [2, 3])
@pytest.mark.parametrize("layer", [*CONVOLUTIONS, ReLU(), BatchNorm2d()], ids=repr)
def test_a_sum_of_branches(layer: Layer, copies: int, equal: bool) -> None:
    net = around(layer)
    child, _ = check_morphism(ReplicateAdd("layer", copies, "paths", 7, equal), net, randomise(net, 1))
    assert child.inputs("bn") == ("paths.add",)
    assert len(child.inputs("paths.add")) == copies


def test_a_convolution_stays_as_the_first_branch() -> None:
    net = around(Conv2d(5, 3))
    child, _ = check_morphism(ReplicateAdd("layer", 3, "paths", 7), net, randomise(net, 1))
    assert child.inputs("paths.add") == ("layer", "paths.branch2", "paths.branch3")


def test_an_identity_gets_learnt_factors() -> None:
    net = around(ReLU())
    child, carried = check_morphism(ReplicateAdd("layer", 2, "paths", 7), net, randomise(net, 1))
    assert child.layer("paths.branch1") == Scale(0.5)
    factors = [float(carried[f"paths.branch{n}.weight"]) for n in (1, 2)]
    assert factors[0] != factors[1] and sum(factors) == 1
    _, equal = check_morphism(ReplicateAdd("layer", 2, "paths", 7, equal=True), net, randomise(net, 1))
    assert [float(equal[f"paths.branch{n}.weight"]) for n in (1, 2)] == [0.5, 0.5]


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=repr)
def test_branches_separate_in_training(layer: Layer, moved) -> None:
    net = around(layer)
    before, after = moved(ReplicateAdd("layer", 3, "paths", 7), net, steps=1)
    names = ("layer", "paths.branch2", "paths.branch3")
    for tensors in (before, after):
        for first, second in ((0, 1), (0, 2), (1, 2)):
            one, other = (tensors[f"{names[n]}.weight"].flatten(1) for n in (first, second))
            assert (one != other).any(1).all()  # each filter by itself
    one, other = (after[f"{name}.weight"].flatten(1) for name in names[:2])
    likeness = torch.nn.functional.cosine_similarity(one, other)
    assert likeness.abs().max() < 1 - 1e-12  # nor is one a multiple of the other any longer


def test_equal_shares_never_separate(moved) -> None:
    net = around(Conv2d(5, 3))
    _, after = moved(ReplicateAdd("layer", 2, "paths", 7, equal=True), net, steps=5)
    assert torch.equal(after["layer.weight"], after["paths.branch2.weight"])


def test_shares_are_convex() -> None:
    net = around(ReLU())
    weights = randomise(net, 1)
    for seed in range(50):
        carried = ReplicateAdd("layer", 3, "paths", seed).carry(net, weights)
        factors = [float(carried[f"paths.branch{n}.weight"]) for n in (1, 2, 3)]
        assert len(set(factors)) == 3 and 0.1 < min(factors) and max(factors) < 0.7


def test_shares_follow_from_the_seed() -> None:
    net = around(Conv2d(5, 3))
    weights = randomise(net, 1)
    one, two = (ReplicateAdd("layer", 2, "paths", seed).carry(net, weights) for seed in (1, 2))
    assert not torch.equal(one["layer.weight"], two["layer.weight"])


def test_shares_sum_to_one_in_single_precision() -> None:
    net = around(Conv2d(5, 3))
    weights = {name: torch.ones_like(t, dtype=torch.float32) for name, t in randomise(net, 1).items()}
    carried = ReplicateAdd("layer", 3, "paths", 7).carry(net, weights)
    branches = [carried[f"{name}.weight"] for name in ("layer", "paths.branch2", "paths.branch3")]
    assert torch.allclose(sum(branches), weights["layer.weight"], rtol=0, atol=2e-7)
    assert branches[0].dtype == torch.float32


@pytest.mark.parametrize("copies", [2, 3])
@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=repr)
def test_filters_are_split(layer: Conv2d, copies: int) -> None:
    net = around(layer)
    child, carried = check_morphism(SplitConcat("layer", copies, "paths"), net, randomise(net, 2))
    assert "layer" not in child and "layer.weight" not in carried
    assert child.inputs("bn") == ("paths.concat",)
    takes = [name for name in child if isinstance(child.layer(name), TakeChannels)]
    assert len(takes) == (copies if layer.depthwise or layer.groups > 1 else 0)


def test_the_first_branches_get_one_filter_more() -> None:
    child = SplitConcat("layer", 3, "paths").rewrite(around(Conv2d(5, 3)))
    assert [child.shape(f"paths.branch{n}")[0] for n in (1, 2, 3)] == [2, 2, 1]


@pytest.mark.parametrize("copies", [2, 4])
def test_an_identity_is_split(copies: int) -> None:
    net = around(ReLU())
    child, _ = check_morphism(SplitConcat("layer", copies, "paths"), net, randomise(net, 3))
    assert isinstance(child.layer("paths.concat"), Concat)
    assert [child.layer(f"paths.take{n}").start for n in (1, 2)] == ([0, 3] if copies == 2 else [0, 2])


def test_split_branches_move(moved) -> None:
    before, after = moved(SplitConcat("layer", 2, "paths"), around(Conv2d(5, 3)), steps=1)
    assert all(not torch.equal(before[name], after[name]) for name in before if name.startswith("paths."))


def test_branches_can_be_deepened_apart() -> None:
    net = around(Conv2d(kernel=3, depthwise=True))
    weights = randomise(net, 4)
    net, weights = check_morphism(SplitConcat("last", 2, "split"), net, weights)
    net, weights = check_morphism(Deepen("split.take2", 3, "more"), net, weights)
    net, weights = check_morphism(ReplicateAdd("more.conv", 2, "twice", 1), net, weights)
    check_morphism(ReplicateAdd("more.relu", 3, "again", 1), net, weights)


@pytest.mark.parametrize("kind", [ReplicateAdd, SplitConcat])
def test_where_it_does_not_apply(kind: type[ReplicateAdd] | type[SplitConcat]) -> None:
    net = around(ReLU())
    more = (1,) if kind is ReplicateAdd else ()
    with pytest.raises(NotApplicable, match=r"node 'head': expected an image.*, got \(3,\)"):
        kind("head", 2, "paths", *more).rewrite(net)
    with pytest.raises(NotApplicable, match="node 'gone': not in this architecture"):
        kind("gone", 2, "paths", *more).rewrite(net)
    with pytest.raises(UserError, match=f"{kind.__name__} copies: expected at least 2, got 1"):
        kind("layer", 1, "paths", *more)


def test_too_few_channels_or_groups() -> None:
    with pytest.raises(NotApplicable, match=r"node 'layer': expected an image of at least 6 channels"):
        SplitConcat("layer", 6, "paths").rewrite(around(Conv2d(5)))
    with pytest.raises(NotApplicable, match="node 'layer': its 2 groups do not suffice for 3 branches"):
        SplitConcat("layer", 3, "paths").rewrite(around(Conv2d(6, groups=2)))
