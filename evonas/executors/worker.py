"""What runs in a worker process: made ready once, then one job after the other."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from ..candidate import FAILED, Result
from ..errors import UserError
from ..evaluation import Evaluator, reason_of
from ..failpoints import reach
from ..plugins import FileText
from ..weights import WeightsError
from . import scratch
from .parcel import JobSent, WeightsAt, lend, pack, unpack

FATAL = "CUDA error"
"""Is in the reason of a failure after which a process can use its GPU no more."""


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
    files: tuple[str | FileText, ...]
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
    """A result, where its weights are, and whether the process that it comes from can do no more."""

    result: Result
    weights: WeightsAt | None
    fatal: bool = False

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
    threading.Thread(target=end_with_parent, args=(_folder,), daemon=True).start()
    try:
        evaluator = equipment.make_evaluator()
        evaluator.warm_up()
        _ready = evaluator
    except Exception as error:
        _trouble = f"{type(error).__name__}: {error}"


def end_with_parent(folder: Path) -> None:
    """Ends this process when the search has died, in whatever way."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        scratch.remove_left(folder, patience=40)
        os._exit(1)


def work(job: bytes) -> Report:
    """Does one job.

    Raises:
        UserError: This worker could not be made ready.
        WeightsError: The parent's weights are gone or damaged.
    """
    return _work(_ready, job)


def _work(evaluator: Evaluator | None, job: bytes) -> Report:
    if evaluator is None:
        raise UserError(
            f"workers: a worker process cannot begin: {_trouble} "
            "(what a worker needs must be importable there, or defined in the script itself)"
        )
    sent: JobSent = unpack(job)
    return evaluated(evaluator, sent, _folder)


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
        return Report(result, None, fatal=result.status == FAILED and FATAL in result.reason)
    lent = lend(result.weights, folder, f"result{sent.number}")
    reach("worker.lent")
    return Report(result.without_weights(), lent)


# -- several at a time -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """A process that works on several candidates has begun."""

    process: int


@dataclass(frozen=True)
class Began:
    """A candidate was let in."""

    number: int


@dataclass(frozen=True)
class Reported:
    """A candidate has ended."""

    number: int
    report: Report


@dataclass(frozen=True)
class Failed:
    """A candidate could not be evaluated, for a reason that the search must hear."""

    number: int
    error: Exception


_sharing: tuple[Connection, int, int | None] | None = None


def begin_sharing(equipment: Equipment, connection: Connection, capacity: int, memory: int | None) -> None:
    """Makes this process a worker for several candidates at a time.

    Args:
        equipment: As of any worker.
        connection: Brings jobs, and takes what comes of them.
        capacity: Candidates at a time, at most.
        memory: Bytes that they may take together; None for what the device has.
    """
    global _sharing
    begin(equipment)
    _sharing = connection, capacity, memory


def serve() -> None:
    """Works until the connection ends, with a thread for each candidate."""
    if _sharing is None:
        raise UserError(f"workers: a worker process cannot begin: {_trouble}")
    connection, capacity, memory = _sharing
    sending = threading.Lock()
    mine = threading.local()

    def send(message: object) -> None:
        content = pack(message, "a result", _folder, mapped=False)
        with sending:
            connection.send_bytes(content)

    evaluator = None if _ready is None else _ready.sharing(memory, lambda: send(Began(mine.number)))

    def one(number: int, content: bytes) -> None:
        mine.number = number
        try:
            send(Reported(number, _work(evaluator, content)))
        except Exception as error:
            send(Failed(number, error))

    send(Ready(os.getpid()))
    with ThreadPoolExecutor(capacity) as threads:
        while True:
            try:
                content = connection.recv_bytes()
            except EOFError:
                return
            threads.submit(one, int.from_bytes(content[:8]), content[8:])
