"""All searches of a comparison: which there are, which are missing, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..tables import read_table
from .comparison import Comparison, compared
from .contender import Contender
from .identity import identified, order_of, shared_by_all
from .kept import Records
from .record import Record
from .running import Terms, run_all
from .statistics import Bounds

FILE = "searches.jsonl"
"""Where finished searches are kept, in the folder of a comparison."""


@dataclass(frozen=True)
class Question:
    """What is compared.

    Attributes:
        contenders: Ways to search.
        seeds: Of the searches of each.
        choices: Arguments of `evonas.evolve` that all share, for JSON.
        protocol: By which every winner is trained from scratch; empty for none.
        folder: Where searches are kept; None for nowhere.
        points: Numbers of evaluations at which to compare, beside the whole search.
        target: The fitness whose reaching counts; None for a table's best thousandth, or none.
        bounds: The least and the most that the fitness of a function can be, where that is known.
    """

    contenders: Sequence[Contender]
    seeds: Sequence[int]
    choices: Mapping[str, Any]
    protocol: str = ""
    folder: Path | None = None
    points: Sequence[int] = ()
    target: float | None = None
    bounds: Bounds | None = None


class Searches:
    """The searches that answer a question.

    Args:
        question: Which.

    Attributes:
        kept: Those that have ended.
        wanted: All, as contenders and seeds.

    Raises:
        UserError: Something cannot be read, is refused, or was searched otherwise before.
    """

    def __init__(self, question: Question) -> None:
        choices, protocol = question.choices, question.protocol
        if protocol and "table" in choices:
            raise UserError("protocol: a table's networks are trained already, and none is trained again")
        self.question = question
        shared = shared_by_all(choices, protocol)
        self.contenders = identified(question.contenders, choices)
        if protocol:
            self._check_images()
        folder = question.folder
        self.kept = Records(None if folder is None else folder / FILE, shared)
        self.kept.check(self.contenders)
        runs = None if folder is None or "table" in choices else folder / "runs"
        self.terms = Terms(choices, protocol, runs)
        self.wanted = [(contender, seed) for contender in self.contenders for seed in question.seeds]

    @property
    def missing(self) -> list[tuple[Contender, int]]:
        """The searches that have not ended yet."""
        done = {(record.contender, record.seed) for record in self.kept.all}
        return [(contender, seed) for contender, seed in self.wanted if (contender.title, seed) not in done]

    def run(self, jobs: int, ended: Callable[[Record], None]) -> None:
        """Searches what is missing.

        Args:
            jobs: Processes; 1 for this one.
            ended: Called with each record.

        Raises:
            UserError: A search was refused.
        """
        run_all(self.missing, self.terms, jobs, self.kept, ended)

    def compared(self) -> Comparison:
        """What the searches came to.

        Raises:
            UserError: A fitness lies outside the bounds.
        """
        question, choices = self.question, self.question.choices
        by_place = {(record.contender, record.seed): record for record in self.kept.all}
        records = [by_place[contender.title, seed] for contender, seed in self.wanted]
        figures = None
        if "table" in choices:
            figures = read_table(choices["table"]).figures(choices["dataset"], choices.get("epochs"))
        fitness = {one.title: one.fitness for one in self.contenders}
        return compared(
            records,
            question.points,
            figures,
            question.target,
            self._about(),
            {one.title: one.varied for one in self.contenders},
            accuracies=self.accuracies,
            bounds=None if self.accuracies else question.bounds,
            fitness=fitness,
        )

    @property
    def accuracies(self) -> bool:
        """Whether the fitness of all contenders is an accuracy."""
        return all(one.fitness in ("training", "table") for one in self.contenders)

    def _about(self) -> str:
        """What is searched for, in words."""
        choices = self.question.choices
        genomes = " and ".join(dict.fromkeys(one.genome for one in self.contenders))
        images = Path(choices.get("dataset", "digits")).name
        about = f"{genomes} on {images if self._any_images() else 'a function'}"
        if "table" in choices:
            about += f", table {Path(choices['table']).name}"
        return about + (", no genotype evaluated twice" if choices.get("unique") else "")

    def _any_images(self) -> bool:
        return "table" in self.question.choices or any(map(self._uses_images, self.contenders))

    def _uses_images(self, contender: Contender) -> bool:
        with contender.own.brought():
            return order_of(contender, self.question.choices).fitness.uses_images

    def _check_images(self) -> None:
        for contender in self.contenders:
            if not self._uses_images(contender):
                raise UserError(
                    f"protocol: contender {contender.title!r} has a fitness of genomes, and no images to "
                    "train its winner on"
                )
