"""Skip connections, added and concatenated."""

import pytest
import torch
from evonas.operators.morphisms.deepen import Deepen
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
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Scale,
)
from evonas.errors import NotApplicable
from evonas.network.network import build
from evonas.testing.morphisms import check_morphism, images_for, randomise


def chain(*layers: Layer, last: Layer | None = None) -> Architecture:
    """A stem of 4 channels, the layers on it, and a classifier."""
    net = Architecture()
    node = net.add("image", Input((4, 6, 6)))
    node = net.add("stem", Conv2d(4), node)
    node = net.add("relu", ReLU(), node)
    for number, layer in enumerate(layers):
        node = net.add(f"layer{number}", layer, node)
    net.add("head", Linear(3), net.add("vector", last or GlobalAvgPool(), node))
    return net


# -- added --------------------------------------------------------------------------------------


def test_an_added_skip_starts_unheard() -> None:
    net = chain(Conv2d(4), BatchNorm2d(), ReLU(), Conv2d(5))
    child, carried = check_morphism(AddSkip("relu", "layer2", "skip"), net, randomise(net, 1))
    assert child.layer("skip.scale") == Scale(0.0)
    assert carried["skip.scale.weight"].tolist() == [0.0]
    assert child.inputs("layer3") == ("skip.add",)
    assert child.inputs("skip.add") == ("layer2", "skip.scale")


def test_an_added_skip_is_heard_after_a_step(moved) -> None:
    before, after = moved(
        AddSkip("image", "layer2", "skip"), chain(Conv2d(4), BatchNorm2d(), ReLU()), steps=1
    )
    assert before["skip.scale.weight"] == 0
    assert after["skip.scale.weight"] != 0


def test_ends_of_two_shapes_are_not_added() -> None:
    net = chain(Conv2d(5))
    with pytest.raises(
        NotApplicable, match=r"'layer0': a sum expects one shape, got \(5, 6, 6\) and \(4, 6, 6\)"
    ):
        AddSkip("relu", "layer0", "skip").rewrite(net)


@pytest.mark.parametrize("kind", [AddSkip, ConcatSkip])
def test_a_skip_goes_forward(kind: type[AddSkip] | type[ConcatSkip]) -> None:
    net = chain(Conv2d(4))
    with pytest.raises(NotApplicable, match="node 'relu': a skip from 'layer0', which reads it, would close"):
        kind("layer0", "relu", "skip").rewrite(net)
    with pytest.raises(NotApplicable, match="node 'relu': a skip needs two ends"):
        kind("relu", "relu", "skip").rewrite(net)
    with pytest.raises(NotApplicable, match="node 'gone': not in this architecture"):
        kind("gone", "relu", "skip").rewrite(net)


def test_between_branches_of_which_neither_reads_the_other() -> None:
    net = chain()
    net.add("left", Conv2d(4), "relu")
    net.add("right", Conv2d(4), "relu")
    net.add("sum", Add(), "left", "right")
    net.rewire("vector", "sum")
    net.output = "head"
    for source, target in (("left", "right"), ("right", "left")):
        check_morphism(AddSkip(source, target, "skip"), net, randomise(net, 2))


@pytest.mark.parametrize("kind", [AddSkip, ConcatSkip])
def test_a_factor_of_zero_is_not_put_behind_another(kind: type[AddSkip] | type[ConcatSkip]) -> None:
    net = chain(Conv2d(4))
    net = AddSkip("relu", "layer0", "first").rewrite(net)
    net.add("rectified", ReLU(), "first.scale")
    net.rewire("first.add", "layer0", "rectified")
    net.output = "head"
    with pytest.raises(NotApplicable, match="node 'rectified': it starts at zero behind a λ of 0"):
        kind("rectified", "first.add", "second").rewrite(net)


@pytest.mark.parametrize("kind", [AddSkip, ConcatSkip])
def test_a_factor_of_zero_is_not_put_before_another(kind: type[AddSkip] | type[ConcatSkip]) -> None:
    net = chain(Conv2d(4))
    net = AddSkip("relu", "layer0", "first").rewrite(net)
    net.add("between", Conv2d(4), "relu")
    net.rewire("first.scale", "between")
    net.output = "head"
    with pytest.raises(NotApplicable, match="node 'between': only a λ of 0 reads it"):
        kind("image", "between", "second").rewrite(net)


def test_several_added_skips_all_move(moved) -> None:
    net = chain(Conv2d(4), BatchNorm2d(), ReLU(), Conv2d(4), ReLU())
    weights = randomise(net, 3)
    for number, (source, target) in enumerate((("relu", "layer2"), ("relu", "layer4"), ("layer2", "layer4"))):
        last = AddSkip(source, target, f"skip{number}")
        if number < 2:
            net, weights = last.rewrite(net), last.carry(net, weights)
    before, after = moved(last, net, weights=weights)
    assert all(before[f"skip{n}.scale.weight"] == 0 != after[f"skip{n}.scale.weight"] for n in range(3))


# -- concatenated -------------------------------------------------------------------------------


def test_a_concatenated_skip_starts_unheard() -> None:
    net = chain(Conv2d(3), ReLU(), Conv2d(5))
    weights = randomise(net, 4)
    child, carried = check_morphism(ConcatSkip("relu", "layer1", "skip"), net, weights)
    assert child.inputs("skip.concat") == ("layer1", "relu")
    assert carried["layer2.weight"].shape == (5, 7, 3, 3)
    assert torch.equal(carried["layer2.weight"][:, :3], weights["layer2.weight"])
    assert not carried["layer2.weight"][:, 3:].any()


