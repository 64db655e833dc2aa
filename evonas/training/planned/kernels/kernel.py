"""Kernel: what is computed, by which arrays and numbers, under one name."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

from .emitting import Emitter
from .machine import lanes, library
from .values import F64

LONGEST = 47
"""Numbers that a kernel is given at most."""

Writer = Callable[[Emitter, SimpleNamespace], None]
"""Writes a kernel, given its arguments by name."""


@dataclass(frozen=True)
class Kernel:
    """A kernel that is compiled.

    Attributes:
        name: Of its function.
        fields: The names of its numbers, in their order.
        doubles: Those of them that are numbers with a fraction.
        address: Of its machine code.
    """

    name: str
    fields: tuple[str, ...]
    doubles: frozenset[str]
    address: int

    def row(self, given: Mapping[str, int | float]) -> list[int]:
        """The row of a program that is one call; what is not given is 0.

        Raises:
            KeyError: Something is given that the kernel does not know.
        """
        if unknown := set(given) - set(self.fields):
            raise KeyError(f"{self.name} knows no {', '.join(sorted(unknown))}")
        numbers = [self.address]
        for name in self.fields:
            value = given.get(name, 0)
            numbers.append(_bits(value) if name in self.doubles else int(value))
        return numbers


def _bits(value: float) -> int:
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


_made: dict[str, Kernel] = {}


def kernel(
    name: str, write: Writer, arrays: str, numbers: str = "", doubles: str = "", wide: str = ""
) -> Kernel:
    """The kernel of a name, compiled when it is first asked for.

    Args:
        name: Says all that the kernel is made for.
        write: Writes it.
        arrays: Names of its arrays of float32.
        numbers: Names of its whole numbers.
        doubles: Names of its other numbers.
        wide: Names of its arrays of float64.
    """
    if name in _made:
        return _made[name]
    kinds = {
        "float": arrays.split(),
        "wide": wide.split(),
        "whole": numbers.split(),
        "double": doubles.split(),
    }

    def written() -> str:
        emit = Emitter(name, lanes())
        given = SimpleNamespace()
        makers = {
            "float": emit.floats,
            "wide": lambda index: emit.floats(index, F64),
            "whole": emit.number,
            "double": emit.double,
        }
        fields = [(kind, field) for kind, names in kinds.items() for field in names]
        for index, (kind, field) in enumerate(fields):
            setattr(given, field, makers[kind](index))
        write(emit, given)
        return emit.finish()

    fields = tuple(field for names in kinds.values() for field in names)
    if len(fields) > LONGEST:
        raise ValueError(f"{name}: expected at most {LONGEST} numbers, got {len(fields)}")
    _made[name] = Kernel(name, fields, frozenset(kinds["double"]), library.address(name, written))
    return _made[name]
