"""Paths: by which code networks are trained on a CPU, chosen once for a run, and recorded."""

from __future__ import annotations

from functools import cache
from typing import Literal, get_args

from ..errors import UserError

Kernels = Literal["eager", "dense", "planned"]
"""``eager``: as PyTorch does it. ``dense``: so, but gradients behind a concatenation are made dense.
``planned``: on a fixed plan, by kernels of ours (`evonas.training.planned`), on one thread of a CPU in
float32."""

KERNELS: tuple[str, ...] = get_args(Kernels)


@cache
def no_kernels() -> str:
    """Why kernels cannot be compiled here; empty where they can."""
    try:
        from llvmlite import binding

        binding.check_jit_execution()
    except (ImportError, OSError) as error:
        return str(error) or type(error).__name__
    return ""


def choose_kernels(device: str, precision: str, threads: int) -> Kernels:
    """The fastest path for a device, a precision and threads."""
    if device != "cpu":
        return "eager"
    if precision == "float32" and threads == 1 and not no_kernels():
        return "planned"
    return "dense"


def check_kernels(kernels: Kernels, device: str, precision: str, threads: int) -> None:
    """Checks that a path can be taken.

    Raises:
        UserError: It cannot.
    """
    if kernels == "planned" and (device != "cpu" or precision != "float32" or threads != 1):
        raise UserError(
            "kernels: expected planned only with one thread of a CPU in float32, got "
            f"{device}, {threads} threads, {precision}"
        )
    if kernels == "dense" and device != "cpu":
        raise UserError(f"kernels: expected dense only on a CPU, got {device}")


def check_compiles() -> None:
    """Checks that kernels can be compiled here.

    Raises:
        UserError: They cannot.
    """
    if reason := no_kernels():
        raise UserError(f"kernels: planned ones need llvmlite, which does not work here: {reason}")
