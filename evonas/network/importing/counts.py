"""Sizes that depend on how many images there are.

A model is run with one number of images, and what it asks of that number can decide what it does:
``if x.size(0) == 1``. So the number knows its value for one image more, and notes what it is compared with.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from .lines import user_line

Comparison = Callable[[float, float], bool]


class Decisions:
    """What a model has asked of the number of images.

    Args:
        images: That number.
        turned: Which question to answer the other way.

    Attributes:
        lines: Where it was asked.
        lost: Whether the number became one that notes nothing, such as ``len(x)`` or ``n // 8``.
    """

    def __init__(self, images: int, turned: int | None = None) -> None:
        self.images = images
        self.turned = turned
        self.lines: list[str] = []
        self.lost = False

    def answer(self, compare: Comparison, gap: float, gap_with_one_more: float) -> bool:
        """Whether a comparison with 0 holds; noted, unless the answer is one for any number of images."""
        holds = compare(gap, 0)
        slope = gap_with_one_more - gap
        if slope == 0:
            return holds
        if compare in (operator.eq, operator.ne):
            root = self.images - gap / slope
            if root < 1 or root != int(root):
                return holds
        elif compare(gap + slope * (1 - self.images), 0) == compare(math.copysign(math.inf, slope), 0):
            return holds
        self.lines.append(user_line(text=True))
        return not holds if self.turned == len(self.lines) - 1 else holds


def counted(value: Any, more: Any, decisions: Decisions) -> Any:
    """A number, as one that notes what it is compared with if it depends on the number of images.

    Args:
        value: The number.
        more: What it is with one image more.
        decisions: Where comparisons are noted.
    """
    if value == more or not isinstance(value, int | float) or isinstance(value, bool):
        return value
    number: Count | Share = Count(value) if isinstance(value, int) else Share(value)
    number.more, number.decisions = more, decisions
    return number


LINEAR = (operator.add, operator.sub, operator.mul, operator.truediv)
"""What gives a number that grows by as much with each image; of others, two values do not say the third."""


def _arithmetic(work: Callable[[Any, Any], Any], turned: bool = False) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, int | float):
            return NotImplemented
        here, there = (_plain(self), _plain(other)), (self.more, getattr(other, "more", other))
        if turned:
            here, there = here[::-1], there[::-1]
        if work not in LINEAR or (hasattr(other, "more") and work is not operator.add):
            self.decisions.lost = True
        return counted(work(*here), work(*there), self.decisions)

    return method


def _comparison(compare: Comparison) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, int | float):
            return NotImplemented
        more = getattr(other, "more", other)
        return self.decisions.answer(compare, _plain(self) - _plain(other), self.more - more)

    return method


def _plain(number: Any) -> Any:
    return int.__int__(number) if isinstance(number, int) else float.__float__(number)


def _plainly(kind: type, name: str) -> Callable[..., Any]:
    """A method that gives a number without notes, which is itself noted."""
    plain = getattr(int if issubclass(kind, int) else float, name)

    def method(self: Any, *others: Any) -> Any:
        self.decisions.lost = True
        return plain(_plain(self), *others)

    return method


PLAIN = "__abs__ __ceil__ __divmod__ __float__ __floor__ __int__ __pow__ __round__ __trunc__".split()
OF_WHOLE = "__and__ __lshift__ __or__ __rshift__ __xor__ bit_length".split()


def _noting(kind: type) -> type:
    """Gives a class of numbers the methods of a number that depends on the number of images."""
    for name in PLAIN + OF_WHOLE * issubclass(kind, int):
        setattr(kind, name, _plainly(kind, name))
    for name in ("add", "sub", "mul", "floordiv", "mod", "truediv"):
        setattr(kind, f"__{name}__", _arithmetic(getattr(operator, name)))
        setattr(kind, f"__r{name}__", _arithmetic(getattr(operator, name), turned=True))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(kind, f"__{name}__", _comparison(getattr(operator, name)))
    return kind


class Count(int):
    """A whole number that depends on the number of images."""

    more: Any
    decisions: Decisions
    __hash__ = int.__hash__

    def __bool__(self) -> bool:
        return self.decisions.answer(operator.ne, _plain(self), self.more)

    def __neg__(self) -> Any:
        return 0 - self


class Share(float):
    """A number that is computed from the number of images."""

    more: Any
    decisions: Decisions
    __hash__ = float.__hash__

    def __bool__(self) -> bool:
        return self.decisions.answer(operator.ne, _plain(self), self.more)


_noting(Count)
_noting(Share)
