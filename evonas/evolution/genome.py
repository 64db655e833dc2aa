"""The contract of a genome: a DEAP individual that decodes to an architecture."""

from __future__ import annotations

import copy
import dataclasses
import json
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from deap import base

from ..architecture import Architecture
from ..errors import UserError
from ..files import check_names, parse_json
from ..task import Task

if TYPE_CHECKING:
    import networkx as nx
    import torch

    from .morphism import Morphism

RANDOM = "random"
START = "start"
GIVEN = "given"
"""What made a first individual that comes with trained weights: it is measured, not trained."""


class Fitness(base.Fitness):  # type: ignore[misc]
    """One number, the larger the better."""

    weights = (1.0,)

    def __init__(self, values: tuple[float, ...] = ()) -> None:  # DEAP's, less a check of the class's weights
        if values:
            self.values = values


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a genome comes from.

    Attributes:
        parents: Candidate numbers; weights come from the first one (the donor).
        operator: What made it: an operator's name, ``random`` or ``start``.
        removed: Candidates that the strategy took out of its population as it proposed this one.
        failure: Why the operator made nothing that can be evaluated; empty where it did.
        morphisms: What turns the donor's architecture and weights into this one's, where that is known.
    """

    parents: tuple[int, ...] = ()
    operator: str = RANDOM
    removed: tuple[int, ...] = ()
    failure: str = ""
    morphisms: tuple[Morphism, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON, without what is empty."""
        found: dict[str, Any] = {"operator": self.operator, "parents": list(self.parents)}
        if self.removed:
            found["removed"] = list(self.removed)
        if self.failure:
            found["failure"] = self.failure
        if self.morphisms:
            found["morphisms"] = [morphism.to_dict() for morphism in self.morphisms]
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The reverse of `to_dict`; other keys are left aside."""
        morphisms: tuple[Morphism, ...] = ()
        if data.get("morphisms"):
            from .morphism import read_morphisms

            morphisms = read_morphisms(data["morphisms"])
        operator, failure = data["operator"], data.get("failure", "")
        if not isinstance(operator, str) or not isinstance(failure, str):
            raise UserError(f"origin: expected an operator's name, got {operator!r:.60}, {failure!r:.60}")
        return cls(_numbers(data["parents"]), operator, _numbers(data.get("removed", ())), failure, morphisms)


def _numbers(found: Any) -> tuple[int, ...]:
    """Candidates, from JSON."""
    if not isinstance(found, list | tuple) or not all(type(number) is int for number in found):
        raise UserError(f"origin: expected candidates' numbers, got {found!r:.60}")
    return tuple(found)


UNKNOWN = Origin()
"""What a genome starts with; immutable, and so shared."""


@dataclasses.dataclass(frozen=True)
class Space:
    """The settings of a search space, shared by its genomes; subclass it as a frozen dataclass.

    Every field has a default, so that a recipe names only what it changes.
    """

    separable: ClassVar[bool] = False
    """Whether networks consist mostly of separable convolutions: it decides the precision on a CPU."""

    def check(self, task: Task) -> None:
        """Checks that networks of this space can read the task's images.

        Raises:
            UserError: They cannot.
        """

    def for_task(self, task: Task) -> Space:
        """The space with what its networks are for filled in, where it was left open."""
        return self

    @classmethod
    def from_dict(cls, choices: Mapping[str, Any]) -> Self:
        """A space from a recipe's table.

        Raises:
            UserError: It is no table, or a choice is unknown or refused.
        """
        found: Any = choices  # from a file
        if not isinstance(found, Mapping):
            raise UserError(f"genome settings: expected a table, got {choices!r:.60}")
        check_names(cls, choices, "genome setting")
        try:
            return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in choices.items()})
        except TypeError as error:
            raise UserError(f"genome settings: {error}") from None

    def to_dict(self) -> dict[str, Any]:
        """All choices, for JSON."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}


@dataclasses.dataclass(frozen=True)
class Heritage:
    """A trained ancestor, shared by all copies of those who descend from it and kept as long as one lives.

    Attributes:
        genome: The ancestor.
        lineage_epochs: Epochs of training that its weights have seen.
        weights: Its tensors, by ``node.tensor``.
    """

    genome: Genome
    lineage_epochs: float
    weights: Mapping[str, torch.Tensor]

    def __deepcopy__(self, memo: dict[int, Any]) -> Heritage:
        return self


