"""A trained network, and what is needed to bring images to what it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import AUTO, Access, Marks, OwnImages, Statistics, Wanted, open_own
from ..errors import UserError
from ..network import Deployable, input_shape
from .predictions import Predictions
from .units import Units

Outputs = Callable[[NDArray[np.float32]], NDArray[Any]]
"""Images (n, channels, height, width) as floats in their own units, to logits (n, classes)."""

AT_A_TIME = 256
VALUES = 2**24
"""Of a batch, at most: 64 MiB as floats; so large images come in smaller batches."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """A trained network that takes images for classes.

    Attributes:
        title: What it is, in words.
        wanted: What it reads.
        outputs: Computes logits.
        statistics: How values were spread in training; None where that is not known.
        seen: Marks of images that its search trained or validated on; None where that is not known.
        data_dir: Where its run found named datasets, if that was noted.
    """

    title: str
    wanted: Wanted
    outputs: Outputs
    statistics: Statistics | None = None
    seen: Marks | None = None
    data_dir: Path | None = None

    @classmethod
    def of(cls, network: Deployable, title: str, device: str = "auto") -> Predictor:
        """A predictor of a network that is at hand.

        Args:
            network: It.
            title: What it is, in words.
            device: ``auto``, ``cpu`` or ``cuda:0``.

        Raises:
            UserError: There is no such device.
        """
        channels, height, width = input_shape(network.architecture)
        wanted = Wanted((height, width, channels), network.classes, network.pixels)
        return cls(title, wanted, on_device(network.network(), device), network.statistics)

    def predict(
        self,
        images: Any,
        labels: Any = None,
        *,
        test_part: bool = False,
        data_dir: str | Path | None = None,
        download: bool = False,
        layout: str = AUTO,
        without_damaged: bool = False,
        batch_size: int | None = None,
    ) -> Predictions:
        """What the network takes images for.

        Images are brought to the form of those that it was trained on: size, channels, background and depth
        of files; arrays must have it. It computes in float32, whatever it was trained in.

        Args:
            images: An image file; a folder of image files, or with a folder for each class; FILE.npz with
                ``x`` and ``y`` or ``x`` alone; a named dataset, of which the test part is taken; or an array,
                shape (N, H, W, C), (N, H, W) or (H, W, C).
            labels: With an array: its classes, by name or number.
            test_part: Of a dataset (a folder, FILE.npz) take what a search keeps for the test.
            data_dir: Where named datasets are kept; None: where the network's run found its own.
            download: Fetch a named one that is not there.
            layout: What sub-folders of a dataset are, with ``test_part``.
            without_damaged: Go on without image files that cannot be read.
            batch_size: Images at a time; None: 256, fewer of large ones.

        Raises:
            UserError: There are no such images, or they are not what the network reads.
        """
        where = self.data_dir if data_dir is None else Path(data_dir)
        access = Access(test_part, where, download, layout, without_damaged)
        opened = open_own(images, self.wanted, labels, access)
        return self._predicted(opened, isinstance(images, str | Path), _checked(batch_size, self.wanted))

    def _predicted(self, opened: OwnImages, from_files: bool, size: int) -> Predictions:
        names: list[str] = []
        rows: list[NDArray[np.float32]] = []
        numbers: list[NDArray[np.int64]] = []
        seen, units = 0, Units()
        for batch in opened.batches(size):
            units.add(batch.x)
            rows.append(self._probabilities(batch.x))
            names += batch.names
            if batch.labels is not None:
                numbers.append(batch.labels)
            if self.seen is not None:
                seen += int(np.isin(batch.marks, self.seen).sum())
        careful = units.said(self.statistics)
        if self.wanted.pixels is None and from_files:
            careful.append(f"careful: {self.title} does not say how its images were read: 8 bits are assumed")
        return Predictions(
            self.wanted.classes or tuple(map(str, range(rows[0].shape[1]))),
            tuple(names),
            np.concatenate(rows),
            np.concatenate(numbers) if opened.labelled else None,
            None if self.seen is None else seen,
            (*opened.said(), *careful),
        )

    def _probabilities(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Softmax of the outputs, shape (n, K).

        Raises:
            UserError: The outputs are no logits of the classes, or not finite.
        """
        logits = np.asarray(self.outputs(x.astype(np.float32).transpose(0, 3, 1, 2)), np.float64)
        classes = len(self.wanted.classes)
        if logits.ndim != 2 or len(logits) != len(x) or (classes and logits.shape[1] != classes):
            raise UserError(
                f"{self.title}: expected a number for each of {classes} classes and {len(x)} images, "
                f"got outputs of shape {logits.shape}"
            )
        if strange := int((~np.isfinite(logits)).any(axis=1).sum()):
            raise UserError(
                f"{self.title}: expected outputs that are finite, got NaN or infinite ones for {strange} of "
                f"{len(x)} images, whose values reach {np.abs(x.astype(np.float64)).max():.4g}: are they in "
                "the units of the training images?"
            )
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: NDArray[np.float32] = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
        return found

    def knowing(self, seen: Marks | None, data_dir: str | None) -> Predictor:
        """The same with what a run knows."""
        return replace(self, seen=seen, data_dir=None if data_dir is None else Path(data_dir))


def _checked(size: int | None, wanted: Wanted) -> int:
    """How many images are worked on at a time.

    Raises:
        UserError: It is no number of at least 1.
    """
    if size is None:
        return max(1, min(AT_A_TIME, VALUES // (wanted.shape[0] * wanted.shape[1] * wanted.shape[2])))
    if type(size) is not int or size < 1:
        raise UserError(f"batch_size: expected a whole number of at least 1, got {size!r:.60}")
    return size


def on_device(network: Any, device: str) -> Outputs:
    """What a module computes, on a device.

    Args:
        network: A `torch.nn.Module` in evaluation mode.
        device: ``auto``, ``cpu`` or ``cuda:0``.

    Raises:
        UserError: There is no such device.
    """
    import torch

    from ..training import choose_device

    place = choose_device(device)
    network = network.to(place)

    def outputs(images: NDArray[np.float32]) -> NDArray[Any]:
        with torch.inference_mode():
            found: torch.Tensor = network(torch.from_numpy(np.ascontiguousarray(images)).to(place))
        computed: NDArray[Any] = found.float().cpu().numpy()
        return computed

    return outputs
