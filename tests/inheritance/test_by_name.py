import pytest
import torch

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
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
)
from evonas.errors import UserError
from evonas.inheritance.by_name import inherit
from evonas.inheritance.modes import check_mode
from evonas.network.network import build

IMAGES = torch.randn(6, 2, 4, 4, generator=torch.Generator().manual_seed(1))


def reader_of(
    *sources: str, layers: tuple[Layer, ...] = (Conv2d(5, 1),), between: Layer | None = None
) -> Architecture:
    """Branches a, b and c of 3 channels; those that are named are concatenated and read by `reader`."""
    net = Architecture()
    net.add("image", Input((2, 4, 4)))
    for name in "abc":
        net.add(name, Conv2d(3, 1), "image")
    last = net.add("join", Concat(), *sources)
    if between is not None:
        last = net.add("between", between, last)
    for name, layer in zip(("reader", "after"), layers, strict=False):
        last = net.add(name, layer, last)
    net.prune()
    return net


def without(network, name):
    """A network's output when one branch's filters are zero."""
    copy = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    copy[f"{name}.weight"].zero_()
    return torch.func.functional_call(network, copy, (IMAGES,))


# -- the same and nearly the same ---------------------------------------------------------------


def test_an_identical_child_is_its_parent_bit_by_bit(random_architecture, pass_on, rng):
    for _ in range(5):
        net = random_architecture(rng)
        old, new, share = pass_on(net, Architecture.from_dict(net.to_dict()))
        assert share == 1
        images = torch.randn(3, 2, 8, 8)
        assert torch.equal(new(images), old(images))


def test_strangers_inherit_nothing(pass_on):
    child = Architecture()
    child.add("other", Conv2d(3, 1), child.add("image", Input((2, 4, 4))))
    _, new, share = pass_on(reader_of("a", "b"), child)
    assert share == 0
    assert torch.equal(new.other.weight, build(child, 2).other.weight)


def test_a_network_without_weights_inherits_nothing(pass_on):
    child = Architecture()
    child.add("relu", ReLU(), child.add("image", Input((2, 4, 4))))
    assert pass_on(child, child)[2] == 0


def test_another_shape_or_kind_is_not_inherited(pass_on):
    parent = reader_of("a", "b", layers=(Conv2d(5, 1), BatchNorm2d()))
    for layers in (
        (Conv2d(5, 3), BatchNorm2d()),
        (Conv2d(kernel=1, depthwise=True), BatchNorm2d()),
        (Conv2d(7, 1), BatchNorm2d()),
        (MaxPool2d(), BatchNorm2d()),
    ):
        child = reader_of("a", "b", layers=layers)
        old, new, share = pass_on(parent, child)
        total = child.parameter_count()
        # The branches, and the normalisation of the channels that `reader` has in both.
        kept = 2 * 6 + 2 * (5 if isinstance(layers[0], Conv2d) and not layers[0].depthwise else 0)
        assert share == pytest.approx(kept / total)
        assert torch.equal(new.a.weight, old.a.weight)
        if "reader.weight" in new.state_dict():
            assert torch.equal(new.reader.weight, build(child, 2).reader.weight)


def test_a_reader_of_means_takes_over_no_column_of_a_pixel(pass_on):
    parent = reader_of("a", layers=(Flatten(), Linear(4)))
    child = reader_of("a", layers=(GlobalAvgPool(), Linear(4)))
    _, new, _ = pass_on(parent, child)
    assert torch.equal(new.after.weight, build(child, 2).after.weight)


def test_a_layer_of_another_kind_is_new_even_where_tensors_have_the_same_shape(pass_on):
    parent, child = Architecture(), Architecture()
    for net in (parent, child):
        net.add("image", Input((3, 4, 4)))
    parent.add("node", BatchNorm2d(), "image")
    child.add("node", Linear(3), child.add("vector", GlobalAvgPool(), "image"))
    old, new, share = pass_on(parent, child)
    assert old.node.bias.shape == new.node.bias.shape
    assert share == 0
    assert not new.node.bias.any()


def test_weights_that_are_missing_stay_as_initialised():
    net = reader_of("a", "b")
    old, new = build(net, 1), build(net, 2)
    share = inherit(new, net, net, {"a.weight": old.a.weight.detach()})
    assert share == pytest.approx(6 / net.parameter_count())
    assert torch.equal(new.a.weight, old.a.weight)
    assert torch.equal(new.b.weight, build(net, 2).b.weight)


# -- what reads a concatenation -----------------------------------------------------------------


def test_a_reader_of_the_same_parts_in_another_order_computes_the_same(pass_on):
    old, new, share = pass_on(reader_of("a", "b", "c"), reader_of("c", "a", "b"))
    assert share == 1
    torch.testing.assert_close(new(IMAGES), old(IMAGES))
    by_hand = torch.cat([old.reader.weight[:, 6:], old.reader.weight[:, :6]], 1)
    assert torch.equal(new.reader.weight, by_hand)


