"""Learning rates over a training."""

from __future__ import annotations

import math

from .plan import Plan


def learning_rate(step: int, steps: int, plan: Plan) -> float:
    """The learning rate at a step.

    Args:
        step: From 0.
        steps: In the whole training.
        plan: Its `rates`, where there are any, win over its `schedule`.
    """
    share = step / steps
    if plan.rates:
        whole = sum(length for length, _ in plan.rates)
        passed = 0.0
        for length, rate in plan.rates:
            passed += length
            if share * whole < passed:
                return rate
        return plan.rates[-1][1]
    if plan.schedule == "constant":
        return plan.learning_rate
    if plan.schedule == "steps":
        return plan.learning_rate * plan.decay ** sum(share >= milestone for milestone in plan.milestones)
    # Loshchilov and Hutter 2017, equation 5, one period.
    height = 0.5 * (1 + math.cos(math.pi * share))
    return plan.final_learning_rate + (plan.learning_rate - plan.final_learning_rate) * height
