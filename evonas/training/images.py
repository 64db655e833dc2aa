"""Images on the device: stored as uint8, cut into augmented batches without leaving it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .plan import Plan


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of each channel, in the images' own units."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


class DeviceImages:
    """One set of images and labels, on a device for the whole run.

    Args:
        x: Images (N, H, W, C), uint8 or float32.
        y: Labels (N,), from 0.
        normalisation: Subtracted and divided as batches are cut.
        device: Where they stay.
        padding: Zeros around each image, from which random crops are taken.
    """

    def __init__(
        self, x: np.ndarray, y: np.ndarray, normalisation: Normalisation, device: str, padding: int = 0
    ) -> None:
        self.count, self.height, self.width = x.shape[:3]
        self.padding = padding
        images = torch.from_numpy(np.ascontiguousarray(x)).to(device)
        self.images = (
            torch.nn.functional.pad(images, (0, 0, padding, padding, padding, padding)) if padding else images
        )
        self.labels = torch.from_numpy(np.ascontiguousarray(y, dtype=np.int64)).to(device)
        self.device = device
        # x·scale + shift in one pass, instead of a subtraction and a division.
        std = torch.tensor(normalisation.std, dtype=torch.float64)
        mean = torch.tensor(normalisation.mean, dtype=torch.float64)
        self.scale = (1 / std).float().to(device)
        self.shift = (-mean / std).float().to(device)

    def __len__(self) -> int:
        return int(self.count)

    def on(self, device: str) -> DeviceImages:
        """The same images on another device."""
        twin = copy.copy(self)
        twin.device = device
        for name in ("images", "labels", "scale", "shift"):
            setattr(twin, name, getattr(self, name).to(device))
        return twin

    def _finish(self, batch: Tensor) -> Tensor:
        """Normalised floats (n, C, H, W), in channels-last layout as they come from (n, H, W, C)."""
        return torch.addcmul(self.shift, batch.float(), self.scale).permute(0, 3, 1, 2)

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All images in order, unchanged but for normalisation."""
        inner = self.images
        if self.padding:
            inner = inner[:, self.padding : -self.padding, self.padding : -self.padding]
        for start in range(0, len(self), size):
            yield self._finish(inner[start : start + size]), self.labels[start : start + size]

    def epoch(self, plan: Plan, mirror: bool, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """One shuffled pass in augmented batches.

        Crop and flip are one gather of rows and columns. All random numbers are drawn on the CPU, so a
        seed means the same images on every device.
        """
        return self.parts(plan, mirror, generator, lambda size: slice(0, size))

    def parts(
        self, plan: Plan, mirror: bool, generator: torch.Generator, part_of: Callable[[int], slice]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of `epoch`, of which only a part is cut.

        Args:
            plan: How they are cut.
            mirror: Whether half of the images are flipped.
            generator: What order and augmentation of all images are drawn from.
            part_of: The places that are wanted of a batch of a size.
        """
        steps = steps_per_epoch(len(self), plan.batch_size)
        size = min(plan.batch_size, len(self))
        within = part_of(size)
        order = torch.randperm(len(self), generator=generator).to(self.device)
        draw = _Draws(len(self), generator, self.device)
        top, left = (draw.integers(2 * self.padding + 1) for _ in range(2))
        flip = draw.coins() if mirror else None
        hole = (draw.integers(self.height), draw.integers(self.width)) if plan.cutout else None
        rows = torch.arange(self.height, device=self.device)
        columns = torch.arange(self.width, device=self.device)
        for step in range(steps):
            part = slice(step * size + within.start, step * size + within.stop)
            index = order[part]
            across = columns.expand(len(index), -1)
            if flip is not None:
                across = torch.where(flip[part, None], self.width - 1 - across, across)
            down = rows + top[part, None]
            across = across + left[part, None]
            images = self._finish(self.images[index[:, None, None], down[:, :, None], across[:, None, :]])
            if hole is not None:
                images = self._cut(images, hole[0][part], hole[1][part], plan.cutout)
            yield images, self.labels[index]

    def _cut(self, images: Tensor, rows: Tensor, columns: Tensor, side: int) -> Tensor:
        """Sets a square around each given point to the mean, which is zero after normalisation."""
        down = torch.arange(self.height, device=self.device) - rows[:, None]
        across = torch.arange(self.width, device=self.device) - columns[:, None]
        inside_down = (down >= -(side // 2)) & (down < side - side // 2)
        inside_across = (across >= -(side // 2)) & (across < side - side // 2)
        keep = ~(inside_down[:, :, None] & inside_across[:, None, :])
        return images * keep[:, None]


class _Draws:
    """Random numbers for one epoch, one for each image."""

    def __init__(self, count: int, generator: torch.Generator, device: str) -> None:
        self.count, self.generator, self.device = count, generator, device

    def integers(self, below: int) -> Tensor:
        return torch.randint(below, (self.count,), generator=self.generator).to(self.device)

    def coins(self) -> Tensor:
        return (torch.rand(self.count, generator=self.generator) < 0.5).to(self.device)


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Full batches in an epoch; one smaller batch where there are too few images for a full one."""
    return max(1, images // batch_size)
