"""The training behind `evonas.results.final`: in this process, or on several devices at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from ..architecture import Architecture
from ..network import Weights, build, weights_of
from ..run import SUFFIX
from ..search.executors import WeightsAt, lend
from ..task import Task
from .compiling import compiled
from .dense import with_dense_gradients
from .device import Compute
from .distributed import RankImages, Share, check_parts, joined, share_statistics
from .images import DeviceImages, Normalisation
from .paths import check_compiles
from .plan import Plan
from .preparation import matched_for, prepared, steps_on
from .rank import Place, Say
from .ranks import PATIENCE, run_together
from .regularise import drawing_from
from .trainer import Epoch, StepMaker, fit, to_device

AfterEpoch = Callable[[int], None]
"""Called with the number of an epoch that has ended, from 1."""


@dataclass(frozen=True)
class Trial:
    """What a training came to.

    Attributes:
        weights: By ``node.tensor``.
        curve: One point for each epoch.
        seconds: Of training.
        compile_seconds: Of compilation before it; None where nothing was compiled.
    """

    weights: Weights
    curve: tuple[Epoch, ...]
    seconds: float
    compile_seconds: float | None


@dataclass(frozen=True)
class FinalTraining:
    """One training: all that a process needs to know of it.

    Attributes:
        architecture: Of the network.
        auxiliary: The node where an auxiliary head may read; None for no head.
        task: What it is for.
        plan: How.
        compute: Device, precision and threads of a process.
        x: Images (N, H, W, C).
        y: Labels (N,).
        normalisation: Of the images.
        mirror: Whether images may be flipped, where the plan leaves it open.
        weight_seed: Of the initial weights.
        order_seed: Of order, augmentation and dropout.
        weights: What the network begins with; None to begin from scratch.
        compiled: Whether it is compiled.
    """

    architecture: Architecture
    auxiliary: str | None
    task: Task
    plan: Plan
    compute: Compute
    x: np.ndarray[Any, Any]
    y: np.ndarray[Any, Any]
    normalisation: Normalisation
    mirror: bool
    weight_seed: int
    order_seed: int
    weights: Weights | None = None
    compiled: bool = False

    def here(self, after_epoch: AfterEpoch) -> Trial:
        """Trains in this process.

        Raises:
            DivergenceError: The loss was not finite.
            UserError: The network cannot be compiled.
        """
        network, view = self.networks()
        images = DeviceImages(self.x, self.y, self.normalisation, self.compute.device, self.padding)
        trial = self.fit(view, images, Share(0, 1), after_epoch)
        return replace(trial, weights=weights_of(network))

    def on(self, devices: Sequence[str], after_epoch: AfterEpoch, patience: float = PATIENCE) -> Trial:
        """Trains in one process on each of several devices, which share every batch.

        Args:
            devices: At least two.
            after_epoch: Called in this process.
            patience: Seconds that one waits for the others.

        Raises:
            DivergenceError: The loss was not finite.
            UserError: Batches are too small to be divided, the network cannot be compiled, or a process
                died or raised something.
        """
        check_parts(self.plan, len(self.x), len(devices))
        weights: dict[str, torch.Tensor] = {}

        def hear(said: int | WeightsAt) -> None:
            if isinstance(said, int):
                after_epoch(said)
            else:
                weights.update(said.load())

        trials = run_together(partial(_train_a_share, self), devices, hear, patience)
        parts = [Share(rank, len(devices)).weight(self.batch) for rank in range(len(devices))]
        losses = zip(*([point.loss for point in trial.curve] for trial in trials), strict=True)
        curve = [Epoch(sum(part * loss for part, loss in zip(parts, epoch, strict=True))) for epoch in losses]
        return replace(
            trials[0], weights=weights, curve=tuple(curve), seconds=max(trial.seconds for trial in trials)
        )

    @property
    def padding(self) -> int:
        """Pixels of zeros around each image."""
        return self.plan.padding(self.task.height, self.task.width)

    @property
    def batch(self) -> int:
        """Images in a step."""
        return min(self.plan.batch_size, len(self.x))

    def networks(self) -> tuple[nn.Module, nn.Module]:
        """The network, and the module to train, which shares its tensors, on the device."""
        self.compute.prepare()
        network = build(self.architecture, self.weight_seed, self.weights, steered=self.plan.drop_path > 0)
        view = prepared(network, self.architecture, self.auxiliary, self.task, self.plan, self.weight_seed)
        return network, to_device(view, self.compute)

    def _steps_on_a_plan(self) -> StepMaker | None:
        check_compiles()
        matched = matched_for(self.architecture, self.auxiliary, self.task, self.plan)
        return None if matched is None else steps_on(matched)

    def fit(self, view: nn.Module, images: DeviceImages, share: Share, after_epoch: AfterEpoch) -> Trial:
        """Trains a module on a process's share, compiled where that was asked for; without the weights."""
        seconds, seed = None, share.seed(self.order_seed)
        # Compiled steps are not launched one kernel at a time, and processes that wait for one another cannot
        # be captured by themselves.
        compute = replace(self.compute, capture=not self.compiled and share.ranks == 1)
        with ExitStack() as stack:
            if self.compiled:
                part = share.part(self.batch)
                batch, labels = next(images.batches(part.stop - part.start))
                view, seconds = compiled(view, batch, labels, compute)
                stack.enter_context(drawing_from(seed, compute.device))
            stack.enter_context(compute.stream())
            planned = compute.kernels == "planned" and not self.compiled and share.ranks == 1
            make_step = self._steps_on_a_plan() if planned else None
            if make_step is None and compute.kernels != "eager" and not self.compiled:
                view = with_dense_gradients(view)
            done = fit(view, images, self.plan, compute, seed, self.mirror, after_epoch, make_step=make_step)
        return Trial({}, tuple(done.curve), done.seconds, seconds)


def _train_a_share(training: FinalTraining, place: Place, say: Say) -> Trial:
    """What each process does; the first one says which epoch has ended, and in the end where weights are."""
    training = replace(training, compute=training.compute.on(place.device))
    share = Share(place.rank, place.ranks)
    weight = share.weight(training.batch)
    network, view = training.networks()
    images = RankImages(
        training.x,
        training.y,
        training.normalisation,
        place.device,
        training.padding,
        share,
        training.order_seed,
    )
    is_first = share.rank == 0
    trial = training.fit(joined(view, weight), images, share, say if is_first else _silent)
    share_statistics(network, weight)
    if is_first:
        say(lend(weights_of(network), place.folder / f"trained{SUFFIX}"))
    return trial


def _silent(epoch: int) -> None:
    """Says nothing."""
