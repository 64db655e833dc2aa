"""What a journal notes of its run as a whole: of the right types, or refused. Every reader may rely on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from msgspec import Meta

from ...data import Identity, NotedIdentity, read_described, read_marks, read_pixels
from ...errors import UserError
from ...files import Noted, NotedCount, NotNegative, expect

_Later = Annotated[tuple[Noted, dict[str, str]], Meta(description="a number and an environment")]
"""An environment, behind the number of results that were there when it came."""

_Weight = Annotated[NotNegative, Meta(description="a weight of at least 0")]
_Operator = Annotated[tuple[str, _Weight, str], Meta(description="an operator's name, weight and source")]


class _Variation(TypedDict, total=False):
    """What may vary genomes."""

    registered: list[str] | None
    operators: list[_Operator]


class _Given(TypedDict):
    """The trained network that a run began from; its file's name is checked where it is read."""

    file: str
    size: Noted
    digest: str
    lineage_epochs: NotNegative


class _Seen(TypedDict):
    """Images that inherited weights may have seen, and whether these are all known."""

    marks: str
    whole: bool


class _ValidationSeen(TypedDict):
    """Of how many validation images how many had been seen before; none where that is not known."""

    of: NotedCount
    seen: Noted | None


class _Counts(TypedDict):
    """How many images there are of what; `evonas.data.COUNTS` in types."""

    training: NotedCount
    validation: NotedCount
    commonest: NotedCount


class _Notes(TypedDict, total=False):
    """Every note that evonas reads; others are left aside."""

    settings: dict[str, Any]
    environment: dict[str, str]
    environments: list[_Later]
    variation: _Variation
    data_dir: str | None
    fitness: str
    dataset: str
    images: str
    images_from: str | None
    identity: NotedIdentity
    seen: _Seen
    validation_seen: _ValidationSeen
    counts: _Counts
    given: _Given
    usage: list[dict[str, Any]]


def check_notes(notes: Mapping[str, Any]) -> None:
    """Checks every note that evonas reads.

    What `Settings` and `Pace` hold in detail, they check themselves.

    Args:
        notes: By key, from JSON.

    Raises:
        UserError: One has another type than evonas notes.
    """
    try:
        expect(notes, _Notes, "")
        if "identity" in notes:
            Identity.from_dict(notes["identity"])
        if "seen" in notes:
            read_marks(notes["seen"]["marks"], "seen: marks")
        if "task" in notes:
            read_described(notes)
        if "pixels" in notes:
            read_pixels(notes["pixels"])
    except KeyError as error:
        raise UserError(f"the file is damaged: {error} is not noted with the task") from None
    except UserError as error:
        raise UserError(f"the file is damaged: {error}") from None
