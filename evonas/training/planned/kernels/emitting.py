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
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

I32 = ir.IntType(32)
I64 = ir.IntType(64)
F32 = ir.FloatType()
F64 = ir.DoubleType()
POINTER = ir.PointerType()


@dataclass(frozen=True)
class Number:
    """A whole number that the kernel knows when it runs."""

    emit: Emitter
    value: Any

    def _with(self, other: int | Number, name: str, swapped: bool = False) -> Number:
        pair = (self.value, self.emit.whole(other).value)
        return Number(self.emit, getattr(self.emit.builder, name)(*(reversed(pair) if swapped else pair)))

    def __add__(self, other: int | Number) -> Number:
        return self if isinstance(other, int) and other == 0 else self._with(other, "add")

    __radd__ = __add__

    def __sub__(self, other: int | Number) -> Number:
        return self._with(other, "sub")

    def __rsub__(self, other: int | Number) -> Number:
        return self._with(other, "sub", swapped=True)

    def __mul__(self, other: int | Number) -> Number:
        return self if isinstance(other, int) and other == 1 else self._with(other, "mul")

    __rmul__ = __mul__

    def __floordiv__(self, other: int | Number) -> Number:
        """Of numbers that are not negative."""
        return self._with(other, "sdiv")

    def _compared(self, other: int | Number, sign: str) -> Any:
        return self.emit.builder.icmp_signed(sign, self.value, self.emit.whole(other).value)

    def __lt__(self, other: int | Number) -> Any:
        return self._compared(other, "<")

    def __ge__(self, other: int | Number) -> Any:
        return self._compared(other, ">=")

    def is_(self, other: int | Number) -> Any:
        """Whether they are equal."""
        return self._compared(other, "==")

    def least(self, other: int | Number) -> Number:
        """The smaller of two."""
        other = self.emit.whole(other)
        return Number(self.emit, self.emit.builder.select(self < other, self.value, other.value))

    def most(self, other: int | Number) -> Number:
        """The larger of two."""
        other = self.emit.whole(other)
        return Number(self.emit, self.emit.builder.select(self < other, other.value, self.value))


@dataclass(frozen=True)
class Value:
    """A vector of floats, or one float: arithmetic is the same."""

    emit: Emitter
    value: Any

    def _with(self, other: Value, name: str) -> Value:
        return Value(self.emit, getattr(self.emit.builder, name)(self.value, other.value))

    def __add__(self, other: Value) -> Value:
        return self._with(other, "fadd")

    def __sub__(self, other: Value) -> Value:
        return self._with(other, "fsub")

    def __mul__(self, other: Value) -> Value:
        return self._with(other, "fmul")

    def __truediv__(self, other: Value) -> Value:
        return self._with(other, "fdiv")

    def times_plus(self, factor: Value, summand: Value) -> Value:
        """Itself times a factor, plus a summand, rounded once where the processor can."""
        kind = self.value.type
        fused = self.emit.intrinsic("llvm.fmuladd", kind, 3)
        return Value(self.emit, self.emit.builder.call(fused, [self.value, factor.value, summand.value]))

    def at_least(self, lowest: Value) -> Value:
        """Itself, or the lowest that it may be; no number stays none."""
        return lowest.above(self, lowest, self)

    def above(self, other: Value, then: Value, otherwise: Value) -> Value:
        """Where it is larger than another the one value, elsewhere (and of NaN) the other."""
        builder = self.emit.builder
        larger = builder.fcmp_ordered(">", self.value, other.value)
        return Value(self.emit, builder.select(larger, then.value, otherwise.value))

    def not_below(self, other: Value, then: Value, otherwise: Value) -> Value:
        """Where it is larger than another, or no number, the one value, elsewhere the other."""
        builder = self.emit.builder
        larger = builder.fcmp_unordered(">", self.value, other.value)
        return Value(self.emit, builder.select(larger, then.value, otherwise.value))

    def same(self, other: Value, then: Value, otherwise: Value) -> Value:
        """Where both are equal the one value, elsewhere the other."""
        builder = self.emit.builder
        equal = builder.fcmp_ordered("==", self.value, other.value)
        return Value(self.emit, builder.select(equal, then.value, otherwise.value))

    def wide(self) -> Value:
        """In double precision."""
        single = isinstance(self.value.type, ir.FloatType)
        kind = F64 if single else ir.VectorType(F64, self.emit.lanes)
        return Value(self.emit, self.emit.builder.fpext(self.value, kind))

    def narrow(self) -> Value:
        """One double in single precision."""
        return Value(self.emit, self.emit.builder.fptrunc(self.value, F32))

    def rectified(self) -> Value:
        """Itself where above 0, elsewhere 0; of NaN itself."""
        builder = self.emit.builder
        many = isinstance(self.value.type, ir.VectorType)
        zero = ir.Constant(self.value.type, [0.0] * self.emit.lanes if many else 0.0)
        below = builder.fcmp_ordered("<", self.value, zero)
        return Value(self.emit, builder.select(below, zero, self.value))

    def root(self) -> Value:
        """Its square root."""
        return Value(
            self.emit,
            self.emit.builder.call(self.emit.intrinsic("llvm.sqrt", self.value.type, 1), [self.value]),
        )


