"""What runs in a worker process: made ready once, then one job after the other."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from ...errors import UserError
from ...evolution import FAILED, FileText
from ...files import reach
from ...run import WeightsError
from ..evaluation import Evaluator, reason_of
from . import scratch, sessions
from .parcel import JobSent, lend, result_path, unpack
from .reports import Report, error_as_bytes, failure, report_as_bytes

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
            from ...evolution import operators_from

            operators_from(list(self.files))
        evaluator: Evaluator = unpack(self.evaluator)
        return evaluator if self.device is None else evaluator.on(self.device)


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
    """Ends this process, and what it has started, when the search has died, in whatever way.

    So does the watcher of the search, also where a candidate in compiled code keeps all threads from
    running; but only here what lies in the folder is removed.
    """
    parent = parent_process()
    if parent is not None:
        parent.join()
        scratch.remove_left(folder, patience=40)
        sessions.end({os.getpid()}, spare={os.getpid()})
        os._exit(1)


def work(job: bytes) -> bytes:
    """Does one job; what came of it is for `read_report`."""
    return _work(_ready, job)


def _work(evaluator: Evaluator | None, job: bytes) -> bytes:
    try:
        if evaluator is None:
            raise cannot_begin()
        report = evaluated(evaluator, unpack(job), _folder)
    except BaseException as error:  # nobody would hear of it in a thread
        return error_as_bytes(error)
    return report_as_bytes(report)


def cannot_begin() -> UserError:
    """Says why this worker could not be made ready."""
    return UserError(
        f"workers: a worker process cannot begin: {_trouble} "
        "(what a worker needs must be importable there, or defined in the script itself)"
    )


def evaluated(evaluator: Evaluator, sent: JobSent, folder: Path) -> Report:
    """Evaluates a job and lends the weights.

    Raises:
        WeightsError: The parent's weights are gone or damaged, or the child's cannot be lent.
    """
    reach("worker.begun")
    try:
        job = sent.read()
    except WeightsError:
        raise
    except Exception as error:
        return failure(f"its genome cannot be read in a worker: {reason_of(error)}")
    try:
        result = evaluator.run(job)
    except KeyboardInterrupt:  # nobody's: workers do not hear of Ctrl-C
        return failure("KeyboardInterrupt: the evaluation wanted to end the process")
    reach("worker.done")
    if result.weights is None:
        return Report(result, None, fatal=result.status == FAILED and FATAL in result.reason)
    lent = lend(result.weights, result_path(folder, sent.number))
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
    """A candidate has ended; what came of it is for `read_report`."""

    number: int
    content: bytes


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
    """Works until the connection ends, with a thread for each candidate.

    Raises:
        UserError: Says what ended it before; its class is one that the search can read, whatever that was.
    """
    if _sharing is None:
        raise cannot_begin()
    connection = _sharing[0]
    try:
        _serve(*_sharing)
    except BaseException as error:
        raise UserError(reason_of(error)) from None
    finally:
        connection.close()  # the search sees the end there, though this process lives on


def _serve(connection: Connection, capacity: int, memory: int | None) -> None:
    sending = threading.Lock()
    mine = threading.local()

    def send(message: Ready | Began | Reported) -> None:
        with sending:
            connection.send(message)

    evaluator = None if _ready is None else _ready.sharing(memory, lambda: send(Began(mine.number)))

    def one(number: int, content: bytes) -> None:
        mine.number = number
        send(Reported(number, _work(evaluator, content)))

    send(Ready(os.getpid()))
    with ThreadPoolExecutor(capacity) as threads:
        while True:
            try:
                content = connection.recv_bytes()
            except EOFError:
                return
            threads.submit(one, int.from_bytes(content[:8]), content[8:])
