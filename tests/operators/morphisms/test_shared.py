"""Morphisms where a layer is called twice: both calls change, exactly, or a sentence says no."""

import random
import re
from functools import cache

import pytest
import torch
from evonas.operators import morphisms as box
from evonas.operators.morphisms import (
    AddSkip,
    ConcatSkip,
    Deepen,
    Dilate,
    EnlargeKernel,
    PruneChannels,
    RemoveLayer,
    RemoveSkip,
    ReplicateAdd,
    Separable,
    SplitConcat,
    Undilate,
    Widen,
    ZeroWiden,
)
from shared_models import SHARED, made

from evonas.architecture import Architecture
from evonas.architecture.layers import Add, Conv2d, GlobalAvgPool, Input, Linear, ReLU, Reuse
from evonas.errors import NotApplicable
from evonas.evolution.morphism import Morphism
from evonas.inheritance.child import affected
from evonas.testing.chains import Chain
from evonas.testing.morphisms import check_morphism, randomise
from evonas.testing.random_chains import draws_of, extend

KINDS = [getattr(box, name) for name in box.__all__]


@cache
def imported(name: str) -> Architecture:
    return Architecture.from_module(made(name), torch.rand(2, 3, 8, 8).double())[0]


def reuses(net: Architecture) -> list[str]:
    return [name for name in net if isinstance(net.layer(name), Reuse)]


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_what_is_drawn_keeps_the_contract(kind, name, seed):
    net = imported(name)
    try:
        morphism = kind.draw(net, random.Random(seed))
    except NotApplicable as reason:
        assert "\n" not in str(reason)
        return
    child, _ = check_morphism(morphism, net, randomise(net, seed))
    assert Architecture.from_dict(child.to_dict()) == child


@pytest.mark.parametrize("name", SHARED)
def test_chains_of_morphisms(name):
    chain = Chain(imported(name), seed=1)
    assert len(extend(chain, draws_of(KINDS), 6, random.Random(2)).applied) == 6


WIDER = {
    "a convolution twice": ("again", ["stem", "again", "again_2"]),
    "a block twice": ("block.n0", ["stem", "block.n0", "block.n0_2"]),
    "a linear layer twice": ("mix", ["stem", "mix", "mix_2"]),
    "a block in a loop": ("block.n0", ["stem", "block.n0", "block.n0_2", "block.n0_3"]),
    "two names": ("first", ["stem", "first"]),
    "depthwise filters twice": ("stem", ["stem", "filters", "filters_2"]),
    "two sizes": ("both", ["both", "both_2"]),
    "tied weights": ("first", ["stem", "first"]),
}


@pytest.mark.parametrize("name", WIDER)
@pytest.mark.parametrize("kind", [Widen, ZeroWiden])
def test_wider_in_all_calls(kind, name):
    node, together = WIDER[name]
    net = imported(name)
    width = net.shape(node)[0]
    child, _ = check_morphism(kind(node, width + 3, 5), net, randomise(net, 3))
    assert {child.shape(one)[0] for one in (*together, *net.reuses(node))} == {width + 3}
    for again in reuses(child):
        assert child.layer(again).layer == child.layer(child.owner(again))
    if net.reuses(node):  # to widen the second call is to widen both
        assert kind(net.reuses(node)[0], width + 3, 5).rewrite(net).shape(node)[0] == width + 3


def test_narrower_in_all_calls():
    net = imported("a block in a loop")
    weights = randomise(net, 0)
    child, _ = check_morphism(PruneChannels.by_norm(net, weights, "block.n0_3", 2), net, weights)
    assert [child.shape(name)[0] for name in ("stem", "block.n0", "block.n0_2", "block.n1_3")] == [2] * 4


def test_larger_filters_in_all_calls():
    net = imported("two sizes")
    child, _ = check_morphism(EnlargeKernel("both", 5), net, randomise(net, 0))
    assert child.layer("both_2") == Reuse("both", child.layer("both"))
    assert child.layer("both").kernel == (5, 5)
    net = net.copy()
    net.replace("both", Conv2d(6, 3, dilation=2, bias=True))
    child, _ = check_morphism(Undilate("both"), net, randomise(net, 0))
    assert child.layer("both_2").layer.kernel == (5, 5)
    net.replace("both", Conv2d(6, 1, bias=True))
    child, _ = check_morphism(Dilate("both", 2), net, randomise(net, 0))
    assert child.layer("both_2").layer.dilation == (2, 2)


