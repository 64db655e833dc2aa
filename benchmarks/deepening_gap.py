"""What each way of deepening does to a network in training mode, and how well it is trained on from there.

A network of six convolutions is trained; then layers are inserted behind some of its ReLUs, in four ways:

- not calibrated: `Deepen`, whose normalisation undoes itself in evaluation mode alone (mean 0, variance 1);
- calibrated: the same after `evonas.calibration.calibrate`, on 128 training images, as in a search;
- residual: `Deepen` of a branch whose last scale is 0;
- re-initialised: the same layers, drawn as in a network from scratch.

The gap is that of the logits in training mode, where normalisation uses the statistics of the batch: the root
mean square difference from the parent's on batches of 128 that neither has seen, relative to the parent's
spread over images (the standard deviation, the median over logits). Each number is a mean over seeds, which
choose the places. Then all are trained for two epochs, the parent as it is beside them.

Run it as ``python benchmarks/deepening_gap.py --data cifar10.npz``. It exits with status 1 where the gap of a
calibrated network is not below a tenth of the re-initialised one's.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from evonas.operators.morphisms import Deepen
from subset import add_options, compute_of, subset_of, versions
from torch import Tensor, nn

from evonas.architecture import Architecture
from evonas.architecture.layers import BatchNorm2d, Conv2d, GlobalAvgPool, Input, Linear, MaxPool2d, ReLU
from evonas.evolution import apply, new_name
from evonas.network import build, calibrate, weights_of
from evonas.seeds import named_seed
from evonas.task import Task
from evonas.training import CALIBRATION_BATCH, DeviceImages, Normalisation, Plan, fit, score, to_device

WAYS = ("not calibrated", "calibrated", "residual", "re-initialised")
CONVOLUTIONS = 6
BATCH, BATCHES = 128, 4
AT_MOST = 0.1


def six_convolutions(task: Task, filters: int) -> Architecture:
    """Three pairs of 3×3 convolutions; filters double from pair to pair, which are pooled between."""
    net = Architecture()
    node = net.add("image", Input(task.input_shape))
    for number in range(CONVOLUTIONS):
        if number in (2, 4):
            node = net.add(f"pool{number // 2}", MaxPool2d(2, 2), node)
        node = net.add(f"block{number + 1}.conv", Conv2d(filters * 2 ** (number // 2)), node)
        node = net.add(f"block{number + 1}.bn", BatchNorm2d(), node)
        node = net.add(f"block{number + 1}.relu", ReLU(), node)
    node = net.add("pool", GlobalAvgPool(), node)
    net.add("classifier", Linear(task.classes), node)
    return net


class Laboratory:
    """A trained parent, and the images."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        subset = subset_of(options)
        self.compute = compute_of(options, separable=False)
        print(f"{options.data}: {subset}; {versions(self.compute)}")
        split, device = subset.split, self.compute.device
        normalisation = Normalisation(subset.statistics.mean, subset.statistics.std)
        self.mirror = subset.mirror
        padding = Plan().padding(subset.task.height, subset.task.width)
        self.training = DeviceImages(split.x_train, split.y_train, normalisation, device, padding)
        self.validation = DeviceImages(split.x_val, split.y_val, normalisation, device)
        self.architecture = six_convolutions(subset.task, options.filters)
        network = build(self.architecture, named_seed(options.seed, "weights"))
        self.accuracy = self.trained(network, options.parent_epochs, options.seed)
        self.weights = weights_of(network)
        self.batches = [
            batch.cpu() for (batch, _), _ in zip(self.validation.batches(BATCH), range(BATCHES), strict=False)
        ]
        print(
            f"six convolutions of {options.filters} to {4 * options.filters} filters, "
            f"{self.architecture.parameter_count():,} parameters: "
            f"{100 * self.accuracy:.1f} % after {options.parent_epochs} epochs\n",
            flush=True,
        )

    def trained(self, network: nn.Module, epochs: int, seed: int) -> float:
        """Trains a network; returns its accuracy on validation images."""
        plan = Plan(epochs=epochs, learning_rate=self.options.learning_rate)
        fit(to_device(network, self.compute), self.training, plan, self.compute, seed, self.mirror)
        return self.accuracy_of(network)

    def accuracy_of(self, network: nn.Module) -> float:
        """Accuracy on validation images."""
        return score(to_device(network, self.compute), self.validation, self.compute).accuracy

    def parent(self) -> nn.Module:
        return build(self.architecture, weights=self.weights)

    def child(self, way: str, insertions: int, seed: int) -> nn.Module:
        """A network with so many layers more; seeds choose where."""
        rng = random.Random(named_seed(seed, f"{insertions} insertions"))
        places = rng.sample([f"block{number + 1}.relu" for number in range(CONVOLUTIONS)], insertions)
        morphisms, grown = [], self.architecture
        for place in places:
            morphism = Deepen(place, 3, new_name(grown, "deeper", rng), residual=way == "residual")
            morphisms.append(morphism)
            grown = morphism.rewrite(grown)
        _, carried = apply(morphisms, self.architecture, self.weights)
        if way == "re-initialised":
            carried = {name: tensor for name, tensor in carried.items() if name in self.weights}
        network = build(grown, named_seed(seed, "inserted"), carried)
        if way == "calibrated":
            inserted = [name for morphism in morphisms for name in morphism.inserted_normalisations()]
            calibrate(network, inserted, next(self.training.batches(CALIBRATION_BATCH))[0].cpu())
        return network

    def gap(self, child: nn.Module, *, training: bool) -> float:
        """How far a network's logits are from the parent's, relative to their spread over images."""
        return gap(self.parent().train(training), child.train(training), self.batches)


