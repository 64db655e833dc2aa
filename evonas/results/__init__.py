"""What comes out of a search.

- `result`: its history, its best individuals and their networks.
- `final`: the best, trained long and tested once. `scoring`: which test images count. `description`: what is
  written down of it, ``final.json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .description import read_description, read_report, whole_report
    from .figures import amount, duration, number_of, share, speed
    from .final import (
        Trained,
        final_training,
        load_trained,
        save_trained,
        train_finally,
        training_devices,
    )
    from .result import Individual, SearchResult, commonest_failure
    from .scoring import Before, said_of_test

__all__ = [
    "Before",
    "Individual",
    "SearchResult",
    "Trained",
    "amount",
    "commonest_failure",
    "duration",
    "final_training",
    "load_trained",
    "number_of",
    "read_description",
    "read_report",
    "said_of_test",
    "save_trained",
    "share",
    "speed",
    "train_finally",
    "training_devices",
    "whole_report",
]

__getattr__ = later(
    __name__,
    {
        "description": "read_description read_report whole_report",
        "figures": "amount duration number_of share speed",
        "final": "Trained final_training load_trained save_trained train_finally training_devices",
        "result": "Individual SearchResult commonest_failure",
        "scoring": "Before said_of_test",
    },
)
