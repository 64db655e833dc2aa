"""Networks whose training steps `cpu_step.py` measures, and what is expected of each.

Sizes and batches are those of each genome's small recipe, but for AmoebaNet-A of 16 filters.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evonas.genomes.large_scale import LargeScaleGenome
from inheritance_parents import GROWN

from evonas.architecture import Architecture
from evonas.evolution import Genome, Space, genome_type
from evonas.settings import load_recipe, read_genotype
from evonas.task import Task

TASKS = {"32×32": Task(3, 32, 32, 10), "8×8": Task(1, 8, 8, 10)}
"""Images such as CIFAR-10's, and scikit-learn's digits."""

LARGE, SMALL, SEPARABLE, DENSE = (
    "AmoebaNet-A, 32×32",
    "AmoebaNet-A, 8×8",
    "separable convolutions",
    "dense convolutions",
)
TARGETS = {LARGE: 2.0, SMALL: 3.0, SEPARABLE: 1.5, DENSE: 1.1}
"""By group: so many times the images a second of the eager step, in the median of its networks."""
LEAST = 1.0
"""What every network reaches."""
MEMORY = 0.8
"""The most memory that networks of cells take, as a share of what the eager step takes."""
CELLS = ("amoeba", "darts", "hierarchical", "nasbench201")
"""Genomes that stack cells."""


@dataclass(frozen=True)
class Case:
    """A network and how it is trained.

    Attributes:
        name: For people: the genotype and the images.
        group: Of `TARGETS`.
        genome: The name of its genome.
        architecture: The network's.
        separable: Whether the search space has separable convolutions, which chooses the precision.
        batch: Images in a step.
    """

    name: str
    group: str
    genome: str
    architecture: Architecture
    separable: bool
    batch: int


Maker = Callable[[type[Genome], Space], Genome]


def _published(name: str) -> Maker:
    return lambda kind, space: read_genotype(kind, kind.space_for(kind.published()[name], space), name)


def _drawn(seed: int) -> Maker:
    return lambda kind, space: kind.random(space, random.Random(seed))


def _grown(kind: type[Genome], space: Space) -> Genome:
    grown: Genome = LargeScaleGenome.from_text(GROWN, space)
    return grown


KINDS: Mapping[str, tuple[str, Maker]] = {
    "AmoebaNet-A": ("amoeba", _published("amoebanet-a")),
    **{f"amoeba, drawn {seed}": ("amoeba", _drawn(seed)) for seed in (1, 2, 3, 4)},
    "DARTS v2": ("darts", _published("darts-v2")),
    "hierarchical, best": ("hierarchical", _published("hierarchical-best")),
    "hierarchical, drawn": ("hierarchical", _drawn(1)),
    "GeNet #1": ("genet", _published("genet-1")),
    "genet, drawn": ("genet", _drawn(1)),
    "large-scale, grown": ("large-scale", _grown),
    "NASH's first model": ("graph", _drawn(1)),
    "NAS-Bench-201, best": ("nasbench201", _published("nasbench201-best-cifar10")),
    "nasbench201, drawn": ("nasbench201", _drawn(1)),
}
"""Genotypes by name: their genome, and how they are made in a space."""


def names() -> list[str]:
    """Of all cases."""
    return [f"{kind}, {images}" for kind in KINDS for images in TASKS]


def case_of(name: str) -> Case:
    """The case of a name, always the same."""
    kind, _, images = name.rpartition(", ")
    genome, make = KINDS[kind]
    task, own = TASKS[images], genome_type(genome)
    recipe = load_recipe(own.recipe)
    sizes: dict[str, Any] = dict(recipe["genome"])
    if name == LARGE:
        sizes["filters"] = 16
    if genome == "large-scale":
        sizes["reference"] = task.input_shape
    space = own.space_type.from_dict(sizes).for_task(task)
    group = name if name in (LARGE, SMALL) else SEPARABLE if space.separable else DENSE
    architecture = make(own, space).decode(task)
    return Case(name, group, genome, architecture, space.separable, recipe["training"]["batch_size"])