def test_new_columns_move_after_a_step(moved) -> None:
    before, after = moved(ConcatSkip("relu", "layer1", "skip"), chain(Conv2d(3), ReLU(), Conv2d(5)), steps=1)
    new = after["layer2.weight"][:, 3:]
    assert not before["layer2.weight"][:, 3:].any()
    assert new.abs().amax((0, 2, 3)).min() > 0


@pytest.mark.parametrize("last", [GlobalAvgPool(), Flatten()], ids=repr)
def test_the_classifier_can_read_a_skip(last: Layer) -> None:
    net = chain(Conv2d(3), last=last)
    child, carried = check_morphism(ConcatSkip("relu", "layer0", "skip"), net, randomise(net, 5))
    pixels = 36 if isinstance(last, Flatten) else 1
    assert carried["head.weight"].shape == (3, 7 * pixels)


def test_through_rectifier_normalisation_depthwise_and_pooling() -> None:
    net = chain(
        Conv2d(3),
        BatchNorm2d(),
        ReLU(),
        Conv2d(kernel=3, depthwise=True, bias=True),
        MaxPool2d(2, 2),
        Conv2d(2),
    )
    child, carried = check_morphism(ConcatSkip("relu", "layer0", "skip"), net, randomise(net, 6))
    assert carried["layer1.running_var"].shape == (7,)
    assert carried["layer1.weight"][3:].tolist() == [1.0] * 4
    assert carried["layer3.weight"].shape == (7, 1, 3, 3)
    assert carried["layer3.weight"][3:].abs().amax((1, 2, 3)).min() > 0
    assert child.shape("layer5") == (2, 3, 3)


def test_columns_in_the_middle_of_a_concatenation() -> None:
    net = chain(Conv2d(3))
    net.add("other", Conv2d(2), "relu")
    net.add("join", Concat(), "layer0", "other", "layer0")
    net.add("reader", Conv2d(4), "join")
    net.rewire("vector", "reader")
    net.output = "head"
    weights = randomise(net, 7)
    child, carried = check_morphism(ConcatSkip("relu", "layer0", "skip"), net, weights)
    columns = carried["reader.weight"].abs().amax((0, 2, 3)) > 0
    assert columns.tolist() == [True] * 3 + [False] * 4 + [True] * 5 + [False] * 4
    assert child.shape("join")[0] == 16


def test_an_image_that_the_first_layer_reads_may_be_read_again() -> None:
    net = chain(Conv2d(3))
    check_morphism(ConcatSkip("image", "relu", "skip"), net, randomise(net, 8))


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (Add(), "node 'layer1': Add reads several nodes, whose channels must stay as many"),
        (
            Conv2d(4, groups=2),
            "'layer1': a layer of kind Conv2d cannot follow a change of what it reads",
        ),
    ],
    ids=["sum", "groups"],
)
def test_what_cannot_read_more_channels(layer: Layer, reason: str) -> None:
    net = chain(Conv2d(4))
    net.add("layer1", layer, *(("layer0", "relu") if isinstance(layer, Add) else ("layer0",)))
    net.rewire("vector", "layer1")
    net.output = "head"
    with pytest.raises(NotApplicable, match=reason):
        ConcatSkip("relu", "layer0", "skip").rewrite(net)


def test_images_of_two_sizes_are_not_concatenated() -> None:
    net = chain(MaxPool2d(2, 2))
    with pytest.raises(NotApplicable, match=r"expects one size, got \(4, 3, 3\) and \(4, 6, 6\)"):
        ConcatSkip("relu", "layer0", "skip").rewrite(net)


def test_the_logits_stay_as_many() -> None:
    net = chain(Conv2d(4))
    with pytest.raises(NotApplicable, match="node 'head': the output's channels cannot change"):
        ConcatSkip("vector", "head", "skip").rewrite(net)


# -- drawn --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [AddSkip, ConcatSkip])
def test_every_pair_is_drawn(kind: type[AddSkip] | type[ConcatSkip], rng) -> None:
    net = chain(Conv2d(4), MaxPool2d(2, 2), Conv2d(4))
    drawn = {(skip.source, skip.target) for skip in (kind.draw(net, rng) for _ in range(400))}
    large = ["image", "stem", "relu", "layer0"]
    pairs = {(a, b) for i, a in enumerate(large) for b in large[i + 1 :]} | {("layer1", "layer2")}
    assert drawn == pairs


def test_draw_says_why_there_is_no_place(rng) -> None:
    net = Architecture()
    net.add("head", Linear(3), net.add("vector", Flatten(), net.add("image", Input((2, 2, 2)))))
    with pytest.raises(NotApplicable, match="no two nodes to connect: no two nodes have like shapes"):
        AddSkip.draw(net, rng)


def test_many_skips_and_layers(rng) -> None:
    net = chain(Conv2d(4), ReLU(), Conv2d(4), BatchNorm2d(), ReLU(), last=Flatten())
    weights = first = randomise(net, 9)
    old = build(net, weights=first, dtype=torch.float64).eval()
    images = images_for(net)
    for _ in range(12):
        kind = rng.choice([AddSkip, ConcatSkip, Deepen])
        try:
            net, weights = check_morphism(kind.draw(net, rng), net, weights)
        except NotApplicable:
            continue
    new = build(net, weights=weights, dtype=torch.float64).eval()
    assert len(net) > 15
    assert (new(images) - old(images)).abs().max() < 1e-10 * old(images).std(0).median()
