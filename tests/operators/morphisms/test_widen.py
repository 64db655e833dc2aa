"""Widening by copies: which widths are reached, where it is refused, and what becomes of the copies."""

import random
import re
from collections import Counter
from collections.abc import Callable

import pytest
import torch
from evonas.operators.morphisms import Widen
from evonas.operators.morphisms.widen import FACTORS, LARGE, SMALL_FACTORS

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
from evonas.errors import NotApplicable, UserError
from evonas.evolution.morphism import Morphism
from evonas.network.network import build, weights_of
from evonas.testing.morphisms import check_morphism, images_for, randomise, relative_gap


@pytest.fixture
def net() -> Architecture:
    """A residual block between a convolution and a classifier of two layers."""
    net = Architecture()
    net.add("conv", Conv2d(6), net.add("image", Input((3, 6, 6))))
    net.add("relu", ReLU(), net.add("bn", BatchNorm2d(), "conv"))
    net.add("branch.inner", Conv2d(5, bias=True), "relu")
    net.add("branch.outer", Conv2d(6), net.add("branch.relu", ReLU(), "branch.inner"))
    net.add("sum", Add(), "relu", "branch.outer")
    net.add("hidden", Linear(8), net.add("flat", Flatten(), net.add("pool", MaxPool2d(2, 2), "sum")))
    net.add("logits", Linear(4), net.add("last", ReLU(), "hidden"))
    return net


def grouped() -> Architecture:
    net = Architecture()
    net.add("conv", Conv2d(8, groups=4), net.add("stem", Conv2d(8), net.add("image", Input((3, 6, 6)))))
    net.add("logits", Linear(4), net.add("mean", GlobalAvgPool(), "conv"))
    return net


@pytest.mark.parametrize("node", ["conv", "branch.inner", "branch.outer", "hidden"])
@pytest.mark.parametrize("equal", [False, True])
def test_any_width_above_its_own_is_reached(net: Architecture, node: str, equal: bool) -> None:
    width = net.shape(node)[0]
    weights = randomise(net, 0)
    for more in (1, 2, width, 3 * width + 1):
        child, _ = check_morphism(Widen(node, width + more, more, equal), net, weights)
        assert child.shape(node)[0] == width + more
    assert child.layer("logits") == Linear(4)
    assert child.layer("image") == Input((3, 6, 6))


def test_what_is_added_widens_together(net: Architecture) -> None:
    child = Widen("branch.outer", 9, 0).rewrite(net)
    together = ("conv", "bn", "relu", "branch.outer", "sum")
    assert {child.shape(name)[0] for name in together} == {9}
    assert child.layer("branch.inner") == net.layer("branch.inner")
    assert child.shape("flat") == (9 * 3 * 3,)


@pytest.mark.parametrize(("wanted", "reached"), [(9, 12), (12, 12), (13, 12), (14, 16), (16, 16), (31, 32)])
def test_a_width_that_groups_cannot_reach_is_rounded(wanted: int, reached: int) -> None:
    net = grouped()
    for node in ("conv", "stem"):
        child, _ = check_morphism(Widen(node, wanted, 0), net, randomise(net, 0))
        assert child.shape(node)[0] == reached


def test_the_seed_draws_the_map_and_the_shares(net: Architecture) -> None:
    weights = randomise(net, 0)
    first, again, other = (Widen("conv", 8, seed).carry(net, weights) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["branch.inner.weight"], other["branch.inner.weight"])
    maps = {tuple(Widen("conv", 8, seed).carry(net, weights)["bn.weight"].tolist()) for seed in range(40)}
    assert len(maps) > 10  # 21 ways to choose two of six with replacement


def test_copies_are_drawn_evenly(net: Architecture) -> None:
    """Each new unit copies one of the old, all as likely (Chen et al. 2016, Section 2.1)."""
    weights = randomise(net, 0)
    norms = weights["bn.weight"].tolist()
    counts = Counter(
        number
        for seed in range(300)
        for number in Widen("conv", 8, seed).carry(net, weights)["bn.weight"].tolist()
    )
    extra = [counts[norm] - 300 for norm in norms]
    assert sum(extra) == 600
    assert all(60 < one < 140 for one in extra)


def test_copies_separate_and_equal_ones_never(
    net: Architecture, moved: Callable[..., tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]]
) -> None:
    for node, width in (("conv", 12), ("branch.inner", 15), ("hidden", 24)):
        for equal in (False, True):
            before, after = moved(Widen(node, width, 3, equal), net)
            old, new = before[f"{node}.weight"].flatten(1), after[f"{node}.weight"].flatten(1)
            pairs = [(a, b) for a in range(len(old)) for b in range(a) if torch.equal(old[a], old[b])]
            assert pairs
            apart = torch.stack([(new[a] - new[b]).abs().max() for a, b in pairs])
            moves = (new - old).abs().max(1).values
            alive = torch.tensor(
                [bool(moves[a] > 1e-6) for a, _ in pairs]
            )  # units that no image excites stay
            assert alive.any()
            if equal:
                assert apart.max() < 1e-12
            else:
                assert apart[alive].min() > 1e-7


