"""Kernels of training on a CPU, compiled for its processor and for the windows of the network.

- `emitting`: a small language, in which kernels are written; `values`: its numbers, vectors and arrays.
  `kernel`: one kernel with its arguments; `calling`: programs of calls in a row.
- `window`, `placing`, `by_channel`, `convolving`: what convolutions are made of; `convolution`, its gradient,
  `normalising`, `pooling`, `elementwise`: the kernels, each beside the formula of its gradient.
- `machine`: from LLVM's language to the processor's. `store`: code that is kept from one process to the next;
  `own_folder`: where it lies, and whether that is a place whose code may be run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....files import later

if TYPE_CHECKING:
    from .calling import Rows, program, run
    from .kernel import Kernel
    from .store import ObjectStore, object_store, why_no_store
    from .window import Window

__all__ = [
    "Kernel",
    "ObjectStore",
    "Rows",
    "Window",
    "object_store",
    "program",
    "run",
    "why_no_store",
]

__getattr__ = later(
    __name__,
    {
        "calling": "Rows program run",
        "kernel": "Kernel",
        "store": "ObjectStore object_store why_no_store",
        "window": "Window",
    },
)
