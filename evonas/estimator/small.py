"""Recipes for thousands of images, made to suit what a classifier is given: perhaps thirty rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..settings import Recipe, compose, merged, read_recipe
from ..training import Plan

STEPS = 8
"""An epoch has at least so many steps, as far as batches do not get smaller than the next number."""

SMALLEST_BATCH = 4


def own_tables(config: str | Path | Mapping[str, Any] | None) -> Recipe:
    """What a user's own recipe says, from a file or as it is given.

    Raises:
        UserError: It is neither, or the file cannot be read.
    """
    if config is None:
        return {}
    if isinstance(config, Mapping):
        return dict(config)
    if not isinstance(config, str | Path):
        raise UserError(f"config: expected tables or a file, got {config!r:.60}")
    return read_recipe(Path(config))


def suited(
    genome: str | None, config: Recipe, choices: Mapping[str, Any], images: int, pictures: bool
) -> Recipe:
    """A user's recipe, and under it what few images, or images that are no pictures, ask for.

    Args:
        genome: The genome's name.
        config: The user's own tables, which go before all that is decided here.
        choices: What else was chosen of a recipe, such as the one in the box that it is laid over.
        images: How many are trained on.
        pictures: Whether an image that is moved by a pixel is still of its class: rows of a table are not.
    """
    recipe = compose(genome, config, choices)
    most = max(SMALLEST_BATCH, images // STEPS)
    under: Recipe = {}
    for table in ("training", "final"):
        under[table] = {}
        size = recipe[table].get("batch_size", Plan.batch_size if table == "training" else 0)
        if isinstance(size, int) and size > most:  # what is no number is refused where all are checked
            under[table]["batch_size"] = most
        if not pictures and (table == "training" or "crop" in recipe[table]):
            under[table]["crop"] = 0
    return merged(under, config)
