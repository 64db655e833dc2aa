"""Settings: everything a run is determined by, resolved once and kept in its journal."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from msgspec import Meta

from ..architecture import Ceilings
from ..data import BEFORE, check_layout
from ..errors import UserError, closest, nearest
from ..evolution import SECONDS, Genome, Space, check_whole, find, genome_type
from ..evolution.strategies import Strategy
from ..files import AtLeastOne, AtLeastZero, Table, check, check_names
from ..inheritance import check_mode
from ..task import Task
from ..training import Kernels, Plan, check_kernels
from .genotypes import read_genotype
from .recipe import SEARCH_KEYS, Recipe

if TYPE_CHECKING:
    from ..training import Compute

ARGUMENTS = (
    *SEARCH_KEYS,
    *("epochs", "recipe", "run", "operators", "toolbox", "evaluate", "needs", "config", "data_dir"),
    *("download", "workers", "devices", "per_device", "device_memory", "timeout", "ray", "max_seconds"),
    "callbacks",
)
"""What `evonas.evolve` takes besides settings of the strategy, for messages about misspelt ones."""

Precision = Literal["float32", "bfloat16", "float16"]
PRECISIONS: tuple[str, ...] = get_args(Precision)


@dataclasses.dataclass(frozen=True)
class Settings:
    """How one search is run.

    Attributes:
        genome: Name of the genome.
        strategy: Name of the strategy.
        dataset: Name or path of the images; empty where a function gives the fitness and needs none.
        train_limit: Use only so many training images; None for all.
        budget: Candidates to evaluate.
        look_ahead: Candidates asked before the oldest is told.
        inherit: ``match`` or ``none``.
        seed: Of all randomness.
        start: A published genotype's name, a genotype as text or in JSON form, or None.
        device: Where networks are trained, such as ``cpu`` or ``cuda:0``.
        precision: ``float32`` or ``bfloat16``.
        threads: Of one candidate on a CPU.
        space: Settings of the genome.
        tactics: Settings of the strategy.
        training: The plan by which candidates are trained.
        final: The plan by which the best is trained, where it differs.
        recipe: The recipe that this comes from.
        unique: Whether no genotype is to be evaluated twice, as far as asking again helps.
        operator_seconds: How long an operator may take before it costs its candidate.
        operators: Weights of operators by name, where they differ from their own.
        verify_morphisms: Whether every child that preserving morphisms have made is compared with its parent.
        asynchronous: Whether results are told as they come; a search then depends on how long they take.
        max_parameters: Candidates with more are rejected before training; None for no limit.
        max_flops: Likewise, for one image.
        max_memory: Likewise, bytes that a training may take. Batches are worked on in parts that stay within
            it.
        capture: Whether the steps of a training on a GPU are captured in a CUDA graph.
        keep: Bytes that kept weights may take: so long stay those that nothing needs any more.
        table: A table of trained networks that fitness is looked up in (`evonas.tables`); empty for none.
        layout: What sub-folders of an image folder are, as of `evonas.data.load_dataset`; ``before`` in runs
            that began when it was not asked for.
        without_damaged: Whether files of an image folder that cannot be read are gone on without.
        background: The colour below an image folder's transparent pixels; empty: transparency is dropped.
        kernels: By which code networks are trained on a CPU: ``eager``, ``dense`` or ``planned``.
    """

    genome: str
    strategy: str
    dataset: str
    train_limit: int | None
    budget: AtLeastOne
    look_ahead: AtLeastOne
    inherit: str
    seed: AtLeastZero
    start: str | dict[str, Any] | None
    device: str
    precision: Precision
    threads: AtLeastOne
    space: Table
    tactics: Table
    training: Table
    final: Table
    recipe: str
    unique: bool = False
    operator_seconds: Annotated[float, Meta(gt=0, description="above 0")] = SECONDS
    operators: Table = dataclasses.field(default_factory=dict)
    verify_morphisms: bool = False
    asynchronous: bool = False
    max_parameters: AtLeastOne | None = None
    max_flops: AtLeastOne | None = None
    max_memory: AtLeastOne | None = None
    capture: bool = True
    keep: Annotated[int, Meta(ge=0, description="bytes, at least 0")] = 0
    table: str = ""
    layout: str = BEFORE
    without_damaged: bool = False
    background: str = ""
    kernels: Kernels = "eager"  # as runs began when there was nothing else

    def __post_init__(self) -> None:
        check(self, "")
        check_mode(self.inherit)
        check_layout(self.layout)
        check_kernels(self.kernels, self.device, self.precision, self.threads)
        population = self.tactics.get("population")
        if population is not None and (type(population) is not int or population > self.budget):
            raise UserError(f"population: expected at most the budget of {self.budget}, got {population}")

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The reverse of `to_dict`.

        Raises:
            UserError: Something is missing or unknown.
        """
        if not isinstance(data, Mapping):
            raise UserError(f"settings: expected an object, got {data!r:.60}")
        check_names(cls, data, "settings:")
        return cls(**data)

    @property
    def reading(self) -> dict[str, Any]:
        """How files of an image folder are read, as of `load_dataset`."""
        return {
            "layout": self.layout,
            "without_damaged": self.without_damaged,
            "background": self.background,
        }

    @property
    def ceilings(self) -> Ceilings:
        """What no candidate may exceed."""
        return Ceilings(self.max_parameters, self.max_flops, self.max_memory)

    @property
    def genome_type(self) -> type[Genome]:
        """The genome's class."""
        return genome_type(self.genome)

    @property
    def plan(self) -> Plan:
        """The plan by which candidates are trained."""
        return Plan.from_dict(self.training)

    @property
    def final_plan(self) -> Plan:
        """The plan by which the best is trained."""
        return self.plan.changed(self.final)

    @property
    def compute(self) -> Compute:
        """Where and in which precision networks are trained."""
        from ..training import Compute

        return Compute(self.device, self.precision, self.threads, self.capture, self.kernels)

    def make_space(self) -> Space:
        """The genome's search space."""
        return self.genome_type.space_type.from_dict(self.space)

    def for_task(self, task: Task) -> Settings:
        """With what the space leaves open filled in."""
        return dataclasses.replace(self, space=self.make_space().for_task(task).to_dict())

    def start_genome(self) -> Genome | None:
        """The genotype to begin from.

        Raises:
            UserError: There is none of that name, or it cannot be read.
        """
        if self.start is None:
            return None
        return read_genotype(self.genome_type, self.make_space(), self.start)


