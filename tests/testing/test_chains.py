"""Chains of morphisms: what they notice, what they count, and how they are played again."""

import dataclasses
import json
import random
import re
from typing import Self

import pytest
import torch

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Conv2d, GlobalAvgPool, Input, Linear, ReLU, Scale
from evonas.errors import NotApplicable
from evonas.evolution.morphism import Morphism
from evonas.task import Task
from evonas.testing.chains import Chain, ChainError, repeat
from evonas.testing.random_chains import Limits, draws_of, extend
from evonas.testing.random_networks import random_architecture


@dataclasses.dataclass(frozen=True)
class Lengthen(Morphism):
    """A factor of 1 behind a node; with faults to plant."""

    node: str
    name: str
    fault: str = ""

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        return cls(rng.choice(sorted(set(architecture) - {architecture.output})), f"new{rng.getrandbits(32)}")

    def rewrite(self, architecture: Architecture) -> Architecture:
        if self.node not in architecture:
            raise NotApplicable(f"node {self.node!r}: not in this architecture")
        child = architecture if self.fault == "architecture" else architecture.copy()
        readers, output = child.readers(self.node), child.output
        child.add(self.name, Scale(), self.node)
        for reader in readers:
            child.rewire(reader, *(self.name if one == self.node else one for one in child.inputs(reader)))
        child.output = output
        if self.fault == "logits":
            child.replace("logits", Linear(7))
        return architecture.copy() if self.fault == "nothing" else child

    def carry(self, architecture, weights):
        if self.fault == "error":
            raise RuntimeError("no way")
        if self.fault == "refusal":
            raise NotApplicable("not after all")
        if self.fault == "weights":
            weights["conv.weight"].add_(1)
        if self.fault == "nothing":
            return dict(weights)
        like = weights["conv.weight"]
        factor = {"nan": float("nan"), "little": 1 + 1e-8}.get(self.fault, 1.0)
        dtype = torch.float16 if self.fault == "type" else like.dtype
        new = {f"{self.name}.weight": torch.full((1,), factor, dtype=dtype)}
        return {**weights, **({} if self.fault == "missing" else new)}

    def describe(self) -> str:
        return "one node more"


@pytest.fixture
def net() -> Architecture:
    net = Architecture()
    net.add("conv", Conv2d(4, bias=True), net.add("image", Input((3, 6, 6))))
    net.add("mean", GlobalAvgPool(), net.add("relu", ReLU(), "conv"))
    net.add("logits", Linear(4), "mean")
    return net


def test_a_sound_one_passes_in_both_types_and_is_played_again(net: Architecture) -> None:
    chain, before = Chain(net, seed=1), net.copy()
    assert chain.lively
    assert set(chain.apply(Lengthen("relu", "more"))) == {torch.float64, torch.float32}
    assert chain.weights[torch.float32]["more.weight"].dtype == torch.float32
    assert net == before != chain.architecture
    again = repeat(json.loads(json.dumps(chain.to_dict())))
    assert again.architecture == chain.architecture
    assert again.gaps() == chain.gaps() == dict.fromkeys(chain.weights, 0.0)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("architecture", "changed the parent's architecture"),
        ("weights", "changed the parent's weights"),
        ("logits", "the output's shape became (7,)"),
        ("nothing", "changed nothing"),
        ("missing", "its tensors are not those that the child needs"),
        ("type", "a tensor is no torch.float64 any more"),
        ("error", "RuntimeError: no way"),
        ("refusal", "NotApplicable: not after all"),
        ("nan", "outputs in torch.float64 differ by nan of their spread"),
        ("little", "outputs in torch.float64 differ by "),
    ],
)
def test_a_fault_is_noticed_and_can_be_played_again(net: Architecture, fault: str, message: str) -> None:
    chain = Chain(net, seed=1)
    chain.apply(Lengthen("conv", "before"))
    with pytest.raises(ChainError, match=re.escape(message)) as caught:
        chain.apply(Lengthen("relu", "more", fault))
    data = json.loads(str(caught.value).splitlines()[-1])
    assert data == caught.value.chain
    assert [one["name"] for one in data["morphisms"]] == ["before", "more"]
    with pytest.raises(ChainError, match=re.escape(message)):
        repeat(data)


def test_small_errors_that_add_up_are_noticed(net: Architecture) -> None:
    """Each step may differ a little, the whole chain no more than one step."""
    chain = Chain(net, 1, [torch.float32])
    with pytest.raises(ChainError, match="the whole chain: outputs in torch.float32 differ"):
        for number in range(1000):
            if number:
                chain.weights[torch.float32][f"new{number - 1}.weight"].mul_(1.0001)
                chain._now = chain._outputs()
            chain.apply(Lengthen("relu", f"new{number}"))


def test_what_does_not_apply_leaves_the_chain_as_it_was(net: Architecture) -> None:
    chain = Chain(net, 1)
    with pytest.raises(NotApplicable):
        chain.apply(Lengthen("nowhere", "more"))
    assert chain.morphisms == []


def test_a_network_that_is_nearly_constant_says_so() -> None:
    net = Architecture()
    net.add("conv", Conv2d(4, 1, padding=1, stride=9), net.add("image", Input((3, 6, 6))))
    net.add("logits", Linear(4), net.add("mean", GlobalAvgPool(), "conv"))
    assert not Chain(net, 1).lively  # it reads nothing but padding
    net.replace("conv", Conv2d(4, 1))
    assert Chain(net, 1).lively


def test_limits_and_tally(net: Architecture) -> None:
    chain = Chain(net, 1)
    tally = extend(chain, draws_of([Lengthen]), 50, random.Random(0), Limits(nodes=9), patience=7)
    assert len(chain.architecture) == 9
    assert [name for name, _ in tally.applied] == ["Lengthen"] * 4
    assert tally.oversized == {"Lengthen": 7}
    assert not tally.refused
    assert not Limits(parameters=10).allow(net)
    assert not Limits(channels=3).allow(net)


def test_what_is_drawn_has_to_apply(net: Architecture) -> None:
    with pytest.raises(ChainError, match="was drawn and does not apply: node 'nowhere'"):
        extend(Chain(net, 1), {"lost": lambda *_: Lengthen("nowhere", "more")}, 1, random.Random(0))
    with pytest.raises(ChainError, match="drawing bad: ZeroDivisionError"):
        extend(Chain(net, 1), {"bad": lambda *_: 1 // 0}, 1, random.Random(0))


def test_random_networks_are_valid_and_of_many_kinds() -> None:
    kinds: set[str] = set()
    keys = set()
    for seed in range(60):
        net = random_architecture(random.Random(seed), Task(3, 8, 8, 4))
        net.validate()
        assert net == random_architecture(random.Random(seed), Task(3, 8, 8, 4))
        assert net.shape(net.output) == (4,)
        keys.add(net.key())
        for node in net:
            layer = net.layer(node)
            kinds.add(layer.kind)
            if isinstance(layer, Conv2d):
                kinds |= {word for word in ("depthwise",) if layer.depthwise}
                kinds |= {word for word in ("grouped",) if layer.groups > 1}
                kinds |= {word for word in ("dilated",) if layer.dilation != (1, 1)}
            if len(set(net.inputs(node))) < len(net.inputs(node)):
                kinds.add("repeated input")
    assert len(keys) == 60
    assert kinds >= {
        *("depthwise", "grouped", "dilated", "repeated input", "Add", "Concat", "Flatten", "GlobalAvgPool"),
        *("MaxPool2d", "AvgPool2d", "Multiply", "TakeChannels", "PadChannels", "Resize", "BatchNorm2d"),
    }
