"""Calibration of inserted normalisations."""

import pytest
import torch
from evonas.operators.morphisms.deepen import Deepen
from torch import nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import BatchNorm2d, Conv2d, Dropout, GlobalAvgPool, Input, Linear, ReLU
from evonas.errors import UserError
from evonas.evolution.morphism import apply
from evonas.network.calibration import calibrate
from evonas.network.network import build, weights_of
from evonas.testing.morphisms import images_for, randomise, relative_gap


def parent() -> Architecture:
    """Two convolutions, normalised and rectified, with dropout between them."""
    net = Architecture()
    last = net.add("image", Input((2, 8, 8)))
    for block in ("one", "two"):
        last = net.add(f"{block}.conv", Conv2d(6), last)
        last = net.add(f"{block}.bn", BatchNorm2d(), last)
        last = net.add(f"{block}.relu", ReLU(), last)
        if block == "one":
            last = net.add("drop", Dropout(0.4), last)
    net.add("head", Linear(3), net.add("vector", GlobalAvgPool(), last))
    return net


INSERTED = (Deepen("one.relu", 3, "first"), Deepen("first.relu", 3, "second"), Deepen("two.relu", 5, "third"))
NODES = tuple(node for morphism in INSERTED for node in morphism.inserted_normalisations())


def deeper(seed: int = 1, dtype: torch.dtype = torch.float64) -> tuple[nn.Module, nn.Module]:
    """The parent's network and the one with three layers more, before calibration."""
    net = parent()
    weights = randomise(net, seed, dtype)
    child, carried = apply(INSERTED, net, weights)
    return build(net, weights=weights, dtype=dtype), build(child, weights=carried, dtype=dtype)


def without_dropout(network: nn.Module) -> nn.Module:
    """In training mode but for dropout."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
    return network


@torch.no_grad()
def training_gap(old: nn.Module, new: nn.Module, batch: torch.Tensor) -> float:
    """How far outputs are apart while training, relative to their spread over inputs."""
    one, other = without_dropout(old)(batch), without_dropout(new)(batch)
    return float((one - other).abs().max() / one.std(0).median())


def test_evaluation_stays_exact() -> None:
    old, new = deeper()
    before = weights_of(new)
    calibrate(new, NODES, 3 * images_for(parent(), 5, 64) + 1)
    changed = {name for name, tensor in weights_of(new).items() if not torch.equal(tensor, before[name])}
    parts = ("weight", "bias", "running_mean", "running_var")
    assert changed == {f"{node}.{part}" for node in NODES for part in parts}
    assert relative_gap(old, new, images_for(parent())) < 1e-13


def test_statistics_are_those_of_what_the_normalisation_reads() -> None:
    _, new = deeper()
    batch = images_for(parent(), 5, 32)
    seen: list[torch.Tensor] = []
    handle = new.get_submodule("third.bn").register_forward_pre_hook(lambda _, read: seen.append(read[0]))
    calibrate(new, NODES, batch)
    handle.remove()
    (value,) = seen
    norm = new.get_submodule("third.bn")
    assert torch.allclose(norm.running_mean, value.mean((0, 2, 3)))
    assert torch.allclose(norm.running_var, value.var((0, 2, 3), correction=0))


def test_on_the_same_batch_training_is_exact_too() -> None:
    batch = images_for(parent(), 5, 32)
    assert training_gap(*deeper(), batch) > 0.01
    old, new = deeper()  # anew, since a pass in training mode moves the statistics
    calibrate(new, NODES, batch)
    assert training_gap(old, new, batch) < 1e-12


def test_on_another_batch_training_is_nearer_than_before() -> None:
    fresh = images_for(parent(), 6, 64)
    before = training_gap(*deeper(), fresh)
    old, new = deeper()
    calibrate(new, NODES, images_for(parent(), 5, 64))
    assert training_gap(old, new, fresh) < before / 3


def test_modes_hooks_and_the_global_generator_stay() -> None:
    _, new = deeper()
    new.train()
    new.get_submodule("drop").eval()
    modes = [module.training for module in new.modules()]
    state = torch.get_rng_state()
    calibrate(new, NODES, images_for(parent()))
    assert [module.training for module in new.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(module._forward_pre_hooks for module in new.modules())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in new.parameters())


def test_a_second_calibration_changes_no_output() -> None:
    old, new = deeper()
    for seed in (5, 6):
        calibrate(new, NODES, images_for(parent(), seed))
        assert relative_gap(old, new, images_for(parent())) < 1e-13


def test_single_precision() -> None:
    old, new = deeper(dtype=torch.float32)
    calibrate(new, NODES, images_for(parent()).float())
    assert relative_gap(old, new, images_for(parent()).float()) < 1e-4


def test_nothing_to_calibrate() -> None:
    _, new = deeper()
    before = weights_of(new)
    calibrate(new, (), torch.zeros(0))
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights_of(new).items())


@pytest.mark.parametrize(
    ("nodes", "shape", "message"),
    [
        (("gone.bn",), (4, 2, 8, 8), "calibration: 'gone.bn' is no node of the network that has a module"),
        (("head",), (4, 2, 8, 8), "calibration: expected a normalisation in 'head', got Linear"),
        (
            ("first.bn",),
            (1, 2, 8, 8),
            r"calibration batch: expected at least 2 images, got shape \(1, 2, 8, 8\)",
        ),
        (("first.bn",), (2, 8, 8), r"batch: expected at least 2 images, got shape \(2, 8, 8\)"),
    ],
)
def test_bad_input(nodes: tuple[str, ...], shape: tuple[int, ...], message: str) -> None:
    _, new = deeper()
    with pytest.raises(UserError, match=message):
        calibrate(new, nodes, torch.zeros(shape, dtype=torch.float64))


def test_buffers_are_restored_when_the_pass_fails() -> None:
    _, new = deeper()
    before = weights_of(new)
    with pytest.raises(RuntimeError):
        calibrate(new, NODES, torch.zeros(4, 3, 8, 8, dtype=torch.float64))
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights_of(new).items())
    assert not any(module._forward_pre_hooks for module in new.modules())
