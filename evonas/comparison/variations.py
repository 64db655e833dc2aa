"""Settings that are varied (``--vary``): a contender once for each combination of their values."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import UserError, nearest
from ..settings import FINAL, TABLES, merged
from .contender import Contender, empty_tables


def varied(contender: Contender, choices: Mapping[str, Sequence[Any]]) -> list[Contender]:
    """A contender once for each combination of values.

    Args:
        contender: What to vary.
        choices: Values by key: ``TABLE.KEY`` of a recipe, or the name of a setting of the search or strategy.
    """
    found = []
    for values in itertools.product(*choices.values()):
        chosen = dict(zip(choices, values, strict=True))
        over = empty_tables()
        for key, value in chosen.items():
            table, name = placed(key)
            over[table][name] = value
        found.append(replace(contender, config=merged(contender.config, over), varied=chosen))
    return found


def placed(key: str, who: str = "vary") -> tuple[str, str]:
    """The table and the name of a setting.

    Args:
        key: ``TABLE.KEY`` of a recipe, or the name of a setting of the search or strategy.
        who: Whose setting it is, for messages.

    Raises:
        UserError: There is no such table.

    >>> placed("population"), placed("genome.q_m"), placed("unique")
    (('strategy', 'population'), ('genome', 'q_m'), ('search', 'unique'))
    """
    from ..settings import SEARCH_KEYS

    table, dot, name = key.partition(".")
    if dot:
        if table not in TABLES:
            raise UserError(f"{who} {key!r}: {nearest(table, TABLES)}")
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
        found[key] = [read_value(one, "vary") for one in values.split(",")]
    return found


def read_value(text: str, who: str) -> Any:
    """A value as a recipe writes it; anything else is a text.

    Raises:
        UserError: It is of more digits, or deeper, than can be read.
    """
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    except (ValueError, RecursionError):
        raise UserError(f"{who}: expected values such as 5 or aging, got {text:.20}...") from None


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
    keys = list(keys)
    for key in keys:
        table, name = placed(key)
        if table == "search" and name in SHARED:
            raise UserError(f"vary {key!r}: all searches of a comparison share it; compare each by itself")
        if name in given and (table, name) in (("search", name), ("training", "epochs")):
            raise UserError(f"vary {key!r}: --{name.replace('_', '-')} decides it; give one of them")
    check_free(keys, given, protocol, "vary")


def check_free(keys: Iterable[str], given: Mapping[str, Any], protocol: str, who: str) -> None:
    """Refuses settings of one contender that would make no difference.

    Args:
        keys: Which.
        given: Arguments that all searches share.
        protocol: By which winners are trained again; empty for none.
        who: Whose settings they are, for messages.

    Raises:
        UserError: A key is decided otherwise, or there twice.
    """
    known: dict[tuple[str, str], str] = {}
    for key in keys:
        place = table, name = placed(key, who)
        if place in known:
            raise UserError(
                f"{who.rstrip(':')}: expected every key once, got {known[place]!r} again as {key!r}"
            )
        known[place] = key
        if place == ("search", "seed"):
            raise UserError(f"{who} 'seed': every contender has the same seeds (--seeds, --first-seed)")
        if name in given and place in (("search", name), ("training", "epochs"), ("strategy", name)):
            raise UserError(f"{who} {key!r}: it is given for all contenders; give one of them")
        if table == "training" and name != "epochs" and "table" in given:
            raise UserError(f"{who} {key!r}: a table's networks are trained already")
        if table == "final" and protocol != FINAL:
            raise UserError(f"{who} {key!r}: expected --protocol {FINAL}, which is what it changes")