def resolve_tactics(
    strategy: type[Strategy], recipe: Recipe, explicit: Mapping[str, Any], budget: int
) -> dict[str, Any]:
    """The strategy's settings: its defaults, the recipe's, then explicit ones.

    A population that nobody asked for by name is at most a third of the budget, so that evolution gets two
    thirds.

    Raises:
        UserError: The strategy has no such setting, or it is no whole number of at least 1.
    """
    settings = {**strategy.settings}
    # A recipe's settings are meant for its own strategy.
    given = {key: value for key, value in recipe["strategy"].items() if key in settings or key in explicit}
    settings.update(given)
    for key, value in explicit.items():
        settings[key] = value
    check_tactics(strategy, settings)
    if "population" in settings and "population" not in explicit:
        settings["population"] = min(settings["population"], max(1, budget // 3))
    return settings


def check_tactics(strategy: type[Strategy], tactics: Mapping[str, Any]) -> None:
    """Checks settings of a strategy, as far as that can be told without it.

    Raises:
        UserError: It has no such setting, or one is no whole number of at least 1.
    """
    for key, value in tactics.items():
        if key not in strategy.settings:
            known = list(strategy.settings)
            hint = nearest(key, known) if known else "it has none"
            if not closest(key, known) and (other := closest(key, ARGUMENTS)):
                hint = f"did you mean {other!r}? {hint}"
            raise UserError(f"strategy setting {key!r} is unknown to this strategy; {hint}")
        if isinstance(strategy.settings[key], int) and (type(value) is not int or value < 1):
            raise UserError(f"{key}: expected a whole number of at least 1, got {value!r:.60}")


def strategy_type(name: str) -> type[Strategy]:
    """The strategy class of a name.

    Raises:
        UserError: There is none, or it is no strategy, or lacks a method.
    """
    found = find("strategies", name)
    if not isinstance(found, type) or not issubclass(found, Strategy):
        raise UserError(f"strategy {name!r}: expected a subclass of Strategy, got {found!r}")
    check_whole(found, f"strategy {name!r}")
    return found
