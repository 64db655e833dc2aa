"""Kernels of training on a CPU, compiled for the network that is trained.

- `object_store`: compiled code that is kept from one process to the next. `own_folder`: where it lies, and
  whether that is a place whose code may be run.
"""

from __future__ import annotations

# Not later: the function is named like its module, which would take its place when it is first imported.
from .object_store import ObjectStore, object_store, why_no_store

__all__ = ["ObjectStore", "object_store", "why_no_store"]
