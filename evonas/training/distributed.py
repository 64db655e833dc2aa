"""Training on several devices as if they were one: each takes its part of every batch.

The gradient of a batch is the mean over its images. Each rank computes the mean over its part, and the parts'
means, weighted by their sizes, sum to the batch's. So ranks take the steps that one process would, but for
the order in which floating-point numbers are added; what normalisation layers compute from a batch they
compute from a rank's part of it.
"""

# No `from __future__ import annotations`: DistributedDataParallel compares a hook's annotations with types.

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ..errors import UserError
from ..seeds import named_seed
from .images import DeviceImages, Normalisation
from .plan import Plan

LEAST = 2
"""Images of a batch that a rank needs: normalisation computes nothing from a single value."""


@dataclass(frozen=True)
class Share:
    """Which part of every batch a rank takes.

    Attributes:
        rank: Its number, from 0.
        ranks: How many there are.

    >>> [Share(rank, 3).part(8) for rank in range(3)]
    [slice(0, 2, None), slice(2, 5, None), slice(5, 8, None)]
    """

    rank: int
    ranks: int

    def part(self, size: int) -> slice:
        """The places of its images in a batch of a size."""
        return slice(size * self.rank // self.ranks, size * (self.rank + 1) // self.ranks)

    def weight(self, size: int) -> float:
        """The part's share of a batch of a size."""
        taken: int = self.part(size).stop - self.part(size).start
        return taken / size

    def seed(self, seed: int) -> int:
        """Of what a rank draws for itself, such as dropout; the first draws what a single process would."""
        return seed if self.rank == 0 else named_seed(seed, f"rank {self.rank}")


def check_parts(plan: Plan, images: int, ranks: int) -> None:
    """Checks that batches are large enough to be divided.

    Raises:
        UserError: A rank would get too few images of a batch.
    """
    size = min(plan.batch_size, images)
    if size < LEAST * ranks:
        raise UserError(
            f"devices: expected at least {LEAST} images of each batch for each of {ranks}, "
            f"got batches of {size}"
        )


class RankImages(DeviceImages):
    """The images of a rank: in training, its part of every batch; `len` counts all of them.

    Each rank draws order and augmentation of all images from the same seed, so an image is cut alike
    whatever the number of ranks. The generator that `epoch` is given is a rank's own, and not used.

    Args:
        x: All images, as for `DeviceImages`.
        y: Labels.
        normalisation: As there.
        device: The rank's.
        padding: As there.
        share: Which part it takes.
        seed: Of order and augmentation, the same for all ranks.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        normalisation: Normalisation,
        device: str,
        padding: int,
        share: Share,
        seed: int,
    ) -> None:
        super().__init__(x, y, normalisation, device, padding)
        self._share = share
        self._common = torch.Generator().manual_seed(seed)

    def epoch(self, plan: Plan, mirror: bool, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        return self.parts(plan, mirror, self._common, self._share.part)


def joined(module: nn.Module, weight: float) -> DistributedDataParallel:
    """A module whose gradients become those of the whole batch in every backward pass.

    Args:
        module: On the rank's device; all ranks begin with the first one's parameters.
        weight: The rank's share of a batch.
    """
    wrapped = DistributedDataParallel(module)
    wrapped.broadcast_buffers = (
        False  # each keeps its statistics; as an argument its name depends on the version
    )
    wrapped.register_comm_hook(weight, _weighted_sum)
    return wrapped


def _weighted_sum(
    weight: float,
    bucket: distributed.GradBucket,  # type: ignore[name-defined]
) -> torch.futures.Future[Tensor]:
    """Sums the ranks' gradients, each weighted by its share of the batch."""
    sent = distributed.all_reduce(bucket.buffer().mul_(weight), async_op=True)
    return sent.get_future().then(lambda future: future.value()[0])


def share_statistics(network: nn.Module, weight: float) -> None:
    """Gives each rank the mean of all ranks' normalisation statistics, each of which has seen its part.

    Args:
        network: Trained; its buffers are changed in place.
        weight: The rank's share of a batch.
    """
    with torch.no_grad():
        for buffer in network.buffers():
            if buffer.is_floating_point():
                distributed.all_reduce(buffer.mul_(weight))
