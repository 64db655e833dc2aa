"""Morphisms through layers that take statistics, have slopes, pad, crop, resize and enlarge."""

import random
import re

import pytest
from evonas.operators.morphisms import (
    AddSkip,
    ConcatSkip,
    Deepen,
    PruneChannels,
    RemoveLayer,
    ReplicateAdd,
    SplitConcat,
    Widen,
    ZeroWiden,
)

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    BatchNorm1d,
    BatchNorm2d,
    Concat,
    ConstantPad,
    Conv2d,
    ConvTranspose2d,
    Dropout2d,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    Input,
    LayerNorm,
    LayerNorm2d,
    Linear,
    Pad,
    PadChannels,
    PReLU,
    ReLU,
    Resize,
)
from evonas.errors import NotApplicable
from evonas.testing.chains import Chain
from evonas.testing.morphisms import check_morphism, randomise
from evonas.testing.random_chains import draws_of, extend

MIXING = {"groups": GroupNorm(2), "one group": GroupNorm(1), "each": GroupNorm(6), "pixels": LayerNorm2d()}
OTHERS = {
    "slope": PReLU(),
    "slopes": PReLU(shared=False),
    "dropped": Dropout2d(0.5),
    "bilinear": Resize(9, "bilinear"),
    "corners": Resize((5, 9), "bilinear", corners=True),
    "frame": Pad((0, 1, -1, 2)),
    "number": ConstantPad((1, 0, 0, 1), 0.5),
    "zeros": PadChannels(2, before=1),
    "transposed": ConvTranspose2d(5, 3, 2, padding=1),
    "in groups": ConvTranspose2d(6, 2, 2, groups=3),
}


def network(layer) -> Architecture:
    """A convolution, the layer, and a block that reads it, summed with what has gone around."""
    net = Architecture()
    x = net.add("conv", Conv2d(6, bias=True), net.add("image", Input((3, 6, 6))))
    x = net.add("layer", layer, x)
    y = net.add("relu", ReLU(), net.add("bn", BatchNorm2d(), net.add("next", Conv2d(6), x)))
    y = net.add("sum", Add(), y, net.add("side", Conv2d(6, 1), x))
    net.add("head", Linear(4), net.add("pool", GlobalAvgPool(), y))
    return net


@pytest.mark.parametrize("name", [*MIXING, *OTHERS])
def test_wider_by_copies(name):
    layer = {**MIXING, **OTHERS}[name]
    net = network(layer)
    weights = randomise(net, 0)
    if name == "in groups":
        with pytest.raises(
            NotApplicable, match="a ConvTranspose2d, which does not say how its width follows"
        ):
            Widen("conv", 9, 1).rewrite(net)
        check_morphism(Widen("next", 9, 1), net, weights)
        return
    for node in ("conv", "next", *(("layer",) if name == "transposed" else ())):
        child, _ = check_morphism(Widen(node, 9, 1), net, weights)
        assert child.shape(node)[0] == (12 if name in MIXING and node == "conv" else 9)


@pytest.mark.parametrize("name", MIXING)
def test_fresh_channels_would_change_statistics(name):
    net = network(MIXING[name])
    kind = MIXING[name].kind
    message = f"tied to the statistics of a {kind}, which channels of their own would change"
    with pytest.raises(NotApplicable, match=re.escape(message)):
        ZeroWiden("conv", 9, 1).rewrite(net)
    for seed in range(5):
        assert ZeroWiden.draw(net, random.Random(seed)).node != "conv"
    with pytest.raises(NotApplicable, match=f"{kind} takes statistics over its channels"):
        ConcatSkip("image", "conv", "skip").check(net)
    with pytest.raises(NotApplicable, match="too many are tied"):
        PruneChannels("conv", 3).rewrite(net)