def test_the_precision_stays(net: Architecture) -> None:
    weights = randomise(net, 0, torch.float32)
    carried = Widen("conv", 9, 0).carry(net, weights)
    assert {tensor.dtype for tensor in carried.values()} == {torch.float32}
    child = Widen("conv", 9, 0).rewrite(net)
    images = images_for(net).float()
    assert relative_gap(build(net, weights=weights), build(child, weights=carried), images) < 1e-4


def test_a_built_child_copies_what_was_handed_on(net: Architecture) -> None:
    weights = randomise(net, 0, torch.float32)
    morphism = Widen("hidden", 9, 0)
    carried = morphism.carry(net, weights)
    assert carried["conv.weight"] is weights["conv.weight"]
    network = build(morphism.rewrite(net), weights=carried)
    places = {tensor.data_ptr() for tensor in network.state_dict().values()}
    assert not places & {tensor.data_ptr() for tensor in weights.values()}
    assert all(torch.equal(tensor, carried[name]) for name, tensor in weights_of(network).items())


@pytest.mark.parametrize(
    ("node", "width", "message"),
    [
        ("logits", 8, "node 'logits' (Linear): all its channels are tied to the logits"),
        ("conv", 6, "node 'conv': expected a width above its 6, got 6"),
        ("hidden", 3, "node 'hidden': expected a width above its 8, got 3"),
        ("relu", 9, "node 'relu' (ReLU): has no width of its own to choose"),
        ("image", 9, "node 'image' (Input): has no width of its own to choose"),
        ("gone", 9, "node 'gone': not in this architecture"),
    ],
)
def test_where_it_does_not_apply(net: Architecture, node: str, width: int, message: str) -> None:
    morphism = Widen(node, width, 0)
    for act in (lambda: morphism.rewrite(net), lambda: morphism.carry(net, randomise(net, 0))):
        with pytest.raises(NotApplicable, match=f"^{re.escape(message)}$"):
            act()


def test_what_is_tied_to_the_image_or_to_both_ends_stays() -> None:
    net = Architecture()
    net.add("conv", Conv2d(3), net.add("image", Input((3, 6, 6))))
    net.add("sum", Add(), "conv", "image")
    with_logits = net.copy()
    net.add("logits", Linear(4), net.add("mean", GlobalAvgPool(), "sum"))
    with pytest.raises(
        NotApplicable, match=r"'conv' \(Conv2d\): all its channels are tied to the image's channels$"
    ):
        Widen("conv", 6, 0).rewrite(net)
    with_logits.add("mean", GlobalAvgPool(), "sum")
    with pytest.raises(NotApplicable, match="tied to the image's channels and to the logits"):
        Widen("conv", 6, 0).rewrite(with_logits)
    with pytest.raises(NotApplicable, match="no layer's width can change"):
        Widen.draw(net, random.Random(0))


def test_what_is_partly_tied_widens_in_the_rest() -> None:
    net = Architecture()
    net.add("image", Input((2, 6, 6)))
    net.add("wide", Conv2d(5), "image")
    net.add("other", Conv2d(3), "image")
    net.add("joined", Concat(), "image", "other")
    net.add("sum", Add(), "wide", "joined")
    net.add("logits", Linear(4), net.add("mean", GlobalAvgPool(), "sum"))
    child, _ = check_morphism(Widen("wide", 9, 0), net, randomise(net, 0))
    assert (child.shape("wide")[0], child.shape("other")[0]) == (9, 7)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"node": 3}, "Widen node: expected a name, got 3"),
        ({"width": 0}, "Widen width: expected a whole number of at least 1, got 0"),
        ({"width": 2.5}, "Widen width: expected a whole number of at least 1, got 2.5"),
        ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
        ({"equal": "no"}, "Widen equal: expected true or false, got 'no'"),
    ],
)
def test_bad_choices_are_refused(data: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        Morphism.from_dict({"kind": "Widen", "node": "conv", "width": 3, "seed": 0} | data)


def test_draws_are_of_all_layers_that_can_widen(net: Architecture) -> None:
    rng = random.Random(0)
    drawn = [Widen.draw(net, rng) for _ in range(200)]
    assert {one.node for one in drawn} == {"conv", "branch.inner", "branch.outer", "hidden"}
    assert {one.width / net.shape(one.node)[0] for one in drawn} == set(FACTORS)
    assert len({one.seed for one in drawn}) == 200
    again = random.Random(0)
    file = Architecture.from_dict(net.to_dict())
    assert [Widen.draw(file, again) for _ in range(200)] == drawn


def test_wide_layers_grow_in_smaller_steps() -> None:
    net = Architecture()
    net.add("conv", Conv2d(LARGE, 1), net.add("image", Input((3, 6, 6))))
    net.add("logits", Linear(4), net.add("mean", GlobalAvgPool(), "conv"))
    rng = random.Random(0)
    assert {Widen.draw(net, rng).width / LARGE for _ in range(30)} == set(SMALL_FACTORS)


def test_it_describes_itself() -> None:
    assert Widen("conv", 9, 0).describe() == "widen conv to 9 by copies, random shares"
    assert Widen("conv", 9, 0, True).describe() == "widen conv to 9 by copies, equal shares"
