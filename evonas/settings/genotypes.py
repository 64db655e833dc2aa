"""A genotype of a known kind: by a published name, as text, or in JSON form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from ..errors import UserError, nearest
from ..evolution import Genome, Space, genome_type, names
from ..files import parse_json

NAME = re.compile(r"[\w.+-]{0,80}")
"""What looks like a misspelt name rather than like a genotype."""
LARGEST = 2**20
"""Characters of a genotype that is no JSON; no network comes near it."""


class Parts(NamedTuple):
    """What JSON says of a genotype; None for what it leaves open."""

    genome: Any
    space: Any
    genotype: Any


def read_genotype(kind: type[Genome], space: Space, genotype: str | Mapping[str, Any]) -> Genome:
    """A genome from a published genotype's name, from its text, or from its JSON form.

    Args:
        kind: What it has to be of.
        space: The search space that it is read in.
        genotype: The name, the text (the genome's own, or JSON), or what ``to_dict`` gives.

    Raises:
        UserError: It is none of these, or of another kind.
    """
    if not isinstance(genotype, str):
        return kind.from_dict(genotype, space)
    published = kind.published()
    if genotype in published:
        return kind.from_dict(published[genotype], space)
    if other := _publishing(genotype):
        raise _of_another(kind, genotype, other)
    if is_json(genotype):
        return _from_json(kind, space, genotype)
    if len(genotype) > LARGEST:
        raise UserError(f"genotype: expected at most {LARGEST} characters, got {len(genotype)}")
    try:
        return kind.from_text(genotype, space)
    except UserError:
        others = [one.name for one in kinds_reading(genotype)]
        if others and kind.name not in others:
            raise _of_another(kind, genotype, others[0]) from None
        if not others and NAME.fullmatch(genotype):
            hint = nearest(genotype, list(published)) if published else "its genome has none with a name"
            raise UserError(f"genotype {genotype!r} is unknown; {hint}") from None
        raise


def kinds_reading(text: str) -> list[type[Genome]]:
    """The genomes that take a text for one of theirs, right or wrong (`Genome.reads`)."""
    found = []
    for name in names("genomes"):
        with suppress(UserError):  # one that cannot be loaded is somebody else's
            kind = genome_type(name)
            if kind.reads(text):
                found.append(kind)
    return found


def is_json(text: str) -> bool:
    """Whether a text is meant as a JSON object."""
    return text.lstrip().startswith("{")


def parts_of(text: str, what: str) -> Parts:
    """What a text of JSON says of a genotype.

    It is ``{"genome": "amoeba", "space": {...}, "genotype": {...}}`` (the space may be left out), or what
    ``evonas show --json`` prints, a row of a history, or a bare genotype.

    Args:
        text: The JSON.
        what: What messages call it.

    Raises:
        UserError: It is no JSON, or holds no genotype.
    """
    try:
        data = parse_json(text)
    except ValueError as error:
        raise UserError(f"{what}: expected JSON, got something else: {error}") from None
    if not isinstance(data, dict):
        raise UserError(f"{what}: expected a JSON object, got {data!r:.60}")
    found = _parts(data, what)
    if not isinstance(found.genotype, dict | str) or not isinstance(found.space, dict | None):
        raise UserError(f"{what}: expected 'genotype' and 'space' to be objects, got {data!r:.60}")
    return found


def _parts(data: dict[str, Any], what: str) -> Parts:
    if "genotype" in data:
        genome = data.get("genome")
        if isinstance(genome, dict):  # as in final.json
            return Parts(genome.get("kind"), genome.get("space"), data["genotype"])
        return Parts(genome, data.get("space"), data["genotype"])
    settings = data.get("settings")
    settings = settings if isinstance(settings, dict) else {}
    if "best" in data:
        if not isinstance(data["best"], dict):
            raise UserError(f"{what}: expected a run's best candidate, got {data['best']!r:.60}")
        data = data["best"]
    return Parts(settings.get("genome"), settings.get("space"), data.get("genome", data))


def _from_json(kind: type[Genome], space: Space, text: str) -> Genome:
    """A genotype in the space that is searched, whatever space the JSON names."""
    found = parts_of(text, "genotype")
    if found.genome not in (None, kind.name):
        raise _of_another(kind, text, str(found.genome))
    if isinstance(found.genotype, str):
        return kind.from_text(found.genotype, space)
    return kind.from_dict(found.genotype, space)


def _publishing(name: str) -> str:
    """The genome that has a published genotype of a name; empty for none."""
    for genome in names("genomes"):
        with suppress(UserError):  # one that cannot be loaded is somebody else's
            if name in genome_type(genome).published():
                return genome
    return ""


def _of_another(kind: type[Genome], genotype: str, other: str) -> UserError:
    return UserError(
        f"genotype {genotype!r:.80}: expected one of genome {kind.name!r}, which is searched with, "
        f"got one of genome {other!r:.40}: choose that (--genome {other:.40})"
    )