class Genome(ABC):
    """An individual: what evolution varies, and what an architecture is decoded from.

    It works unchanged in DEAP's tools and algorithms: it carries a `fitness`, and operators change it
    in place. The engine clones before it varies.

    Attributes:
        space: Its search space, shared and never changed.
        fitness: DEAP's fitness; empty until it was evaluated.
        origin: Parents and operator; a clone keeps it.
        number: The candidate that it is in a run, or None.
        heritage: In a loop of DEAP's, the trained ancestor whose weights its network would start with.
    """

    name: ClassVar[str]
    """The name on the command line and in run folders."""
    space_type: ClassVar[type[Space]]
    """The class of `space`."""
    recipe: ClassVar[str] = ""
    """The recipe that a search for this genome takes unless told otherwise."""
    good_for: ClassVar[str] = ""
    """What one would take it for, in a few words, for ``evonas list genomes``; empty for nothing."""
    draws_nothing: ClassVar[bool] = False
    """Whether `random` always gives the same individual, the one that its paper begins with."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.fitness = Fitness()
        self.origin = UNKNOWN
        self.number: int | None = None
        self.heritage: Heritage | None = None

    @classmethod
    @abstractmethod
    def random(cls, space: Any, rng: random.Random) -> Self:
        """A genome drawn at random."""

    @abstractmethod
    def decode(self, task: Task) -> Architecture:
        """The network's architecture for a task.

        Raises:
            UserError: The task's images do not suit the space.
        """

    @abstractmethod
    def key(self) -> str:
        """A structural hash: equal exactly for isomorphic genomes. Computed at each call."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """A form for JSON, without the space."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any], space: Any) -> Self:
        """The reverse of `to_dict`.

        Raises:
            UserError: It is no such form.
        """

    @classmethod
    def from_text(cls, text: str, space: Any) -> Self:
        """The reverse of `str`.

        Raises:
            UserError: It is no such text.
        """
        try:
            return cls.from_dict(parse_json(text), space)
        except UserError:
            raise
        except ValueError:
            raise UserError(f"{cls.name} genotype: expected the text of one, got {text!r:.80}") from None

    @classmethod
    def reads(cls, text: str) -> bool:
        """Whether a text is meant as one of this kind, right or wrong: by its form, without reading it all.

        So a genotype can be given without naming its genome. By default no: then it has to be read.
        """
        return False

    @classmethod
    def space_for(cls, genotype: str | Mapping[str, Any], space: Any) -> Any:
        """The space nearest to one that can hold a genotype, its text or JSON form; by default that one."""
        return space

    def outside_space(self) -> str:
        """In what it lies outside its space, in words; empty where it lies within, as by default.

        What `from_dict` refuses need not be said again. This is for genotypes that can be read and decoded
        in a space that does not draw them, such as a published one: no operator may leave the space there.
        """
        return ""

    def training(self) -> dict[str, Any]:
        """What the genome wants changed in the training plan."""
        return {}

    def auxiliary_node(self) -> str | None:
        """The node of its architecture that an auxiliary head may read in training, if there is one."""
        return None

    def neighbours(self) -> Sequence[Self]:
        """All genotypes that are one smallest step away, without origin and fitness.

        Raises:
            UserError: This kind of genome cannot list them.
        """
        raise UserError(f"genome {self.name}: it cannot list its neighbours, which a local search visits")

    @classmethod
    def smallest(cls, space: Any, task: Task) -> Self | None:
        """The genotype of a space whose network for a task has the fewest parameters; by default None.

        It is for ``evonas list genomes``, which shows how small a network of this kind can be; None stands
        for one that nobody knows.
        """
        return None

    @classmethod
    def published(cls) -> dict[str, dict[str, Any]]:
        """Genotypes that papers published, by name, as `to_dict` gives them."""
        return {}

    @classmethod
    def default_space(cls) -> Space:
        """The space with every choice at its default."""
        return cls.space_type()

    def with_space(self, space: Space) -> Self:
        """The same genotype in another space, without fitness."""
        return type(self).from_dict(self.to_dict(), space)

    def clone(self) -> Self:
        """An independent copy, origin included (what DEAP's `clone` gives)."""
        return copy.deepcopy(self)

    def pictured(self) -> dict[str, nx.DiGraph]:
        """The genotype as small labelled graphs by heading, such as its cells, for `draw_cells`.

        By default there are none, and its architecture is drawn instead. A node that is the same before
        and after a mutation has the same name in both graphs: by these, changes are found and marked.
        """
        return {}

    def draw(self, path: Any, task: Task | None = None) -> Any:
        """Draws the genotype as SVG or PNG: what is `pictured`, or its network for a task.

        Args:
            path: Where to.
            task: That of its run; by default small colour images.
        """
        graphs = self.pictured()
        if not graphs:
            return self.decode(task or Task(3, 32, 32, 10)).draw(path)
        from ..drawing import draw_cells

        return draw_cells(graphs, Path(path))

    def summary(self) -> str:
        """The genotype in a few lines for people: by default, its text."""
        return str(self)

    def __str__(self) -> str:
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