@pytest.mark.parametrize("name", [name for name in OTHERS if name != "in groups"])
def test_wider_by_fresh_channels_and_narrower(name):
    net = network(OTHERS[name])
    weights = randomise(net, 0)
    child, _ = check_morphism(ZeroWiden("conv", 9, 1), net, weights)
    assert child.shape("conv")[0] == 9
    for node in ("conv", "layer") if name == "transposed" else ("conv",):
        smaller, _ = check_morphism(PruneChannels(node, 4, 1), net, weights)
        assert smaller.shape(node)[0] == 4
        check_morphism(PruneChannels.by_norm(net, weights, node, 3), net, weights)


def test_channels_that_are_joined_into_what_a_transposed_convolution_reads():
    net = network(ConvTranspose2d(5, 3, 2, padding=1))
    check_morphism(ConcatSkip("image", "conv", "skip"), net, randomise(net, 0))


@pytest.mark.parametrize("name", [*MIXING, *OTHERS])
def test_deeper_and_around(name):
    layer = {**MIXING, **OTHERS}[name]
    net = network(layer)
    weights = randomise(net, 1)
    check_morphism(Deepen("layer", 3, "deeper", residual=True), net, weights)
    check_morphism(ReplicateAdd("layer", 2, "paths", 3), net, weights)
    check_morphism(SplitConcat("layer", 2, "parts"), net, weights)
    check_morphism(AddSkip("next", "sum", "skip"), net, weights)


@pytest.mark.parametrize("norm", [LayerNorm(), BatchNorm1d(), PReLU(shared=False)], ids=repr)
def test_vectors(norm):
    net = Architecture()
    x = net.add("conv", Conv2d(4), net.add("image", Input((3, 4, 4))))
    x = net.add(
        "norm", norm, net.add("hidden", Linear(6), net.add("first", norm, net.add("flat", Flatten(), x)))
    )
    net.add("head", Linear(4), net.add("relu", ReLU(), x))
    weights = randomise(net, 0)
    for node in ("conv", "hidden"):
        check_morphism(Widen(node, 9, 1), net, weights)
        if norm.mixes:
            with pytest.raises(NotApplicable, match="the statistics of a LayerNorm"):
                ZeroWiden(node, 9, 1).rewrite(net)
        else:
            check_morphism(ZeroWiden(node, 9, 1), net, weights)


def test_groups_across_what_is_joined():
    net = Architecture()
    image = net.add("image", Input((3, 6, 6)))
    x = net.add("join", Concat(), net.add("a", Conv2d(4), image), net.add("b", Conv2d(2), image))
    y = net.add("own", Conv2d(3), image)
    x = net.add("all", Concat(), net.add("norm", GroupNorm(3), x), y)
    net.add("head", Linear(4), net.add("pool", GlobalAvgPool(), net.add("last", Conv2d(4), x)))
    child, _ = check_morphism(Widen("a", 5, 1), net, randomise(net, 0))
    assert [child.shape(name)[0] for name in ("a", "b", "own")] == [8, 4, 3]
    child, _ = check_morphism(ZeroWiden("own", 5, 1), net, randomise(net, 0))


def test_a_layer_goes_with_its_group():
    net = Architecture()
    x = net.add("conv", Conv2d(3), net.add("image", Input((3, 6, 6))))
    x = net.add("slope", PReLU(), net.add("norm", GroupNorm(3), x))
    net.add("head", Linear(4), net.add("pool", GlobalAvgPool(), x))
    child, _ = check_morphism(RemoveLayer("conv"), net, randomise(net, 0))
    assert list(child) == ["image", "pool", "head"]


@pytest.mark.parametrize("name", [*MIXING, *OTHERS])
def test_chains(name):
    chain = Chain(network({**MIXING, **OTHERS}[name]), seed=2)
    assert chain.lively
    kinds = (AddSkip, ConcatSkip, Deepen, ReplicateAdd, SplitConcat, Widen, ZeroWiden)
    tally = extend(chain, draws_of(kinds), 8, random.Random(3))
    assert len(tally.applied) == 8
