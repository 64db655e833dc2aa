"""What an exported network says of the images that it reads, so that others can be read in the same way."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..deploy import Deployable


def images_described(deployable: Deployable) -> dict[str, Any]:
    """What is known of the images.

    Returns:
        ``depth`` and ``background`` of `Pixels`, ``mean`` and ``std`` of `Statistics`, for JSON; without
        those that are not known.
    """
    known = (deployable.pixels, deployable.statistics)
    found = {key: value for one in known if one is not None for key, value in asdict(one).items()}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}
