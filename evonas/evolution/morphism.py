"""The contract of a morphism: a rewrite of an architecture that says what becomes of its weights.

A morphism is pure data: the nodes it touches, what it chooses, the seed of what it draws and the names of
the nodes it makes. So a proposal can hold it as JSON, and whoever builds the child applies it again.
"""

from __future__ import annotations

import dataclasses
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ..architecture import Architecture
from ..errors import NotApplicable, UserError, nearest
from ..files import check, check_names
from .offers import entries, find

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]


@dataclasses.dataclass(frozen=True)
class Morphism(ABC):
    """A change of an architecture, and of its weights, at one place.

    Subclass it as a frozen dataclass of plain values (text, numbers, flags, tuples of them). They are checked
    against their hints, bounds in ``Annotated[int, msgspec.Meta(ge=1)]`` included. `rewrite` and `carry` read
    the parent's architecture and weights and never change them.

    Attributes:
        preserving: A claim that in evaluation mode parent and child compute the same function, to which
            `evonas.testing` holds it; False for one that only approximates.
        kinds: All morphisms by the name of their class, which is their kind in JSON.
    """

    preserving: ClassVar[bool] = True
    kinds: ClassVar[dict[str, type[Morphism]]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if not cls.__name__.startswith("_"):  # what kinds share is no kind itself
            Morphism.kinds[cls.__name__] = cls

    def __post_init__(self) -> None:
        """Checks that the choices are what their hints say, as far as these are of text, numbers and flags.

        Raises:
            UserError: One is something else.
        """
        check(self, f"{self.kind} ")

    @classmethod
    @abstractmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        """One such morphism of an architecture, drawn among the places where it applies.

        Raises:
            NotApplicable: It applies nowhere; the message says why.
        """

    @abstractmethod
    def rewrite(self, architecture: Architecture) -> Architecture:
        """The child's architecture, a new one.

        Raises:
            NotApplicable: It does not apply to the node; the message names node and reason.
        """

    @abstractmethod
    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        """The child's tensors, by ``node.tensor``, from the parent's.

        What stays as it was is handed on without a copy, and nothing that is new shares memory with
        anything else. Numbers keep the parent's type: float64 stays float64.

        Args:
            architecture: The parent's.
            weights: All its tensors, buffers included.

        Raises:
            NotApplicable: As `rewrite`.
        """

    def inserted_normalisations(self) -> tuple[str, ...]:
        """New normalisation nodes, which are calibrated on data before the child is trained."""
        return ()

    @abstractmethod
    def describe(self) -> str:
        """One line for people: what is done, and where."""

    @property
    def kind(self) -> str:
        """The name of the kind, as in JSON."""
        return type(self).__name__

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        choices = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {"kind": self.kind} | {k: list(v) if isinstance(v, tuple) else v for k, v in choices.items()}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Morphism:
        """The reverse of `to_dict`.

        Raises:
            UserError: An unknown kind or choice, or a value that the kind refuses.
        """
        if not isinstance(data, Mapping) or not isinstance(data.get("kind"), str):
            raise UserError(f"morphism: expected an object with a 'kind', got {data!r:.80}")
        kind = Morphism.kinds.get(data["kind"])
        if kind is None:
            known = sorted(Morphism.kinds)
            raise UserError(f"morphism kind {data['kind']!r} is unknown; {nearest(data['kind'], known)}")
        choices = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items() if key != "kind"}
        check_names(kind, choices, f"morphism {kind.__name__}: choice")
        try:
            return kind(**choices)
        except TypeError as error:  # of a kind that has its own checks
            raise UserError(f"morphism {kind.__name__}: {error}") from None


def apply(
    morphisms: Sequence[Morphism], architecture: Architecture, weights: Weights
) -> tuple[Architecture, dict[str, torch.Tensor]]:
    """Applies morphisms one after the other, to an architecture and its weights.

    Raises:
        NotApplicable: One does not apply.
    """
    carried = dict(weights)
    for morphism in morphisms:
        carried = morphism.carry(architecture, carried)
        architecture = morphism.rewrite(architecture)
    return architecture, carried


@dataclasses.dataclass(frozen=True)
class _Foreign(Morphism):
    """A morphism whose kind is not known here: it says what it was, and applies nowhere.

    So a run can be read without the file that its morphisms came from. Whoever resumes the run has to name
    that file again, as for its operators.

    Attributes:
        data: Its form in JSON.
    """

    preserving = False

    data: Mapping[str, Any]

    @classmethod
    def draw(cls, architecture: Architecture, rng: random.Random) -> Self:
        raise NotApplicable("a morphism of an unknown kind cannot be drawn")

    def rewrite(self, architecture: Architecture) -> Architecture:
        raise NotApplicable(f"morphism kind {self.kind!r} is unknown here; name its file with --operators")

    def carry(self, architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
        raise NotApplicable(f"morphism kind {self.kind!r} is unknown here; name its file with --operators")

    def describe(self) -> str:
        choices = ", ".join(f"{key}={value!r}" for key, value in self.data.items() if key != "kind")
        return f"{self.kind}({choices})"

    @property
    def kind(self) -> str:
        return str(self.data["kind"])

    def to_dict(self) -> dict[str, Any]:
        return dict(self.data)


def read_morphisms(data: Sequence[Mapping[str, Any]]) -> tuple[Morphism, ...]:
    """Morphisms from their JSON form; those in the box are known without further imports.

    One of an unknown kind is kept as it was noted, and applies nowhere.

    Raises:
        UserError: One is no morphism, or has choices that its kind refuses.
    """
    for name in entries("morphisms"):
        find("morphisms", name)
    return tuple(_Foreign(dict(item)) if _is_foreign(item) else Morphism.from_dict(item) for item in data)


def _is_foreign(data: object) -> bool:
    kind = data.get("kind") if isinstance(data, Mapping) else None
    return isinstance(kind, str) and kind not in Morphism.kinds


def new_name(architecture: Architecture, what: str, rng: random.Random) -> str:
    """A node name, or the beginning of names, that no node has: names are never used for something else.

    It is drawn rather than counted, so that what was removed long ago does not come back by name.
    """
    while True:
        name = f"{what}_{rng.getrandbits(32):08x}"
        if not any(node == name or node.startswith(f"{name}.") for node in architecture):
            return name
