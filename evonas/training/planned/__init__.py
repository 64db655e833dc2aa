"""Training on a fixed plan: all calls of a step, and where everything lies, known before it begins.

- `matching`: which nodes of an architecture are computed together. `operation`: what each of them notes:
  `convolved`, `normalised`, `pooled`, `moving`, and `islands`, which PyTorch computes.
- `recording`: the calls, by buffers that have no place yet; `layout`: the places; `plan`: both.
- `places`: where everything is; `tape`: a plan bound to a network's tensors. `stepping`: a step of the
  optimiser on it; `evaluating`: a network in evaluation mode.
- `footprint`: the memory that it takes.
- `kernels`: what calls are made of, compiled for the processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...files import later

if TYPE_CHECKING:
    from .evaluating import PlannedNetwork
    from .footprint import planned_footprint
    from .kernels import object_store, why_no_store
    from .matching import Head, Matched, can_plan, match
    from .plan import StepPlan, plan_step
    from .stepping import PlannedStep
    from .tape import Tape

__all__ = [
    "Head",
    "Matched",
    "PlannedNetwork",
    "PlannedStep",
    "StepPlan",
    "Tape",
    "can_plan",
    "match",
    "object_store",
    "plan_step",
    "planned_footprint",
    "why_no_store",
]

__getattr__ = later(
    __name__,
    {
        "evaluating": "PlannedNetwork",
        "footprint": "planned_footprint",
        "kernels": "object_store why_no_store",
        "matching": "Head Matched can_plan match",
        "plan": "StepPlan plan_step",
        "stepping": "PlannedStep",
        "tape": "Tape",
    },
)
