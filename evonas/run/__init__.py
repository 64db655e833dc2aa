"""What lies in a run folder, and how it stays whole.

- `run`: an open run, and who may write it. `folder`: what a run folder may hold.
- `journal`: what was done, in SQLite; a room of its own inside. `weights`: trained tensors as safetensors.
- `environment`: what results depend on beside the settings, and whether it has changed since.
"""

from .run import Run

__all__ = ["Run"]
