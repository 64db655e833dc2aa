"""What a run or a trained network notes of its images, as it is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..errors import UserError
from ..files import items, number, table, texts, whole
from ..task import Task
from .images import Statistics


def read_described(facts: Mapping[str, Any]) -> tuple[Task, Statistics, tuple[str, ...]]:
    """The task, the statistics and the names of the classes.

    Args:
        facts: Holds ``task``, ``statistics`` and ``classes``, from JSON.

    Raises:
        UserError: One is something else, or they do not belong together.
        KeyError: One is missing.
    """
    sizes, (mean, std) = table(facts["task"], "task"), _statistics(facts["statistics"])
    names = [field.name for field in fields(Task)]
    if sorted(sizes) != sorted(names):
        raise UserError(f"task: expected {', '.join(names)}, got {', '.join(sizes)!r:.60}")
    task = Task(**{name: whole(sizes[name], f"task {name}") for name in names})
    if not len(mean) == len(std) == task.channels:
        raise UserError(
            f"statistics: expected two numbers for each of {task.channels} channels, "
            f"got {len(mean)} and {len(std)}"
        )
    if min(std) <= 0:
        raise UserError(f"statistics: expected deviations above 0, got {min(std)}")
    return task, Statistics(mean, std), tuple(texts(facts["classes"], "classes"))


def _statistics(noted: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    found = items(noted, "statistics")
    if len(found) != 2:
        raise UserError(f"statistics: expected means and deviations, got {found!r:.60}")
    mean, std = (tuple(number(one, "statistics") for one in items(part, "statistics")) for part in found)
    return mean, std
