"""Drawing a genome of anybody's for a task."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from ..task import Task
from .genome import Genome


def draw_genotype(genome: Genome, path: Any, task: Task | None = None) -> Any:
    """Draws a genotype as it is in networks for a task.

    Args:
        genome: Its `Genome.draw` is called; one that takes no task (they did not always) is called without.
        path: Where to.
        task: That of its run, if there is one.
    """
    taken = signature(genome.draw).parameters
    takes = "task" in taken or any(one.kind is Parameter.VAR_KEYWORD for one in taken.values())
    return genome.draw(path, task=task) if task is not None and takes else genome.draw(path)
