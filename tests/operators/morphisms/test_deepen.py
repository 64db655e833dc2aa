"""Layers that are inserted."""

import pytest
import torch
from evonas.operators.morphisms.deepen import Deepen

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    BatchNorm2d,
    Conv2d,
    GlobalAvgPool,
    Input,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    ReLU6,
    Tanh,
)
from evonas.errors import NotApplicable, UserError
from evonas.network.network import build
from evonas.testing.morphisms import check_morphism, images_for, randomise


def chain(*layers: Layer) -> Architecture:
    """A convolution of 4 filters and the layers, pooled and classified."""
    net = Architecture()
    last = net.add("conv", Conv2d(4), net.add("image", Input((2, 6, 6))))
    for number, layer in enumerate(layers):
        last = net.add(f"layer{number}", layer, last)
    net.add("head", Linear(3), net.add("pool", GlobalAvgPool(), last))
    return net


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("activation", [ReLU(), ReLU6(), LeakyReLU(0.0)], ids=repr)
def test_the_function_stays(activation: Layer, residual: bool) -> None:
    net = chain(BatchNorm2d(0.01, 0.2), activation)
    child, _ = check_morphism(Deepen("layer1", 3, "more", residual), net, randomise(net, 1))
    assert child.layer("more.relu") == activation
    assert child.layer("more.bn") == BatchNorm2d(0.01, 0.2)  # as the parent has them
    assert child.inputs("pool") == ("more.relu",)


def test_all_readers_read_the_new_activation(two_branches: Architecture) -> None:
    net = two_branches
    net.replace("stem.conv", Conv2d(4))
    net.add("relu", ReLU(), "stem.conv")
    net.rewire("left", "relu")
    net.rewire("right.pool", "relu")
    net.output = "head"
    child, _ = check_morphism(Deepen("relu", 5, "more"), net, randomise(net, 2))
    assert set(child.readers("relu")) == {"more.conv"}
    assert child.inputs("left") == child.inputs("right.pool") == ("more.relu",)
    assert child.output == "head"


def test_behind_a_pooling_of_rectified_images() -> None:
    net = chain(ReLU(), MaxPool2d(2, 2))
    child, _ = check_morphism(Deepen("layer1", 3, "more"), net, randomise(net, 3))
    assert child.layer("more.relu") == ReLU()


def test_many_layers_on_top_of_one_another(rng) -> None:
    net = chain(BatchNorm2d(), ReLU())
    weights = randomise(net, 4)
    for _ in range(6):
        net, weights = check_morphism(Deepen.draw(net, rng), net, weights)
    assert len(net) == 6 + 18


@pytest.mark.parametrize(
    ("layers", "node", "reason"),
    [
        ((LeakyReLU(0.1),), "layer0", "node 'layer0': a LeakyReLU of slope 0.1 is not idempotent"),
        ((Tanh(),), "layer0", "node 'layer0': its output .Tanh. can be negative"),
        ((BatchNorm2d(),), "layer0", "node 'layer0': its output .BatchNorm2d. can be negative"),
        ((ReLU(),), "pool", "node 'pool': expected an image, got .4,."),
        ((ReLU(),), "gone", "node 'gone': not in this architecture"),
    ],
)
def test_where_it_does_not_apply(layers: tuple[Layer, ...], node: str, reason: str) -> None:
    net = chain(*layers)
    with pytest.raises(NotApplicable, match=reason):
        Deepen(node, 3, "more").rewrite(net)
    with pytest.raises(NotApplicable, match=reason):
        Deepen(node, 3, "more").carry(net, randomise(net, 1))


def test_a_residual_goes_behind_anything() -> None:
    net = chain(LeakyReLU(0.1))
    child, _ = check_morphism(Deepen("layer0", 3, "more", residual=True), net, randomise(net, 5))
    assert child.inputs("pool") == ("more.add",)
    assert "more.relu" not in child


def test_filters_do_not_outgrow_the_image(rng) -> None:
    net = chain(ReLU(), MaxPool2d(3, 3))
    net.add("small", ReLU(), "layer1")
    net.rewire("pool", "small")
    net.output = "head"
    with pytest.raises(NotApplicable, match="node 'small': on an image of 2×2, a kernel of 5 has taps"):
        Deepen("small", 5, "more").rewrite(net)
    drawn = {(one.node, one.kernel) for one in (Deepen.draw(net, rng) for _ in range(100))}
    assert drawn == {("layer0", 3), ("layer0", 5), ("small", 3)}


def test_draw_says_why_there_is_no_place(rng) -> None:
    with pytest.raises(NotApplicable, match="no idempotent activation of an image to apply to"):
        Deepen.draw(chain(LeakyReLU(0.1)), rng)


def test_names_are_not_taken_twice() -> None:
    net = chain(ReLU())
    net = Deepen("layer0", 3, "more").rewrite(net)
    with pytest.raises(NotApplicable, match=r"node 'more.conv': the name is not free, since 'more.conv'"):
        Deepen("layer0", 3, "more").rewrite(net)


@pytest.mark.parametrize("kernel", [2, 0, -1, 3.0])
def test_an_even_kernel_is_refused(kernel: int) -> None:
    with pytest.raises(UserError, match="Deepen kernel: expected an odd number of at least 1, got"):
        Deepen("a", kernel, "b")


def test_what_is_to_be_calibrated() -> None:
    assert Deepen("a", 3, "b").inserted_normalisations() == ("b.bn",)
    assert Deepen("a", 3, "b", residual=True).inserted_normalisations() == ()


def test_a_residual_changes_nothing_while_training_either() -> None:
    net = chain(BatchNorm2d(), ReLU())
    weights = randomise(net, 6)
    morphism = Deepen("layer1", 3, "more", residual=True)
    child, carried = morphism.rewrite(net), morphism.carry(net, weights)
    images = images_for(net)
    old, new = (
        build(a, weights=w, dtype=torch.float64).train()(images)
        for a, w in ((net, weights), (child, carried))
    )
    assert torch.equal(old, new)


@pytest.mark.parametrize("residual", [False, True])
def test_every_new_tensor_moves_within_two_steps(residual: bool, moved) -> None:
    net = chain(BatchNorm2d(), ReLU())
    morphism = Deepen("layer1", 3, "more", residual)
    before, after = moved(morphism, net)
    for name in before:
        if name.startswith("more."):
            assert not torch.equal(before[name], after[name]), name