def test_a_part_that_comes_in_starts_at_zero(pass_on):
    old, new, share = pass_on(reader_of("a", "b"), reader_of("c", "a", "b"))
    torch.testing.assert_close(new(IMAGES), old(IMAGES))
    assert not new.reader.weight[:, :3].any()
    assert share == pytest.approx((6 + 6 + 30) / (3 * 6 + 45))


def test_a_part_that_goes_takes_its_columns_along(pass_on):
    old, new, share = pass_on(reader_of("a", "b", "c"), reader_of("a", "c"))
    torch.testing.assert_close(new(IMAGES), without(old, "b"))
    assert share == 1


def test_as_many_parts_but_others_are_never_scrambled(pass_on):
    # Name and shape agree, and yet copying the tensor as it is would apply a's columns to b and b's to c.
    old, new, share = pass_on(reader_of("a", "b"), reader_of("b", "c"))
    assert torch.equal(new.reader.weight[:, :3], old.reader.weight[:, 3:])
    assert not new.reader.weight[:, 3:].any()
    torch.testing.assert_close(new(IMAGES), without(old, "a"))
    assert share == pytest.approx((6 + 15) / (12 + 30))


def test_parts_that_are_read_twice_pair_up_in_their_order(pass_on):
    old, new, share = pass_on(reader_of("a", "b", "a"), reader_of("a", "a", "b"))
    assert share == 1
    torch.testing.assert_close(new(IMAGES), old(IMAGES))
    first, _, again = old.reader.weight.split(3, 1)
    assert torch.equal(new.reader.weight, torch.cat([first, again, old.reader.weight[:, 3:6]], 1))

    _, new, share = pass_on(reader_of("a", "b", "a"), reader_of("a", "a", "a"))
    assert torch.equal(new.reader.weight[:, :6], torch.cat([first, again], 1))
    assert not new.reader.weight[:, 6:].any()
    assert share == pytest.approx((6 + 30) / (6 + 45))


def test_a_reader_of_something_else_altogether_keeps_its_filters(pass_on):
    old, new, share = pass_on(reader_of("a"), reader_of("b"))
    assert torch.equal(new.reader.weight, old.reader.weight)
    assert share == pytest.approx(15 / (6 + 15))
    # Unless the shape is another.
    _, new, share = pass_on(reader_of("a"), reader_of("b", "c"))
    assert share == 0


@pytest.mark.parametrize(
    "between", [ReLU(), MaxPool2d(), BatchNorm2d(), Conv2d(kernel=3, depthwise=True)], ids=repr
)
def test_columns_are_aligned_through_layers_that_hand_channels_on(pass_on, between):
    old, new, _ = pass_on(reader_of("a", "b", between=between), reader_of("b", "c", "a", between=between))
    mine, theirs = new.reader.weight, old.reader.weight
    assert torch.equal(mine[:, :3], theirs[:, 3:])
    assert torch.equal(mine[:, 6:], theirs[:, :3])
    torch.testing.assert_close(new(IMAGES), old(IMAGES))


def test_normalisation_and_depthwise_filters_follow_their_channels(pass_on):
    for layer in (BatchNorm2d(), Conv2d(kernel=3, depthwise=True)):
        parent, child = (reader_of(*order, layers=(layer,)) for order in ("ab", "bca"))
        old, new, share = pass_on(parent, child)
        fresh = build(child, 2)
        for name, mine in new.reader.state_dict().items():
            theirs = old.reader.state_dict()[name]
            assert torch.equal(mine[:3], theirs[3:])
            assert torch.equal(mine[6:], theirs[:3])
            assert torch.equal(mine[3:6], fresh.reader.state_dict()[name][3:6])  # as initialised, not zero
        each = 2 if isinstance(layer, BatchNorm2d) else 9
        assert share == pytest.approx((12 + 6 * each) / (18 + 9 * each))


def test_the_columns_of_a_linear_layer_follow_channel_and_pixel(pass_on):
    layers = (Flatten(), Linear(4))
    old, new, _ = pass_on(reader_of("a", "b", layers=layers), reader_of("b", "c", "a", layers=layers))
    mine, theirs = (net.after.weight.reshape(4, -1, 16) for net in (new, old))
    assert torch.equal(mine[:, :3], theirs[:, 3:])
    assert torch.equal(mine[:, 6:], theirs[:, :3])
    assert not mine[:, 3:6].any()
    assert torch.equal(new.after.bias, old.after.bias)
    torch.testing.assert_close(new(IMAGES), old(IMAGES))


def test_dense_kernels_and_biases(pass_on):
    layers = (Conv2d(5, 3, bias=True),)
    old, new, _ = pass_on(reader_of("a", "b", layers=layers), reader_of("b", "c", layers=layers))
    assert torch.equal(new.reader.weight[:, :3], old.reader.weight[:, 3:])
    assert torch.equal(new.reader.bias, old.reader.bias)
    torch.testing.assert_close(new(IMAGES), without(old, "a"))


def test_the_mode_is_checked():
    assert check_mode("match") == "match"
    with pytest.raises(UserError, match="inherit 'copy' is unknown; known: match, none"):
        check_mode("copy")