def tied_to_the_ends() -> Architecture:
    net = Architecture()
    layer = Conv2d(3, bias=True)
    x = net.add("first", layer, net.add("image", Input((3, 8, 8))))
    x = net.add("second", Reuse("first", layer), net.add("relu", ReLU(), x))
    x = net.add("mix", Linear(3), net.add("pool", GlobalAvgPool(), x))
    net.add("last", Reuse("mix", Linear(3)), x)
    return net


def summed() -> Architecture:
    net = Architecture()
    layer = Conv2d(4, bias=True)
    stem = net.add("stem", Conv2d(4), net.add("image", Input((3, 8, 8))))
    x = net.add("sum", Add(), net.add("first", layer, stem), net.add("second", Reuse("first", layer), stem))
    net.add("head", Linear(5), net.add("pool", GlobalAvgPool(), x))
    return net


ALONE = "node 'first': it shares its tensors with 'second', and cannot be changed alone"

REFUSALS: dict[str, tuple[Morphism, str]] = {
    "wider": (Widen("first", 6, 0), "node 'first' (Conv2d): all its channels are tied to the image's"),
    "wider, by the last call": (
        Widen("last", 6, 0),
        "node 'last' (Reuse): all its channels are tied to the image's channels and to the logits",
    ),
    "larger filters": (
        EnlargeKernel("second", 5),
        "node 'second': it has no filters of its own, but computes with those of 'first'",
    ),
    "separable": (Separable("first", "new"), ALONE),
    "branches": (ReplicateAdd("first", 2, "new", 0), ALONE),
    "parts": (SplitConcat("first", 2, "new"), ALONE),
    "removed": (RemoveLayer("first"), ALONE),
    "what reads it": (
        ConcatSkip("image", "relu", "new"),
        "node 'second': it shares its tensors with 'first', and cannot be changed alone",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_done_is_said(case):
    morphism, message = REFUSALS[case]
    net = tied_to_the_ends()
    with pytest.raises(NotApplicable, match=re.escape(message)) as caught:
        morphism.rewrite(net)
    assert "\n" not in str(caught.value)
    with pytest.raises(NotApplicable, match=re.escape(message)):
        morphism.carry(net, randomise(net, 0))


def test_an_owner_is_not_cut_off():
    net = summed()
    with pytest.raises(
        NotApplicable, match=re.escape("'first' cannot be removed: 'second' stays, and computes")
    ):
        RemoveSkip("sum", "first").rewrite(net)
    child, _ = check_morphism(RemoveSkip("sum", "second"), net, randomise(net, 0))
    assert "second" not in child
    child, _ = check_morphism(RemoveLayer("second"), net, randomise(net, 0))
    assert child.inputs("sum") == ("first", "stem")


def test_branches_of_a_call_leave_the_other_alone():
    net = tied_to_the_ends()
    child, _ = check_morphism(ReplicateAdd("second", 3, "new", 1), net, randomise(net, 0))
    assert child.layer("new.branch1").kind == "Scale" and child.layer("second") == net.layer("second")
    child, _ = check_morphism(SplitConcat("second", 2, "new"), net, randomise(net, 0))
    assert child.layer("second") == net.layer("second")
    child, _ = check_morphism(AddSkip("first", "second", "new"), net, randomise(net, 0))
    assert child.layer("second") == net.layer("second")


def test_both_calls_train_after_a_morphism(moved):
    before, after = moved(Widen("block.n0", 6, 1), imported("a block in a loop"))
    assert not any("_2." in name or "_3." in name for name in after)
    assert not torch.equal(before["block.n0.weight"], after["block.n0.weight"])


def test_what_a_change_touches_is_the_owner_too():
    net = summed()
    child = RemoveLayer("second").rewrite(net)
    assert "first" not in affected(child, net)
    deeper = Deepen("stem", 3, "new", residual=True).rewrite(net)
    deeper.rewire("first", "stem")
    assert {"first", "second"} <= affected(deeper, net)
