"""What became of a dataset's images, in one line: how they were divided, and what was done to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..task import Task
    from .images import Split


@dataclass(frozen=True)
class Account:
    """What a dataset knows of its images besides those that it holds.

    Attributes:
        held_out: Images that were split off for the test; None where the dataset has a test part of its own,
            which is not opened, not even to count it.
        left_out: Images that ``train_limit`` leaves out.
        changes: What was done to training images, as `changes_of` says it.
        beside: Images that lie beside the folders of the classes, which are passed over.
        below: Images in folders within those of the classes, likewise.
        parts: What the dataset calls its own validation and test parts, by ``validation`` and ``test``; empty
            for one without a name.
        passed: Folders or arrays that are passed over.
        damaged: Files that cannot be read, which are gone on without.
    """

    held_out: int | None = None
    left_out: int = 0
    changes: tuple[str, ...] = ()
    beside: int = 0
    parts: Mapping[str, str] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    damaged: int = 0
    below: int = 0

    def told(self, task: Task, split: Split) -> str:
        """The line that a search begins with."""
        train, validation = len(split.y_train), len(split.y_val)
        total = train + validation + (self.held_out or 0) + self.left_out
        own = "validation" in self.parts
        read = train if own else train + validation
        changed = f" (of these {read:,}: {', '.join(self.changes)})" if self.changes else ""
        validate = f"{validation:,} to validate"
        if own:
            divided = f"{changed}, {validate}{_named(_own(self.parts['validation']))}"
        else:
            divided = f", {validate}{changed}"
        test = f"a test part of their own{_named(self.parts.get('test', ''))}"
        if self.held_out is not None:
            test = f"{self.held_out:,} kept for the test"
        left_out = f", {self.left_out:,} left out (train_limit)" if self.left_out else ""
        beside = _passed(self.beside, "beside the class folders") + _passed(
            self.below, "in folders within those of classes"
        )
        passed = f"; passed over: {', '.join(self.passed)}" if self.passed else ""
        damaged = (
            f"; without {self.damaged:,} damaged file{'s' if self.damaged != 1 else ''}"
            if self.damaged
            else ""
        )
        return (
            f"{total:,} images {task.channels}×{task.height}×{task.width} in {task.classes:,} classes: "
            f"{train:,} to train on{divided}, {test}{left_out}{beside}{passed}{damaged}"
        )


def _passed(count: int, where: str) -> str:
    """What is said of images that are passed over."""
    return f"; {count:,} image{'s' if count != 1 else ''} {where} passed over" if count else ""


def _own(name: str) -> str:
    return f"a part of their own, {name}" if name else "a part of their own"


def _named(name: str) -> str:
    return f" ({name})" if name else ""


def changes_of(sizes: Counter[tuple[int, int]], channels: Counter[str], height: int, width: int) -> list[str]:
    """What bringing images to one form changes, in words.

    Args:
        sizes: How many images there are of each (height, width).
        channels: How many are converted, by what that is called.
        height: That all are brought to.
        width: Likewise.

    >>> changes_of(Counter({(20, 20): 5, (21, 20): 9}), Counter({"grey made colour": 2}), 21, 20)
    ['5 resized to 21×20', '2 grey made colour']
    """
    resized = sizes.total() - sizes[height, width]
    said = [f"{resized:,} resized to {height}×{width}"] if resized else []
    return said + [f"{count:,} {what}" for what, count in channels.items() if count]
