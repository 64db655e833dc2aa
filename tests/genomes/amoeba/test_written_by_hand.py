"""What evonas decodes and builds, beside an AmoebaNet of three cells written by hand in plain PyTorch.

The normal cell is that of Figure 5 of Real et al. 2019. The reduction cell is made up, so that both together
use all eight operations of SP-I, with and without a stride, and so that an input is part of the output.
"""

from __future__ import annotations

import pytest
import torch
from evonas.genomes.amoeba import SP_I, AmoebaGenome, AmoebaSpace, Cell
from torch import Tensor, nn
from torch.nn import functional as F

from evonas.network.network import build, weights_of
from evonas.task import Task

NORMAL = (
    "avg3x3(0)+max3x3(0) identity(0)+avg3x3(1) sep5x5(2)+sep3x3(1) sep3x3(2)+identity(1) avg3x3(4)+sep3x3(0)"
)
REDUCTION = (
    "sep7x7(0)+dil3x3(1) max3x3(1)+identity(0) conv1x7_7x1(0)+identity(2) sep3x3(2)+conv1x7_7x1(3) "
    "avg3x3(1)+max3x3(2) extra(1)"
)


def relu_conv_bn(
    before: int, after: int, kernel: int = 1, stride: int = 1, **options: int
) -> list[nn.Module]:
    return [
        nn.ReLU(),
        nn.Conv2d(before, after, kernel, stride, bias=False, **options),
        nn.BatchNorm2d(after),
    ]


class Strided(nn.Sequential):
    """ReLU, 1×1 convolution, normalisation."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__(*relu_conv_bn(before, after, stride=stride))


class Separable(nn.Sequential):
    """Applied twice; the first time with the stride."""

    def __init__(self, width: int, kernel: int, stride: int = 1) -> None:
        layers: list[nn.Module] = []
        for step in (stride, 1):
            layers += [
                nn.ReLU(),
                nn.Conv2d(width, width, kernel, step, kernel // 2, groups=width, bias=False),
                nn.Conv2d(width, width, 1, bias=False),
                nn.BatchNorm2d(width),
            ]
        super().__init__(*layers)


class Dilated(nn.Sequential):
    def __init__(self, width: int, stride: int = 1) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, padding=2, dilation=2, groups=width, bias=False),
            nn.Conv2d(width, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )


class OneBySeven(nn.Sequential):
    """1×7 then 7×1 at a quarter of the width."""

    def __init__(self, width: int, stride: int = 1) -> None:
        narrow = width // 4
        super().__init__(
            *relu_conv_bn(width, narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, narrow, (1, 7), (1, stride), (0, 3), bias=False),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, narrow, (7, 1), (stride, 1), (3, 0), bias=False),
            nn.BatchNorm2d(narrow),
            *relu_conv_bn(narrow, width),
        )


class Halved(nn.Module):
    """Every other pixel: from the first on for one half of the channels, from the second for the other."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.even = nn.Conv2d(before, after - after // 2, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(before, after // 2, 1, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        beyond = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        return self.norm(torch.cat([self.even(x), self.odd(beyond)], 1))


def average(x: Tensor, stride: int = 1) -> Tensor:
    return F.avg_pool2d(x, 3, stride, padding=1, count_include_pad=False)


def maximum(x: Tensor, stride: int = 1) -> Tensor:
    return F.max_pool2d(x, 3, stride, padding=1)


class NormalCell(nn.Module):
    """Modules are declared in the order in which evonas computes them, each cell's inputs first."""

    def __init__(self, direct: int, skip: int, width: int, halve_skip: bool = False) -> None:
        super().__init__()
        self.halve_skip = halve_skip
        self.direct = Strided(direct, width)
        self.skip = Halved(skip, width) if halve_skip else Strided(skip, width)
        self.left3, self.right3 = Separable(width, 5), Separable(width, 3)
        self.left4 = Separable(width, 3)
        self.right5 = Separable(width, 3)

    def forward(self, direct: Tensor, skip: Tensor) -> Tensor:
        h0 = self.direct(direct)
        h1 = self.skip(skip.relu() if self.halve_skip else skip)
        h2 = average(h0) + maximum(h0)
        h3 = h0 + average(h1)
        h4 = self.left3(h2) + self.right3(h1)
        h5 = self.left4(h2) + h1
        h6 = average(h4) + self.right5(h0)
        return torch.cat([h3, h5, h6], 1)


class ReductionCell(nn.Module):
    def __init__(self, direct: int, skip: int, width: int) -> None:
        super().__init__()
        self.direct, self.skip = Strided(direct, width), Strided(skip, width)
        self.left1, self.right1 = Separable(width, 7, 2), Dilated(width, 2)
        self.right2 = Strided(width, width, 2)
        self.left3 = OneBySeven(width, 2)
        self.left4, self.right4 = Separable(width, 3), OneBySeven(width)
        self.reduced1 = Halved(width, width)

    def forward(self, direct: Tensor, skip: Tensor) -> Tensor:
        h0, h1 = self.direct(direct), self.skip(skip)
        h2 = self.left1(h0) + self.right1(h1)
        h3 = maximum(h1, 2) + self.right2(h0)
        h4 = self.left3(h0) + h2
        h5 = self.left4(h2) + self.right4(h3)
        h6 = average(h1, 2) + maximum(h2)
        return torch.cat([self.reduced1(h1), h4, h5, h6], 1)


