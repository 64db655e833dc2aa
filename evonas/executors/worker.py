"""What runs in a worker process: made ready once, then one job after the other."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from dataclasses import dataclass, replace
from multiprocessing import parent_process
from pathlib import Path

from ..candidate import FAILED, Result
from ..errors import UserError
from ..evaluation import Evaluator, reason_of
from ..failpoints import reach
from ..weights import WeightsError
from .parcel import JobSent, WeightsAt, lend, unpack


@dataclass(frozen=True)
class Equipment:
    """What a worker needs to begin.

    Attributes:
        evaluator: As `pack` gave it.
        files: Python files with genomes and morphisms of the user's own, which are run again.
        device: Where it evaluates; None as the evaluator has it.
        folder: Where weights are lent; removed should the search die.
    """

    evaluator: bytes
    files: tuple[str, ...]
    device: str | None
    folder: Path

    def make_evaluator(self) -> Evaluator:
        """The evaluator, in the worker."""
        if self.files:
            from ..plugins import operators_from

            operators_from(list(self.files))
        evaluator: Evaluator = unpack(self.evaluator)
        return evaluator if self.device is None else evaluator.on(self.device)


@dataclass(frozen=True)
class Report:
    """A result, and where its weights are."""

    result: Result
    weights: WeightsAt | None

    def read(self) -> Result:
        """The result with its weights, whose file is gone afterwards."""
        if self.weights is None:
            return self.result
        weights = self.weights.load()
        self.weights.remove()
        return replace(self.result, weights=weights)


_ready: Evaluator | None = None
_trouble = "it was not made ready"
_folder = Path()


def begin(equipment: Equipment) -> None:
    """Makes this process a worker; what goes wrong is said at the first job."""
    global _ready, _trouble, _folder
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # there is nothing to tidy up
    _folder = equipment.folder
    threading.Thread(target=_end_with_parent, args=(_folder,), daemon=True).start()
    try:
        evaluator = equipment.make_evaluator()
        evaluator.warm_up()
        _ready = evaluator
    except Exception as error:
        _trouble = f"{type(error).__name__}: {error}"


def _end_with_parent(folder: Path) -> None:
    """Ends this process when the search has died, in whatever way."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


def work(job: bytes) -> Report:
    """Does one job.

    Raises:
        UserError: This worker could not be made ready.
        WeightsError: The parent's weights are gone or damaged.
    """
    if _ready is None:
        raise UserError(
            f"workers: a worker process cannot begin: {_trouble} "
            "(what a worker needs must be importable there, or defined in the script itself)"
        )
    sent: JobSent = unpack(job)
    return evaluated(_ready, sent, _folder)


def evaluated(evaluator: Evaluator, sent: JobSent, folder: Path) -> Report:
    """Evaluates a job and lends the weights."""
    reach("worker.begun")
    try:
        job = sent.read()
    except WeightsError:
        raise
    except Exception as error:
        return Report(
            Result(FAILED, reason=f"its genome cannot be read in a worker: {reason_of(error)}"), None
        )
    try:
        result = evaluator.run(job)
    except (SystemExit, KeyboardInterrupt) as error:
        ended = f"{type(error).__name__}: the evaluation wanted to end the process"
        return Report(Result(FAILED, reason=ended), None)
    reach("worker.done")
    if result.weights is None:
        return Report(result, None)
    lent = lend(result.weights, folder, f"result{sent.number}")
    reach("worker.lent")
    return Report(result.without_weights(), lent)
