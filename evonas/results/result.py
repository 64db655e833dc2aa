"""What a search gives back: its history and its best individuals."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from ..architecture import Architecture
from ..data import Statistics
from ..errors import UserError
from ..evolution import FAILED, Candidate, Genome, draw_genotype
from ..network import Deployable, deployable
from ..run import WeightStore
from ..run.journal import Journal
from ..settings import RunImages, Settings
from ..task import Task

if TYPE_CHECKING:
    from torch import nn

    from ..prediction import Predictions


class Individual:
    """One evaluated individual of a search.

    Attributes:
        id: Its number in the run.
        genome: Its genotype.
        fitness: What its evaluation gave.
    """

    def __init__(self, candidate: Candidate, result: SearchResult) -> None:
        self.id = candidate.number
        self.genome: Genome = candidate.genome
        self.fitness = candidate.fitness
        self.candidate = candidate
        self._result = result

    @property
    def settings(self) -> Settings:
        """The settings of the search that it comes from."""
        return self._result.settings

    @property
    def data_dir(self) -> str | None:
        """Where its search found named datasets, if that was named and noted."""
        noted: str | None = self._result.journal.meta().get("data_dir")
        return noted

    @property
    def images(self) -> RunImages:
        """What its search knows of its images."""
        return self._result.images

    @property
    def architecture(self) -> Architecture:
        """Its network's architecture.

        Raises:
            UserError: The search had no task (its fitness came from genomes alone).
        """
        return self.genome.decode(self._result.known_task())

    def draw(self, path: str | Path) -> Path:
        """Draws its genotype as SVG or PNG, as it is in networks for the search's images."""
        task = self._result.known_task() if "task" in self._result.journal.meta() else None
        drawn: Path = draw_genotype(self.genome, path, task)
        return drawn

    def weights(self) -> dict[str, Any]:
        """Its trained tensors, by ``node.tensor``.

        Raises:
            UserError: They were not kept (only those of the living and of the best five are).
        """
        stored = self._result.journal.kept().get(self.id)
        if stored is None:
            raise UserError(f"candidate {self.id}: its weights were not kept")
        from ..inheritance import without_momentum

        return without_momentum(self._result.store.load(stored))[0]

    def network(self) -> nn.Module:
        """A plain module with the trained weights, in evaluation mode.

        It reads images as the dataset has them, ``(n, channels, height, width)`` floats or bytes turned into
        floats: their normalisation is its first layer.
        """
        return self.deployable().network()

    def deployable(self) -> Deployable:
        """The network with its normalisation, for use elsewhere.

        Raises:
            UserError: The search had no images, or the weights were not kept.
        """
        found = self._result
        return deployable(
            self.architecture, self.weights(), found.known_statistics(), found.classes, found.images.pixels
        )

    def predict(self, images: Any, labels: Any = None, *, device: str = "auto", **how: Any) -> Predictions:
        """What its network takes images for.

        Args:
            images: Files, a folder, FILE.npz, a dataset's name or an array: see `Predictor.predict`.
            labels: With an array: its classes.
            device: ``auto``, ``cpu`` or ``cuda:0``.
            how: As of `Predictor.predict`.

        Raises:
            UserError: There are no such images, they are not what the network reads, or it was not kept.
        """
        return self._result.predict(images, labels, device=device, number=self.id, **how)

    def __repr__(self) -> str:
        return f"<Individual {self.id}, fitness {self.fitness}>"


