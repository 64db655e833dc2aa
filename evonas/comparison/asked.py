"""A contender from arguments of `evonas.evolve`, as a caller or the command line says them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import UserError
from ..evolution import Genome, genome_name, named_strategy
from ..evolution.strategies import Strategy
from ..files import expanded
from ..settings import checked, merged, read_recipe
from .contender import Contender, empty_tables, find_contender
from .own import Own, read_operators
from .variations import check_free, placed

LONGEST_LABEL = 80
"""Letters of a label, so that tables can be read."""
OF_ALL = ("dataset", "table", "data_dir", "download")
"""Arguments that all searches of a comparison share."""
OF_THE_COMPARISON: tuple[str, ...] = (
    "run",
    "workers",
    "devices",
    "per_device",
    "device_memory",
    "timeout",
    "ray",
    "max_seconds",
)
OF_THE_COMPARISON += ("watch", "started", "meter", "callbacks", "toolbox")
"""Arguments of `evonas.evolve` that say nothing of what is searched, or that a comparison has no use for."""


def contender_of(
    label: str, asked: Mapping[str, Any], given: Mapping[str, Any], shared: Own, protocol: str = ""
) -> Contender:
    """A contender that searches as `evonas.evolve` would with the same arguments.

    Args:
        label: What it is called; empty for the name of its recipe or strategy.
        asked: Its arguments: ``genome``, ``recipe`` (or what `find_contender` takes), ``config``,
            ``strategy``, ``operators``, ``evaluate``, ``needs``, ``name``, keys of ``[search]``, ``epochs``,
            settings of the strategy, and ``TABLE.KEY`` of a recipe.
        given: Arguments that all contenders share, and that decide over one's own.
        shared: What all bring.
        protocol: By which winners are trained again; empty for none.

    Raises:
        UserError: An argument is unknown, or is none of a single contender.
    """
    who = f"contender {label!r}" if label else "compare"
    said = {key: value for key, value in asked.items() if value is not None}
    _check_keys(said, given, shared, who)
    own = read_own(said, who).over(shared)
    with own.brought():
        recipe, config = said.pop("recipe", None), said.pop("config", None)
        genome = genome_name(said.pop("genome", None))
        strategy = named_strategy(said.pop("strategy", None))
        within = genome or given.get("genome")
        found = Contender("", empty_tables()) if recipe is None else find_contender(str(recipe), within)
    tables = merged(found.config, _tables(config, who))
    over = empty_tables()
    for key, value in {"genome": genome, "strategy": strategy, **said}.items():
        if value is not None:
            table, name = placed(key, f"{who}:")
            over[table][name] = value
    check_free(said, given, protocol, f"{who}:")
    name = label or found.name or str(strategy or genome or "")
    return Contender(check_label(name) if label else name, merged(tables, over), own=own)


def _check_keys(said: Mapping[str, Any], given: Mapping[str, Any], shared: Own, who: str) -> None:
    for key in said:
        if not isinstance(key, str):
            raise UserError(f"{who}: expected names of arguments, got {key!r:.60}")
        if key in OF_ALL:
            raise UserError(f"{who}: {key!r}: all searches of a comparison share it; give it beside them")
        if key in OF_THE_COMPARISON:
            raise UserError(
                f"{who}: {key!r} is none of what a contender says: it changes nothing that is found"
            )
    decided = [key for key in ("genome", "recipe", "strategy") if key in said and key in given]
    decided += ["evaluate"] if "evaluate" in said and shared.evaluate is not None else []
    decided += ["needs"] if "needs" in said and shared.needs is not None else []
    if decided:
        raise UserError(f"{who}: {decided[0]!r} is given for all contenders: give it once")
    if "needs" in said and "evaluate" not in said and shared.evaluate is None:
        raise UserError(f"{who}: 'needs' says what evaluate is given: expected evaluate=..., got none")


def read_own(said: dict[str, Any], who: str) -> Own:
    """Takes what is a caller's own out of arguments.

    Raises:
        UserError: Something of it is of another type.
    """
    classes = []
    for key, kind in (("genome", Genome), ("strategy", Strategy)):
        value = said.get(key)
        if isinstance(value, type) and issubclass(value, kind):
            classes.append(value)
        elif value is not None and not isinstance(value, str):
            raise UserError(
                f"{who}: {key}: expected a name or a subclass of {kind.__name__}, got {value!r:.60}"
            )
    evaluate = said.pop("evaluate", None)
    if evaluate is not None and not callable(evaluate):
        raise UserError(f"{who}: evaluate: expected a function, got {evaluate!r:.60}")
    name = said.pop("name", "")
    if not isinstance(name, str):
        raise UserError(f"{who}: name: expected a text, got {name!r:.60}")
    operators = read_operators(said.pop("operators", ()))
    return Own(operators, tuple(classes), evaluate, said.pop("needs", None), name)


def _tables(config: Any, who: str) -> Mapping[str, Any]:
    """The tables of a config: a file, or a recipe's tables."""
    if config is None:
        return empty_tables()
    if isinstance(config, Mapping):
        return checked(config, f"{who}: config")
    return read_recipe(expanded(config))


def check_label(label: Any) -> str:
    """A label, if it can stand in tables and figures.

    Raises:
        UserError: It is empty, too long, begins or ends with a space, or has letters that cannot be printed.
    """
    if not isinstance(label, str) or not label.isprintable() or label != label.strip() or not label:
        raise UserError(f"label: expected a text in one line, without spaces at its ends, got {label!r:.60}")
    if len(label) > LONGEST_LABEL:
        raise UserError(f"label: expected at most {LONGEST_LABEL} letters, got {len(label)}: {label:.20}...")
    return label


def check_once(contenders: Iterable[Contender]) -> None:
    """Makes sure that no two contenders have one title.

    Raises:
        UserError: Two have.
    """
    known: set[str] = set()
    for one in contenders:
        if one.title in known:
            raise UserError(
                f"compare: expected every contender once, got {one.title!r} again; give one another label"
            )
        known.add(one.title)


def check_target(target: float | None) -> None:
    """Refuses what no accuracy can reach.

    Raises:
        UserError: It is outside [0, 1].
    """
    if target is not None and not 0 <= target <= 1:
        raise UserError(f"target: expected an accuracy in [0, 1], got {target:g}")
