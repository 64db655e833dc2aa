"""Function-preserving inheritance between architectures that are given, made by hand."""

import pytest
import torch
from torch.nn import functional as F

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    DropPath,
    Flatten,
    GlobalAvgPool,
    Input,
    LeakyReLU,
    Linear,
    MaxPool2d,
    PadChannels,
    ReLU,
    Scale,
    TakeChannels,
)
from evonas.inheritance.by_morphisms import morph
from evonas.inheritance.by_name import inherit
from evonas.network.calibration import calibrate
from evonas.network.network import build, weights_of

IMAGES = torch.randn(6, 2, 6, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def chain(*layers, classes=3) -> Architecture:
    """Named layers one after the other, between an image and a classifier."""
    net = Architecture()
    last = net.add("image", Input((2, 6, 6)))
    for name, layer in layers:
        last = net.add(name, layer, last)
    last = net.add("pool", GlobalAvgPool(), last)
    net.add("head", Linear(classes), last)
    return net


def net_of(*nodes) -> Architecture:
    """Nodes of a name, a layer and what they read, between an image and a classifier of the last."""
    net = Architecture()
    net.add("image", Input((2, 6, 6)))
    for name, layer, *inputs in nodes:
        last = net.add(name, layer, *inputs)
    net.add("head", Linear(3), net.add("pool", GlobalAvgPool(), last))
    return net


@pytest.fixture
def grow(build_random):
    """Morphs a child from a parent with random weights: parent, child and what was morphed.

    Checks that nothing which `inherit` copies is lost, and that the parent's weights stay.
    """

    def run(parent, child):
        old = build_random(parent, 1, torch.float64)
        weights = weights_of(old)
        before = {name: tensor.clone() for name, tensor in weights.items()}
        new, other = (build(child, 2, dtype=torch.float64).eval() for _ in range(2))
        morphed = morph(new, child, parent, weights)
        assert morphed.share >= inherit(other, child, parent, weights) - 1e-12
        assert all(torch.equal(weights[name], tensor) for name, tensor in before.items())
        mine = {tensor.data_ptr() for tensor in new.state_dict().values()}
        assert not mine & {tensor.data_ptr() for tensor in weights.values()}
        return old, new, morphed

    return run


def same(old, new, tolerance=1e-12):
    torch.testing.assert_close(new(IMAGES), old(IMAGES), rtol=tolerance, atol=tolerance)


def different(old, new):
    assert not torch.allclose(new(IMAGES), old(IMAGES), rtol=1e-3, atol=1e-3)


def moved_after(network, steps, rate=0.05):
    """The parameters that differ from what they were, after so many steps of plain SGD in training mode."""
    network.train()
    before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    optimiser = torch.optim.SGD(network.parameters(), lr=rate)
    labels = torch.arange(6) % 3
    for _ in range(steps):
        optimiser.zero_grad()
        F.cross_entropy(network(IMAGES), labels).backward()
        optimiser.step()
    return {name for name, p in network.named_parameters() if not torch.equal(p, before[name])}


# -- nothing new ---------------------------------------------------------------------------------


def test_an_identical_child_is_its_parent_bit_by_bit(random_architecture, build_random, rng):
    for seed in range(8):
        net = random_architecture(rng)
        old = build_random(net, seed)
        new = build(net, seed + 50).eval()
        assert morph(new, net, net, weights_of(old)).share == 1
        images = torch.randn(3, 2, 8, 8)
        assert torch.equal(new(images), old(images))


def test_it_is_match_where_inputs_are_permuted_or_gone(grow, build_random):
    def joined(*sources):
        net = net_of(
            *((name, Conv2d(3, 1), "image") for name in "abc"),
            ("join", Concat(), *sources),
            ("reader", Conv2d(5, 1), "join"),
        )
        net.prune()
        return net

    for before, after in (
        ("abc", "cab"),
        ("ab", "cab"),
        ("abc", "ac"),
        ("ab", "bc"),
        ("aba", "aab"),
        ("a", "b"),
    ):
        parent, child = joined(*before), joined(*after)
        old, new, morphed = grow(parent, child)
        by_name = build(child, 2, dtype=torch.float64).eval()
        share = inherit(by_name, child, parent, weights_of(old))
        assert morphed.share == share
        assert morphed.inserted == ()
        for name, tensor in by_name.state_dict().items():
            assert torch.equal(new.state_dict()[name], tensor), (before, after, name)


# -- kernels -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Conv2d(4, 3, bias=True), Conv2d(4, (5, 3), bias=True)),
        (Conv2d(4, 1), Conv2d(4, 7)),
        (Conv2d(4, 3, 2), Conv2d(4, 5, 2)),
        (Conv2d(4, 3, dilation=2), Conv2d(4, 5, dilation=2)),
        (Conv2d(4, 3, groups=2), Conv2d(4, 3, groups=2)),
        (Conv2d(4, 2, padding=0), Conv2d(4, 4, padding=1)),
        (Conv2d(kernel=3, depthwise=True), Conv2d(kernel=5, depthwise=True)),
    ],
)
def test_a_larger_kernel_holds_the_old_one_in_its_centre(grow, before, after):
    old, new, morphed = grow(chain(("conv", before)), chain(("conv", after)))
    same(old, new)
    kept = old.conv.weight.numel()
    assert morphed.share == pytest.approx(
        1 - (new.conv.weight.numel() - kept) / sum(p.numel() for p in new.parameters())
    )


