"""Fitness by training: validation accuracy after a plan's epochs."""

from __future__ import annotations

import copy
import statistics as stats
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from ..architecture import NO_CEILINGS, Architecture, Ceilings
from ..data import Split, Statistics
from ..evolution import DONE, GIVEN, Result
from ..inheritance import Child, build_child, check_same_function, with_momentum
from ..network import Weights, calibrate, weights_of
from ..search import Evaluator, Job
from ..seeds import Stream, named_seed
from ..task import Task
from .dense import with_dense_gradients
from .device import Compute
from .distilling import distil
from .images import DeviceImages, Normalisation
from .memory import Parts, footprint, parts
from .paths import check_compiles
from .plan import Plan
from .preparation import matched_for, prepared, steps_on
from .room import Lease, Room
from .steps import capturing
from .trainer import Fit, Score, fit, score, to_device

if TYPE_CHECKING:
    from .planned import Matched

CALIBRATION_BATCH = 128
"""Images on which an inserted normalisation is calibrated."""

_building = threading.Lock()
"""torch.fx writes the code of networks with counters that all threads of a process share."""


@dataclass(frozen=True)
class _Trained:
    """One training of a candidate."""

    before: float | None
    done: Fit
    after: Score
    weights: Weights
    inherited: float
    lineage_epochs: float