@torch.no_grad()
def gap(parent: nn.Module, child: nn.Module, batches: Sequence[Tensor]) -> float:
    """Root mean square difference of the logits, relative to the parent's spread; the mean over batches."""
    found = []
    for batch in batches:
        before, after = parent(batch).double(), child(batch).double()
        spread = before.std(0).median()
        found.append(float((after - before).square().mean().sqrt() / spread))
    return statistics.mean(found)


@dataclass(frozen=True)
class Gaps:
    """Gaps for one number of insertions, by way: in training mode by seed, in evaluation mode the largest."""

    training: dict[str, list[float]]
    evaluation: dict[str, float]

    @property
    def ratio(self) -> float:
        """Of the calibrated gap to the re-initialised one, the largest of all seeds'."""
        pairs = zip(self.training["calibrated"], self.training["re-initialised"], strict=True)
        return max(mine / other for mine, other in pairs)


def measure_gaps(laboratory: Laboratory, insertions: int, seeds: range) -> Gaps:
    """All ways, with the layers in the same places."""
    training: dict[str, list[float]] = {way: [] for way in WAYS}
    evaluation = dict.fromkeys(WAYS, 0.0)
    for way in WAYS:
        for seed in seeds:
            child = laboratory.child(way, insertions, seed)
            evaluation[way] = max(evaluation[way], laboratory.gap(child, training=False))
            training[way].append(laboratory.gap(child, training=True))
    return Gaps(training, evaluation)


def report_gaps(laboratory: Laboratory, seeds: range) -> bool:
    """Prints the table of gaps; returns whether calibration keeps them small."""
    heads = [*WAYS, "calibrated / re-initialised, the worst seed"]
    print("| insertions | " + " | ".join(heads) + " |\n| ---: |" + " ---: |" * len(heads))
    exact, ok = 0.0, True
    for insertions in range(1, CONVOLUTIONS + 1):
        gaps = measure_gaps(laboratory, insertions, seeds)
        cells = [f"{statistics.mean(gaps.training[way]):.3f}" for way in WAYS]
        print(f"| {insertions} | {' | '.join(cells)} | {gaps.ratio:.3f} |", flush=True)
        exact = max(exact, *(gaps.evaluation[way] for way in WAYS[:3]))
        ok = ok and gaps.ratio < AT_MOST
    print(f"\nIn evaluation mode (float32) the largest gap of the first three ways is {exact:.1e}.")
    print(f"Calibrated stays below a tenth of re-initialised: {'yes' if ok else 'NO'}.\n", flush=True)
    return ok


def report_accuracies(laboratory: Laboratory, insertions: int, epochs: int, seeds: range) -> None:
    """Prints accuracies before and after a short training."""
    print(f"| {insertions} insertions | before training | after {epochs} epochs | per seed |")
    print("| --- | ---: | ---: | --- |")
    for way in (*WAYS, "parent, trained on"):
        before, after = [], []
        for seed in seeds:
            network = laboratory.child(way, insertions, seed) if way in WAYS else laboratory.parent()
            before.append(100 * laboratory.accuracy_of(network))
            after.append(100 * laboratory.trained(network, epochs, named_seed(seed, "training")))
        start = statistics.mean(before)
        each = ", ".join(f"{accuracy:.1f}" for accuracy in after)
        print(f"| {way} | {start:.1f} % | {statistics.mean(after):.1f} % | {each} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_options(parser, 4000, 1500, 32)
    parser.add_argument("--filters", type=int, default=16, help="of the first pair of convolutions")
    parser.add_argument("--parent-epochs", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=2, help="of the children")
    parser.add_argument("--insertions", type=int, default=6, help="of the children that are trained")
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.seeds)
    laboratory = Laboratory(options)
    ok = report_gaps(laboratory, seeds)
    report_accuracies(laboratory, options.insertions, options.epochs, seeds)
    return int(not ok)


if __name__ == "__main__":
    sys.exit(main())