def test_a_smaller_kernel_is_the_old_ones_centre(grow):
    old, new, _ = grow(chain(("conv", Conv2d(4, 5))), chain(("conv", Conv2d(4, (1, 3)))))
    assert torch.equal(new.conv.weight, old.conv.weight[:, :, 2:3, 1:4])


# -- widths --------------------------------------------------------------------------------------


def test_new_filters_are_fresh_and_nobody_listens_to_them(grow):
    def of(width, kernel=3):
        return chain(
            ("conv", Conv2d(width, kernel, bias=True)),
            ("bn", BatchNorm2d()),
            ("relu", ReLU()),
            ("depthwise", Conv2d(kernel=3, depthwise=True)),
            ("max", MaxPool2d()),
            ("reader", Conv2d(5, 3)),
        )

    old, new, _ = grow(of(4), of(7))
    same(old, new)
    assert torch.equal(new.conv.weight[:4], old.conv.weight)
    fresh = build(of(7), 2, dtype=torch.float64)
    assert torch.equal(new.conv.weight[4:], fresh.conv.weight[4:])
    assert torch.equal(new.depthwise.weight[4:], fresh.depthwise.weight[4:])
    assert not new.reader.weight[:, 4:].any()
    assert moved_after(new, 2) == {name for name, _ in new.named_parameters()}
    assert new.reader.weight[:, 4:].abs().min() > 0

    old, new, _ = grow(of(4), of(6, 5))  # both at once
    same(old, new)


def test_readers_that_widen_too_have_whole_new_filters(grow):
    def of(first, second):
        return chain(("a", Conv2d(first, 3)), ("relu", ReLU()), ("b", Conv2d(second, 3)))

    old, new, _ = grow(of(3, 4), of(5, 6))
    same(old, new)
    assert not new.b.weight[:4, 3:].any()
    assert new.b.weight[4:].abs().min() > 0  # else they would not move while what reads them is zero


def test_of_fewer_filters_the_first_stay(grow):
    old, new, morphed = grow(
        chain(("conv", Conv2d(6, 3)), ("bn", BatchNorm2d()), ("b", Conv2d(4, 1))),
        chain(("conv", Conv2d(4, 3)), ("bn", BatchNorm2d()), ("b", Conv2d(4, 1))),
    )
    assert morphed.share == 1
    assert torch.equal(new.conv.weight, old.conv.weight[:4])
    assert torch.equal(new.bn.running_var, old.bn.running_var[:4])
    assert torch.equal(new.b.weight, old.b.weight[:, :4])


