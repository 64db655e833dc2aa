"""The contract test of morphisms finds what it is there to find."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from evonas.operators.morphisms import PruneChannels, Widen

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    BatchNorm2d,
    Conv2d,
    GlobalAvgPool,
    Input,
    LeakyReLU,
    Linear,
    ReLU,
    Scale,
)
from evonas.evolution.morphism import Morphism
from evonas.network.network import build
from evonas.testing.morphisms import check_morphism, images_for, randomise, relative_gap, spread

DOUBLE = torch.float64


@pytest.fixture
def net() -> Architecture:
    net = Architecture()
    net.add("conv", Conv2d(4, bias=True), net.add("image", Input((2, 6, 6))))
    net.add("scale", Scale(), net.add("bn", BatchNorm2d(), "conv"))
    net.add("next", Conv2d(4), net.add("relu", ReLU(), "scale"))
    net.add("logits", Linear(3), net.add("mean", GlobalAvgPool(), "next"))
    return net


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Broken kinds are gone after each test."""
    monkeypatch.setattr(Morphism, "kinds", dict(Morphism.kinds))
    yield


CALLS = itertools.count()


def broken(how: str) -> type[Morphism]:
    """A widening that breaks one promise."""

    @dataclass(frozen=True)
    class Broken(Widen):
        def rewrite(self, architecture):
            if how == "changes the architecture":
                architecture.replace("relu", LeakyReLU())
            child = super().rewrite(architecture)
            if how == "invalid child":
                child.replace("bn", Linear(3))
            if how == "another child each time":
                child.replace("relu", LeakyReLU(next(CALLS) / 100))
            return child

        def carry(self, architecture, weights):
            carried = super().carry(architecture, weights)
            if how == "changes the weights":
                weights["next.weight"][0, 0, 0, 0] += 1
            elif how == "forgets a tensor":
                del carried["bn.running_var"]
            elif how == "forgets to widen":
                carried["bn.running_var"] = weights["bn.running_var"]
            elif how == "does not divide":
                carried["next.weight"] = carried["next.weight"].clone().mul_(1.001)
            elif how == "shares memory":
                carried["bn.running_var"] = carried["bn.weight"].view(-1)
            elif how == "shares the parent's memory":
                carried["next.weight"] = weights["next.weight"].repeat(1, 2, 1, 1)
                carried["logits.weight"] = weights["logits.weight"].view(3, 4)
            elif how == "another precision":
                carried["next.weight"] = carried["next.weight"].float()
            elif how == "other weights each time":
                carried["next.weight"] = carried["next.weight"] + next(CALLS) * 1e-14
            return carried

    return Broken


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("changes the architecture", "changed the parent's architecture"),
        ("changes the weights", "changed the parent's weights"),
        ("invalid child", "Linear expected"),
        ("another child each time", "another child the second time"),
        ("forgets a tensor", "tensor 'bn.running_var' expected (8,), got none"),
        ("forgets to widen", "tensor 'bn.running_var' expected (8,), got (4,)"),
        ("does not divide", "of their spread over inputs"),
        ("shares memory", "'bn.weight' shares memory with bn.running_var"),
        ("shares the parent's memory", "'logits.weight' shares memory with the parent's logits.weight"),
        ("another precision", "tensor 'next.weight' became torch.float32"),
        ("other weights each time", "other weights the second time"),
    ],
)
def test_broken_promises_are_found(net: Architecture, how: str, message: str) -> None:
    kind = broken(how)
    with pytest.raises((AssertionError, ValueError)) as found:
        check_morphism(kind("conv", 8, 0), net, randomise(net, 0))
    if how == "shares memory":  # which of the two is named depends on their order
        assert "shares memory with bn." in str(found.value)
    else:
        assert message in str(found.value)


def test_what_holds_passes_and_the_child_is_returned(net: Architecture) -> None:
    child, carried = check_morphism(Widen("conv", 8, 0), net, randomise(net, 0))
    assert child.shape("conv") == (8, 6, 6)
    assert carried.keys() == (child.parameters() | child.buffers()).keys()
    check_morphism(PruneChannels("conv", 2, 0), net, randomise(net, 0))  # claims less


def test_a_claim_is_held_to(net: Architecture) -> None:
    @dataclass(frozen=True)
    class Bold(PruneChannels):
        preserving = True

    with pytest.raises(AssertionError, match=r"Bold.*outputs differ by \d.* of their spread over inputs"):
        check_morphism(Bold("conv", 3, 0), net, randomise(net, 0))


def test_nothing_is_left_at_a_default(net: Architecture) -> None:
    weights = randomise(net, 3)
    assert weights.keys() == (net.parameters() | net.buffers()).keys()
    for name, tensor in weights.items():
        assert tensor.dtype == DOUBLE
        assert len(set(tensor.flatten().tolist())) == tensor.numel(), name
        assert not torch.isin(tensor, torch.tensor([0.0, 1.0], dtype=DOUBLE)).any(), name
    assert weights["bn.running_var"].min() > 0
    again, other = randomise(net, 3), randomise(net, 4)
    assert all(torch.equal(again[name], weights[name]) for name in weights)
    assert not any(torch.equal(other[name], weights[name]) for name in weights)
    assert randomise(net, 3, torch.float32)["bn.weight"].dtype == torch.float32


def test_the_gap_is_relative_to_the_spread_over_inputs(net: Architecture) -> None:
    weights = randomise(net, 0)
    images = images_for(net)
    parent = build(net, weights=weights, dtype=DOUBLE)
    whole = spread(parent, images)
    assert 0 < whole
    assert relative_gap(parent, parent, images) == 0
    moved = weights | {
        "logits.bias": weights["logits.bias"] + torch.tensor([0, 0.25 * whole, 0], dtype=DOUBLE)
    }
    child = build(net, weights=moved, dtype=DOUBLE)
    assert relative_gap(parent, child, images) == pytest.approx(0.25)
    # A large constant in the outputs makes no difference look small.
    far = {"logits.bias": weights["logits.bias"] + 1e4}
    parent = build(net, weights=weights | far, dtype=DOUBLE)
    child = build(net, weights=moved | {"logits.bias": moved["logits.bias"] + 1e4}, dtype=DOUBLE)
    assert relative_gap(parent, child, images) == pytest.approx(0.25)
    dead = build(net, weights=weights | {"logits.weight": torch.zeros(3, 4)}, dtype=DOUBLE)
    assert relative_gap(dead, child, images) == float("inf")


def test_float64_weights_are_built_as_they_are(net: Architecture) -> None:
    weights = randomise(net, 0)
    network = build(net, weights=weights, dtype=DOUBLE)
    state = network.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in weights.items())
    assert build(net, weights=weights).state_dict()["conv.weight"].dtype == torch.float32


def test_evaluation_mode_is_compared_whatever_the_networks_are_in(net: Architecture) -> None:
    parent = build(net, weights=randomise(net, 0), dtype=DOUBLE).train()
    before = parent.get_buffer("bn.running_mean").clone()
    assert relative_gap(parent, parent, images_for(net)) == 0
    assert torch.equal(parent.get_buffer("bn.running_mean"), before)


def test_draws_do_not_touch_the_global_generators(net: Architecture) -> None:
    states = random.getstate(), torch.get_rng_state()
    weights = randomise(net, 0)
    check_morphism(Widen.draw(net, random.Random(0)), net, weights)
    assert random.getstate() == states[0]
    assert torch.equal(torch.get_rng_state(), states[1])
