"""Where a network is trained and in which precision: chosen once for a run, and recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace

import torch

from ..errors import UserError
from .paths import Kernels


@dataclass(frozen=True)
class Compute:
    """Device, precision and threads of a run.

    Attributes:
        device: ``cpu`` or ``cuda:0``.
        precision: ``float32``, or ``bfloat16`` or ``float16`` for the operations that gain from it (weights
            stay float32).
        threads: Threads of one candidate on a CPU; sums, and so results, depend on it.
        capture: Whether steps of a training on a GPU are captured in a CUDA graph.
        kernels: By which code networks are trained on a CPU.
    """

    device: str = "cpu"
    precision: str = "float32"
    threads: int = 1
    capture: bool = True
    kernels: Kernels = "eager"

    @property
    def kind(self) -> str:
        """The device without its number: ``cpu`` or ``cuda``."""
        return self.device.partition(":")[0]

    def on(self, device: str) -> Compute:
        """The same on another device; one of another kind is trained on as PyTorch does it."""
        there = replace(self, device=device)
        return there if there.kind == self.kind else replace(there, kernels="eager")

    def autocast(self) -> AbstractContextManager[object]:
        """The context for forward passes."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.kind, getattr(torch, self.precision), cache_enabled=True)

    @contextmanager
    def stream(self) -> Iterator[None]:
        """The thread's own stream on a GPU, so that candidates of several threads run side by side there."""
        if self.kind != "cuda":
            yield
            return
        with torch.cuda.device(self.device):
            stream = _stream_on(self.device)
            stream.wait_stream(torch.cuda.current_stream())  # on which the images were put there
            with torch.cuda.stream(stream):
                yield
            stream.synchronize()

    def prepare(self) -> None:
        """Sets the process up: its number of threads."""
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)


_streams = threading.local()


def _stream_on(device: str) -> torch.cuda.Stream:
    """This thread's stream, always the same: cuBLAS keeps some 70 MB for each that it has been used on."""
    mine: dict[str, torch.cuda.Stream] = _streams.__dict__
    if device not in mine:
        mine[device] = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    return mine[device]


def choose_device(wanted: str = "auto") -> str:
    """The device for a wish: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.

    Raises:
        UserError: The wish is none of these, or there is no such device.
    """
    if wanted == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if wanted == "cpu":
        return "cpu"
    kind, _, number = wanted.partition(":")
    if kind != "cuda" or (number and not number.isdigit()):
        raise UserError(f"device: expected auto, cpu, cuda or cuda:N, got {wanted!r}")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(number or 0) >= count:
        raise UserError(f"device: {wanted!r} was asked for, and this machine has {count} CUDA device(s)")
    return f"cuda:{int(number or 0)}"


def memory_of(device: str) -> int:
    """Bytes of memory that a CUDA device has."""
    return int(torch.cuda.get_device_properties(device).total_memory)


def all_devices() -> list[str]:
    """Every CUDA device of this machine.

    Raises:
        UserError: There is none.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        raise UserError("devices: all CUDA devices were asked for, and this machine has none")
    return [f"cuda:{number}" for number in range(count)]


def fast_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware."""
    for probe in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        supported = getattr(torch.cpu, probe, None)
        if supported is not None and supported():
            return True
    return False


def choose_precision(device: str, separable: bool) -> str:
    """The precision that is fastest for a search space on a device.

    Ordinary convolutions gain from bfloat16 where the hardware has it; separable ones, which wait for
    memory, do not on a CPU (``benchmarks/training_throughput.py`` measures both).
    """
    if device.startswith("cuda"):
        with torch.cuda.device(device):
            if torch.cuda.is_bf16_supported(including_emulation=False):
                return "bfloat16"
            return "float16" if torch.cuda.get_device_capability() >= (7, 0) else "float32"  # tensor cores
    return "bfloat16" if not separable and fast_bfloat16() else "float32"
