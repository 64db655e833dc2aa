"""The final training: one genotype, trained long on all but the test images, tested once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..architecture import Architecture
from ..data import ImageDataset, Images, Pixels, Statistics, read_described, read_pixels
from ..errors import UserError
from ..evolution import Genome, genome_type
from ..network import Deployable, build, deployable
from ..prediction import Predictions, Predictor
from ..run import DESCRIPTION, FolderStore, Stored, environment
from ..seeds import Stream, derive
from ..settings import read_devices
from ..task import Task
from ..training import Compute, DeviceImages, FinalTraining, Normalisation, Plan, Trial, score, to_device
from .description import FORMAT, read_description
from .scoring import NOTHING, Before

Watch = Callable[[int, int], None]
"""Called with the epoch that has ended, from 1, and the number of epochs."""


def _silent(epoch: int, epochs: int) -> None:
    """Watches without saying anything."""


@dataclass(frozen=True)
class Trained:
    """A finally trained network.

    Attributes:
        genome: Its genotype.
        task: What it was decoded for.
        statistics: Of the images it was trained on.
        classes: Names of its outputs.
        weights: Its tensors, by ``node.tensor``.
        report: What was done and what came of it; ``test_accuracy`` is in [0, 1].
        pixels: What the values of its images are; None where that was not noted.
    """

    genome: Genome
    task: Task
    statistics: Statistics
    classes: tuple[str, ...]
    weights: Mapping[str, Any]
    report: dict[str, Any]
    pixels: Pixels | None = None

    def deployable(self) -> Deployable:
        """The network with its normalisation, for use elsewhere."""
        architecture = self.genome.decode(self.task)
        return deployable(architecture, self.weights, self.statistics, self.classes, self.pixels)

    def predict(self, images: Any, labels: Any = None, *, device: str = "auto", **how: Any) -> Predictions:
        """What it takes images for.

        Args:
            images: Files, a folder, FILE.npz, a dataset's name or an array: see `Predictor.predict`.
            labels: With an array: its classes.
            device: ``auto``, ``cpu`` or ``cuda:0``.
            how: As of `Predictor.predict`.

        Raises:
            UserError: There are no such images, or they are not what the network reads.
        """
        network = Predictor.of(self.deployable(), "the finally trained network", device)
        return network.predict(images, labels, **how)


def training_devices(devices: str | Sequence[str] | None) -> tuple[str, ...]:
    """The devices of a final training by their names; empty where none was named.

    Raises:
        UserError: They cannot train together, or are not here.
    """
    return read_devices(devices, hint="one process trains on each", several_cpus=True)


def train_finally(
    genome: Genome,
    dataset: ImageDataset,
    plan: Plan,
    compute: Compute,
    seed: int = 0,
    watch: Watch = _silent,
    weights: Mapping[str, Any] | None = None,
    devices: str | Sequence[str] | None = None,
    compiled: bool = False,
    before: Before | None = None,
) -> Trained:
    """Trains a genotype on training and validation images, and tests it once.

    Args:
        genome: What to train; its space may differ from the search's (more cells or filters).
        dataset: Its test images are read before training, so that a mistake in them costs none, and nor does
            what becomes of their files meanwhile. They are looked at when it has ended.
        plan: How.
        compute: Device and precision.
        seed: Of weights, order and augmentation.
        watch: Called after each epoch.
        weights: What the network begins with, by ``node.tensor`` (as NASH's final training does); None to
            train from scratch.
        devices: Where there are several, they share every batch, with a process on each; ``compute`` is that
            of each process, on the first of them. ``cpu`` may be named more than once.
        compiled: Whether the network is compiled for training (`torch.compile`), which takes minutes.
        before: What the search that it comes from had to do with these images; test images that may have
            been seen are left out of the score, or the report says that they were scored.

    Raises:
        UserError: The images do not suit the genome, none is for the test, the devices cannot be used
            together, one of their processes died or failed, or the network cannot be compiled.
        DivergenceError: The loss was not finite.
    """
    chosen = training_devices(devices)
    if chosen:
        compute = compute.on(chosen[0])
    plan = plan.changed(genome.training())
    images = dataset.full_training()
    training = final_training(genome, dataset, images, plan, compute, seed, weights, compiled)
    held_out, told = (before or NOTHING).and_now(images).counted(dataset.test())
    architecture, normalisation = training.architecture, training.normalisation

    def after_epoch(epoch: int) -> None:
        watch(epoch, plan.epochs)

    done = training.on(chosen, after_epoch) if len(chosen) > 1 else training.here(after_epoch)
    compute.prepare()
    network = to_device(build(architecture, weights=done.weights), compute)
    tested = score(network, DeviceImages(held_out.x, held_out.y, normalisation, compute.device), compute)
    report = {
        "test_accuracy": tested.accuracy,
        "test_loss": tested.loss,
        "test_images": len(held_out),
        **told,
        "training_images": len(training.y),
        **_told(architecture, done),
        "dataset": dataset.name,
        "began": "from scratch" if weights is None else "with the weights of the search",
        "seed": seed,
        "plan": plan.to_dict(),
        "compute": asdict(compute),
        "devices": list(chosen) or [compute.device],
        "environment": environment(compute.device),
    }
    statistics, classes = dataset.statistics(), dataset.classes
    return Trained(genome, dataset.task, statistics, classes, done.weights, report, dataset.pixels)


def final_training(
    genome: Genome,
    dataset: ImageDataset,
    images: Images,
    plan: Plan,
    compute: Compute,
    seed: int = 0,
    weights: Mapping[str, Any] | None = None,
    compiled: bool = False,
) -> FinalTraining:
    """The training of a genotype on everything but the test images, which are not read.

    Args:
        genome: As of `train_finally`; so are all that follow.
        dataset: What the images are of.
        images: Those that are trained on: all of its training and validation images.
        plan: How; what the genome itself says of training is in it already.
        compute: Device and precision.
        seed: Of weights, order and augmentation.
        weights: What the network begins with.
        compiled: Whether it is compiled.

    Raises:
        UserError: The images do not suit the genome.
    """
    genome.space.check(dataset.task)
    statistics = dataset.statistics()
    return FinalTraining(
        genome.decode(dataset.task),
        genome.auxiliary_node(),
        dataset.task,
        plan,
        compute,
        images.x,
        images.y,
        Normalisation(statistics.mean, statistics.std),
        dataset.mirror,
        weight_seed=derive(seed, 0, Stream.WEIGHTS),
        order_seed=derive(seed, 0, Stream.TRAINING),
        weights=weights,
        compiled=compiled,
    )


def _told(architecture: Architecture, done: Trial) -> dict[str, Any]:
    """What a report says of a training and of what it made."""
    return {
        "training_loss": [epoch.loss for epoch in done.curve],
        "seconds": done.seconds,
        "parameters": architecture.parameter_count(),
        "flops": architecture.flops(),
        "compile_seconds": done.compile_seconds,
    }


def save_trained(trained: Trained, folder: Path) -> Path:
    """Keeps a trained network: its description as JSON, its weights as safetensors.

    The description is replaced last, so a folder never describes weights that are not there.

    Raises:
        UserError: The folder cannot be written.
    """
    try:
        stored = FolderStore(folder).save(_next_number(folder), trained.weights)
        description = {
            "format": FORMAT,
            "genome": {"kind": trained.genome.name, "space": trained.genome.space.to_dict()},
            "genotype": trained.genome.to_dict(),
            "task": asdict(trained.task),
            "statistics": [list(trained.statistics.mean), list(trained.statistics.std)],
            "classes": list(trained.classes),
            **({} if trained.pixels is None else {"pixels": asdict(trained.pixels)}),
            "weights": asdict(stored),
            "report": trained.report,
        }
        temporary = folder / f"{DESCRIPTION}.tmp"
        temporary.write_text(json.dumps(description, indent=1), encoding="utf-8")
        temporary.replace(folder / DESCRIPTION)
        FolderStore(folder).sweep({stored.file})
    except OSError as error:
        raise UserError(f"output {folder}: cannot be written: {error.strerror or error}") from None
    return folder


def _next_number(folder: Path) -> int:
    """A number that no weights in the folder have: the old ones stay until the new ones are described."""
    taken = [int(path.stem) for path in folder.glob("*.safetensors") if path.stem.isdigit()]
    return max(taken, default=-1) + 1


def load_trained(folder: Path) -> Trained:
    """Reads what `save` has kept.

    Raises:
        UserError: Nothing is there, or it is damaged.
    """
    path = folder / DESCRIPTION
    data = read_description(path)
    try:
        kind = genome_type(data["genome"]["kind"])
        space = kind.space_type.from_dict(data["genome"]["space"])
        genome = kind.from_dict(data["genotype"], space)
        weights = FolderStore(folder).load(Stored(**data["weights"]))
    except UserError:  # which says more: of an unknown genome, a file
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, error) from None
    try:
        pixels = read_pixels(data["pixels"]) if "pixels" in data else None
        return Trained(genome, *read_described(data), weights, data["report"], pixels)
    except (KeyError, UserError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(f"{path}: the file is damaged: {error}")


train, save, load = train_finally, save_trained, load_trained
"""By the names that pages give them, as functions of this module."""
