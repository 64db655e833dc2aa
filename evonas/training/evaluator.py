"""Fitness by training: validation accuracy after a plan's epochs."""

from __future__ import annotations

from ..candidate import DONE, Result
from ..data import Split, Statistics
from ..evaluation import Evaluator, Job
from ..heritage import build_child
from ..network import weights_of
from ..seeds import Stream
from ..task import Task
from .device import Compute
from .images import DeviceImages, Normalisation
from .plan import Plan
from .trainer import fit, score, to_device


class TrainingEvaluator(Evaluator):
    """Trains each candidate on one split of a dataset, which stays on the device.

    Args:
        split: Training and validation images.
        statistics: Mean and standard deviation of the training images' channels.
        task: The shape of the images and the number of classes.
        plan: How candidates are trained; a genome may change it (`Genome.training`).
        compute: Device, precision and threads.
        mirror: Whether a flipped image keeps its meaning.
        inherit: ``match`` or ``none``.
    """

    needs = "network"
    keeps_weights = True

    def __init__(
        self,
        split: Split,
        statistics: Statistics,
        task: Task,
        plan: Plan,
        compute: Compute,
        mirror: bool,
        inherit: str,
    ) -> None:
        normalisation = Normalisation(statistics.mean, statistics.std)
        padding = plan.padding(task.height, task.width)
        self.training = DeviceImages(split.x_train, split.y_train, normalisation, compute.device, padding)
        self.validation = DeviceImages(split.x_val, split.y_val, normalisation, compute.device)
        self.task = task
        self.plan = plan
        self.compute = compute
        self.mirror = mirror
        self.inherit = inherit

    def evaluate(self, job: Job) -> Result:
        self.compute.prepare()
        plan = self.plan.changed(job.genome.training())
        architecture = job.genome.decode(self.task)
        child = build_child(architecture, job, self.task, self.inherit)
        network = to_device(child.network, self.compute)
        metrics = {}
        if child.inherited:
            metrics["accuracy_before"] = score(network, self.validation, self.compute).accuracy
        done = fit(network, self.training, plan, self.compute, job.stream(Stream.TRAINING), self.mirror)
        after = score(network, self.validation, self.compute)
        metrics |= {
            "loss": after.loss,
            "training_seconds": done.seconds,
            "training_images": float(done.images),
        }
        return Result(
            DONE,
            after.accuracy,
            metrics=metrics,
            parameters=architecture.parameter_count(),
            flops=architecture.flops(),
            inherited=child.inherited,
            lineage_epochs=child.lineage_epochs + plan.epochs,
            curve=tuple((epoch.loss, epoch.accuracy) for epoch in done.curve),
            weights=weights_of(network),
        )
