"""The modes of inheritance, by name."""

from __future__ import annotations

from ..errors import UserError, nearest

MODES = ("match", "none", "remap", "morph", "pool")
"""How a child's network begins.

``match`` carries weights by node name; ``morph`` does so by the morphisms that made the child, or as far as
its differences from the parent can be made by some; ``remap`` also takes the slices that fit where shapes
differ (FNA); ``pool`` takes them from one set that all candidates share; ``none`` trains every child from
scratch.
"""


def check_mode(mode: str) -> str:
    """The mode, if there is such a one.

    Raises:
        UserError: There is not.
    """
    if mode not in MODES:
        raise UserError(f"inherit {mode!r} is unknown; {nearest(str(mode), MODES)}")
    return mode
