"""Trained weights of candidates: as safetensors files in a run folder, or in memory."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import UserError

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]


class WeightsError(UserError):
    """Weights cannot be kept, or are missing or damaged: a search cannot go on as if they had never been."""


@dataclass(frozen=True)
class Stored:
    """A kept set of weights, as the journal names it.

    Attributes:
        number: The candidate.
        file: File name inside the run's ``weights`` folder; empty in memory.
        size: In bytes.
        digest: Of the file's bytes; empty in memory.
    """

    number: int
    file: str = ""
    size: int = 0
    digest: str = ""


class UnwritableWeightsError(WeightsError):
    """Weights cannot be kept, for want of space or of permission; what was kept before is safe."""


class WeightStore(ABC):
    """Where weights are kept between a candidate's training and its last child."""

    @abstractmethod
    def save(self, number: int, weights: Weights) -> Stored:
        """Keeps a candidate's weights; when it returns they are safe.

        Raises:
            WeightsError: They cannot be written.
        """

    @abstractmethod
    def load(self, stored: Stored) -> dict[str, torch.Tensor]:
        """Reads weights back.

        Raises:
            WeightsError: The file is missing or damaged.
        """

    @abstractmethod
    def remove(self, stored: Stored) -> None:
        """Lets go of weights that the journal no longer names."""

    def place(self, stored: Stored) -> tuple[FolderStore, Stored] | None:
        """Where another process can read weights; None where it cannot."""
        return None


class MemoryStore(WeightStore):
    """Keeps weights in memory, for searches without a run folder."""

    def __init__(self) -> None:
        self._kept: dict[int, dict[str, torch.Tensor]] = {}

    def save(self, number: int, weights: Weights) -> Stored:
        self._kept[number] = dict(weights)
        return Stored(number)

    def load(self, stored: Stored) -> dict[str, torch.Tensor]:
        return dict(self._kept[stored.number])

    def remove(self, stored: Stored) -> None:
        self._kept.pop(stored.number, None)


class FolderStore(WeightStore):
    """Keeps weights as safetensors files.

    A file is written under a temporary name, flushed and renamed, so a name in the journal is always a
    whole file.

    Args:
        folder: Made at the first save.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, number: int, weights: Weights) -> Stored:
        from safetensors.torch import save

        content = save(dict(weights))
        name = f"{number:06d}.safetensors"
        try:
            self._write(name, content)
        except OSError as error:
            path = self.folder / name
            raise UnwritableWeightsError(
                f"weights {path}: cannot be written: {error.strerror or error}"
            ) from None
        return Stored(number, name, len(content), digest(content))

    def _write(self, name: str, content: bytes) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            flush_folder(self.folder.absolute().parent)
        temporary = self.folder / f"{name}.tmp"
        with temporary.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(self.folder / name)
        flush_folder(self.folder)

    def load(self, stored: Stored) -> dict[str, torch.Tensor]:
        from safetensors import SafetensorError
        from safetensors.torch import load

        content = self.read(stored)
        try:
            return load(content)
        except SafetensorError as error:
            path = self.folder / stored.file
            raise WeightsError(f"weights {path}: no safetensors file: {error}") from None

    def read(self, stored: Stored) -> bytes:
        """A file's content, which is as it was noted.

        Raises:
            WeightsError: The file is missing or damaged.
        """
        path = self.folder / stored.file
        if Path(stored.file).name != stored.file:
            raise UserError(f"weights of candidate {stored.number}: {stored.file!r} is not a plain file name")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise WeightsError(f"weights {path}: cannot be read: {error.strerror}") from None
        if len(content) != stored.size or digest(content) != stored.digest:
            found = f"{len(content):,} bytes" if len(content) != stored.size else "as many with another"
            raise WeightsError(
                f"weights {path}: the file is damaged: expected {stored.size:,} bytes with "
                f"the noted checksum, got {found}"
            )
        return content

    def place(self, stored: Stored) -> tuple[FolderStore, Stored]:
        return self, stored

    def remove(self, stored: Stored) -> None:
        (self.folder / stored.file).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> None:
        """Removes what a crash has left: files that the journal does not name."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.name not in known and path.suffix in (".safetensors", ".tmp"):
                    path.unlink()


def digest(content: bytes) -> str:
    """The checksum that the journal keeps."""
    return blake2b(content, digest_size=16).hexdigest()


def flush_folder(folder: Path) -> None:
    """Makes a rename in a folder survive a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
