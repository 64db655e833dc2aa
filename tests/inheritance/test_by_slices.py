"""FNA's parameter remapping."""

import pytest
import torch

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import BatchNorm2d, Concat, Conv2d, GlobalAvgPool, Input, Layer, Linear, ReLU
from evonas.inheritance.by_name import inherit
from evonas.inheritance.by_slices import remap, remap_tensor
from evonas.network.network import build, weights_of
from evonas.testing.morphisms import images_for, randomise


def counted(*shape: int) -> torch.Tensor:
    return 1 + torch.arange(torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)


def network(*cells: int, kernel: int = 3, width: int = 4, stem: int = 4) -> Architecture:
    """A stem, stages of numbered cells and a classifier."""
    net = Architecture()
    last = net.add("stem.conv", Conv2d(stem), net.add("image", Input((2, 8, 8))))
    for stage, count in enumerate(cells, 1):
        for cell in range(1, count + 1):
            prefix = f"stage{stage}.cell{cell}"
            last = net.add(f"{prefix}.conv", Conv2d(width, kernel), last)
            last = net.add(f"{prefix}.bn", BatchNorm2d(), last)
            last = net.add(f"{prefix}.relu", ReLU(), last)
    net.add("head", Linear(3), net.add("pool", GlobalAvgPool(), last))
    return net


def remapped(parent: Architecture, child: Architecture):
    """The parent's tensors, the child's as built and as remapped, and the share."""
    weights = randomise(parent, 1)
    before = {name: tensor.clone() for name, tensor in weights.items()}
    new = build(child, 2, dtype=torch.float64)
    fresh = weights_of(new)
    share = remap(new, child, parent, weights)
    assert all(torch.equal(weights[name], before[name]) for name in before)
    return weights, fresh, weights_of(new), share


# -- one tensor ---------------------------------------------------------------------------------


def test_narrower_keeps_the_first_filters_and_channels() -> None:
    source = counted(6, 5, 3, 3)
    assert torch.equal(remap_tensor(source, torch.zeros(4, 2, 3, 3).double()), source[:4, :2])


def test_larger_filters_have_the_old_ones_in_their_centre() -> None:
    source = counted(2, 2, 3, 3)
    found = remap_tensor(source, torch.ones(2, 2, 7, 5).double())
    assert torch.equal(found[:, :, 2:5, 1:4], source)
    assert found.sum() == source.sum()


def test_smaller_filters_are_the_centre() -> None:
    source = counted(2, 2, 7, 7)
    assert torch.equal(remap_tensor(source, torch.zeros(2, 2, 3, 1).double()), source[:, :, 2:5, 3:4])


def test_wider_is_filled_with_zeros() -> None:
    source = counted(2, 3, 1, 1)
    found = remap_tensor(source, torch.ones(4, 5, 1, 1).double())
    assert torch.equal(found[:2, :3], source)
    assert found.sum() == source.sum()


def test_new_filters_can_stay_as_initialised() -> None:
    source, initial = counted(2, 3), torch.ones(4, 5).double()
    found = remap_tensor(source, initial, keep_new_filters=True)
    assert torch.equal(found[:2, :3], source)
    assert not found[:2, 3:].any() and (found[2:] == 1).all()
    assert (initial == 1).all()  # never changed


def test_of_a_vector_the_rest_stays_as_initialised() -> None:
    assert remap_tensor(counted(2), torch.tensor([7.0, 8, 9])).tolist() == [1, 2, 9]
    assert remap_tensor(counted(3), torch.tensor([7.0])).tolist() == [1]


def test_another_number_of_axes_carries_nothing() -> None:
    initial = torch.rand(4, 5)
    found = remap_tensor(counted(4), initial)
    assert torch.equal(found, initial)
    assert found.data_ptr() != initial.data_ptr()


def test_types_follow_the_target() -> None:
    assert remap_tensor(counted(2), torch.zeros(2)).dtype == torch.float32


# -- networks -----------------------------------------------------------------------------------


def test_where_match_carries_all_it_is_match() -> None:
    net = network(2)
    weights = randomise(net, 1)
    by_match, by_remap = build(net, 2, dtype=torch.float64), build(net, 2, dtype=torch.float64)
    assert inherit(by_match, net, net, weights) == remap(by_remap, net, net, weights) == 1
    for name, tensor in weights_of(by_remap).items():
        assert torch.equal(tensor, weights_of(by_match)[name])


