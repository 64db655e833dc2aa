"""A genotype of whatever kind: by a published name, as text, or in JSON form."""

from __future__ import annotations

from typing import Any

from ..errors import UserError
from ..evolution import Genome, Space, genome_type, names
from .composition import compose
from .genotypes import LARGEST, NAME, Parts, is_json, kinds_reading, parts_of


def usual_space(kind: type[Genome]) -> Space:
    """The space in which a genome is searched unless told otherwise."""
    return kind.space_type.from_dict(compose(kind.name, None, {})["genome"])


def published_genotype(name: str) -> tuple[Genome | None, list[str]]:
    """A published genotype, in the usual space of its genome; None for none of that name, and all names."""
    known: list[str] = []
    for genome in names("genomes"):
        kind = genome_type(genome)
        found = kind.published()
        if name in found:
            return kind.from_dict(found[name], usual_space(kind)), []
        known += found
    return None, known


def genotype_from_text(text: str) -> Genome | None:
    """The genotype that a text stands for, in the usual space of its genome or the nearest that holds it.

    Returns:
        It, or None where the text is not meant as a genotype.

    Raises:
        UserError: It is meant as one and is none, or may be one of several genomes.
    """
    if is_json(text):
        return genotype_from_json(text, "genotype")
    kinds = kinds_reading(text)
    if not kinds:
        return _by_trying(text)
    if len(text) > LARGEST:
        raise UserError(f"genotype: expected at most {LARGEST} characters, got {len(text)}")
    for adapted in (False, True):
        found, errors = _read_by(kinds, text, adapted)
        if len(found) == 1:
            return found[0]
        if found:
            able = " and ".join(one.name for one in found)
            raise UserError(
                f"genotype {text!r:.80}: expected one of a single genome, got one of {able}: say which by "
                f'{{"genome": "{found[0].name}", "genotype": "{text:.80}"}}'
            )
    raise errors[0]


def _read_by(kinds: list[type[Genome]], text: str, adapted: bool) -> tuple[list[Genome], list[UserError]]:
    """The genotypes that some kinds find in a text, and what hindered the others."""
    found, errors = [], []
    for kind in kinds:
        try:
            space = usual_space(kind)
            found.append(kind.from_text(text, kind.space_for(text, space) if adapted else space))
        except UserError as error:
            errors.append(error)
    return found, errors


def _by_trying(text: str) -> Genome | None:
    """For genomes that do not tell their texts from others (`Genome.reads`): the first that can read it."""
    if NAME.fullmatch(text) or len(text) > LARGEST:
        return None
    found, _ = _read_by([genome_type(name) for name in names("genomes")], text, adapted=False)
    return found[0] if found else None


def genotype_from_json(text: str, what: str) -> Genome:
    """A genotype from JSON, see `parts_of`; where it does not name its kind, the first that accepts it.

    Args:
        text: The JSON.
        what: What messages call it.

    Raises:
        UserError: It holds no genotype.
    """
    found = parts_of(text, what)
    errors = []
    for candidate in [found.genome] if found.genome is not None else names("genomes"):
        try:
            return _of_kind(genome_type(candidate), found)
        except UserError as error:
            errors.append(str(error))
    if len(errors) == 1:
        raise UserError(f"{what}: {errors[0]}")
    known = ", ".join(names("genomes"))
    raise UserError(
        f'{what}: expected {{"genome": NAME, "genotype": {{...}}}} of a known genome ({known}), '
        f"got {found.genotype!r:.60}"
    )


def _of_kind(kind: type[Genome], found: Parts) -> Genome:
    genotype: Any = found.genotype
    if found.space is not None:
        space = kind.space_type.from_dict(found.space)
    else:
        space = kind.space_for(genotype, usual_space(kind))
    return kind.from_text(genotype, space) if isinstance(genotype, str) else kind.from_dict(genotype, space)