def test_widening_goes_through_concatenations_sums_and_flattening(grow):
    def of(left, middle):
        return net_of(
            ("a", Conv2d(left, 3), "image"),
            ("b", Conv2d(2, 1), "image"),
            ("c", Conv2d(left, 1, bias=True), "image"),
            ("first", Concat(), "a", "b"),
            ("second", Concat(), "c", "b"),
            ("sum", Add(), "first", "second"),
            ("bn", BatchNorm2d(), "sum"),
            ("conv", Conv2d(middle, 3), "bn"),
        )

    old, new, _ = grow(of(3, 4), of(5, 6))  # b's channels move from 3 and 4 to 5 and 6
    same(old, new)
    assert torch.equal(new.bn.running_mean[5:], old.bn.running_mean[3:])

    def flat(width):
        net = Architecture()
        net.add("image", Input((2, 6, 6)))
        net.add("conv", Conv2d(width, 3), "image")
        net.add("hidden", Linear(2 * width), net.add("flat", Flatten(), "conv"))
        net.add("head", Linear(3), net.add("other", Linear(4), "hidden"))
        return net

    old, new, _ = grow(flat(2), flat(3))
    same(old, new)


def test_padding_and_truncation_move_with_the_widths(grow):
    def of(width, skip):
        part = ("pad", PadChannels(width - skip), "b") if skip < width else ("cut", TakeChannels(width), "b")
        return net_of(
            ("a", Conv2d(width, 3), "image"),
            ("b", Conv2d(skip, 1), "image"),
            part,
            ("sum", Add(), "a", part[0]),
            ("bn", BatchNorm2d(), "sum"),
            ("conv", Conv2d(4, 3), "bn"),
        )

    for before, after in (((4, 2), (6, 2)), ((4, 6), (5, 6)), ((4, 5), (6, 5)), ((3, 4), (5, 4))):
        old, new, _ = grow(of(*before), of(*after))
        same(old, new)
    # Where a skip adds its new filters to channels that were there, the sum changes.
    different(*grow(of(4, 3), of(6, 5))[:2])


# -- depth ---------------------------------------------------------------------------------------

STEM = (("stem", Conv2d(4, 3)), ("stem_relu", ReLU()))


@pytest.mark.parametrize(
    "inserted",
    [
        (("new.conv", Conv2d(4, 3)), ("new.bn", BatchNorm2d()), ("new.relu", ReLU())),
        (("new.conv", Conv2d(4, (1, 5), bias=True)), ("new.relu", ReLU())),
        (("new.conv", Conv2d(kernel=5, depthwise=True)), ("new.bn", BatchNorm2d())),
        (("new.conv", Conv2d(4, 3, groups=2, dilation=2)), ("new.relu", LeakyReLU(0.2))),
        (("new.conv", Conv2d(7, 3)), ("new.bn", BatchNorm2d()), ("new.relu", ReLU())),  # wider, too
        (("new.bn", BatchNorm2d(1e-3)), ("new.relu", ReLU())),
        (
            ("one", Conv2d(4, 3)),
            ("two", BatchNorm2d()),
            ("three", ReLU()),
            ("four", Conv2d(4, 1)),
            ("drop", DropPath()),
        ),
        (("new.scale", Scale(0.5)),),
    ],
)
def test_an_inserted_layer_hands_on_what_it_reads(grow, inserted):
    after = (("after", Conv2d(5, 3)),)
    old, new, morphed = grow(chain(*STEM, *after), chain(*STEM, *inserted, *after))
    same(old, new)
    assert morphed.inserted == tuple(name for name, layer in inserted if isinstance(layer, BatchNorm2d))
    # Before training they are calibrated, and the function stays.
    calibrate(new, morphed.inserted, IMAGES)
    same(old, new, 1e-9)
    assert {name for name, _ in new.named_parameters()} <= moved_after(new, 2)


def test_a_linear_layer_is_inserted_as_the_identity(grow):
    def of(*more):
        net = Architecture()
        last = net.add("flat", Flatten(), net.add("image", Input((2, 6, 6))))
        for name, layer in (("hidden", Linear(5)), *more):
            last = net.add(name, layer, last)
        net.add("head", Linear(3), last)
        return net

    old, new, _ = grow(of(), of(("more", Linear(8))))
    same(old, new)


