"""Pruning: which channels go, which stay whatever is asked, and that what stays is unchanged."""

import random
import re

import pytest
import torch
from evonas.operators.morphisms import PruneChannels, Widen

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    GlobalAvgPool,
    Input,
    Linear,
    PadChannels,
    ReLU,
    TakeChannels,
)
from evonas.errors import NotApplicable, UserError
from evonas.evolution.morphism import Morphism, apply
from evonas.network.network import build
from evonas.testing.morphisms import check_morphism, images_for, randomise, relative_gap


def with_head(net: Architecture, last: str) -> Architecture:
    net.add("logits", Linear(4), net.add("mean", GlobalAvgPool(), last))
    return net


@pytest.fixture
def net() -> Architecture:
    net = Architecture()
    net.add("conv", Conv2d(8), net.add("image", Input((3, 6, 6))))
    net.add("relu", ReLU(), net.add("bn", BatchNorm2d(), "conv"))
    net.add("depthwise", Conv2d(depthwise=True), "relu")
    net.add("other", Conv2d(8, 1), "depthwise")
    return with_head(net, net.add("sum", Add(), "relu", "other"))


@pytest.mark.parametrize("keep", [1, 3, 7])
def test_whole_classes_go_and_the_rest_stays(net: Architecture, keep: int) -> None:
    weights = randomise(net, 0)
    child, carried = check_morphism(PruneChannels("other", keep, 2), net, weights)
    assert {child.shape(name)[0] for name in child if name not in ("image", "logits")} == {keep}
    stays = torch.isin(weights["bn.weight"], carried["bn.weight"])
    assert torch.equal(carried["conv.weight"], weights["conv.weight"][stays])
    assert torch.equal(carried["other.weight"], weights["other.weight"][stays][:, stays])
    assert torch.equal(carried["logits.weight"], weights["logits.weight"][:, stays])
    assert carried["logits.bias"] is weights["logits.bias"]


def test_the_seed_draws_what_goes(net: Architecture) -> None:
    weights = randomise(net, 0)
    found = {
        tuple(PruneChannels("conv", 4, seed).carry(net, weights)["bn.weight"].tolist()) for seed in range(30)
    }
    assert len(found) > 15
    assert {number for one in found for number in one} == set(weights["bn.weight"].tolist())


def test_the_smallest_filters_go_by_norm(net: Architecture) -> None:
    weights = randomise(net, 0)
    norms = weights["conv.weight"].abs().sum((1, 2, 3))
    morphism = PruneChannels.by_norm(net, weights, "conv", 5)
    assert set(morphism.removed) == set(norms.argsort()[:3].tolist())
    assert morphism.keep == 5
    _, carried = check_morphism(morphism, net, weights)
    rest = [n for n in range(8) if n not in morphism.removed]
    assert torch.equal(carried["conv.weight"], weights["conv.weight"][rest])


def test_a_silent_unit_can_go_exactly(net: Architecture) -> None:
    weights = randomise(net, 0)
    for name in ("conv.weight", "other.weight"):
        weights[name][2] = 0
    for name in ("bn.bias", "bn.running_mean"):
        weights[name][2] = 0
    morphism = PruneChannels.by_norm(net, weights, "conv", 7)
    assert morphism.removed == (2,)
    child, carried = apply([morphism], net, weights)
    networks = [build(one, weights=w, dtype=torch.float64) for one, w in ((net, weights), (child, carried))]
    assert relative_gap(*networks, images_for(net)) < 1e-12
    other, carried = apply([PruneChannels("conv", 7, removed=(3,))], net, weights)
    networks[1] = build(other, weights=carried, dtype=torch.float64)
    assert relative_gap(*networks, images_for(net)) > 1e-3


def test_groups_lose_one_position_each() -> None:
    net = Architecture()
    net.add("conv", Conv2d(8), net.add("image", Input((3, 6, 6))))
    net = with_head(net, net.add("grouped", Conv2d(4, groups=4), "conv"))
    child, _ = check_morphism(PruneChannels("conv", 3, 0), net, randomise(net, 0))
    assert child.shape("conv")[0] == 4
    with pytest.raises(NotApplicable, match="node 'grouped': 2 channels cannot be reached, since"):
        PruneChannels("grouped", 2, 0).rewrite(net)


