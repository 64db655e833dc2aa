"""What comes out of a search.

- `result`: its history, its best individuals and their networks.
- `choosing`: which network of a run is exported, or predicts.
- `final`: the best, trained long and tested once. `scoring`: which test images count. `description`: what is
  written down of it, ``final.json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .choosing import (
        WEIGHTS,
        chosen_network,
        knowing_pixels,
        predictor_in,
        predictor_of,
        trained_title,
    )
    from .description import read_description, read_report, whole_report
    from .figures import amount, duration, fitness_text, number_of, share, speed
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
    "WEIGHTS",
    "amount",
    "chosen_network",
    "commonest_failure",
    "duration",
    "final_training",
    "fitness_text",
    "knowing_pixels",
    "load_trained",
    "number_of",
    "predictor_in",
    "predictor_of",
    "read_description",
    "read_report",
    "said_of_test",
    "save_trained",
    "share",
    "speed",
    "train_finally",
    "trained_title",
    "training_devices",
    "whole_report",
]

__getattr__ = later(
    __name__,
    {
        "choosing": "WEIGHTS chosen_network knowing_pixels predictor_in predictor_of trained_title",
        "description": "read_description read_report whole_report",
        "figures": "amount duration fitness_text number_of share speed",
        "final": "Trained final_training load_trained save_trained train_finally training_devices",
        "result": "Individual SearchResult commonest_failure",
        "scoring": "Before said_of_test",
    },
)
