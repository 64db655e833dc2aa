"""Models go in, are widened and deepened exactly, trained, and come out in every format unchanged."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from evonas.operators.morphisms import Deepen, Widen
from published import SIZE, TORCHVISION, WRITTEN
from torch import nn

from evonas.architecture import Architecture
from evonas.errors import NotApplicable
from evonas.evolution.morphism import Morphism
from evonas.inheritance import spread_of
from evonas.network.deploy import Deployable
from evonas.network.export import FORMATS, export
from evonas.network.network import build, input_shape, weights_of
from evonas.testing.morphisms import TOLERANCE, images_for, randomise, relative_gap

ENDINGS = {"python": ".py", "pt2": ".pt2", "onnx": ".onnx"}


def imported(model: nn.Module, size: int) -> tuple[Architecture, dict[str, torch.Tensor]]:
    """A model in float64 as it comes in, its statistics drawn; what comes in computes the same."""
    images = torch.randn(2, 3, size, size, dtype=torch.float64)
    model = model.double().eval()
    net, weights = Architecture.from_module(model, images)
    with torch.no_grad():
        wanted, outputs = model(images), build(net, weights=weights, dtype=torch.float64).eval()(images)
    assert (outputs - wanted).abs().max() <= TOLERANCE * (wanted.max() - wanted.min())
    weights = randomise(net, 0)
    return net, weights if _differs(net, weights) else heard(net, weights)


def pictures(net: Architecture, count: int) -> torch.Tensor:
    """Images as an exported network reads them."""
    generator = torch.Generator().manual_seed(7)
    return 255 * torch.rand(count, *input_shape(net), generator=generator, dtype=torch.float64)


@torch.no_grad()
def _differs(net: Architecture, weights: dict[str, torch.Tensor]) -> bool:
    """Whether images make a difference: else rounding would look like a change of the function."""
    outputs = build(net, weights=weights, dtype=torch.float64).eval()(pictures(net, 4))
    return spread_of(outputs) > 1e-4 * float(outputs.abs().max())


@torch.no_grad()
def heard(net: Architecture, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors with statistics near those of what each norm reads: a deep network needs them."""
    network = build(net, weights=weights, dtype=torch.float64).eval()
    norms = [one for one in network.modules() if isinstance(one, nn.BatchNorm1d | nn.BatchNorm2d)]
    for norm in norms:
        norm.train().momentum = 1.0
    network(pictures(net, 8))
    generator = torch.Generator().manual_seed(0)
    for norm in norms:
        factor = torch.empty_like(norm.running_var).uniform_(0.8, 1.25, generator=generator)
        norm.running_mean.mul_(factor)
        norm.running_var.mul_(factor)
    found = weights_of(network)
    assert _differs(net, found)
    return found


def grown(
    net: Architecture, weights: dict[str, torch.Tensor]
) -> tuple[Architecture, dict[str, torch.Tensor]]:
    """Two layers wider, one layer more: exactly the same function."""
    rng, images = random.Random(0), pictures(net, 4)
    parent = build(net, weights=weights, dtype=torch.float64)
    for draw in (Widen.draw, _deeper, Widen.draw):
        morphism = draw(net, rng)
        weights = morphism.carry(net, weights)
        net = morphism.rewrite(net)
    child = build(net, weights=weights, dtype=torch.float64)
    assert child.eval() is not parent
    assert relative_gap(parent, child, images) <= TOLERANCE
    return net, weights


def _deeper(net: Architecture, rng: random.Random) -> Morphism:
    try:
        return Deepen.draw(net, rng)
    except NotApplicable:  # no idempotent activation: beside a branch that begins as zero
        node = next(node for node in list(net)[1:] if len(net.shape(node)) == 3)
        return Deepen(node, 3, "deeper", residual=True)


def trained(net: Architecture, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Three steps on random labels: every parameter but those behind a rectifier that is shut has moved."""
    network = build(net, weights=weights).train()
    optimiser = torch.optim.SGD(network.parameters(), 1e-3)
    images, labels = images_for(net, count=4).float(), torch.tensor([0, 1, 2, 3])
    before = weights_of(network)
    for _ in range(3):
        optimiser.zero_grad()
        F.cross_entropy(network(images), labels).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
    after = weights_of(network)
    assert all(tensor.isfinite().all() for tensor in after.values())
    moved = [name for name, tensor in after.items() if not torch.equal(tensor, before[name])]
    assert len(moved) > len(after) / 2
    return after


def check(
    model: nn.Module, size: int, same: Callable[..., None], folder: Path, formats: tuple[str, ...] = FORMATS
) -> None:
    net, weights = grown(*imported(model, size))
    source = Deployable(net.unsteered(), trained(net, weights))
    for to in formats:
        same(export(source, to, folder / f"net{ENDINGS[to]}")[0], source, 1e-3 if to == "onnx" else 1e-4)


@pytest.mark.parametrize("name", WRITTEN)
def test_written_by_hand(name: str, same: Callable[..., None], tmp_path: Path) -> None:
    torch.manual_seed(0)
    check(WRITTEN[name](), 16, same, tmp_path, ("python",))


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITTEN)
def test_written_by_hand_in_every_format(name: str, same: Callable[..., None], tmp_path: Path) -> None:
    torch.manual_seed(0)
    check(WRITTEN[name](), 16, same, tmp_path)


def test_one_that_torchvision_publishes(same: Callable[..., None], tmp_path: Path) -> None:
    models = pytest.importorskip("torchvision.models", reason="needs evonas[vision]")
    check(models.squeezenet1_1(num_classes=10), SIZE, same, tmp_path, ("python",))


@pytest.mark.slow
@pytest.mark.parametrize("name", TORCHVISION)
def test_published_by_torchvision(name: str, same: Callable[..., None], tmp_path: Path) -> None:
    models = pytest.importorskip("torchvision.models", reason="needs evonas[vision]")
    torch.manual_seed(0)
    check(getattr(models, name)(num_classes=10, **TORCHVISION[name]), SIZE, same, tmp_path)