@pytest.mark.parametrize(
    ("before", "inserted"),
    [
        ((STEM[0],), (("conv", Conv2d(4, 3)), ("relu", ReLU()))),  # what it reads can be negative
        (STEM, (("conv", Conv2d(4, 3, 2)),)),  # a stride leaves pixels out
        (STEM, (("conv", Conv2d(3, 3)),)),  # too few channels to hand on
        (STEM, (("conv", Conv2d(4, 3)), ("max", MaxPool2d()))),  # a pooling is no identity
        ((STEM[0], ("leaky", LeakyReLU(0.1))), (("conv", Conv2d(4, 3)), ("other", LeakyReLU(0.1)))),
    ],
)
def test_what_cannot_be_the_identity_starts_as_it_would_in_match(grow, before, inserted):
    child = chain(*before, *inserted, ("after", Conv2d(5, 3)))
    parent = chain(*before, ("after", Conv2d(5, 3)))
    old, new, morphed = grow(parent, child)
    different(old, new)
    assert morphed.inserted == ()
    other = build(child, 2, dtype=torch.float64).eval()
    inherit(other, child, parent, weights_of(old))
    for name, tensor in other.state_dict().items():
        assert torch.equal(new.state_dict()[name], tensor), name


# -- sums ----------------------------------------------------------------------------------------

BLOCK = (("a", Conv2d(4, 3), "image"), ("b", Conv2d(4, 1), "image"))


def test_a_new_summand_adds_nothing_and_everything_in_it_moves(grow):
    parent = net_of(*BLOCK, ("sum", Add(), "a", "b"), ("after", Conv2d(3, 1), "sum"))
    conv, bn = ("n.conv", Conv2d(4, 3), "b"), ("n.bn", BatchNorm2d(), "n.conv")
    behind = ("n.conv", Conv2d(4, 3, bias=True), "n.relu")
    for ending, zero in (
        ((conv, bn), "n.bn"),
        ((conv, ("n.drop", DropPath(), "n.conv")), "n.conv"),
        ((conv, bn, ("n.max", MaxPool2d(), "n.bn")), "n.bn"),
        ((("n.conv", Conv2d(2, 3), "b"), bn, ("n.pad", PadChannels(2), "n.bn")), "n.bn"),
        ((("n.first", Conv2d(4, 3), "b"), ("n.relu", ReLU(), "n.first"), behind), "n.conv"),
        ((("n.scale", Scale(), "b"),), "n.scale"),  # a skip with a learnt factor
    ):  # fmt: skip
        child = net_of(
            *BLOCK, *ending, ("sum", Add(), "a", "b", ending[-1][0]), ("after", Conv2d(3, 1), "sum")
        )
        old, new, morphed = grow(parent, child)
        same(old, new)
        assert morphed.inserted == ()
        zeros = {name for name, p in new.named_parameters() if name.endswith("weight") and not p.any()}
        assert zeros == {f"{zero}.weight"}  # a single factor
        assert moved_after(new, 2) == {name for name, _ in new.named_parameters()}


def test_a_sum_can_be_new_itself(grow):
    parent = chain(*STEM, ("after", Conv2d(3, 1)))
    child = net_of(
        ("stem", Conv2d(4, 3), "image"),
        ("stem_relu", ReLU(), "stem"),
        ("n.conv", Conv2d(4, 3), "image"),
        ("n.bn", BatchNorm2d(), "n.conv"),
        ("sum", Add(), "n.bn", "stem_relu"),
        ("bn", BatchNorm2d(), "sum"),
        ("after", Conv2d(3, 1), "bn"),
    )
    old, new, morphed = grow(parent, child)
    same(old, new)
    assert morphed.inserted == ("bn",)


@pytest.mark.parametrize(
    "added",
    [
        (("n.conv", Conv2d(4, 3), "b"), ("n.relu", ReLU(), "n.conv")),  # flat at 0
        (("n.max", MaxPool2d(), "a"),),  # no factor
        (),  # an identity connection
    ],
)  # fmt: skip
def test_what_could_not_learn_from_zero_is_left_as_match_does(grow, added):
    parent = net_of(*BLOCK, ("sum", Add(), "a", "b"), ("after", Conv2d(3, 1), "sum"))
    last = added[-1][0] if added else "a"
    child = net_of(*BLOCK, *added, ("sum", Add(), "a", "b", last), ("after", Conv2d(3, 1), "sum"))
    old, new, _ = grow(parent, child)
    different(old, new)
    other = build(child, 2, dtype=torch.float64).eval()
    inherit(other, child, parent, weights_of(old))
    for name, tensor in other.state_dict().items():
        assert torch.equal(new.state_dict()[name], tensor), name


