"""Trained weights of candidates: as safetensors files in a run folder, or in memory."""

from __future__ import annotations

import errno
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError, what_to_do
from ..files import Noted, check, reach

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]


SUFFIX = ".safetensors"

LARGEST = 16 * 2**30
LARGEST_HEADER = 100 * 2**20
"""What is larger, in bytes, is not read: no network here comes near it, but a few bytes can promise it."""


_LOST = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.EIO)
"""Where the system says so, a file is gone, another kind of file, or on a disk that fails."""


class WeightsError(UserError):
    """Weights cannot be kept, or are missing or damaged: a search cannot go on as if they had never been.

    Attributes:
        lasting: Whether they are lost, and not just out of reach.
    """

    lasting = True


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
    size: Noted = 0
    digest: str = ""


class UnwritableWeightsError(WeightsError):
    """Weights cannot be kept, for want of space or of permission; what was kept before is safe."""

    lasting = False


class UnreadableWeightsError(WeightsError):
    """Weights cannot be read now (want of permission, too many open files), though they may be whole."""

    lasting = False


def unwritable(path: Path, error: OSError) -> UnwritableWeightsError:
    """What is raised where the system refuses to write weights."""
    return UnwritableWeightsError(
        f"weights {path}: cannot be written: {error.strerror or error}{what_to_do(error)}"
    )


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
        return Stored(number, size=sum(tensor.nbytes for tensor in weights.values()))

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

    @staticmethod
    def name_of(number: int) -> str:
        """The name of a candidate's file."""
        return f"{number:06d}{SUFFIX}"

    @staticmethod
    def temporary_name_of(name: str) -> str:
        """The name of a file while it is written."""
        return f"{name}.tmp"

    def save(self, number: int, weights: Weights) -> Stored:
        from safetensors.torch import save

        content = save(dict(weights))
        name = self.name_of(number)
        try:
            self._write(name, content)
        except OSError as error:
            self._clear(name)
            raise unwritable(self.folder / name, error) from None
        except BaseException:  # somebody wants to stop
            self._clear(name)
            raise
        return Stored(number, name, len(content), digest(content))

    def _clear(self, name: str) -> None:
        """Gives back the space of a file that could not be written to its end."""
        with suppress(OSError):
            (self.folder / self.temporary_name_of(name)).unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            flush_folder(self.folder.absolute().parent)
        temporary = self.folder / self.temporary_name_of(name)
        with temporary.open("wb") as handle:
            handle.write(content)
            handle.flush()
            reach("weights.written")
            os.fsync(handle.fileno())
        reach("weights.flushed")
        temporary.replace(self.folder / name)
        reach("weights.named")
        flush_folder(self.folder)

    def load(self, stored: Stored) -> dict[str, torch.Tensor]:
        from safetensors import SafetensorError
        from safetensors.torch import load

        content = self.read(stored)
        try:
            return load(content)
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            path = self.folder / stored.file
            raise WeightsError(f"weights {path}: no safetensors file: {error}") from None

    def read(self, stored: Stored) -> bytes:
        """A file's content, which is as it was noted.

        Raises:
            WeightsError: The file is missing or damaged.
            UnreadableWeightsError: The system does not let it be read.
        """
        path = self._path(stored)
        try:
            content = _read_whole(path, stored.size)
        except OSError as error:
            kind = WeightsError if error.errno in _LOST else UnreadableWeightsError
            raise kind(f"weights {path}: cannot be read: {error.strerror}") from None
        if digest(content) != stored.digest:
            raise _damaged(path, stored.size, "as many with another")
        return content

    def _path(self, stored: Stored) -> Path:
        """Where a file is that a journal names: in this folder, whatever the journal says."""
        check_stored(stored)
        return self.folder / stored.file

    def place(self, stored: Stored) -> tuple[FolderStore, Stored]:
        return self, stored

    def remove(self, stored: Stored) -> None:
        self._path(stored).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> None:
        """Removes what a crash has left: files that the journal does not name."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.name not in known and path.suffix in (SUFFIX, ".tmp"):
                    path.unlink()


def _read_whole(path: Path, size: int) -> bytes:
    """Reads a file of so many bytes, after a look at what it says of itself.

    Raises:
        OSError: It cannot be opened, or is a symbolic link.
        WeightsError: It is of another size, no plain file, or promises more than can be.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as handle:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise WeightsError(f"weights {path}: expected a plain file")
        if found.st_size != size:
            raise _damaged(path, size, f"{found.st_size:,} bytes")
        begin = handle.read(8)
        header = int.from_bytes(begin, "little")
        if size > LARGEST or (size > LARGEST_HEADER and header > LARGEST_HEADER):
            raise WeightsError(
                f"weights {path}: expected at most {LARGEST:,} bytes with a header of at most "
                f"{LARGEST_HEADER:,}, got {size:,} with {header:,}"
            )
        return begin + handle.read()


def check_stored(stored: Stored) -> None:
    """Checks what a journal says of a file, and holds its name to its folder.

    Raises:
        UserError: The name leads elsewhere or is another kind of file's, or the rest has other types.
    """
    name = stored.file
    if not isinstance(name, str) or Path(name).name != name or not name.endswith(SUFFIX):
        raise UserError(
            f"weights of candidate {stored.number}: {name!r:.80} is not a plain file name ({SUFFIX})"
        )
    check(stored, f"weights of candidate {stored.number}: ")


def _damaged(path: Path, size: int, found: str) -> WeightsError:
    return WeightsError(
        f"weights {path}: the file is damaged: expected {size:,} bytes with the noted checksum, got {found}"
    )


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
