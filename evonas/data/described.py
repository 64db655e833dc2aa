"""What a run or a trained network notes of its images, as it is read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from msgspec import Meta

from ..errors import UserError
from ..files import Finite, NotedCount, expect
from ..task import Pixels, Statistics, Task
from .background import check_background
from .depth import DEPTHS

_Statistics = Annotated[tuple[list[Finite], list[Finite]], Meta(description="means and deviations")]


class _Task(TypedDict):
    """A `Task`."""

    channels: NotedCount
    height: NotedCount
    width: NotedCount
    classes: NotedCount


class _Pixels(TypedDict):
    """`Pixels`."""

    depth: str
    background: str


def read_pixels(noted: Any, what: str = "pixels") -> Pixels:
    """What is noted of the values of images, from JSON.

    Args:
        noted: Whatever was noted.
        what: What messages call it.

    Raises:
        UserError: It is something else, or of a depth or colour that is not known here.
    """
    found = expect(noted, _Pixels, what)
    if found["depth"] not in ("", *DEPTHS):
        raise UserError(
            f"{what}: expected a depth of {', '.join(DEPTHS)} or none, got {found['depth']!r:.60}"
        )
    if found["background"]:
        check_background(found["background"])
    return Pixels(found["depth"], found["background"])


def read_described(facts: Mapping[str, Any]) -> tuple[Task, Statistics, tuple[str, ...]]:
    """The task, the statistics and the names of the classes.

    Args:
        facts: Holds ``task``, ``statistics`` and ``classes``, from JSON.

    Raises:
        UserError: One is something else, or they do not belong together.
        KeyError: One is missing.
    """
    sizes = expect(facts["task"], dict[str, Any], "task")
    mean, std = map(tuple, expect(facts["statistics"], _Statistics, "statistics"))
    names = list(_Task.__annotations__)
    if sorted(sizes) != sorted(names):
        raise UserError(f"task: expected {', '.join(names)}, got {', '.join(sizes)!r:.60}")
    task = Task(**expect(sizes, _Task, "task"))
    if not len(mean) == len(std) == task.channels:
        raise UserError(
            f"statistics: expected two numbers for each of {task.channels} channels, "
            f"got {len(mean)} and {len(std)}"
        )
    if min(std) <= 0:
        raise UserError(f"statistics: expected deviations above 0, got {min(std)}")
    return task, Statistics(mean, std), tuple(expect(facts["classes"], list[str], "classes"))