class Variable:
    """A value that changes as the kernel runs; it stays in a register."""

    def __init__(self, emit: Emitter, first: Value) -> None:
        self._emit = emit
        self._place = emit.at_the_beginning(first.value.type)
        self.set(first)

    def set(self, value: Value) -> None:
        """Gives it another value."""
        self._emit.builder.store(value.value, self._place)

    def get(self) -> Value:
        """What it is now."""
        return Value(self._emit, self._emit.builder.load(self._place, typ=self._place.allocated_type))


@dataclass(frozen=True)
class Floats:
    """An array of floats, of which a kernel knows the address; of doubles where `kind` says so."""

    emit: Emitter
    address: Number
    kind: Any = F32

    @property
    def there(self) -> Any:
        """Whether it was given: an address of 0 stands for none."""
        return self.emit.builder.icmp_signed("!=", self.address.value, I64(0))

    def from_(self, start: int | Number) -> Floats:
        """The array from an element on."""
        size = 8 if self.kind is F64 else 4
        return Floats(self.emit, self.address + self.emit.whole(start) * size, self.kind)

    def _pointer(self, at: int | Number) -> Any:
        builder = self.emit.builder
        base = builder.inttoptr(self.address.value, POINTER)
        return builder.gep(base, [self.emit.whole(at).value], source_etype=self.kind)

    def vector(self, at: int | Number) -> Value:
        """As many elements as a vector has, from one on."""
        kind = ir.VectorType(self.kind, self.emit.lanes)
        return Value(self.emit, self.emit.builder.load(self._pointer(at), align=4, typ=kind))

    def one(self, at: int | Number) -> Value:
        """One element."""
        return Value(self.emit, self.emit.builder.load(self._pointer(at), align=4, typ=self.kind))

    def spread(self, at: int | Number) -> Value:
        """One element in all lanes."""
        return self.emit.spread(self.one(at))

    def put(self, at: int | Number, value: Value) -> None:
        """Stores a vector, or one element, from an element on."""
        self.emit.builder.store(value.value, self._pointer(at), align=4)

    def add(self, at: int | Number, value: Value) -> None:
        """Adds one element to what is there."""
        self.put(at, self.one(at) + value)

    def add_vector(self, at: int | Number, value: Value) -> None:
        """Adds a vector to what is there."""
        self.put(at, self.vector(at) + value)


@dataclass(frozen=True)
class Span:
    """A vector's worth of neighbouring elements, or a single one of those that are left at the end."""

    emit: Emitter
    at: Number
    wide: bool

    def of(self, array: Floats) -> Value:
        """The elements of an array."""
        return array.vector(self.at) if self.wide else array.one(self.at)

    def put(self, array: Floats, value: Value, add: bool = False) -> None:
        """Stores them, or adds them to what is there."""
        array.put(self.at, self.of(array) + value if add else value)

    def constant(self, value: float) -> Value:
        """A number for each."""
        return self.emit.constant(value) if self.wide else self.emit.single(value)


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

    def numbers(self, first: int, count: int) -> list[Number]:
        """Several of them, one after the other."""
        return [self.number(first + index) for index in range(count)]

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