def test_larger_kernels_keep_the_function() -> None:
    parent, child = network(2), network(2, kernel=5)
    weights, _, found, share = remapped(parent, child)
    old = build(parent, weights=weights, dtype=torch.float64).eval()
    new = build(child, weights=found, dtype=torch.float64).eval()
    images = images_for(parent)
    assert torch.allclose(old(images), new(images), rtol=1e-12)
    kept = sum(weights[name].numel() for name in parent.parameters())
    assert share == pytest.approx(kept / child.parameter_count())


def test_wider_layers_keep_the_function_and_can_be_trained() -> None:
    parent, child = network(2), network(2, width=7)
    weights, fresh, found, share = remapped(parent, child)
    old = build(parent, weights=weights, dtype=torch.float64).eval()
    network_ = build(child, weights=found, dtype=torch.float64).eval()
    images = images_for(parent)
    assert torch.allclose(old(images), network_(images), rtol=1e-12)
    name = "stage1.cell1.conv.weight"
    assert torch.equal(found[name][4:], fresh[name][4:])
    assert not found["stage1.cell2.conv.weight"][:4, 4:].any()
    assert 0 < share < 1
    optimiser = torch.optim.SGD(network_.parameters(), lr=0.1)
    network_.train()
    for _ in range(2):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network_(images), torch.arange(16) % 3).backward()
        optimiser.step()
    for name, tensor in weights_of(network_).items():
        if tensor.dim() == 4:
            assert (tensor != found[name]).flatten(1).any(1).all(), name


def test_narrower_layers_keep_what_fits() -> None:
    weights, _, found, share = remapped(network(2, width=6), network(2, width=3))
    assert torch.equal(found["stage1.cell2.conv.weight"], weights["stage1.cell2.conv.weight"][:3, :3])
    assert torch.equal(found["stage1.cell2.bn.running_var"], weights["stage1.cell2.bn.running_var"][:3])
    assert share == 1


def test_a_deeper_stage_copies_its_last_cell() -> None:
    weights, _, found, share = remapped(network(2, 1), network(4, 1))
    for cell in (3, 4):
        for part in ("conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"):
            assert torch.equal(found[f"stage1.cell{cell}.{part}"], weights[f"stage1.cell2.{part}"])
    assert share == 1


def test_a_missing_cell_before_the_last_copies_nothing() -> None:
    parent = network(3)
    middle = Architecture()
    for name in parent:
        if ".cell2." not in name:
            sources = [source.replace(".cell2.", ".cell1.") for source in parent.inputs(name)]
            middle.add(name, parent.layer(name), *sources)
    _, fresh, found, _ = remapped(middle, parent)
    assert torch.equal(found["stage1.cell2.conv.weight"], fresh["stage1.cell2.conv.weight"])


def test_an_added_stage_copies_the_last_one() -> None:
    weights, _, found, _ = remapped(network(1), network(1, 1))
    assert torch.equal(found["stage2.cell1.conv.weight"], weights["stage1.cell1.conv.weight"])


def test_a_deeper_and_wider_stage_copies_what_fits() -> None:
    weights, _, found, _ = remapped(network(1, stem=4), network(2, width=6, kernel=5))
    source = weights["stage1.cell1.conv.weight"]
    assert torch.equal(found["stage1.cell2.conv.weight"][:4, :4, 1:4, 1:4], source)


def joined(*sources: str, layer: Layer) -> Architecture:
    """Branches of 3 channels, some concatenated, and what reads them."""
    net = Architecture()
    net.add("image", Input((2, 4, 4)))
    for name in "abc":
        net.add(name, Conv2d(3, 1), "image")
    net.add("reader", layer, net.add("join", Concat(), *sources))
    net.prune()
    return net


def test_columns_follow_their_channels_where_the_kernel_grows_too() -> None:
    parent, child = joined("a", "b", layer=Conv2d(5, 1)), joined("b", "c", layer=Conv2d(5, 3))
    weights, _, found, _ = remapped(parent, child)
    centre = found["reader.weight"][:, :, 1, 1]
    assert torch.equal(centre[:, :3], weights["reader.weight"][:, 3:, 0, 0])
    assert not centre[:, 3:].any()


def test_strangers_and_other_kinds_inherit_nothing() -> None:
    parent = Architecture()
    parent.add("other", Linear(3), parent.add("pool", GlobalAvgPool(), parent.add("image", Input((2, 8, 8)))))
    child = Architecture()
    child.add("other", Conv2d(3), child.add("image", Input((2, 8, 8))))
    _, fresh, found, share = remapped(parent, child)
    assert share == 0
    assert torch.equal(found["other.weight"], fresh["other.weight"])
