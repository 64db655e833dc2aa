"""What a mutation leaves of a trained network: accuracy of children before any training.

AmoebaNet-A is trained for some epochs; then children by one mutation each inherit its weights, once as
``match`` does it (by node name, input columns aligned by where each channel comes from) and once by name and
shape alone, as usual. Printed are accuracies on validation images before any training of the child, beside
the parent's and chance.

Run it as ``python benchmarks/mutation_inheritance.py``. It exits with status 1 where, with ``match``,
children whose loose ends changed fall back to chance (a median below three times chance).
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.operators.amoeba import hidden_state, operation
from torch import nn

from evonas.architecture import Architecture
from evonas.evolution import Operator
from evonas.inheritance import inherit
from evonas.network import Weights, build, weights_of
from evonas.settings import DataChoice, read_genotype
from evonas.training import (
    Compute,
    DeviceImages,
    Normalisation,
    Plan,
    choose_device,
    choose_precision,
    fit,
    score,
    to_device,
)

Carry = Callable[[nn.Module, Architecture, Architecture, Weights], float]


@torch.no_grad()
def by_name_and_shape(
    network: nn.Module, child: Architecture, parent: Architecture, weights: Weights
) -> float:
    """Copies every tensor whose name and shape agree; the baseline."""
    trained = dict(network.named_parameters())
    copied = 0
    for name, tensor in network.state_dict(keep_vars=True).items():
        if name in weights and weights[name].shape == tensor.shape:
            tensor.copy_(weights[name])
            copied += tensor.numel() if name in trained else 0
    return copied / sum(parameter.numel() for parameter in trained.values())


@dataclass(frozen=True)
class Outcome:
    """One child before training."""

    share: float
    accuracy: float


class Laboratory:
    """A trained parent, and the images on which children are measured."""

    def __init__(self, options: argparse.Namespace) -> None:
        dataset = DataChoice().open(options.data, options.train_limit)
        split = dataset.search_split()
        statistics_ = dataset.statistics(split)
        normalisation = Normalisation(statistics_.mean, statistics_.std)
        device = choose_device(options.device)
        self.compute = Compute(device, choose_precision(device, True), options.threads)
        self.compute.prepare()
        self.task = dataset.task
        self.validation = DeviceImages(split.x_val, split.y_val, normalisation, device)
        plan = Plan(epochs=options.epochs, learning_rate=0.1)
        padding = plan.padding(self.task.height, self.task.width)
        training = DeviceImages(split.x_train, split.y_train, normalisation, device, padding)
        space = AmoebaSpace(cells=options.cells, filters=options.filters)
        genome = read_genotype(AmoebaGenome, space, "amoebanet-a-paper")
        if not isinstance(genome, AmoebaGenome):
            raise TypeError("expected an AmoebaGenome")
        self.genome = genome
        self.architecture = genome.decode(self.task)
        network = to_device(build(self.architecture, options.seed), self.compute)
        fit(network, training, plan, self.compute, options.seed, dataset.mirror)
        self.accuracy = score(network, self.validation, self.compute).accuracy
        self.weights = weights_of(network)

    def child_of(self, operator: Operator, seed: int) -> AmoebaGenome:
        """The parent after one mutation that changes it."""
        rng = random.Random(seed)
        while True:
            child: AmoebaGenome = operator.mutate(self.genome.clone(), rng)
            if child != self.genome:
                return child

    def measure(self, child: AmoebaGenome, carry: Carry, seed: int) -> Outcome:
        """A child's inherited share and its accuracy before training."""
        architecture = child.decode(self.task)
        network = build(architecture, seed)
        share = carry(network, architecture, self.architecture, self.weights)
        return Outcome(share, score(to_device(network, self.compute), self.validation, self.compute).accuracy)


def loose_ends(genome: AmoebaGenome) -> list[list[int]]:
    """The states that each cell's output concatenates."""
    return [cell.outputs() for cell in genome.cells]


def line(name: str, rows: list[tuple[Outcome, Outcome]]) -> str:
    """One line of the table: ``match`` beside name and shape."""
    cells = [name, str(len(rows))]
    for side in (0, 1):
        accuracies = [100 * row[side].accuracy for row in rows]
        shares = [100 * row[side].share for row in rows]
        cells.append(f"{statistics.mean(shares):.1f} %")
        cells.append(
            f"{statistics.median(accuracies):.1f} % ({min(accuracies):.1f} to {max(accuracies):.1f})"
        )
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default="digits")
    parser.add_argument("--train-limit", type=int, default=None)
    parser.add_argument("--epochs", type=int, default=8, help="of the parent")
    parser.add_argument("--mutations", type=int, default=50, help="of each kind")
    parser.add_argument("--cells", type=int, default=1)
    parser.add_argument("--filters", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    laboratory = Laboratory(options)
    chance = 1 / laboratory.task.classes
    print(
        f"AmoebaNet-A (drawn variant), N={options.cells}, F={options.filters}, {options.data}, "
        f"{options.epochs} epochs, seed {options.seed}, "
        f"torch {torch.__version__}, {laboratory.compute.device}\n"
        f"parent: {100 * laboratory.accuracy:.1f} %; chance: {100 * chance:.1f} %\n"
    )
    groups: dict[str, list[tuple[Outcome, Outcome]]] = {}
    for operator in (operation, hidden_state):
        for number in range(options.mutations):
            child = laboratory.child_of(operator, 1000 * options.seed + number)
            changed = loose_ends(child) != loose_ends(laboratory.genome)
            kind = "operation" if operator is operation else "input"
            name = f"{kind}, loose ends changed" if changed else kind
            pair = tuple(laboratory.measure(child, carry, number) for carry in (inherit, by_name_and_shape))
            groups.setdefault(name, []).append((pair[0], pair[1]))
    print(
        "| mutation | children | inherited, match | accuracy, match | inherited, name and shape | accuracy |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, rows in sorted(groups.items(), reverse=True):
        print(line(name, rows))
    changed_rows = groups.get("input, loose ends changed", [])
    return int(bool(changed_rows) and statistics.median(row[0].accuracy for row in changed_rows) < 3 * chance)


if __name__ == "__main__":
    sys.exit(main())