class History(Sequence[dict[str, Any]]):
    """Every candidate as a row, in the order asked; read anew at each pass."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (candidate.row() for candidate in self._journal.candidates())

    def __len__(self) -> int:
        return self._journal.counts()[0]

    @overload
    def __getitem__(self, index: SupportsIndex) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, index: SupportsIndex | slice) -> dict[str, Any] | list[dict[str, Any]]:
        """The row of one candidate, counted from the end if it is negative, or a list of several.

        Raises:
            IndexError: There is none at this place.
        """
        if isinstance(index, slice):
            return list(self)[index]  # in one pass: each row alone would be a query of its own
        place, count = operator.index(index), len(self)
        if not -count <= place < count:
            raise IndexError(f"history: it has {count} candidates, so there is no place {place}")
        return self._journal.candidate(place % count).row()


def commonest_failure(reasons: Sequence[str]) -> str:
    """The reason that most evaluations failed for, and how many did; empty where none failed.

    >>> commonest_failure(["ValueError: no", "it took too long", "ValueError: no"])
    '2 of 3 failed with: ValueError: no'
    """
    if not reasons:
        return ""
    reason, times = Counter(reasons).most_common(1)[0]
    return f"{times} of {len(reasons)} failed with: {reason}"


class SearchResult:
    """A search that has ended, or that is on disk, finished or not.

    Attributes:
        settings: What determined it.
        folder: Its run folder, or None for a search in memory.
        journal: What was done.
        store: The weights that were kept.
        classes: The names of the dataset's classes.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        store: WeightStore,
        folder: Path | None = None,
        task: Task | None = None,
        statistics: Statistics | None = None,
        classes: tuple[str, ...] = (),
    ) -> None:
        self.settings = settings
        self.journal = journal
        self.store = store
        self.folder = folder
        self._task = task
        self._statistics = statistics
        self.classes = classes

    def __repr__(self) -> str:
        genome, where = self.settings.genome, "in memory" if self.folder is None else f"run {self.folder}"
        try:
            told, best = self.journal.counts()[1], self.top(1)
        except Exception:  # closed or damaged: a repr is the last to complain
            return f"<SearchResult {genome}, {where}>"
        found = f"best {best[0].fitness:.4f} (candidate {best[0].id})" if best else "no best yet"
        return f"<SearchResult {genome}, {told} of {self.settings.budget} evaluated, {found}, {where}>"

    @property
    def history(self) -> History:
        """The candidates as dicts: id, parents, operator, genome, fitness, status, parameters and so on."""
        return History(self.journal)

    @property
    def best(self) -> Individual:
        """The individual of highest fitness in the whole history.

        Raises:
            UserError: No evaluation has succeeded.
        """
        found = self.top(1)
        if not found:
            why = commonest_failure([one.result.reason for one in self.failures() if one.result])
            raise UserError(
                "run: no candidate was evaluated with success yet, so there is no best" + (why and f"; {why}")
            )
        return found[0]

    def top(self, count: int) -> list[Individual]:
        """The best individuals, the best first; of equal ones the earlier first."""
        return [Individual(candidate, self) for candidate in self.journal.best(count)]

    def individual(self, number: int) -> Individual:
        """One individual by its number.

        Raises:
            UserError: There is none.
        """
        return Individual(self.journal.candidate(number), self)

    def failures(self) -> Iterator[Candidate]:
        """The candidates whose evaluation failed."""
        return (c for c in self.journal.candidates() if c.result is not None and c.result.status == FAILED)

    def lineage(self, number: int) -> list[Candidate]:
        """A candidate and its ancestors, along the parents that weights came from, the oldest first."""
        line = [self.journal.candidate(number)]
        while line[-1].genome.origin.parents:
            line.append(self.journal.candidate(line[-1].genome.origin.parents[0]))
        return line[::-1]

    def predict(
        self,
        images: Any,
        labels: Any = None,
        *,
        weights: str = "auto",
        number: int | None = None,
        device: str = "auto",
        **how: Any,
    ) -> Predictions:
        """What a network of the run takes images for.

        Args:
            images: Files, a folder, FILE.npz, a dataset's name or an array: see `Predictor.predict`.
            labels: With an array: its classes.
            weights: ``final``: what ``evonas train`` has made; ``search``: the best as the search left it;
                ``auto``: the former if there is one.
            number: Of another candidate.
            device: ``auto``, ``cpu`` or ``cuda:0``.
            how: As of `Predictor.predict`.

        Raises:
            UserError: There are no such images, they are not what the network reads, or it was not kept.
        """
        from .choosing import predictor_of

        return predictor_of(self, weights, number, device).predict(images, labels, **how)

    @property
    def images(self) -> RunImages:
        """What it knows of its images: `RunImages` finds them where they lie now."""
        return RunImages(self.settings, self.journal.meta(), self.folder)

    def known_task(self) -> Task:
        """The task that networks were decoded for.

        Raises:
            UserError: The search had none.
        """
        if self._task is None:
            raise UserError(
                "run: its fitness came from genomes alone, so there is no task to decode them for"
            )
        return self._task

    def known_statistics(self) -> Statistics:
        """Mean and standard deviation of the training images.

        Raises:
            UserError: The search had no images.
        """
        if self._statistics is None:
            raise UserError("run: it had no images, so there is nothing to normalise")
        return self._statistics
