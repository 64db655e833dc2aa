"""The modes of inheritance, by name."""

from __future__ import annotations

from .errors import UserError, nearest

MODES = ("match", "none")
"""``match`` carries weights by node name; ``none`` trains every child from scratch."""


def check_mode(mode: str) -> str:
    """The mode, if there is such a one.

    Raises:
        UserError: There is not.
    """
    if mode not in MODES:
        raise UserError(f"inherit {mode!r} is unknown; {nearest(str(mode), MODES)}")
    return mode