AFTER = (("sum", Add(), "a", "b"), ("after", Conv2d(3, 1), "sum"))


def test_a_summand_in_the_place_of_another_is_no_zero(grow):
    child = net_of(BLOCK[0], ("n", Conv2d(4, 1), "a"), ("sum", Add(), "a", "n"), AFTER[1])
    _, new, _ = grow(net_of(*BLOCK, *AFTER), child)
    assert new.n.weight.any()


def test_a_branch_that_others_read_too_is_no_zero(grow):
    new_branch = ("n", Conv2d(4, 1), "b")
    parent = net_of(*BLOCK, AFTER[0], ("join", Concat(), "sum"), ("after", Conv2d(3, 1), "join"))
    child = net_of(
        *BLOCK,
        new_branch,
        ("sum", Add(), "a", "b", "n"),
        ("join", Concat(), "sum", "n"),  # its columns for the branch are zero: they would wait for each other
        ("after", Conv2d(3, 1), "join"),
    )
    _, new, _ = grow(parent, child)
    assert new.n.weight.any()


def test_a_leaky_rectifier_lets_gradients_through_unless_it_does_not_leak(grow):
    parent = net_of(*BLOCK, *AFTER)
    for slope in (0.1, 0.0):
        child = net_of(
            *BLOCK,
            ("n", Conv2d(4, 3), "b"),
            ("leaky", LeakyReLU(slope), "n"),
            ("sum", Add(), "a", "b", "leaky"),
            AFTER[1],
        )
        old, new, _ = grow(parent, child)
        if slope:
            same(old, new)
            assert "n.weight" in moved_after(new, 1)
        else:
            different(old, new)


def test_a_sum_of_what_was_there_leaves_its_readers_filters(grow):
    """The channels that only one summand has are the same as before, but the others are not."""
    parent = net_of(
        ("a", Conv2d(4, 3), "image"),
        ("b", Conv2d(2, 1), "a"),
        ("join", Concat(), "a", "b"),
        ("conv", Conv2d(4, 1), "a"),
        ("more", Concat(), "conv", "join"),
        ("after", Conv2d(3, 1), "more"),
    )
    child = net_of(
        ("a", Conv2d(4, 3), "image"),
        ("b", Conv2d(2, 1), "a"),
        ("join", Concat(), "a", "b"),
        ("pad", PadChannels(2), "b"),
        ("sum", Add(), "a", "pad"),
        ("conv", Conv2d(4, 1), "sum"),
        ("more", Concat(), "conv", "join"),
        ("after", Conv2d(3, 1), "more"),
    )
    old, new, _ = grow(parent, child)
    assert torch.equal(new.conv.weight, old.conv.weight)


def test_channels_of_zeros_are_none_once_they_are_normalised(grow):
    """Added to others, a padded channel counts for nothing, and a normalised one for what it is."""

    def of(width):
        return net_of(
            ("a", Conv2d(4, 3), "image"),
            ("b", Conv2d(width, 1), "image"),
            ("pad", PadChannels(4 - width), "b"),
            ("bn", BatchNorm2d(), "pad"),
            ("sum", Add(), "a", "bn", "pad"),
            ("after", Conv2d(3, 1), "sum"),
        )

    old, new, _ = grow(of(2), of(2))
    same(old, new)
    # A summand of nothing but zeros leaves the sum's channels to be found by the others.
    parent = net_of(("a", Conv2d(2, 3), "image"), ("b", Conv2d(3, 1), "image"), ("c", Conv2d(2, 1), "image"),
                    ("join", Concat(), "a", "c"), ("pad", PadChannels(1), "b"),
                    ("sum", Add(), "join", "pad"), ("after", Conv2d(3, 1), "sum"))  # fmt: skip
    child = net_of(("a", Conv2d(2, 3), "image"), ("b", Conv2d(3, 1), "image"), ("c", Conv2d(3, 1), "image"),
                   ("join", Concat(), "a", "c"), ("pad", PadChannels(2), "b"),
                   ("sum", Add(), "join", "pad"), ("after", Conv2d(3, 1), "sum"))  # fmt: skip
    old, new, _ = grow(parent, child)
    same(old, new)


