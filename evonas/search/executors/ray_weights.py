"""How the weights that a candidate starts with reach a node: as a file that it sees, or as bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...run import FolderStore, Stored, digest
from ..evaluation import Job, Shared
from .parcel import WeightsAt
from .ray_worker import Bytes

if TYPE_CHECKING:
    import torch


class RayWeights:
    """What one candidate starts with, or all that share their weights at a time.

    They are read when they are needed, put into the object store once, and stay there for as long as this
    is kept.

    Args:
        job: The candidate's.
    """

    def __init__(self, job: Job) -> None:
        self.shared: Shared | None = job.shared
        self._number = job.number
        self._parent = job.parent
        self._kept = None
        if job.parent is not None and job.parent.kept is not None:
            store, stored = job.parent.kept
            self._kept = FolderStore(store.folder.absolute()), stored
        self._put: tuple[Any, Stored] | None = None

    def on(self, folder: Path, sees: bool, put: Callable[[Bytes], Any]) -> tuple[WeightsAt | None, Any]:
        """Where a worker's process finds them, and what is to be written there before; None for nothing.

        Args:
            folder: The worker's own.
            sees: Whether its node may see the run's folder.
            put: Puts bytes into the object store.

        Raises:
            WeightsError: The file is missing or damaged.
        """
        if self._kept is not None and sees:
            return WeightsAt(*self._kept), None
        if self._put is None:
            content = self._content()
            if content is None:
                return None, None
            stored = Stored(0, f"lent{self._number}.safetensors", len(content), digest(content))
            self._put = put(np.frombuffer(content, dtype=np.uint8)), stored
        reference, stored = self._put
        return WeightsAt(FolderStore(folder), stored), reference

    def _content(self) -> bytes | None:
        """A safetensors file's content; None where there are no weights."""
        from safetensors.torch import save

        if self._kept is not None:
            store, stored = self._kept
            return store.read(stored)
        weights: Mapping[str, torch.Tensor] | None = None if self.shared is None else self.shared.weights
        if self._parent is not None:
            weights = self._parent.load_weights()
        return save(dict(weights)) if weights else None


def read_weights(content: Bytes) -> dict[str, torch.Tensor]:
    """The tensors of a result, as a worker sent them."""
    from safetensors.torch import load

    found: dict[str, torch.Tensor] = load(content.tobytes())
    return found
