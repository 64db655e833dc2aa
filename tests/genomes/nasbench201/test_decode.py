"""The network of a cell: the benchmark's sizes, its layers, and that it learns."""

from __future__ import annotations

import pytest
import torch
from evonas.genomes.nasbench201 import NasBench201Genome, NasBench201Space
from evonas.genomes.nasbench201.cell import CONV1, CONV3, NONE, POOL, SKIP
from evonas.genomes.nasbench201.published import BEST_CIFAR10, PUBLISHED, RESNET
from torch import nn
from torch.nn import functional

from evonas.errors import UserError
from evonas.network.network import build
from evonas.task import Task

CIFAR = Task(3, 32, 32, 10)
SMALL = Task(3, 8, 8, 4)


def genome(*operations: str, **settings: int) -> NasBench201Genome:
    return NasBench201Genome(operations, NasBench201Space(**settings))


def test_published_sizes() -> None:
    """The benchmark's figures of the best cell on CIFAR-10: 1.073 million parameters, 153.27 million MACs."""
    best = NasBench201Genome.from_text(BEST_CIFAR10, NasBench201Space()).decode(CIFAR)
    assert best.parameter_count() == 1_073_466
    assert best.flops() / 2 == pytest.approx(153.27e6, rel=2e-3)


def test_sizes_by_hand() -> None:
    """What each operation adds to the frame of 73,306 parameters, in five cells at 16, 32 and 64 filters."""
    frame = genome(SKIP, SKIP, SKIP, SKIP, SKIP, SKIP).decode(CIFAR).parameter_count()
    stem, classifier, last = 3 * 16 * 9 + 32, 64 * 10 + 10, 2 * 64
    reductions = sum(9 * c * 2 * c + 4 * c + 9 * (2 * c) ** 2 + 4 * c + 2 * c * c for c in (16, 32))
    assert frame == stem + reductions + last + classifier == 73_306
    for operation, each in ((CONV1, 1), (CONV3, 9), (POOL, 0)):
        added = sum(5 * (each * c * c + 2 * c) for c in (16, 32, 64)) if each else 0
        size = genome(operation, SKIP, SKIP, SKIP, SKIP, SKIP).decode(CIFAR).parameter_count()
        assert size == frame + added


