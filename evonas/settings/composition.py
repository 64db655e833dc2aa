"""From a caller's choices, a file and a recipe to the settings of a search, every default filled in."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..data import AUTO
from ..errors import UserError, nearest
from ..evolution import SECONDS, genome_type
from ..files import read_size
from ..search import read_room
from ..tables import Figures, read_table
from .recipe import SEARCH_KEYS, TABLES, Recipe, checked, load_recipe, merged, read_recipe
from .settings import Settings, resolve_tactics, strategy_type


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
    from ..training import Plan

    search = recipe["search"]
    for key in search:
        if key not in SEARCH_KEYS:
            raise UserError(f"{key!r} is no setting of a search; {nearest(key, SEARCH_KEYS)}")
    for key in ("strategy", "dataset", "layout", "background", "inherit", "device", "precision", "table"):
        if not isinstance(search.get(key, ""), str):
            raise UserError(f"{key}: expected a text, got {search[key]!r:.60}")
    budget = search.get("budget", 40)
    if not isinstance(budget, int) or isinstance(budget, bool) or budget < 1:
        raise UserError(f"budget: expected a whole number of at least 1, got {budget!r}")
    strategy = search.get("strategy", "random")
    space = genome_type(search["genome"]).space_type.from_dict(recipe["genome"])
    plan = Plan.from_dict(recipe["training"])
    plan.changed(recipe["final"])
    table = search.get("table", "")
    if table:
        plan = plan.changed({"epochs": _figures(table, search, recipe["epochs"]).epochs})
    device = "cpu"
    precision: Any = "float32"  # or what a caller has written
    if uses_images:
        from ..training import choose_device, choose_precision

        device = choose_device(search.get("device", "auto"))
        precision = search.get("precision") or choose_precision(device, space.separable)
    settings = Settings(
        genome=search["genome"],
        strategy=strategy,
        dataset=search.get("dataset", "digits") if uses_images or table else "",
        train_limit=search.get("train_limit"),
        budget=budget,
        look_ahead=search.get("look_ahead", 4),
        inherit=search.get("inherit", "match"),
        seed=search.get("seed", 0),
        start=search.get("start"),
        device=device,
        precision=precision,
        threads=search.get("threads", 1),
        space=space.to_dict(),
        tactics=resolve_tactics(strategy_type(strategy), recipe, recipe["explicit"], budget),
        training=plan.to_dict(),
        final=dict(recipe["final"]),
        recipe=recipe.get("recipe", ""),
        unique=search.get("unique", False),
        operator_seconds=search.get("operator_seconds", SECONDS),
        operators=dict(recipe["operators"]),
        verify_morphisms=search.get("verify_morphisms", False),
        asynchronous=search.get("asynchronous", False),
        max_parameters=search.get("max_parameters"),
        max_flops=search.get("max_flops"),
        max_memory=_most_memory(search.get("max_memory"), device),
        capture=search.get("capture", True),
        keep=read_room(search.get("keep", 0)),
        table=table,
        layout=search.get("layout", AUTO),
        without_damaged=search.get("without_damaged", False),
        background=search.get("background", ""),
    )
    return _with_start(settings)


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
