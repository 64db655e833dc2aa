"""Programs: calls of kernels in a row, made without Python between them.

A program is an array of whole numbers in rows: a kernel's address, then its numbers.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir

from .kernel import LONGEST
from .machine import library
from .values import I64, POINTER

ROW = LONGEST + 1
"""Numbers in a row."""

Rows = np.ndarray[tuple[int, int], np.dtype[np.int64]]


class _Somewhere:
    """A function of which nothing but its address is known, as llvmlite's calls want it."""

    def __init__(self, address: Any, kind: Any) -> None:
        self.function_type, self.type, self._address = kind, address.type, address

    def get_reference(self) -> str:
        return str(self._address.get_reference())


def _written() -> str:
    module = ir.Module(name="run")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER, I64]), name="run")
    entry, head, body, after = (
        function.append_basic_block(name) for name in ("entry", "head", "body", "end")
    )
    builder = ir.IRBuilder(entry)
    builder.branch(head)
    builder.position_at_end(head)
    turn = builder.phi(I64)
    turn.add_incoming(I64(0), entry)
    builder.cbranch(builder.icmp_signed("<", turn, function.args[1]), body, after)
    builder.position_at_end(body)
    row = builder.gep(function.args[0], [builder.mul(turn, I64(ROW))], source_etype=I64)
    address = builder.inttoptr(builder.load(row, typ=I64), POINTER)
    kernel = _Somewhere(address, ir.FunctionType(ir.VoidType(), [POINTER]))
    builder.call(kernel, [builder.gep(row, [I64(1)], source_etype=I64)])
    turn.add_incoming(builder.add(turn, I64(1)), builder.block)
    builder.branch(head)
    builder.position_at_end(after)
    builder.ret_void()
    return str(module)


@cache
def _run() -> Any:
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(library.address("run", _written))


def program(rows: Sequence[Sequence[int]]) -> Rows:
    """A program of rows: each a kernel's address, and its numbers."""
    made = np.zeros((len(rows), ROW), dtype=np.int64)
    for at, row in enumerate(rows):
        made[at, : len(row)] = row
    return made


def run(made: Rows) -> None:
    """Makes the calls, one after the other; other threads go on meanwhile."""
    _run()(made.ctypes.data, len(made))
