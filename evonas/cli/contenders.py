"""The contenders of `evonas compare`, from the options that say them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError

if TYPE_CHECKING:
    from ..comparison import Contender

AS_TEXT = ("label", "genome", "recipe", "config", "strategy", "inherit")
"""Keys whose values are texts, whatever they look like."""
Asked = tuple[str, dict[str, Any]]
"""A label, empty for none, and arguments of `evonas.evolve`."""


def read_contenders(
    said: Mapping[str, Any], given: Mapping[str, Any], operators: Sequence[Path], protocol: str
) -> list[Contender]:
    """The contenders that options say.

    Args:
        said: ``recipe``, ``strategy``, ``contender``, ``label`` and ``vary``, each a list or None.
        given: What all contenders share.
        operators: Files that all bring.
        protocol: By which winners are trained again; empty for none.

    Raises:
        UserError: One is unknown or refused, or two have one name.
    """
    from ..comparison import Own, check_once, check_varied, contender_of, read_choices, read_operators, varied

    choices = read_choices(said["vary"] or [])
    check_varied(choices, given, protocol)
    asked: list[Asked] = [("", {"recipe": name}) for name in said["recipe"] or []]
    asked += [("", {"strategy": name}) for name in said["strategy"] or []]
    asked += [read_contender(text) for text in said["contender"] or []]
    shared = Own(read_operators(operators))
    found: list[Contender] = []
    for label, one in _labelled(asked, said["label"] or []):
        found += varied(contender_of(label, one, given, shared, protocol), choices)
    check_once(found)
    return found


def _labelled(asked: Sequence[Asked], labels: Sequence[str]) -> list[Asked]:
    """Contenders with the labels that are said beside them."""
    if not labels:
        return list(asked)
    if len(labels) != len(asked):
        raise UserError(
            f"label: expected none, or one for each of {len(asked)} contenders in the order --recipe, "
            f"--strategy, --contender, got {len(labels)}"
        )
    for label, _ in asked:
        if label:
            raise UserError(f"label: contender {label!r} has one already")
    if "" in labels:
        raise UserError("label: expected a text in one line, got an empty one")
    return [(label, one) for label, (_, one) in zip(labels, asked, strict=True)]


def read_contender(text: str) -> Asked:
    """A contender as one text: options of ``evonas evolve`` without their dashes.

    Without a label it is called by its words.

    Raises:
        UserError: It is no such text.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UserError(f"contender {text!r:.80}: {error}") from None
    asked: dict[str, Any] = {}
    for word in words:
        key, sign, value = word.partition("=")
        key = key if "." in key else key.removeprefix("--").replace("-", "_")
        if not sign or not key or not value:
            raise UserError(
                "contender: expected KEY=VALUE KEY=VALUE such as 'genome=genet strategy=random', "
                f"got {word!r:.60}"
            )
        if key in asked and key != "operators":
            raise UserError(f"contender: expected every key once, got {key!r} again")
        asked[key] = [*asked.get(key, []), Path(value)] if key == "operators" else _value(key, value)
    if not asked:
        raise UserError("contender: expected KEY=VALUE KEY=VALUE such as 'strategy=random', got nothing")
    words = [word for word in words if not word.startswith("label=")]
    return str(asked.pop("label", " ".join(words))), asked


def _value(key: str, text: str) -> Any:
    """A value as `evonas evolve` reads the option of that name."""
    from ..comparison import read_value
    from .figures import read_limit
    from .targets import read_start

    if key in AS_TEXT:
        return text
    if key == "start":
        return read_start(text)
    if key in ("max_parameters", "max_flops"):
        return read_limit(text, key.replace("_", "-"))
    return read_value(text, f"contender: {key}")