def test_a_part_joined_to_others_adds_nothing(grow):
    parent = chain(*STEM, ("after", Conv2d(3, 1)))
    child = net_of(
        ("stem", Conv2d(4, 3), "image"),
        ("stem_relu", ReLU(), "stem"),
        ("n", Conv2d(3, 3), "image"),
        ("inserted", Conv2d(4, 3), "stem_relu"),
        ("join", Concat(), "n", "inserted"),
        ("after", Conv2d(3, 1), "join"),
    )
    old, new, _ = grow(parent, child)
    same(old, new)
    assert not new.after.weight[:, :3].any()


# -- in the place of what has vanished -------------------------------------------------------------


def test_a_layer_takes_the_place_of_one_that_it_can_be(grow):
    def separable(name, kernel):
        return (
            (f"{name}.depthwise", Conv2d(kernel=kernel, depthwise=True)),
            (f"{name}.conv", Conv2d(4, 1)),
            (f"{name}.bn", BatchNorm2d()),
        )

    after = ("after", Conv2d(3, 1))
    old, new, morphed = grow(
        chain(*STEM, *separable("sep3", 3), after), chain(*STEM, *separable("sep5", 5), after)
    )
    same(old, new)
    assert morphed.share > 0.5
    assert morphed.inserted == ()
    # A convolution becomes a separable one: its first half is inserted.
    dense = (("dense.conv", Conv2d(4, 1)), ("dense.bn", BatchNorm2d()))
    old, new, _ = grow(chain(*STEM, *dense, after), chain(*STEM, *separable("sep3", 3), after))
    same(old, new)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Conv2d(4, 5), Conv2d(4, 3)),  # no room for all taps
        (Conv2d(4, 4, padding=0), Conv2d(4, 5, padding=0)),  # no centre
        (Conv2d(4, 3), Conv2d(4, 3, padding=1, dilation=1, bias=False, stride=2)),
        (Conv2d(4, 3), Conv2d(4, 3, dilation=2)),
        (Conv2d(4, 3, bias=True), Conv2d(4, 5)),
        (Conv2d(5, 3), Conv2d(4, 3)),
        (Conv2d(4, 3), Conv2d(kernel=3, depthwise=True)),
        (BatchNorm2d(1e-5), BatchNorm2d(1e-3)),
    ],
)
def test_a_layer_that_cannot_be_what_has_vanished_starts_anew(grow, before, after):
    # What it reads can be negative, so nothing can be inserted before a ReLU either.
    ends = (("stem", Conv2d(4, 3)),), (("last", Conv2d(3, 1)),)
    parent = chain(*ends[0], ("old", before), ("old_relu", ReLU()), *ends[1])
    child = chain(*ends[0], ("new", after), ("new_relu", ReLU()), *ends[1])
    old, new, morphed = grow(parent, child)
    for name, tensor in build(child, 2, dtype=torch.float64).new.state_dict().items():
        assert torch.equal(new.new.state_dict()[name], tensor)
    assert morphed.inserted == ()


def test_a_new_name_and_nothing_else_says_that_weights_start_anew(grow):
    parent, child = (chain(*STEM, (name, Conv2d(4, 3)), ("after", Conv2d(3, 1))) for name in ("old", "fresh"))
    _, new, morphed = grow(parent, child)
    assert torch.equal(new.fresh.weight, build(child, 2, dtype=torch.float64).fresh.weight)
    assert morphed.share < 1


def test_strangers_inherit_nothing(grow):
    child = Architecture()
    child.add("other", Linear(3), child.add("flat", Flatten(), child.add("picture", Input((2, 6, 6)))))
    assert grow(chain(*STEM), child)[2].share == 0


def test_half_precision_of_the_parent_is_converted(build_random):
    parent, child = chain(*STEM), chain(*STEM, ("conv", Conv2d(4, 3)))
    weights = {name: tensor.half() for name, tensor in weights_of(build_random(parent)).items()}
    new = build(child).eval()
    morph(new, child, parent, weights)
    assert new.stem.weight.dtype == torch.float32
    torch.testing.assert_close(new(IMAGES.float()), build(parent, 0, weights).eval()(IMAGES.float()))
