"""What crosses to a worker: an evaluator once, then jobs; arrays and weights cross as files.

The form between processes of one search is cloudpickle's, so that functions and classes that a user wrote
in a script or a notebook, which a worker cannot import, travel as code. It never outlives the search.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudpickle
import numpy as np

from ...errors import UserError
from ...evolution import Genome, Origin
from ...run import SUFFIX, FolderStore, Stored, digest, unwritable
from ..evaluation import Job, Parent, Shared
from .reading import reading

if TYPE_CHECKING:
    import torch

LARGE = 1 << 16
"""Arrays of so many bytes cross as files, which all workers map into their memory."""


def pack(thing: Any, what: str, folder: Path, *, mapped: bool = True) -> bytes:
    """A thing as bytes, its large arrays in files.

    Args:
        thing: Anything.
        what: What messages call it.
        folder: Where files are written, which stay until all workers have ended.
        mapped: Whether large arrays go into files at all.

    Raises:
        UserError: It cannot be sent.
    """
    stream = io.BytesIO()
    try:
        (_Packer(stream, folder) if mapped else cloudpickle.Pickler(stream)).dump(thing)
    except Exception as error:  # whatever the thing's own methods raise, too
        raise UserError(
            f"{what}: it cannot be sent to worker processes: {type(error).__name__}: {error}; "
            "without workers it runs in this process"
        ) from error
    return stream.getvalue()


def unpack(content: bytes) -> Any:
    """The reverse of `pack`, in another process."""
    with reading():
        return cloudpickle.loads(content)


class _Packer(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(self, stream: io.BytesIO, folder: Path) -> None:
        super().__init__(stream)
        self._folder = folder

    def reducer_override(self, thing: Any) -> Any:
        torch = sys.modules.get("torch")
        if torch is not None and type(thing) is torch.Tensor and _is_plain(thing):
            return _mapped_tensor, (self._write(thing.numpy()),)
        if type(thing) is np.ndarray and thing.nbytes >= LARGE and not thing.dtype.hasobject:
            return _mapped_array, (self._write(thing),)
        return super().reducer_override(thing)

    def _write(self, array: np.ndarray[Any, Any]) -> str:
        path = self._folder / f"array{len(list(self._folder.glob('array*.npy')))}.npy"
        np.save(path, array, allow_pickle=False)
        return str(path)


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor can be a mapped file: large, on the CPU, and of a type that numpy has."""
    large = tensor.nbytes >= LARGE and tensor.device.type == "cpu" and not tensor.requires_grad
    return large and str(tensor.dtype) in ("torch.uint8", "torch.int64", "torch.float32", "torch.float64")


def _mapped_array(path: str) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = np.load(
        path, mmap_mode="c", allow_pickle=False
    )  # whoever writes to it copies
    return found


def _mapped_tensor(path: str) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.asarray(_mapped_array(path)))


# -- jobs ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WeightsAt:
    """Weights in a file: of the run's folder, or written for this one candidate."""

    store: FolderStore
    stored: Stored

    def load(self) -> dict[str, torch.Tensor]:
        """Reads them.

        Raises:
            WeightsError: The file is gone or damaged.
        """
        return self.store.load(self.stored)

    def remove(self) -> None:
        """Removes the file."""
        self.store.remove(self.stored)


def lent_path(folder: Path, number: int) -> Path:
    """Where the weights lie that a candidate begins with."""
    return folder / f"lent{number}{SUFFIX}"


def result_path(folder: Path, number: int) -> Path:
    """Where a candidate's own weights lie."""
    return folder / f"result{number}{SUFFIX}"


def lend(weights: Mapping[str, torch.Tensor], path: Path) -> WeightsAt:
    """Writes weights where another process of this search reads them; a crash of the system may lose them.

    Raises:
        UnwritableWeightsError: They cannot be written; nothing of them is left.
    """
    from safetensors.torch import save

    content = save(dict(weights))
    try:
        path.write_bytes(content)
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise unwritable(path, error) from None
    return WeightsAt(FolderStore(path.parent), Stored(0, path.name, len(content), digest(content)))


@dataclass(frozen=True)
class _GenomeSent:
    """A genome in the form that a journal keeps, with its class and space."""

    kind: type[Genome]
    space: Any
    data: dict[str, Any]
    origin: Origin
    number: int | None

    @classmethod
    def of(cls, genome: Genome) -> _GenomeSent:
        return cls(type(genome), genome.space, genome.to_dict(), genome.origin, genome.number)

    def read(self) -> Genome:
        genome = self.kind.from_dict(self.data, self.space)
        genome.origin = self.origin
        genome.number = self.number
        return genome


@dataclass(frozen=True)
class JobSent:
    """A job, as it crosses.

    Attributes:
        number: The candidate's.
        seed: The run's.
        genome: What to evaluate.
        parent: The parent and the epochs that its weights have seen, if there is one.
        shared: The epochs that the shared weights have seen, where there are such.
        weights: The parent's or the shared ones.
    """

    number: int
    seed: int
    genome: _GenomeSent
    parent: tuple[_GenomeSent, float] | None
    shared: float | None
    weights: WeightsAt | None

    @classmethod
    def of(cls, job: Job, weights: WeightsAt | None) -> JobSent:
        """What is sent of a job."""
        parent = None
        if job.parent is not None:
            parent = _GenomeSent.of(job.parent.genome), job.parent.lineage_epochs
        shared = None if job.shared is None else job.shared.lineage_epochs
        return cls(job.number, job.seed, _GenomeSent.of(job.genome), parent, shared, weights)

    def read(self) -> Job:
        """The job, in the worker."""
        parent = None
        if self.parent is not None:
            genome, epochs = self.parent
            parent = Parent(genome.read(), epochs, self._load)
        shared = None
        if self.shared is not None:
            shared = Shared(self._load() or {}, self.shared)
        return Job(self.number, self.genome.read(), self.seed, parent, shared)

    def _load(self) -> dict[str, torch.Tensor] | None:
        return None if self.weights is None else self.weights.load()
