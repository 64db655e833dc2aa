"""What the winners of searches came to, trained again from scratch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .record import Record
from .statistics import Array

RETRAINED = "retrained winners"
"""What contenders are tested by where both have such of one protocol."""


@dataclass(frozen=True)
class Retrained:
    """What the winners of a contender's searches came to, trained again by one protocol.

    Attributes:
        protocol: Which.
        values: Test accuracy in percent; NaN where a winner was not trained again, or there is none.
        ranked: The same, with minus infinity for searches that found nothing.
    """

    protocol: str
    values: Array
    ranked: Array

    @property
    def complete(self) -> bool:
        """Whether all winners were trained again."""
        return not np.isnan(self.ranked).any()


def retrained(records: Sequence[Record]) -> Retrained | None:
    """What winners came to; None where none was trained again, or not all by the same protocol."""
    protocols = {record.protocol for record in records if record.retrained is not None}
    if len(protocols) != 1:
        return None
    values = 100 * np.array([record.retrained for record in records], dtype=float)
    nothing = np.array([not record.steps for record in records])
    return Retrained(protocols.pop(), values, np.where(nothing, -math.inf, values))