def test_no_slice_and_no_padding_is_left_with_nothing() -> None:
    net = Architecture()
    net.add("conv", Conv2d(6), net.add("image", Input((3, 6, 6))))
    net.add("slice", TakeChannels(2, start=4), "conv")
    net.add("other", Conv2d(4), "slice")
    net.add("padded", PadChannels(2), "other")
    net = with_head(net, net.add("sum", Add(), "padded", "conv"))
    for seed in range(20):
        child, _ = check_morphism(PruneChannels("conv", 2, seed), net, randomise(net, 0))
        assert child.shape("conv")[0] == 2
        assert child.layer("slice") == TakeChannels(1, start=1)
        assert child.layer("padded") == PadChannels(1)


def test_what_is_tied_to_the_image_stays() -> None:
    net = Architecture()
    net.add("conv", Conv2d(6), net.add("image", Input((2, 6, 6))))
    net.add("sum", Add(), "conv", net.add("joined", Concat(), "image", net.add("four", Conv2d(4), "image")))
    net = with_head(net, "sum")
    child, _ = check_morphism(PruneChannels("conv", 1, 0), net, randomise(net, 0))
    assert child.shape("conv")[0] == 3  # the image's two, and one of the other convolution
    with pytest.raises(
        NotApplicable, match="node 'conv': channels to remove are tied to the image's channels"
    ):
        PruneChannels("conv", 4, removed=(0, 3)).rewrite(net)


@pytest.mark.parametrize(
    ("morphism", "message"),
    [
        (PruneChannels("conv", 8), "node 'conv': expected to keep fewer than its 8 channels, got 8"),
        (
            PruneChannels("conv", 4, removed=(1, 8)),
            "node 'conv': expected channels below 8, got 8",
        ),
        (PruneChannels("logits", 2), "node 'logits' (Linear): all its channels are tied to the logits"),
        (PruneChannels("bn", 2), "node 'bn' (BatchNorm2d): has no width of its own to choose"),
    ],
)
def test_where_it_does_not_apply(net: Architecture, morphism: PruneChannels, message: str) -> None:
    with pytest.raises(NotApplicable, match=f"^{re.escape(message)}$"):
        morphism.rewrite(net)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"keep": 0}, "PruneChannels keep: expected a whole number of at least 1, got 0"),
        ({"removed": "all"}, "PruneChannels removed: expected numbers of channels, got 'all'"),
        ({"removed": [-1]}, "PruneChannels removed: expected numbers of channels, got (-1,)"),
    ],
)
def test_bad_choices_are_refused(data: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        Morphism.from_dict({"kind": "PruneChannels", "node": "conv", "keep": 3} | data)


def test_draws_take_a_half_or_a_quarter(net: Architecture) -> None:
    rng = random.Random(0)
    drawn = [PruneChannels.draw(net, rng) for _ in range(40)]
    assert {one.node for one in drawn} == {"conv", "other"}
    assert {one.keep for one in drawn} == {4, 6}
    narrow = Architecture()
    narrow.add("conv", Conv2d(1), narrow.add("image", Input((3, 6, 6))))
    with pytest.raises(NotApplicable, match="no layer has a channel that can go"):
        PruneChannels.draw(with_head(narrow, "conv"), rng)


def test_copies_can_go_again(net: Architecture) -> None:
    """Of a doubled network half of the channels go: the shares that stay do not sum to one any more."""
    weights = randomise(net, 0)
    child, carried = apply([Widen("conv", 16, 0), PruneChannels("conv", 8, 0)], net, weights)
    child.validate()
    assert {name: tuple(t.shape) for name, t in carried.items()} == child.parameters() | child.buffers()


def test_it_describes_itself() -> None:
    assert PruneChannels("conv", 4).describe() == "prune conv to 4, random channels go"
    assert PruneChannels("conv", 4, removed=(1,)).describe() == "prune conv to 4, chosen channels go"
