"""Evaluating on a Ray cluster (the extra ``evonas[ray]``)."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..candidate import FAILED, Result
from ..errors import UserError
from ..evaluation import Evaluator, Job, Parent, Shared
from .base import Executor
from .parcel import JobSent, pack, unpack

if TYPE_CHECKING:
    from ..settings import Settings

LOCAL = "local"
TRIES = 2
"""How often a candidate is begun whose worker or node dies."""


class RayExecutor(Executor):
    """Evaluates as Ray tasks, each on the cores or the GPU that it asks for.

    The evaluator and weights travel through Ray's object store. A candidate whose worker or node dies is
    begun again once, elsewhere.

    Args:
        evaluator: Sent once to each node.
        address: Of the cluster, or ``local`` for an instance of this machine's.
        settings: Say whether a task needs a GPU, or how many cores.
        timeout: Seconds after which a candidate has failed; None for no limit.
        files: Python files with genomes and morphisms of the user's own; their text is sent.

    Raises:
        UserError: Ray is not installed, there is no such cluster, or the evaluator cannot be sent.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        address: str,
        settings: Settings,
        timeout: float | None = None,
        files: Sequence[str] = (),
    ) -> None:
        try:
            import ray
        except ImportError:
            raise UserError("ray: it is not installed: pip install 'evonas[ray]'") from None
        if timeout is not None:
            raise UserError("timeout: expected none with ray, which has no such limit here yet")
        if files:
            raise UserError("operators: with ray, expected none in files: install them on every node")
        self._ray: Any = ray
        self._started = not ray.is_initialized()
        if self._started:
            try:
                ray.init(
                    address=None if address == LOCAL else address, log_to_driver=False, logging_level="error"
                )
            except (ConnectionError, ValueError, OSError) as error:
                raise UserError(f"ray {address!r}: no cluster answers: {error}") from None
        on_gpu = settings.device.startswith("cuda")
        resources = {"num_gpus": 1, "num_cpus": 1} if on_gpu else {"num_cpus": settings.threads}
        self._task = ray.remote(max_retries=TRIES - 1, **resources)(_evaluate)
        self._device = "cuda:0" if on_gpu else None
        with tempfile.TemporaryDirectory() as folder:
            # Its large arrays are sent themselves, since a node may not see this machine's files.
            self._evaluator = ray.put(pack(evaluator, "evaluate", Path(folder), mapped=False))
        self._running: dict[Any, int] = {}
        self._done: dict[int, Result | BaseException] = {}
        self._slots = max(1, int(ray.cluster_resources().get("GPU" if on_gpu else "CPU", 1)))

    @property
    def slots(self) -> int:
        return self._slots

    def submit(self, job: Job) -> None:
        weights = job.shared.weights if job.shared is not None else None
        if job.parent is not None:
            weights = job.parent.load_weights()
        sent = pack(JobSent.of(job, None), f"candidate {job.number}", Path(), mapped=False)
        lent = None if weights is None else self._ray.put(dict(weights))
        reference = self._task.remote(self._evaluator, self._device, sent, lent)
        self._running[reference] = job.number

    def result(self, number: int) -> Result:
        while number not in self._done:
            self._collect(number)
        found = self._done.pop(number)
        if isinstance(found, BaseException):
            raise found
        return found

    def next_ended(self) -> int:
        while not self._done:
            self._collect()
        return next(iter(self._done))

    def close(self) -> None:
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        self._running.clear()
        if self._started:
            self._ray.shutdown()

    def _collect(self, number: int | None = None) -> None:
        """Waits for one task: a candidate's, or whichever ends first."""
        waited = [one for one, asked in self._running.items() if number is None or asked == number]
        (reference,), _ = self._ray.wait(waited, num_returns=1)
        ended = self._running.pop(reference)
        try:
            self._done[ended] = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            self._done[ended] = error.cause if isinstance(error.cause, UserError) else error
        except self._ray.exceptions.OutOfMemoryError:
            self._done[ended] = Result(FAILED, reason="out of memory: the node stopped its worker")
        except self._ray.exceptions.RayError as error:
            reason = str(error).strip().partition("\n")[0][:200]
            self._done[ended] = Result(FAILED, reason=f"its Ray worker or node died, {TRIES} times: {reason}")


_ready: dict[str, Evaluator] = {}
"""The evaluator of the search that this worker process works for, by its device and content."""


def _evaluate(packed: bytes, device: str | None, job: bytes, weights: Any) -> Result:
    """Evaluates one job, in a process of Ray's."""
    from hashlib import blake2b

    key = f"{device} {blake2b(packed).hexdigest()}"
    if key not in _ready:
        evaluator: Evaluator = unpack(packed)
        evaluator = evaluator if device is None else evaluator.on(device)
        evaluator.warm_up()
        _ready.clear()
        _ready[key] = evaluator
    sent: JobSent = unpack(job)
    read = sent.read()
    parent, shared = read.parent, read.shared
    if parent is not None:
        parent = Parent(parent.genome, parent.lineage_epochs, lambda: weights)
    if shared is not None:
        shared = Shared(weights or {}, shared.lineage_epochs)
    return _ready[key].run(Job(read.number, read.genome, read.seed, parent, shared))
