"""Whether a class of a user's has all that its contract asks for: said where it is brought, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import UserError, after, closest
from .genome import Genome
from .morphism import Morphism
from .strategies import Strategy

CONTRACTS: dict[type, tuple[str, ...]] = {Genome: ("name", "space_type"), Morphism: (), Strategy: ()}
"""What a user subclasses, and the attributes without a default that it wants besides its abstract methods."""


def check_whole(kind: type, where: str) -> None:
    """Checks that a subclass of `Genome`, `Morphism` or `Strategy` lacks nothing; others are left aside.

    Args:
        kind: The class.
        where: What the message begins with: where the class comes from.

    Raises:
        UserError: Something is missing; the message names all of it, and what it may have been written as.
    """
    for base, attributes in CONTRACTS.items():
        if not issubclass(kind, base):
            continue
        lacking = [name for name in attributes if not hasattr(kind, name)]
        methods = _abstract(kind, base)
        if lacking or methods:
            parts = [_listed("attribute", lacking), _listed("method", methods)]
            raise UserError(
                f"{where}, class {kind.__name__}: a {base.__name__} needs "
                f"{' and '.join(part for part in parts if part)}, got none"
                f"{after(_meant(kind, base, [*lacking, *methods]))}"
            )


def check_all_whole(kinds: Iterable[type], where: str) -> None:
    """Checks the classes of a file, but those that others of it share and those whose name begins with ``_``.

    Raises:
        UserError: One lacks something.
    """
    kinds = list(kinds)
    for kind in kinds:
        shared = any(other is not kind and issubclass(other, kind) for other in kinds)
        if not shared and not kind.__name__.startswith("_"):
            check_whole(kind, where)


def _abstract(kind: type, base: type) -> list[str]:
    """The abstract methods that a class leaves open, in the order of its contract."""
    missing: frozenset[str] = getattr(kind, "__abstractmethods__", frozenset())
    return [name for name in vars(base) if name in missing] + sorted(missing - vars(base).keys())


def _listed(what: str, names: Sequence[str]) -> str:
    """Such as ``the methods 'ask' and 'tell'``; nothing for none."""
    if not names:
        return ""
    *some, last = [repr(name) for name in names]
    return f"the {what}s {', '.join(some)} and {last}" if some else f"the {what} {last}"


def _meant(kind: type, base: type, names: Sequence[str]) -> str:
    """Which of its own names may be misspelt ones of those that are missing, in words."""
    ours = [one for one in kind.__mro__ if one not in base.__mro__]
    own = sorted({name for one in ours for name in vars(one) if not hasattr(base, name)} - {*names})
    found = [(name, near) for name in names if (near := closest(name, own))]
    return "; ".join(f"did you mean {name!r} by {near!r}?" for name, near in found)
