"""The protocols by which a winner is trained again, from scratch or not, before it is tested.

Accuracies compare only where they come from one protocol; results say which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UserError, nearest

if TYPE_CHECKING:
    from ..training import Plan
    from .settings import Settings

SEARCH, FINAL = "search", "final"

PROTOCOLS = {
    SEARCH: "as candidates of the search were: its epochs, schedule and regularisation",
    FINAL: "long: the recipe's table [final] over its [training]",
}
"""The protocols by name. Both train on training and validation images and test once, at the end."""


def check_protocol(name: str) -> str:
    """The protocol, if there is such a one.

    Raises:
        UserError: There is not.
    """
    if name not in PROTOCOLS:
        raise UserError(f"protocol {name!r} is unknown; {nearest(name, list(PROTOCOLS))}")
    return name


def protocol_plan(settings: Settings, protocol: str) -> Plan:
    """How a winner of a search is trained by a protocol.

    Raises:
        UserError: There is no such protocol.
    """
    return settings.plan if check_protocol(protocol) == SEARCH else settings.final_plan
