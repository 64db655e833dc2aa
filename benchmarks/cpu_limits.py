"""How fast a processor could make a training step at most, by FLOPs and bytes that it was seen to manage.

FLOPs: multiply-adds on twelve vectors that stay in registers. Bytes: copying an array as large as what a step
works with. The limit of a step is the sum, over what a plan computes together, of the longer of two times:
that of its FLOPs, three times those of its forward pass, and that of its values, each of which is read and
written once in the forward pass, and in the backward pass read once more, with its gradient written and read.
Nothing is counted for normalisation's second look at what it normalises.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable

import numpy as np
from llvmlite import binding

from evonas.architecture import Architecture
from evonas.training.planned import Matched

TURNS = 2_000_000
VECTORS = 12
"""More than a processor's latency times its units, and fewer than it has registers."""


def peak() -> float:
    """FLOP/s of one core, the best of some tries."""
    lanes = 16 if binding.get_host_cpu_features().get("avx512f", False) else 8
    engine = _compiled(_written(lanes))
    loop = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(engine.get_function_address("loop"))
    numbers = np.full(lanes, 1e-3, dtype=np.float32)
    return max(2 * lanes * VECTORS * TURNS / _seconds(loop, numbers.ctypes.data) for _ in range(7))


def _seconds(loop: Callable[[int, int], None], numbers: int) -> float:
    began = time.process_time()
    loop(numbers, TURNS)
    return time.process_time() - began


def _written(lanes: int) -> str:
    """A loop of multiply-adds, as LLVM's IR."""
    kind = f"<{lanes} x float>"
    each = range(VECTORS)
    phis = [f"%v{n} = phi {kind} [ %x, %entry ], [ %w{n}, %body ]" for n in each]
    sums = [f"%w{n} = call {kind} @llvm.fma.v{lanes}f32({kind} %x, {kind} %v{n}, {kind} %x)" for n in each]
    total = [f"%s{n} = fadd {kind} {f'%s{n - 1}' if n else '%x'}, %w{n}" for n in each]
    lines = [
        f"declare {kind} @llvm.fma.v{lanes}f32({kind}, {kind}, {kind})",
        "define void @loop(ptr %at, i64 %turns) {",
        "entry:",
        f"%x = load {kind}, ptr %at, align 4",
        "br label %body",
        "body:",
        "%turn = phi i64 [ 0, %entry ], [ %next, %body ]",
        *phis,
        *sums,
        "%next = add i64 %turn, 1",
        "%more = icmp slt i64 %next, %turns",
        "br i1 %more, label %body, label %end",
        "end:",
        *total,
        f"store {kind} %s{VECTORS - 1}, ptr %at, align 4",
        "ret void",
        "}",
    ]
    return "\n".join(lines)


def _compiled(text: str) -> binding.ExecutionEngine:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    module = binding.parse_assembly(text)
    features = binding.get_host_cpu_features().flatten()
    target = binding.Target.from_default_triple()
    machine = target.create_target_machine(cpu=binding.get_host_cpu_name(), features=features, opt=2)
    return binding.create_mcjit_compiler(module, machine)


def bandwidth(size: int) -> float:
    """Bytes a second, read and written, of one core that copies within so many bytes."""
    source = np.ones(max(size // 8, 1), dtype=np.float32)
    target = np.zeros_like(source)
    turns = max(1, 20_000_000 // source.nbytes)
    best = 0.0
    for _ in range(7):
        began = time.process_time()
        for _ in range(turns):
            np.copyto(target, source)
        best = max(best, 2 * source.nbytes * turns / (time.process_time() - began))
    return best


def limit(architecture: Architecture, matched: Matched, images: int, flops: float, bytes_: float) -> float:
    """Seconds of a step at least.

    Args:
        architecture: The network's.
        matched: What is computed together.
        images: In a step.
        flops: A second.
        bytes_: A second.
    """
    seconds = 0.0
    for one in matched.operations:
        nodes = {one.output, getattr(one, "node", ""), getattr(one, "depthwise", "")}
        there = [name for name in nodes if name in architecture]
        operations = sum(architecture.layer(name).flops(architecture.input_shapes(name)) for name in there)
        read, written = sum(map(math.prod, one.shapes)), math.prod(one.shape)
        values = (read + written) + (written + read + read)
        seconds += max(3 * operations * images / flops, 4 * values * images / bytes_)
    return seconds
