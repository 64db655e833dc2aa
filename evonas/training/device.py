"""Where a network is trained and in which precision: chosen once for a run, and recorded."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from ..errors import UserError


@dataclass(frozen=True)
class Compute:
    """Device, precision and threads of a run.

    Attributes:
        device: ``cpu`` or ``cuda:0``.
        precision: ``float32``, or ``bfloat16`` for the operations that gain from it (weights stay float32).
        threads: Threads of one candidate on a CPU; sums, and so results, depend on it.
    """

    device: str = "cpu"
    precision: str = "float32"
    threads: int = 1

    def autocast(self) -> AbstractContextManager[object]:
        """The context for forward passes."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.partition(":")[0], torch.bfloat16, cache_enabled=True)

    def prepare(self) -> None:
        """Sets the process up: its number of threads."""
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)


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
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return "bfloat16" if not separable and fast_bfloat16() else "float32"
