"""Training: `Plan` says how, `Compute` where, `DeviceImages` cuts batches, `fit` trains, `score` measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .device import Compute, all_devices, choose_device, choose_precision, fast_bfloat16, memory_of
    from .evaluator import CALIBRATION_BATCH, TrainingEvaluator
    from .final_training import FinalTraining, Trial
    from .function import FunctionEvaluator
    from .images import DeviceImages, Normalisation, steps_per_epoch
    from .plan import Plan
    from .trainer import DivergenceError, fit, score, to_device

__all__ = [
    "CALIBRATION_BATCH",
    "Compute",
    "DeviceImages",
    "DivergenceError",
    "FinalTraining",
    "FunctionEvaluator",
    "Normalisation",
    "Plan",
    "TrainingEvaluator",
    "Trial",
    "all_devices",
    "choose_device",
    "choose_precision",
    "fast_bfloat16",
    "fit",
    "memory_of",
    "score",
    "steps_per_epoch",
    "to_device",
]

__getattr__ = later(
    __name__,
    {
        "device": "Compute all_devices choose_device choose_precision fast_bfloat16 memory_of",
        "evaluator": "CALIBRATION_BATCH TrainingEvaluator",
        "final_training": "FinalTraining Trial",
        "function": "FunctionEvaluator",
        "images": "DeviceImages Normalisation steps_per_epoch",
        "plan": "Plan",
        "trainer": "DivergenceError fit score to_device",
    },
)
