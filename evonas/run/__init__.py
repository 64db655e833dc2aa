"""What lies in a run folder, and how it stays whole.

- `run`: an open run, and who may write it. `folder`: what a run folder may hold.
- `journal`: what was done, in SQLite; a room of its own inside. `weights`: trained tensors as safetensors.
- `environment`: what results depend on beside the settings, and whether it has changed since.
"""

from __future__ import annotations

from .environment import environment
from .folder import DESCRIPTION, FINAL, meant_by
from .run import Run
from .weights import SUFFIX, FolderStore, MemoryStore, Stored, WeightsError, WeightStore, digest, unwritable

__all__ = [
    "DESCRIPTION",
    "FINAL",
    "FolderStore",
    "MemoryStore",
    "Run",
    "SUFFIX",
    "Stored",
    "WeightStore",
    "WeightsError",
    "digest",
    "environment",
    "meant_by",
    "unwritable",
]
