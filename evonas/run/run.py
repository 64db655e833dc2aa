"""A run folder: the journal, the weights, and who may write."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from filelock import FileLock, Timeout

from ..errors import UserError, after
from ..evolution import Genome, Heritage, Space, names
from ..files import reach
from .environment import drift, environment
from .folder import GIVEN, LOCK, WEIGHTS, check_inside, check_new, runs_near, training_in, unwritable
from .journal import FILE, SqliteJournal
from .weights import FolderStore, Stored, UnreadableWeightsError, WeightsError, flush_folder


class Determined(Protocol):
    """What a run is determined by, as far as its folder has to know of it."""

    @property
    def device(self) -> str:
        """Where networks are trained."""

    @property
    def genome_type(self) -> type[Genome]:
        """What evolves."""

    def make_space(self) -> Space:
        """The search space of that."""

    def start_genome(self) -> Genome | None:
        """What it begins from, if that was chosen."""

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""


S = TypeVar("S", bound=Determined)


class Run(Generic[S]):
    """An open run folder.

    Attributes:
        folder: Where it is.
        settings: What determines the run.
        meta: What else was noted when it began: who gives fitness, the images' fingerprint, versions.
        journal: What was done.
        store: The weights.
    """

    def __init__(
        self,
        folder: Path,
        journal: SqliteJournal,
        lock: FileLock | None,
        read: Callable[[Mapping[str, Any]], S],
    ) -> None:
        self.folder = folder
        self.journal = journal
        self._lock = lock
        self.meta = journal.meta()
        try:
            self.settings = read(self.meta.get("settings", {}))
            kind, space = self.settings.genome_type, self.settings.make_space()
        except UserError as error:
            raise UserError(f"{journal.called}: {error}{after(_where_from(self.meta))}") from None
        journal.read_genomes_with(lambda data: kind.from_dict(data, space))
        self.store = FolderStore(folder / WEIGHTS)

    @classmethod
    def create(cls, folder: Path, settings: S, given: Heritage | None = None, **known: Any) -> Run[S]:
        """Starts a run in a new or empty folder.

        Args:
            folder: Made if it is not there.
            settings: What determines the run.
            given: The trained network that it begins from, where there is one. It is kept before the
                journal has a name: a run that was killed at its beginning is none, or has it.
            known: What else is noted, for JSON.

        Raises:
            UserError: The folder holds a run or something else, or cannot be written.
        """
        with _opening(folder) as opened:
            check_new(folder)
            folder.mkdir(parents=True, exist_ok=True)
            lock = _lock(folder)
            opened.callback(lock.release)
            reach("run.locked")
            check_new(folder)  # now that no other process can begin a run here
            now = environment(settings.device)
            meta = {"settings": settings.to_dict(), "environment": now, **_kept_given(folder, given), **known}
            journal = SqliteJournal.create(folder, meta)
            opened.callback(journal.close)
            flush_folder(folder)
            flush_folder(folder.absolute().parent)
            reach("run.begun")
            return cls(folder, journal, lock, lambda _: settings)

    @classmethod
    def open(cls, folder: Path, read: Callable[[Mapping[str, Any]], S], *, write: bool = False) -> Run[S]:
        """Opens a run to read it, or, as its one writer, to continue it.

        Args:
            folder: Where it is.
            read: Makes its settings of what was noted of them; `evonas.settings.open_run` gives the usual.
            write: Continue it.

        Raises:
            UserError: No readable run is there, or another process writes it.
        """
        if not (folder / FILE).is_file():
            raise UserError(
                f"run {folder}: no run is there (expected a file {FILE})"
                f"{after(training_in(folder) or runs_near(folder))}"
            )
        check_inside(folder)
        with _opening(folder) as opened:
            lock = None
            if write:
                lock = _lock(folder)
                opened.callback(lock.release)
            journal = SqliteJournal(folder, write=write)
            opened.callback(journal.close)
            run = cls(folder, journal, lock, read)
            if write:
                run._sweep()
            return run

    def _sweep(self) -> None:
        """Removes what a crash has left, or nobody needs any more."""
        self.store.sweep({stored.file for stored in self.journal.kept().values()})
        self.forget_given()
        reach("run.swept")

    def drop_damaged(self) -> list[int]:
        """Lets go of weights whose files are gone or damaged, so that the search goes on without them.

        Returns:
            Whose they were: children of these train from scratch.

        Raises:
            UnreadableWeightsError: The system does not let a file be read, which may be whole.
        """
        lost = []
        for number, stored in self.journal.kept().items():
            try:
                self.store.load(stored)
            except UnreadableWeightsError:
                raise
            except WeightsError:
                self.journal.dropped(stored)
                lost.append(number)
        self.journal.commit()
        return lost

    def warn_of_drift(self) -> None:
        """Says what results depend on and is not as it was when the run began, and notes it."""
        before, now = self.meta.get("environment", {}), environment(self.settings.device)
        changed = drift(before, now)
        if not changed:
            return
        later = self.meta.get("environments", [])
        if not later or later[-1][1] != now:
            self.journal.note("environments", [*later, [self.journal.counts()[1], now]])
        warnings.warn(
            f"run {self.folder}: it began under other conditions ({changed}): what was done stays as it is, "
            "and what follows may differ from what would have followed there",
            RuntimeWarning,
            stacklevel=3,
        )

    def change(self, settings: S) -> None:
        """Notes changed settings, such as a larger budget."""
        self.settings = settings
        self.journal.note("settings", settings.to_dict())

    def _awaits_given(self) -> bool:
        """Whether the network that the run begins from is needed: until the first candidate has ended."""
        return self.journal.counts()[0] == 0 or self.journal.candidate(0).result is None

    def forget_given(self) -> None:
        """Removes the network that the run begins from, once it is not needed."""
        if (self.folder / GIVEN).is_dir() and not self._awaits_given():
            _clear_given(self.folder)

    def given(self) -> Heritage | None:
        """The trained network that the run begins from, as long as it is needed.

        Raises:
            WeightsError: Its file is gone or damaged.
        """
        noted, genome = self.journal.meta().get("given"), self.settings.start_genome()
        if noted is None or genome is None or not self._awaits_given():
            return None
        stored = Stored(0, noted["file"], noted["size"], noted["digest"])
        return Heritage(genome, noted["lineage_epochs"], FolderStore(self.folder / GIVEN).load(stored))

    def close(self) -> None:
        """Lets go of the journal and of the right to write."""
        self.journal.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Run[S]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _opening(folder: Path) -> Iterator[ExitStack]:
    """Takes back what was opened for a run where that is refused.

    Raises:
        UserError: The system refuses to write.
    """
    with ExitStack() as opened:
        try:
            yield opened
        except OSError as error:
            raise unwritable(folder, error) from None
        opened.pop_all()


def _kept_given(folder: Path, given: Heritage | None) -> dict[str, Any]:
    """Keeps the trained network that a run begins from; what is to be noted of it."""
    if (folder / GIVEN).is_dir():
        _clear_given(folder)  # of a run that was killed at its beginning
    if given is None:
        return {}
    stored = FolderStore(folder / GIVEN).save(0, given.weights)
    noted = {"file": stored.file, "size": stored.size, "digest": stored.digest}
    return {"given": {**noted, "lineage_epochs": given.lineage_epochs}}


def _clear_given(folder: Path) -> None:
    FolderStore(folder / GIVEN).sweep(set())
    with suppress(OSError):  # somebody keeps something else there
        (folder / GIVEN).rmdir()


def _lock(folder: Path) -> FileLock:
    check_inside(folder)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"run {folder}: another process is writing it: wait for it or stop it") from None
    except NotImplementedError:  # some versions of filelock say so; others lock by a file's mere presence
        raise UserError(
            f"run {folder}: its file system has no locks (flock), so two processes could write it: "
            "put the run on another one"
        ) from None
    return lock


def _where_from(meta: Mapping[str, Any]) -> str:
    """A hint for a run whose genome nobody provides here: the files that its operators came from."""
    settings = meta.get("settings")
    genome = settings.get("genome") if isinstance(settings, Mapping) else None
    if not isinstance(genome, str) or genome in names("genomes"):
        return ""
    noted = (meta.get("variation") or {}).get("operators") or []
    files = sorted({str(source) for _, _, source in noted if str(source).endswith(".py")})
    named = " ".join(f"--operators {file}" for file in files)
    return f"it is of a file of your own: {named}" if named else "name its file with --operators FILE.py"