class Reference(nn.Module):
    """The benchmark's forward pass of one cell, with its zeros, on the parameters of a decoded network."""

    def __init__(self, network: nn.Module, operations: tuple[str, ...]) -> None:
        super().__init__()
        self.modules_by_name = dict(network.named_modules())
        self.by_edge = dict(zip(((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)), operations, strict=True))

    def cell(self, name: str, x: torch.Tensor) -> torch.Tensor:
        nodes = [x]
        for target in (1, 2, 3):
            nodes.append(sum(self.edge(name, source, target, nodes[source]) for source in range(target)))
        return nodes[3]

    def edge(self, name: str, source: int, target: int, x: torch.Tensor) -> torch.Tensor:
        operation = self.by_edge[source, target]
        if operation == NONE:
            return x * 0
        if operation == SKIP:
            return x
        if operation == POOL:
            return functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        place = f"{name}.edge{source}to{target}.{operation}"
        return self.conv_bn(place, functional.relu(x))

    def conv_bn(self, place: str, x: torch.Tensor) -> torch.Tensor:
        return self.modules_by_name[f"{place}.bn"](self.modules_by_name[f"{place}.conv"](x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv_bn("stem", x)
        for stage in (1, 2, 3):
            if stage > 1:
                name = f"stage{stage}.reduction"
                body = self.conv_bn(f"{name}.first", functional.relu(x))
                body = self.conv_bn(f"{name}.second", functional.relu(body))
                short = functional.avg_pool2d(x, 2, 2)
                x = self.modules_by_name[f"{name}.short.conv"](short) + body
            x = self.cell(f"stage{stage}.cell1", x)
        x = functional.relu(self.modules_by_name["last.bn"](x)).mean((2, 3))
        return self.modules_by_name["classifier"](x)


@pytest.mark.parametrize(
    "operations",
    [
        (CONV3, CONV1, POOL, SKIP, CONV3, CONV1),
        (SKIP, SKIP, SKIP, SKIP, POOL, CONV3),
        (CONV3, NONE, CONV3, SKIP, NONE, SKIP),
        (POOL, SKIP, CONV1, NONE, SKIP, SKIP),
    ],
)
def test_it_computes_what_the_benchmark_does(operations: tuple[str, ...], build_random) -> None:
    architecture = genome(*operations, cells=1, filters=4).decode(SMALL)
    network = build_random(architecture, dtype=torch.float64)
    x = torch.randn(5, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(network(x), Reference(network, operations)(x), rtol=1e-10, atol=1e-10)


def test_a_cell_without_a_way_through_is_constant_and_trains() -> None:
    network = build(genome(*[NONE] * 6, cells=1, filters=4).decode(SMALL), 0)
    images = torch.randn(6, 3, 8, 8)
    network.eval()
    assert torch.equal(network(images)[0], network(images)[1])
    network.train()
    functional.cross_entropy(network(images), torch.tensor([0, 1, 2, 3, 0, 0])).backward()
    assert network.get_submodule("classifier").bias.grad.abs().sum() > 0


def test_isomorphic_cells_decode_to_isomorphic_networks() -> None:
    pairs = [
        ((CONV3, NONE, NONE, NONE, POOL, NONE), (NONE, CONV3, NONE, NONE, CONV1, POOL), True),
        ((CONV3, CONV1, SKIP, SKIP, NONE, SKIP), (CONV1, CONV3, SKIP, SKIP, NONE, SKIP), True),
        ((CONV3, NONE, CONV1, NONE, POOL, SKIP), (CONV3, CONV3, NONE, NONE, CONV1, POOL), False),
    ]
    for first, second, equal in pairs:
        one, other = genome(*first, cells=1, filters=4), genome(*second, cells=1, filters=4)
        assert (one.key() == other.key()) is equal
        assert (one.decode(SMALL).key() == other.decode(SMALL).key()) is equal


def test_names_follow_the_place() -> None:
    before = genome(*NasBench201Genome.from_text(RESNET, NasBench201Space()), cells=1).decode(SMALL)
    after = genome(CONV3, POOL, CONV3, SKIP, NONE, SKIP, cells=1).decode(SMALL)
    kept = {name for name in before.parameters() if "edge" in name}
    assert kept <= set(after.parameters())


def test_published_cells_decode() -> None:
    for name, data in NasBench201Genome.published().items():
        assert data["cell"] == PUBLISHED[name]
        NasBench201Genome.from_dict(data, NasBench201Space(cells=1)).decode(SMALL).validate()


@pytest.mark.parametrize(("height", "width"), [(2, 8), (5, 5), (7, 7), (30, 30), (8, 6), (9, 8)])
def test_images_that_two_reductions_do_not_halve(height: int, width: int) -> None:
    """There, what is added in the benchmark's residual block has two sizes."""
    expected = f"two reductions of this genome need sides of a multiple of 4 pixels, got {height}×{width}"
    task = Task(3, height, width, 4)
    with pytest.raises(UserError, match=expected):
        NasBench201Space().check(task)
    with pytest.raises(UserError, match=expected):
        genome(*[SKIP] * 6).decode(task)


@pytest.mark.parametrize(("height", "width"), [(4, 4), (28, 28), (12, 4)])
def test_other_images_serve(height: int, width: int) -> None:
    genome(*[CONV3] * 6, cells=1).decode(Task(3, height, width, 4)).validate()


def test_bad_settings() -> None:
    with pytest.raises(UserError, match="nasbench201 cells: expected a whole number of at least 1, got 0"):
        NasBench201Space(cells=0)
    with pytest.raises(UserError, match="nasbench201 q_m: expected a probability from 0 to 1, got 2"):
        NasBench201Space(q_m=2)
