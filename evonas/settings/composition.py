"""From a caller's choices, a file and a recipe to the settings of a search, every default filled in."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..data import AUTO
from ..errors import UserError, nearest
from ..evolution import genome_type
from ..files import read_size
from ..search import read_room
from ..tables import Figures, read_table
from ..training import Plan
from .recipe import SEARCH_KEYS, TABLES, Recipe, checked, load_recipe, merged, read_recipe
from .settings import Settings, resolve_tactics, strategy_type

DEFAULTS: dict[str, Any] = {
    "strategy": "random",
    "dataset": "digits",
    "layout": AUTO,
    "train_limit": None,
    "budget": 40,
    "look_ahead": 4,
    "inherit": "match",
    "seed": 0,
    "start": None,
    "threads": 1,
    "max_memory": None,
    "keep": 0,
    "table": "",
}
"""Of ``[search]``, where a new search begins otherwise than `Settings` reads a journal that lacks the key."""


def compose(
    genome: str | None, config: str | Path | Mapping[str, Any] | None, choices: Mapping[str, Any]
) -> Recipe:
    """The recipe that a caller's choices make, laid over a config's and over the genome's own.

    Args:
        genome: Name of the genome; None for the one that the config or its recipe names, else
            ``amoeba``.
        config: A recipe file, or its tables.
        choices: Keys of ``[search]``, ``epochs``, settings of the strategy, or ``recipe``: one in the box,
            instead of the genome's own.

    Returns:
        A recipe, with the strategy settings that were asked for by name under ``explicit``, and the epochs
        of training that were, or None, under ``epochs``.

    Raises:
        UserError: Something is unknown.
    """
    over: Recipe = {table: {} for table in TABLES}
    if isinstance(config, Mapping):
        over = checked(config, "config")
    elif config is not None:
        over = read_recipe(Path(config))
    wanted = choices.get("recipe") or over.get("recipe")
    named = load_recipe(wanted) if wanted else None
    name = over["search"].get("genome") if genome is None else genome
    if named and name not in (None, named["search"].get("genome", name)):
        raise UserError(
            f"recipe {wanted!r}: it is for genome {named['search']['genome']!r}, got {name!r}; "
            "without --recipe a genome takes its own"
        )
    chosen: Recipe = {table: {} for table in TABLES}
    for key, value in choices.items():
        if key == "recipe":
            continue
        if key in SEARCH_KEYS:
            chosen["search"][key] = value
        elif key == "epochs":
            chosen["training"][key] = value
        else:
            chosen["strategy"][key] = value
    if name is None and named is not None:
        name = named["search"].get("genome")
    name = "amoeba" if name is None else name
    own = genome_type(name).recipe
    base = named or (load_recipe(own) if own else {table: {} for table in TABLES})
    over = {key: value for key, value in over.items() if key != "recipe"}
    recipe = merged(merged(base, over), chosen)
    recipe["search"]["genome"] = name
    recipe["explicit"] = {**over["strategy"], **chosen["strategy"]}
    recipe["epochs"] = {**over["training"], **chosen["training"]}.get("epochs")
    return recipe


def resolve(recipe: Recipe, uses_images: bool) -> Settings:
    """Fills in every default and checks every choice.

    Raises:
        UserError: A choice is unknown or refused.
    """
    said = recipe["search"]
    _check_search(said)
    search = {**DEFAULTS, **said}
    space = genome_type(search["genome"]).space_type.from_dict(recipe["genome"])
    plan = Plan.from_dict(recipe["training"])
    plan.changed(recipe["final"])
    if table := search["table"]:
        plan = plan.changed({"epochs": _figures(table, said, recipe["epochs"]).epochs})
    elif not uses_images:
        search["dataset"] = ""
    search.update(_where(said, uses_images, space.separable))
    search["max_memory"] = _most_memory(search["max_memory"], search["device"])
    search["keep"] = read_room(search["keep"])
    strategy, explicit = strategy_type(search["strategy"]), recipe["explicit"]
    settings = Settings(
        **search,
        space=space.to_dict(),
        tactics=resolve_tactics(strategy, recipe, explicit, search["budget"]),
        training=plan.to_dict(),
        final=dict(recipe["final"]),
        recipe=recipe.get("recipe", ""),
        operators=dict(recipe["operators"]),
    )
    return _with_start(settings)


def _check_search(search: Mapping[str, Any]) -> None:
    """What is read before `Settings` can check it.

    Raises:
        UserError: A key is unknown, or a value is of no use.
    """
    for key in search:
        if key not in SEARCH_KEYS:
            raise UserError(f"{key!r} is no setting of a search; {nearest(key, SEARCH_KEYS)}")
    for key in (
        "strategy",
        "dataset",
        "layout",
        "background",
        "inherit",
        "device",
        "precision",
        "table",
        "kernels",
    ):
        if not isinstance(search.get(key, ""), str):
            raise UserError(f"{key}: expected a text, got {search[key]!r:.60}")
    budget = search.get("budget", DEFAULTS["budget"])
    if not isinstance(budget, int) or isinstance(budget, bool) or budget < 1:
        raise UserError(f"budget: expected a whole number of at least 1, got {budget!r}")


def _where(search: Mapping[str, Any], uses_images: bool, separable: bool) -> dict[str, Any]:
    """Device, precision and code of trainings; a search without any names the plainest."""
    if not uses_images:
        return {"device": "cpu", "precision": "float32", "kernels": "eager"}
    from ..training import choose_device, choose_kernels, choose_precision

    device = choose_device(search.get("device", "auto"))
    precision = search.get("precision") or choose_precision(device, separable)
    threads = search.get("threads", DEFAULTS["threads"])
    kernels = search.get("kernels") or choose_kernels(device, precision, threads)
    return {"device": device, "precision": precision, "kernels": kernels}


def _with_start(settings: Settings) -> Settings:
    """With the start genotype read once: its name is kept, a text becomes what `Genome.to_dict` gives."""
    genome, start = settings.start_genome(), settings.start
    if genome is None or not isinstance(start, str) or start in settings.genome_type.published():
        return settings
    return replace(settings, start=genome.to_dict())


def usual_population(recipe: Recipe, strategy: str) -> int | None:
    """The population that a recipe's search has where its budget is large enough; None for none.

    Args:
        recipe: As `compose` gives it.
        strategy: The name of its strategy.
    """
    tactics = resolve_tactics(strategy_type(strategy), recipe, recipe["explicit"], sys.maxsize)
    population = tactics.get("population")
    return population if isinstance(population, int) else None


def _most_memory(asked: Any, device: str) -> int | None:
    """Bytes that a candidate may take: what was asked for, or nearly all of a GPU's memory."""
    if asked is not None:
        return read_size(asked, "max_memory")
    if device == "cpu":
        return None
    from ..training import memory_of

    return memory_of(device) * 9 // 10


def _figures(table: str, search: Mapping[str, Any], epochs: int | None) -> Figures:
    """What a table says of the dataset that is searched for, after the training that was asked for."""
    found = read_table(table)
    if "dataset" not in search:
        raise UserError(f"dataset: table {table} has {', '.join(found.datasets)}: say which")
    return found.figures(search["dataset"], epochs)
