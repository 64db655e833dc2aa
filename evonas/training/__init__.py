"""Fitness by training, or by a function of a user's, and the final training of what was found.

- `plan`: how, as a recipe says it; `schedule`: the learning rate along it. `device`: where, and in which
  precision.
- `evaluator`: a candidate's fitness: built, calibrated, trained and scored; `preparation`, `distilling` and
  `auxiliary` are parts of it. `function`: a fitness that a user wrote.
- `trainer`: the loop over epochs. `steps`: one step, on a GPU as a captured graph; `regularise`, `momentum`:
  what it keeps. `images`: batches on the device.
- `paths`: by which code a CPU trains: PyTorch's, so with `dense` gradients, or on a plan by kernels of ours
  (`planned`).
- `memory`: what a training takes, before it begins; `room`: who may begin.
- `final_training`: long and once, on one device or several: `ranks` (processes that work together), `rank`
  (one of them), `distributed` (its parts of batches), `compiling`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .dense import with_dense_gradients
    from .device import Compute, all_devices, choose_device, choose_precision, fast_bfloat16, memory_of
    from .evaluator import CALIBRATION_BATCH, TrainingEvaluator
    from .final_training import FinalTraining, Trial
    from .function import FunctionEvaluator
    from .images import DeviceImages, Normalisation, steps_per_epoch
    from .paths import Kernels, check_compiles, check_kernels, choose_kernels, no_kernels
    from .plan import Plan
    from .planned import object_store, why_no_store
    from .steps import Step
    from .trainer import DivergenceError, fit, score, to_device

__all__ = [
    "CALIBRATION_BATCH",
    "Compute",
    "DeviceImages",
    "DivergenceError",
    "FinalTraining",
    "FunctionEvaluator",
    "Kernels",
    "Normalisation",
    "Plan",
    "Step",
    "TrainingEvaluator",
    "Trial",
    "all_devices",
    "check_compiles",
    "check_kernels",
    "choose_device",
    "choose_kernels",
    "choose_precision",
    "fast_bfloat16",
    "fit",
    "memory_of",
    "no_kernels",
    "object_store",
    "score",
    "steps_per_epoch",
    "to_device",
    "why_no_store",
    "with_dense_gradients",
]

__getattr__ = later(
    __name__,
    {
        "dense": "with_dense_gradients",
        "device": "Compute all_devices choose_device choose_precision fast_bfloat16 memory_of",
        "evaluator": "CALIBRATION_BATCH TrainingEvaluator",
        "final_training": "FinalTraining Trial",
        "function": "FunctionEvaluator",
        "images": "DeviceImages Normalisation steps_per_epoch",
        "paths": "Kernels check_compiles check_kernels choose_kernels no_kernels",
        "plan": "Plan",
        "planned": "object_store why_no_store",
        "steps": "Step",
        "trainer": "DivergenceError fit score to_device",
    },
)
