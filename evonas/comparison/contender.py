"""What is compared: ways to search, each with a name, and variations of their settings."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UserError, nearest
from ..evolution import genome_type, names
from ..settings import FINAL, TABLES, load_recipe, merged, read_recipe, recipe_names

PAPER = "{genome}"
"""The recipe with a genome's own name holds the settings of its paper."""


@dataclass(frozen=True)
class Contender:
    """One way to search.

    Attributes:
        name: In tables and figures.
        config: A recipe's tables, laid over the genome's own recipe.
        varied: What makes it differ from another of the same name, by key.
        digest: Of all that decides what it finds (`identity.py`); empty where nobody asked.
    """

    name: str
    config: Mapping[str, Any]
    varied: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    @property
    def title(self) -> str:
        """Its name with what was varied."""
        return " ".join([self.name, *(f"{key}={value}" for key, value in self.varied.items())])


def find_contender(name: str, genome: str | None) -> Contender:
    """A contender by what a user calls it.

    Args:
        name: A recipe; or, of a genome's recipes such as ``nasbench201-random``, the part after its name; or
            a strategy, which then takes the settings of the genome's paper where it has such; or FILE.toml.
        genome: The genome that is searched for, where that was said.

    Raises:
        UserError: There is no such thing.
    """
    path = Path(name).expanduser()
    if path.suffix == ".toml":
        return Contender(path.stem, _tables(read_recipe(path)))
    known = recipe_names()
    full = f"{genome}-{name}"
    if genome is not None and full in known:
        return Contender(name, {**_tables({}), "recipe": full})
    if name in known and genome in (None, load_recipe(name)["search"].get("genome")):
        return Contender(name, {**_tables({}), "recipe": name})
    if name in names("strategies"):
        kind = genome_type(genome or "amoeba")
        paper = PAPER.format(genome=kind.name)
        tables = _tables({"search": {"strategy": name}})
        return Contender(name, {**tables, "recipe": paper} if paper in known else tables)
    hint = nearest(name, [*known, *names("strategies")])
    raise UserError(f"recipe {name!r}: expected a recipe, a strategy or FILE.toml; {hint}")


def _tables(given: Mapping[str, Any]) -> dict[str, Any]:
    return {table: dict(given.get(table, {})) for table in TABLES}


def varied(contender: Contender, choices: Mapping[str, Sequence[Any]]) -> list[Contender]:
    """A contender once for each combination of values.

    Args:
        contender: What to vary.
        choices: Values by key: ``TABLE.KEY`` of a recipe, or the name of a setting of the search or strategy.
    """
    found = []
    for values in itertools.product(*choices.values()):
        chosen = dict(zip(choices, values, strict=True))
        over = _tables({})
        for key, value in chosen.items():
            table, name = placed(key)
            over[table][name] = value
        found.append(Contender(contender.name, merged(contender.config, over), chosen))
    return found


def placed(key: str) -> tuple[str, str]:
    """The table and the name of a setting.

    >>> placed("population"), placed("genome.q_m"), placed("unique")
    (('strategy', 'population'), ('genome', 'q_m'), ('search', 'unique'))
    """
    from ..settings import SEARCH_KEYS

    table, dot, name = key.partition(".")
    if dot:
        if table not in TABLES:
            raise UserError(f"vary {key!r}: {nearest(table, TABLES)}")
        return table, name
    if key == "epochs":
        return "training", key
    return ("search" if key in SEARCH_KEYS else "strategy"), key


def read_choices(texts: Iterable[str]) -> dict[str, list[Any]]:
    """What is to be varied, from texts such as ``population=5,10,20``.

    Raises:
        UserError: One is no such text, or names a key again.
    """
    found: dict[str, list[Any]] = {}
    for text in texts:
        key, sign, values = text.partition("=")
        if not sign or not key or not all(values.split(",")):
            raise UserError(f"vary: expected KEY=VALUE,VALUE such as population=5,10,20, got {text!r}")
        if key in found:
            raise UserError(f"vary: expected every key once, got {key!r} again")
        found[key] = [_value(one) for one in values.split(",")]
    return found


def _value(text: str) -> Any:
    """A value as a recipe writes it; anything else is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    except (ValueError, RecursionError):  # more digits, or deeper, than Python reads
        raise UserError(f"vary: expected values such as 5 or aging, got {text:.20}...") from None


SHARED = ("genome", "dataset", "table")
"""Keys of ``[search]`` that all searches of a comparison share."""


def check_varied(keys: Iterable[str], given: Mapping[str, Any], protocol: str) -> None:
    """Refuses to vary what would make no difference.

    Args:
        keys: What is to be varied.
        given: Arguments of `evonas.evolve` that all searches share, which decide over what is varied.
        protocol: By which winners are trained again; empty for none.

    Raises:
        UserError: A key is decided otherwise, or there twice.
    """
    known: dict[tuple[str, str], str] = {}
    for key in keys:
        place = table, name = placed(key)
        if place in known:
            raise UserError(f"vary: expected every key once, got {known[place]!r} again as {key!r}")
        known[place] = key
        if place == ("search", "seed"):
            raise UserError("vary 'seed': every contender has the same seeds (--seeds, --first-seed)")
        if table == "search" and name in SHARED:
            raise UserError(f"vary {key!r}: all searches of a comparison share it; compare each by itself")
        if name in given and place in (("search", name), ("training", "epochs")):
            raise UserError(f"vary {key!r}: --{name.replace('_', '-')} decides it; give one of them")
        if table == "training" and name != "epochs" and "table" in given:
            raise UserError(f"vary {key!r}: a table's networks are trained already")
        if table == "final" and protocol != FINAL:
            raise UserError(f"vary {key!r}: expected --protocol {FINAL}, which is what it changes")
