"""What kernels compute with: whole numbers, floats and vectors of them, arrays in memory.

Arithmetic on them writes instructions down (see `emitting`).
"""

from __future__ import annotations

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

    emit: Any
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
        rival: Number = self.emit.whole(other)
        return Number(self.emit, self.emit.builder.select(self < rival, self.value, rival.value))

    def most(self, other: int | Number) -> Number:
        """The larger of two."""
        rival: Number = self.emit.whole(other)
        return Number(self.emit, self.emit.builder.select(self < rival, rival.value, self.value))


@dataclass(frozen=True)
class Value:
    """A vector of floats, or one float: arithmetic is the same."""

    emit: Any
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
        larger = builder.fcmp_ordered(">", self.value, other.value)
        larger = builder.or_(larger, builder.fcmp_unordered("!=", self.value, self.value))
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

    def __init__(self, emit: Any, first: Value) -> None:
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

    emit: Any
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
        everywhere: Value = self.emit.spread(self.one(at))
        return everywhere

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

    emit: Any
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
        made: Value = self.emit.constant(value) if self.wide else self.emit.single(value)
        return made
