"""Widening by fresh units: they start unheard, as they are initialised, and learn."""

import random
import re
from collections.abc import Callable

import pytest
import torch
from evonas.operators.morphisms import ZeroWiden

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Add, BatchNorm2d, Conv2d, GlobalAvgPool, Input, Linear, ReLU
from evonas.errors import NotApplicable, UserError
from evonas.evolution.morphism import Morphism
from evonas.testing.morphisms import check_morphism, randomise

WIDTH, WIDER = 40, 100


@pytest.fixture
def net() -> Architecture:
    """Normalisation and a depthwise convolution behind a convolution that is added to another."""
    net = Architecture()
    net.add("conv", Conv2d(WIDTH, bias=True), net.add("image", Input((3, 6, 6))))
    net.add("other", Conv2d(WIDTH, 1), net.add("relu", ReLU(), net.add("bn", BatchNorm2d(), "conv")))
    net.add("depthwise", Conv2d(depthwise=True), net.add("sum", Add(), "relu", "other"))
    net.add("next", Conv2d(8, 1), "depthwise")
    net.add("logits", Linear(4), net.add("mean", GlobalAvgPool(), net.add("last", ReLU(), "next")))
    return net


def test_new_units_are_initialised_and_not_heard(net: Architecture) -> None:
    weights = randomise(net, 0)
    morphism = ZeroWiden("conv", WIDER, 4)
    child, carried = check_morphism(morphism, net, weights)
    assert child.shape("other") == child.shape("sum") == (WIDER, 6, 6)
    old = weights["conv.bias"]
    new = ~torch.isin(carried["conv.bias"], old)
    assert int(new.sum()) == WIDER - WIDTH
    for name in ("conv.weight", "conv.bias", "bn.running_var", "depthwise.weight"):
        assert torch.equal(carried[name][~new], weights[name])
    assert torch.equal(carried["other.weight"][~new][:, ~new], weights["other.weight"])
    assert not carried["other.weight"][~new][:, new].any()
    assert torch.equal(carried["next.weight"][:, ~new], weights["next.weight"])
    assert not carried["next.weight"][:, new].any()
    # He et al. 2015: standard deviation sqrt(2 / fan-out).
    assert carried["conv.weight"][new].std().item() == pytest.approx((2 / (9 * WIDER)) ** 0.5, rel=0.1)
    assert carried["other.weight"][new][:, ~new].std().item() == pytest.approx((2 / WIDER) ** 0.5, rel=0.1)
    assert not carried["conv.bias"][new].any()
    for name, value in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
        assert (carried[f"bn.{name}"][new] == value).all()
    assert carried["depthwise.weight"][new].std() > 0.02
    assert carried["next.weight"].dtype == torch.float64


def test_the_seed_draws_the_new_filters(net: Architecture) -> None:
    weights = randomise(net, 0)
    first, again, other = (ZeroWiden("conv", 50, seed).carry(net, weights) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv.weight"], other["conv.weight"])


def test_new_units_learn_by_the_second_step(
    net: Architecture, moved: Callable[..., tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]]
) -> None:
    before, after = moved(ZeroWiden("conv", WIDER, 4), net)
    new = before["next.weight"].flatten(1).abs().sum(0) == 0
    assert int(new.sum()) == WIDER - WIDTH
    assert (after["next.weight"][:, new].abs().sum((0, 2, 3)) > 0).all()
    changed = (after["conv.weight"] - before["conv.weight"])[new].flatten(1).abs().max(1).values
    assert (changed > 0).float().mean() > 0.9  # a unit may be dead on all images


def test_where_it_does_not_apply(net: Architecture) -> None:
    with pytest.raises(NotApplicable, match=r"'logits' \(Linear\): all its channels are tied to the logits"):
        ZeroWiden("logits", 9, 0).rewrite(net)
    with pytest.raises(NotApplicable, match=r"'depthwise' \(Conv2d\): has no width of its own to choose"):
        ZeroWiden("depthwise", 99, 0).carry(net, randomise(net, 0))
    message = "ZeroWiden width: expected a whole number of at least 1, got 'wide'"
    with pytest.raises(UserError, match=re.escape(message)):
        Morphism.from_dict({"kind": "ZeroWiden", "node": "conv", "width": "wide", "seed": 0})


def test_draws(net: Architecture) -> None:
    rng = random.Random(0)
    drawn = [ZeroWiden.draw(net, rng) for _ in range(60)]
    assert {one.node for one in drawn} == {"conv", "other", "next"}
    assert {one.width / net.shape(one.node)[0] for one in drawn} == {2, 4}


def test_it_describes_itself() -> None:
    words = "widen conv to 9 by fresh units with outgoing weights of zero"
    assert ZeroWiden("conv", 9, 0).describe() == words
