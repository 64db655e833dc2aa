"""A small language for kernels: loops, whole numbers and vectors of floats, written down as LLVM's IR.

A kernel is a function of one argument, the address of its numbers: sizes, and the addresses of arrays of
float32. What it computes is said in Python, which runs once and leaves the instructions behind; a Python loop
around them unrolls them. Vectors are explicit, so that sums stay in registers whatever a compiler makes of
loops.

    >>> from evonas.training.planned.kernels.emitting import Emitter
    >>> emit = Emitter("twice", lanes=8)
    >>> source, target, length = emit.floats(0), emit.floats(1), emit.number(2)
    >>> with emit.loop(length, step=8) as at:
    ...     target.put(at, source.vector(at) + source.vector(at))
    >>> "fadd <8 x float>" in emit.finish()
    True
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from .values import F32, F64, I32, I64, POINTER, Floats, Number, Span, Value, Variable


class Emitter:
    """Writes one kernel.

    Args:
        name: Of the function.
        lanes: Floats in a vector.
    """

    def __init__(self, name: str, lanes: int) -> None:
        self.lanes = lanes
        self.registers = 32 if lanes == 16 else 16
        self.vector_type = ir.VectorType(F32, lanes)
        self._module = ir.Module(name=name)
        kind = ir.FunctionType(ir.VoidType(), [POINTER])
        self._function = ir.Function(self._module, kind, name=name)
        self._entry = self._function.append_basic_block("entry")
        self.builder: Any = ir.IRBuilder(self._entry)

    def finish(self) -> str:
        """Ends the kernel.

        Returns:
            Its module, as text.
        """
        self.builder.ret_void()
        return str(self._module)

    def intrinsic(self, name: str, kind: Any, arity: int) -> Any:
        """A function that LLVM knows itself, of so many arguments of one type."""
        short = {str(F32): "f32", str(F64): "f64", str(self.vector_type): f"v{self.lanes}f32"}[str(kind)]
        known = self._module.globals.get(f"{name}.{short}")
        return known or ir.Function(self._module, ir.FunctionType(kind, [kind] * arity), f"{name}.{short}")

    def at_the_beginning(self, kind: Any) -> Any:
        """Room for a value, laid out once, wherever in loops this stands."""
        with self.builder.goto_block(self._entry):
            self.builder.position_at_start(self._entry)
            return self.builder.alloca(kind)

    def number(self, index: int) -> Number:
        """One of the kernel's numbers."""
        place = self.builder.gep(self._function.args[0], [I64(index)], source_etype=I64)
        return Number(self, self.builder.load(place, typ=I64))

    def floats(self, index: int, kind: Any = F32) -> Floats:
        """The array whose address is one of the kernel's numbers."""
        return Floats(self, self.number(index), kind)

    def double(self, index: int) -> Value:
        """One of the kernel's numbers whose bits are a double's."""
        return Value(self, self.builder.bitcast(self.number(index).value, F64))

    def whole(self, value: int | Number) -> Number:
        """A whole number as the kernel's."""
        return value if isinstance(value, Number) else Number(self, I64(value))

    def constant(self, value: float) -> Value:
        """A number in all lanes."""
        return Value(self, ir.Constant(self.vector_type, [value] * self.lanes))

    def single(self, value: float, kind: Any = F32) -> Value:
        """One float, or one double."""
        return Value(self, kind(value))

    def as_double(self, value: Number) -> Value:
        """A whole number as a double."""
        return Value(self, self.builder.sitofp(value.value, F64))

    def as_float(self, value: Number) -> Value:
        """A whole number as a float."""
        return Value(self, self.builder.sitofp(value.value, F32))

    def spread(self, one: Value) -> Value:
        """A float in all lanes."""
        nothing = ir.Constant(self.vector_type, ir.Undefined)
        first = self.builder.insert_element(nothing, one.value, I32(0))
        zeros = ir.Constant(ir.VectorType(I32, self.lanes), [0] * self.lanes)
        return Value(self, self.builder.shuffle_vector(first, nothing, zeros))

    def select(self, flag: Number, then: float, otherwise: float) -> Value:
        """A number in all lanes, by a number that is 1 or 0."""
        yes, no = self.constant(then), self.constant(otherwise)
        return Value(self, self.builder.select(flag.is_(1), yes.value, no.value))

    def select_one(self, flag: Number, then: float, otherwise: float) -> Value:
        """One float, by a number that is 1 or 0."""
        return Value(self, self.builder.select(flag.is_(1), F32(then), F32(otherwise)))

    def variable(self, first: Value | None = None) -> Variable:
        """A variable; zeros in all lanes at first."""
        return Variable(self, self.constant(0.0) if first is None else first)

    def variables(self, count: int) -> list[Variable]:
        """So many variables of zeros."""
        return [self.variable() for _ in range(count)]

    @contextmanager
    def loop(self, stop: int | Number, start: int | Number = 0, step: int | Number = 1) -> Iterator[Number]:
        """Runs what is written within for each number from a start up to, but without, a stop."""
        builder, step = self.builder, self.whole(step)
        before = builder.block
        head = builder.append_basic_block("head")
        body = builder.append_basic_block("body")
        after = builder.append_basic_block("after")
        first, end = self.whole(start), self.whole(stop)
        builder.branch(head)
        builder.position_at_end(head)
        phi = builder.phi(I64)
        phi.add_incoming(first.value, before)
        counter = Number(self, phi)
        builder.cbranch(counter < end, body, after)
        builder.position_at_end(body)
        yield counter
        following = counter + step
        phi.add_incoming(following.value, builder.block)
        builder.branch(head)
        builder.position_at_end(after)

    def groups(
        self, stop: int | Number, sizes: Sequence[int], start: int | Number = 0
    ) -> Iterator[tuple[int, Number]]:
        """Loops over numbers in groups: as many as fit of the first size, then of the next, and so on.

        Yields:
            The size, once for each, and the first number of a group: what is written then is its loop's body.
        """
        at, end = self.whole(start), self.whole(stop)
        for size in sizes:
            until = at + (end - at) // size * size
            with self.loop(until, at, size) as first:
                yield size, first
            at = until

    def spans(self, stop: int | Number) -> Iterator[Span]:
        """Loops over elements in vectors, then one by one over those that fill no vector.

        Yields:
            Twice: what is written then is that loop's body.
        """
        whole = self.whole(stop) // self.lanes * self.lanes
        with self.loop(whole, step=self.lanes) as at:
            yield Span(self, at, True)
        with self.loop(stop, whole) as at:
            yield Span(self, at, False)

    def choices(self, flag: Number) -> Iterator[bool]:
        """Both ways to go, by a number that is 1 or 0.

        Yields:
            True, then False: what is written then happens where the number says so.
        """
        with self.either(flag.is_(1)) as (then, otherwise):
            with then:
                yield True
            with otherwise:
                yield False

    @contextmanager
    def when(self, condition: Any) -> Iterator[None]:
        """What is written within happens only then."""
        with self.builder.if_then(condition):
            yield

    @contextmanager
    def either(self, condition: Any) -> Iterator[tuple[Any, Any]]:
        """Two contexts: what is written in the first happens then, in the second otherwise."""
        with self.builder.if_else(condition) as (then, otherwise):
            yield then, otherwise

    def clear(self, target: Floats, length: int | Number) -> None:
        """Zeros, up to a vector's length beyond the end."""
        with self.loop(length, step=self.lanes) as at:
            target.put(at, self.constant(0.0))
