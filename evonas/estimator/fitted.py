"""A trained network that pickles: its architecture as JSON, its tensors as arrays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from ..network import Deployable

if TYPE_CHECKING:
    import torch
    from torch import nn

BATCH = 128
"""Images that are classified at a time: what a network holds of them is bounded, and nothing else changes."""


class FittedNetwork:
    """A network with its normalisation in front. It reads images in the units in which they came.

    Args:
        deployable: The network; its normalisation in float64.
    """

    def __init__(self, deployable: Deployable) -> None:
        self.architecture_json = json.dumps(deployable.architecture.to_dict())
        self.tensors: dict[str, NDArray[Any]] = {
            name: np.array(tensor.numpy()) for name, tensor in deployable.weights.items()
        }
        self.classes = deployable.classes
        self.pixels, self.statistics = deployable.pixels, deployable.statistics
        self._double: nn.Module | None = None

    @property
    def architecture(self) -> Architecture:
        """Its architecture, normalisation included."""
        return Architecture.from_dict(json.loads(self.architecture_json))

    def deployable(self) -> Deployable:
        """The network for use elsewhere, such as `evonas.network.export.export`."""
        import torch

        tensors: dict[str, torch.Tensor] = {}
        for name, array in self.tensors.items():
            tensor = torch.from_numpy(array.copy())
            tensors[name] = tensor.float() if tensor.is_floating_point() else tensor
        return Deployable(self.architecture, tensors, self.classes, self.pixels, self.statistics)

    def network(self) -> nn.Module:
        """A plain module in evaluation mode: floats ``(n, channels, height, width)`` to logits."""
        return self.deployable().network()

    def probabilities(self, images: NDArray[Any]) -> NDArray[np.float64]:
        """Probabilities of the classes, shape (N, K): computed in float64 on the CPU.

        So what else is in a batch, and in which order, does not change them by more than 1e-12 or so.

        Args:
            images: Shape (N, H, W, C), of any numeric type.
        """
        import torch

        if self._double is None:
            weights = {name: torch.from_numpy(array.copy()) for name, array in self.tensors.items()}
            whole = Deployable(self.architecture, weights, self.classes)
            self._double = whole.network(double=True)
        found = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                block = images[start : start + BATCH].astype(np.float64).transpose(0, 3, 1, 2)
                logits = self._double(torch.from_numpy(np.ascontiguousarray(block)))
                found.append(torch.softmax(logits, 1).numpy())
        return np.concatenate(found)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_double": None}