class HandWritten(nn.Module):
    """A stem, one normal cell, one reduction cell, one normal cell, a linear classifier."""

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        self.first = NormalCell(width, width, width)
        self.reduction = ReductionCell(3 * width, width, 2 * width)
        self.second = NormalCell(8 * width, 3 * width, 2 * width, halve_skip=True)
        self.classifier = nn.Linear(6 * width, classes)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        stem = self.stem(image)
        first = self.first(stem, stem)
        reduced = self.reduction(first, stem)
        second = self.second(reduced, first)
        logits = self.classifier(second.relu().mean((2, 3)))
        return {
            "stage1.cell1.output": first,
            "stage1.reduction.output": reduced,
            "stage2.cell1.output": second,
            "classifier": logits,
        }

    def load(self, weights: dict[str, Tensor]) -> None:
        """Takes evonas's weights: module by module, each once."""
        names = {
            "stem": ["stem.conv", "stem.bn"],
            "first": [
                *inputs("stage1.cell1", halved=False),
                *separable("stage1.cell1.combination3.left.sep5x5"),
                *separable("stage1.cell1.combination3.right.sep3x3"),
                *separable("stage1.cell1.combination4.left.sep3x3"),
                *separable("stage1.cell1.combination5.right.sep3x3"),
            ],
            "reduction": [
                *inputs("stage1.reduction", halved=False),
                *separable("stage1.reduction.combination1.left.sep7x7"),
                *parts("stage1.reduction.combination1.right.dil3x3", "depthwise", "conv", "bn"),
                *parts("stage1.reduction.combination2.right.identity", "conv", "bn"),
                *one_by_seven("stage1.reduction.combination3.left.conv1x7_7x1"),
                *separable("stage1.reduction.combination4.left.sep3x3"),
                *one_by_seven("stage1.reduction.combination4.right.conv1x7_7x1"),
                *parts("stage1.reduction.reduced1", "path1.conv", "path2.conv", "bn"),
            ],
            "second": [
                *inputs("stage2.cell1", halved=True),
                *separable("stage2.cell1.combination3.left.sep5x5"),
                *separable("stage2.cell1.combination3.right.sep3x3"),
                *separable("stage2.cell1.combination4.left.sep3x3"),
                *separable("stage2.cell1.combination5.right.sep3x3"),
            ],
            "classifier": ["classifier"],
        }
        left = dict(weights)
        for child, theirs in names.items():
            leaves = [m for m in getattr(self, child).modules() if m._parameters]
            for leaf, name in zip(leaves, theirs, strict=True):
                expected = [key for key in leaf.state_dict() if key != "num_batches_tracked"]
                leaf.load_state_dict({key: left.pop(f"{name}.{key}") for key in expected}, strict=False)
        if left:
            raise ValueError(f"not used: {sorted(left)}")


def parts(name: str, *kinds: str) -> list[str]:
    return [f"{name}.{kind}" for kind in kinds]


def inputs(cell: str, halved: bool) -> list[str]:
    skip = ("path1.conv", "path2.conv", "bn") if halved else ("conv", "bn")
    return parts(f"{cell}.direct", "conv", "bn") + parts(f"{cell}.skip", *skip)


def separable(name: str) -> list[str]:
    return [f"{name}.turn{turn}.{kind}" for turn in (1, 2) for kind in ("depthwise", "conv", "bn")]


def one_by_seven(name: str) -> list[str]:
    return [
        f"{name}.{step}.{kind}" for step in ("squeeze", "step1", "step2", "expand") for kind in ("conv", "bn")
    ]


# -- the comparison -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def genome() -> AmoebaGenome:
    space = AmoebaSpace(cells=1, filters=8, stages=2)
    return AmoebaGenome(Cell.from_text(NORMAL), Cell.from_text(REDUCTION), space)


def test_both_cells_together_use_all_operations_of_the_papers_space(genome):
    used = {name for cell in genome.cells for pair in cell.combinations for name, _ in pair}
    assert used == set(SP_I)


@pytest.mark.parametrize("size", [(12, 12), (9, 14)], ids=["even", "odd"])
@pytest.mark.parametrize("mode", ["evaluation", "training"])
def test_cells_compute_what_they_compute_by_hand(genome, build_random, size, mode):
    task = Task(3, *size, 5)
    net = genome.decode(task)
    weights = weights_of(build_random(net, seed=1))
    by_hand = HandWritten(3, 8, 5)
    by_hand.load(weights)
    by_hand.train(mode == "training")
    images = torch.randn(4, 3, *size)
    expected = by_hand(images)
    for name, tensor in expected.items():
        part = net.copy()
        part.output = name
        part.prune()
        wanted = {**part.parameters(), **part.buffers()}
        network = build(part, weights={key: weights[key] for key in wanted})
        found = network.train(mode == "training")(images)
        assert expected[name].std() > 0.1
        torch.testing.assert_close(found, tensor, rtol=1e-5, atol=1e-5)


def test_gradients_are_those_by_hand(genome, build_random):
    network = build_random(genome.decode(Task(3, 8, 8, 5)), dtype=torch.float64)
    by_hand = HandWritten(3, 8, 5).double()
    by_hand.load(weights_of(network))
    images = torch.randn(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    gradients = []
    for logits in (network(images), by_hand.eval()(images)["classifier"]):
        gradients.append(torch.autograd.grad(logits.square().sum(), images)[0])
    torch.testing.assert_close(gradients[0], gradients[1])
