"""What tells ways to search apart beyond their names: a digest of what decides what they find."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..data import BEFORE
from ..errors import UserError
from ..evolution import Operator
from ..settings import ABOUT_KEYS, OperatorChoice, Order, Recipe, Settings, read_order, resolve
from ..tables import read_table
from .contender import Contender

DECIDES_NOTHING = ("seed", "table", "keep")
"""Keys of ``[search]`` that are left out: the seed is each search's own, a table counts by its content."""
OF_THE_MACHINE = ("device", "precision", "max_memory", "kernels")
"""Settings whose defaults the machine decides."""
LONGEST = 60
"""Bytes of a title in the name of a folder: a name has 255 at most, and a letter takes up to four."""


def shared_by_all(choices: Mapping[str, Any], protocol: str) -> dict[str, Any]:
    """What all searches of a folder must have in common; a table by its content.

    Raises:
        UserError: The table cannot be read, or has no accuracy of the dataset.
    """
    shared = {key: value for key, value in choices.items() if key not in ("data_dir", "download")}
    if "table" in shared:
        table = read_table(choices["table"])
        shared["table"] = table.fingerprint
        if "dataset" not in shared:
            raise UserError(f"dataset: table {table.path} has {', '.join(table.datasets)}: say which")
        figures = table.figures(shared["dataset"], choices.get("epochs"))
        if not figures.valid:
            raise UserError(
                f"dataset {figures.dataset!r}: table {table.path} has no validation accuracy of it after "
                f"{figures.epochs} epochs, only empty fields"
            )
    return shared | ({"protocol": protocol} if protocol else {})


def identified(contenders: Sequence[Contender], choices: Mapping[str, Any]) -> list[Contender]:
    """Contenders with their digests, their genomes and who gives their fitness.

    Args:
        contenders: Ways to search.
        choices: Arguments of `evonas.evolve` that all share.

    Raises:
        UserError: A contender's settings, the table, the images or the source of its code cannot be read.
    """
    known: dict[tuple[Any, ...], str] = {}  # images, which are read once
    found = []
    for contender in contenders:
        with contender.own.brought() as operators:
            order = order_of(contender, choices)
            _check(contender, order, operators)
            code = contender.own.marks(contender.title)
            found.append(
                dataclasses.replace(
                    contender,
                    digest=_digest(order, known, code),
                    genome=str(order.recipe["search"]["genome"]),
                    fitness=_fitness(order, contender),
                )
            )
    return found


def _check(contender: Contender, order: Order, operators: Sequence[Operator]) -> None:
    """Makes sure that a contender can search, before another has searched for hours.

    Raises:
        UserError: A setting is refused, or operators are for another genome.
    """
    try:
        settings = resolve(order.recipe, order.fitness.uses_images)
        choice = OperatorChoice(tuple(operators))
        choice.check_use(settings.genome)
        choice.weighted(settings)
    except UserError as error:
        raise UserError(f"{contender.title}: {error}") from None


def _fitness(order: Order, contender: Contender) -> str:
    """A word for who gives fitness; of a function, a few letters of what tells it from others."""
    if order.fitness.function is None:
        return order.fitness.described
    return f"function {_hash(contender.own.fitness_marks(contender.title))[:8]}"


def order_of(contender: Contender, choices: Mapping[str, Any], **more: Any) -> Order:
    """What a contender orders; what it brings has to be known by then.

    Raises:
        UserError: Something is unknown.
    """
    asked = {**choices, **more, **contender.own.fitness, "config": contender.config}
    try:
        return read_order(asked, bool(asked.pop("download", False)))
    except UserError as error:
        raise UserError(f"{contender.title}: {error}") from None


def _digest(order: Order, known: dict[tuple[Any, ...], str], code: Sequence[Sequence[str]]) -> str:
    recipe: Recipe = {key: value for key, value in order.recipe.items() if key not in ABOUT_KEYS}
    search = recipe["search"]
    recipe["search"] = {key: value for key, value in search.items() if key not in DECIDES_NOTHING}
    # Nothing of one's own leaves no trace: what was kept before there could be any is still known.
    return _hash([recipe, _data(order, known), *code])


def _hash(thing: Any) -> str:
    return blake2b(json.dumps(thing, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()


def _data(order: Order, known: dict[tuple[Any, ...], str]) -> str:
    """The fingerprint of the table or of the images; empty where fitness needs neither."""
    search = order.recipe["search"]
    if order.fitness.table:
        return read_table(order.fitness.table).fingerprint
    if not order.fitness.uses_images:
        return ""
    reading = {key: search[key] for key in ("layout", "without_damaged", "background") if key in search}
    place = search.get("dataset", "digits"), search.get("train_limit")
    if (key := (*place, *reading.items())) not in known:
        known[key] = order.data.open(*place, **reading).fingerprint
    return known[key]


def run_folder(folder: Path, contender: Contender, seed: int) -> Path:
    """Where a search is kept: two contenders never share a folder, however alike their titles are."""
    title = "".join(letter if letter.isalnum() or letter in "-_.=" else "-" for letter in contender.title)
    own = blake2b(f"{contender.title}\n{contender.digest}".encode(), digest_size=6).hexdigest()
    short = title.encode()[:LONGEST].decode(errors="ignore")  # no half letter
    return folder / f"{short}-{own}-seed{seed}"


def check_run(folder: Path, contender: Contender, seed: int, choices: Mapping[str, Any]) -> None:
    """Makes sure that a run that is there already is the search that is wanted.

    What the contender brings has to be known by then.

    Raises:
        UserError: It is another, or cannot be read.
    """
    from ..api import load

    order = order_of(contender, choices, seed=seed)
    expected = resolve(order.recipe, order.fitness.uses_images)
    with closing((result := load(folder)).journal):
        found = result.settings
    if order.fitness.uses_images:
        expected = expected.for_task(result.known_task())
    if differing := _differing(found, expected):
        raise UserError(
            f"run {folder}: expected the settings of {contender.title!r}, got others "
            f"({', '.join(differing)}); move it away, or give a new --output"
        )


def _differing(found: Settings, expected: Settings) -> list[str]:
    own, other = found.to_dict(), expected.to_dict()
    # A run that did not note its layout has its place by what its images are, which the digest knows.
    left_out = (*OF_THE_MACHINE, "layout") if found.layout == BEFORE else OF_THE_MACHINE
    return [name for name in own if name not in left_out and own[name] != other[name]]