class TrainingEvaluator(Evaluator):
    """Trains each candidate on one split of a dataset, which stays on the device.

    Args:
        split: Training and validation images.
        statistics: Mean and standard deviation of the training images' channels.
        task: The shape of the images and the number of classes.
        plan: How candidates are trained; a genome may change it (`Genome.training`).
        compute: Device, precision and threads.
        mirror: Whether a flipped image keeps its meaning.
        inherit: How children begin (`evonas.inheritance.MODES`).
        verify: Whether a child of preserving morphisms is compared with its parent, and fails if they differ.
        ceilings: What no candidate may exceed.

    Raises:
        UserError: Candidates are to be trained on a plan, and kernels cannot be compiled here.
    """

    needs = "network"
    keeps_weights = True
    packs = True

    def __init__(
        self,
        split: Split,
        statistics: Statistics,
        task: Task,
        plan: Plan,
        compute: Compute,
        mirror: bool,
        inherit: str,
        verify: bool = False,
        ceilings: Ceilings = NO_CEILINGS,
    ) -> None:
        if compute.kernels == "planned":
            check_compiles()
        normalisation = Normalisation(statistics.mean, statistics.std)
        padding = plan.padding(task.height, task.width)
        self.training = DeviceImages(split.x_train, split.y_train, normalisation, compute.device, padding)
        self.validation = DeviceImages(split.x_val, split.y_val, normalisation, compute.device)
        self.task = task
        self.plan = plan
        self.compute = compute
        self.mirror = mirror
        self.inherit = inherit
        self.verify = verify
        self.ceilings = ceilings
        self.room: Room | None = None  # of a device that is shared

    def evaluate(self, job: Job) -> Result:
        self.compute.prepare()
        plan = self.plan.changed(job.genome.training())
        architecture = job.genome.decode(self.task)
        self.ceilings.check(architecture)
        matched = self._matched(job, architecture, plan)
        if matched is None:
            estimate = footprint(architecture, plan, self.compute.precision)
        else:
            from .planned import planned_footprint

            estimate = planned_footprint(architecture, matched, plan)
        cut = parts(estimate, min(plan.batch_size, len(self.training)), self.ceilings.memory)
        with self._let_in(cut) as lease, self.compute.stream():
            trained = [
                self._train(job, architecture, plan, cut, turn, matched) for turn in range(plan.repeats)
            ]
            memory = max(estimate.training(cut.training, one.done.kept) for one in trained)
            lease.measured = memory if trained[0].done.kept else None
        return self._result(architecture, plan, trained, cut, memory, matched)

    def _let_in(self, cut: Parts) -> AbstractContextManager[Lease]:
        """Waits for room on a device that is shared."""
        return nullcontext(Lease(0, 0, True)) if self.room is None else self.room.taken(cut.memory)

    def _result(
        self,
        architecture: Architecture,
        plan: Plan,
        trained: Sequence[_Trained],
        cut: Parts,
        memory: int,
        matched: Matched | None,
    ) -> Result:
        first = trained[0]  # its weights are the ones that children inherit
        metrics = {
            "loss": stats.mean(one.after.loss for one in trained),
            "training_seconds": sum(one.done.seconds for one in trained),
            "training_images": float(sum(one.done.images for one in trained)),
            "memory": float(memory),
        }
        if cut.training < min(plan.batch_size, len(self.training)):
            metrics["part"] = float(cut.training)
        if matched is not None:
            metrics["planned"] = matched.native
        if self.compute.kind == "cuda":
            metrics["captured"] = float(self.compute.capture and not any(one.done.trouble for one in trained))
        if first.before is not None:
            metrics["accuracy_before"] = first.before
        if plan.repeats > 1:
            metrics["accuracy_spread"] = stats.stdev(one.after.accuracy for one in trained)
        return Result(
            DONE,
            stats.mean(one.after.accuracy for one in trained),
            metrics=metrics,
            parameters=architecture.parameter_count(),
            flops=architecture.flops(),
            inherited=first.inherited,
            lineage_epochs=first.lineage_epochs,
            curve=tuple((epoch.loss, epoch.accuracy) for epoch in first.done.curve),
            weights=first.weights,
        )

    def on(self, device: str) -> TrainingEvaluator:
        twin = copy.copy(self)
        twin.compute = self.compute.on(device)
        twin.training, twin.validation = self.training.on(device), self.validation.on(device)
        return twin

    def sharing(self, memory: int | None, let_in: Callable[[], None]) -> TrainingEvaluator:
        twin = copy.copy(self)
        if memory is None and self.compute.kind == "cuda":
            memory = torch.cuda.mem_get_info(self.compute.device)[0] * 9 // 10  # beside the images
        twin.room = Room(memory, let_in)
        return twin

    def tidy(self) -> None:
        if self.compute.kind == "cuda":
            with capturing, torch.cuda.device(self.compute.device):
                torch.cuda.empty_cache()

    def warm_up(self) -> None:
        torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)  # imports for seconds

    def _prepare(self, child: Child) -> None:
        """Holds a child to what its morphisms claim, and calibrates the normalisations that they inserted."""
        if child.parent is not None and child.preserving and self.verify:
            check_same_function(child.parent, child.network, self.validation)
        if child.inserted:
            images = next(iter(self.training.batches(CALIBRATION_BATCH)))[0]
            calibrate(child.network, child.inserted, images.float().cpu())

    def _matched(self, job: Job, architecture: Architecture, plan: Plan) -> Matched | None:
        """What computes a candidate on a plan; None where PyTorch does."""
        if self.compute.kernels != "planned":
            return None
        return matched_for(architecture, job.genome.auxiliary_node(), self.task, plan)

    def _scored(self, network: nn.Module, matched: Matched | None, images: int) -> nn.Module:
        """What gives a network's logits in evaluation mode."""
        if matched is None:
            return network
        from .planned import PlannedNetwork

        return PlannedNetwork(network, matched.alone(), images)

    def _train(
        self, job: Job, architecture: Architecture, plan: Plan, cut: Parts, turn: int, matched: Matched | None
    ) -> _Trained:
        """Builds and trains the candidate once; each turn draws other weights and another order."""
        weight_seed, order_seed = (
            seed if turn == 0 else named_seed(seed, f"turn {turn}")
            for seed in (job.stream(Stream.WEIGHTS), job.stream(Stream.TRAINING))
        )
        steered = plan.drop_path > 0
        with _building:
            child: Child = build_child(
                architecture,
                job,
                self.task,
                self.inherit,
                seed=weight_seed,
                steered=steered,
                with_parent=self.verify or plan.distill_epochs > 0,
            )
            self._prepare(child)
            node = job.genome.auxiliary_node()
            view = prepared(child.network, architecture, node, self.task, plan, weight_seed)
            if matched is None and self.compute.kernels != "eager":
                view = with_dense_gradients(view)
        to_device(view, self.compute)

        def scored() -> Score:
            # Made each time: while the network is trained, the arena of its evaluation is not there.
            view = self._scored(child.network, matched, cut.evaluation)
            return score(view, self.validation, self.compute, cut.evaluation)

        if job.genome.origin.operator == GIVEN:
            given = scored()
            kept = weights_of(child.network)
            return _Trained(given.accuracy, Fit(), given, kept, child.inherited, child.lineage_epochs)
        before = scored().accuracy if child.inherited else None
        if not child.inherited and plan.first_epochs is not None:
            plan = plan.changed({"epochs": plan.first_epochs})
        if plan.distill_epochs and child.parent is not None and not child.preserving:
            teacher = to_device(child.parent, self.compute).eval()
            distil(
                child.network,
                teacher,
                child.changed,
                self.training,
                plan,
                self.compute,
                order_seed,
                self.mirror,
            )
        done = fit(
            view,
            self.training,
            plan,
            self.compute,
            order_seed,
            self.mirror,
            momentum=child.momentum if plan.carry_momentum else None,
            part=cut.training,
            make_step=None if matched is None else steps_on(matched),
        )
        after = scored()
        epochs = child.lineage_epochs + plan.epochs
        kept = with_momentum(weights_of(child.network), done.momentum or {})
        return _Trained(before, done, after, kept, child.inherited, epochs)
