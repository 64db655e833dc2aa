"""Settings: everything a run is determined by, resolved once and kept in its journal."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

from ..architecture import Ceilings
from ..errors import UserError, closest, nearest
from ..evolution import SECONDS, Genome, Space, entries, find, genome_type
from ..evolution.strategies import Strategy
from ..inheritance import check_mode
from ..seeds import check_seed
from ..task import Task
from ..training import Plan
from .recipe import SEARCH_KEYS, Recipe

ARGUMENTS = (
    *SEARCH_KEYS,
    *("epochs", "recipe", "run", "operators", "toolbox", "evaluate", "needs", "config", "data_dir"),
    *("download", "workers", "devices", "per_device", "device_memory", "timeout", "ray", "max_seconds"),
    "callbacks",
)
"""What `evonas.evolve` takes besides settings of the strategy, for messages about misspelt ones."""

PRECISIONS = ("float32", "bfloat16", "float16")


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
        start: A published genotype's name, a genotype in JSON form, or None.
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
        without_damaged: Whether files of an image folder that cannot be read are gone on without.
        background: The colour below an image folder's transparent pixels; empty: transparency is dropped.
    """

    genome: str
    strategy: str
    dataset: str
    train_limit: int | None
    budget: int
    look_ahead: int
    inherit: str
    seed: int
    start: str | dict[str, Any] | None
    device: str
    precision: str
    threads: int
    space: dict[str, Any]
    tactics: dict[str, Any]
    training: dict[str, Any]
    final: dict[str, Any]
    recipe: str
    unique: bool = False
    operator_seconds: float = SECONDS
    operators: dict[str, float] = dataclasses.field(default_factory=dict)
    verify_morphisms: bool = False
    asynchronous: bool = False
    max_parameters: int | None = None
    max_flops: int | None = None
    max_memory: int | None = None
    capture: bool = True
    keep: int = 0
    table: str = ""
    without_damaged: bool = False
    background: str = ""

    def __post_init__(self) -> None:
        for name in ("space", "tactics", "training", "final", "operators"):
            if not isinstance(getattr(self, name), dict):
                raise UserError(f"{name}: expected a table, got {getattr(self, name)!r:.60}")
        for name in ("genome", "strategy", "dataset", "inherit", "device", "recipe", "table", "background"):
            if not isinstance(getattr(self, name), str):
                raise UserError(f"{name}: expected a text, got {getattr(self, name)!r:.60}")
        check_seed(self.seed)
        check_mode(self.inherit)
        for name in ("budget", "look_ahead", "threads"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UserError(f"{name}: expected a whole number of at least 1, got {value!r}")
        if self.precision not in PRECISIONS:
            raise UserError(f"precision: expected {', '.join(PRECISIONS)}, got {self.precision!r}")
        for name in ("unique", "verify_morphisms", "asynchronous", "capture", "without_damaged"):
            if not isinstance(getattr(self, name), bool):
                raise UserError(f"{name}: expected true or false, got {getattr(self, name)!r}")
        for name in ("max_parameters", "max_flops", "max_memory"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 1):
                raise UserError(f"{name}: expected a whole number of at least 1, got {value!r}")
        if not isinstance(self.keep, int) or isinstance(self.keep, bool) or self.keep < 0:
            raise UserError(f"keep: expected bytes, at least 0, got {self.keep!r}")
        seconds = self.operator_seconds
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not seconds > 0:
            raise UserError(f"operator_seconds: expected above 0, got {seconds!r}")
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
        try:
            return cls(**data)
        except TypeError as error:
            raise UserError(f"settings: {error}") from None

    @property
    def reading(self) -> dict[str, Any]:
        """How files of an image folder are read, as of `load_dataset`."""
        return {"without_damaged": self.without_damaged, "background": self.background}

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

    def make_space(self) -> Space:
        """The genome's search space."""
        return self.genome_type.space_type.from_dict(self.space)

    def for_task(self, task: Task) -> Settings:
        """With what the space leaves open filled in."""
        return dataclasses.replace(self, space=self.make_space().for_task(task).to_dict())

    def start_genome(self) -> Genome | None:
        """The genotype to begin from.

        Raises:
            UserError: No published genotype has that name.
        """
        if self.start is None:
            return None
        return read_genotype(self.genome_type, self.make_space(), self.start)


def read_genotype(kind: type[Genome], space: Space, genotype: str | Mapping[str, Any]) -> Genome:
    """A genome from a published genotype's name or from its JSON form.

    Raises:
        UserError: It is neither.
    """
    if isinstance(genotype, str):
        published = kind.published()
        if genotype not in published:
            if other := _genome_of(genotype):
                raise UserError(
                    f"genotype {genotype!r}: expected one of genome {kind.name!r}, which is searched with, "
                    f"got one of genome {other!r}: choose that (--genome {other})"
                )
            raise UserError(f"genotype {genotype!r} is unknown; {nearest(genotype, list(published))}")
        genotype = published[genotype]
    return kind.from_dict(genotype, space)


def _genome_of(genotype: str) -> str:
    """The genome that has a published genotype of a name; empty for none."""
    for name in entries("genomes"):
        with suppress(UserError):  # one that cannot be loaded is somebody else's
            if genotype in genome_type(name).published():
                return name
    return ""


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
        UserError: There is none, or it is no strategy.
    """
    found = find("strategies", name)
    if not isinstance(found, type) or not issubclass(found, Strategy):
        raise UserError(f"strategy {name!r}: expected a subclass of Strategy, got {found!r}")
    return found
