"""What a contender brings that is installed nowhere: operators, genomes, strategies, a fitness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..evolution import (
    Brought,
    FileText,
    Genome,
    Operator,
    brought_apart,
    genome_name,
    named_strategy,
    operators_from,
)
from ..evolution.strategies import Strategy
from ..search import Needs, UserFunction
from .sources import source_of


@dataclass(frozen=True)
class Own:
    """Operators, classes and a fitness of a caller's own.

    Attributes:
        operators: Operators, and Python files as they were read when the comparison began.
        classes: Genomes and strategies.
        evaluate: Gives fitness; None for training, or the table that all share.
        needs: What `evaluate` is given: ``genome``, ``architecture`` or ``network``; None for the default.
        name: What the caller calls all this, beside its source text.
    """

    operators: tuple[Brought, ...] = ()
    classes: tuple[type[Genome] | type[Strategy], ...] = ()
    evaluate: UserFunction | None = None
    needs: Needs | None = None
    name: str = ""

    @property
    def named(self) -> list[str]:
        """What it is, for messages: the names of its Python files, and a word for all other code."""
        files = [one.path.name for one in self.operators if isinstance(one, FileText)]
        objects = len(files) < len(self.operators) or self.classes or self.evaluate is not None
        return [*files, *(["code"] if objects else [])]

    @property
    def fitness(self) -> dict[str, Any]:
        """Arguments of `evonas.evolve` that say who gives fitness."""
        said = {"evaluate": self.evaluate, "needs": self.needs}
        return {name: value for name, value in said.items() if value is not None}

    def over(self, shared: Own) -> Own:
        """With what all contenders share beneath: operators of the same name, and a fitness, win."""
        return Own(
            (*shared.operators, *self.operators),
            (*shared.classes, *self.classes),
            self.evaluate or shared.evaluate,
            self.needs or shared.needs,
            " ".join(filter(None, (shared.name, self.name))),
        )

    @contextmanager
    def brought(self) -> Iterator[list[Operator]]:
        """Makes its genomes and strategies known, to nobody after it; gives its operators.

        Raises:
            UserError: A file cannot be run, or something has the name of what is installed.
        """
        with brought_apart():
            for kind in self.classes:
                if issubclass(kind, Genome):
                    genome_name(kind)
                else:
                    named_strategy(kind)
            yield operators_from(self.operators)

    def marks(self, who: str) -> list[list[str]]:
        """What tells it from another, as texts: files by their content, all else by its source text.

        Args:
            who: The contender, for messages.

        Raises:
            UserError: A source cannot be read, and it has no name.
        """
        found = [self._mark_of(one, who) for one in self.operators]
        found += [["class", kind.__name__, self._source(kind, kind.__name__, who)] for kind in self.classes]
        return found + self.fitness_marks(who)

    def fitness_marks(self, who: str) -> list[list[str]]:
        """What tells its fitness from another; nothing where it has none of its own.

        Raises:
            UserError: Its source cannot be read, and it has no name.
        """
        if self.evaluate is None:
            return []
        source = self._source(self.evaluate, "evaluate", who)
        return [["evaluate", self.needs or "network", self.name, source]]

    def _mark_of(self, brought: Brought, who: str) -> list[str]:
        if isinstance(brought, FileText):
            return ["file", blake2b(brought.text, digest_size=16).hexdigest()]
        if isinstance(brought, Operator):
            said = (brought.name, brought.genome, brought.kind, str(brought.weight), self.name)
            return ["operator", *said, self._source(brought.function, brought.name, who)]
        raise TypeError(f"operators: a file is read before it is one's own, got {brought!r:.80}")

    def _source(self, thing: Any, what: str, who: str) -> str:
        source = source_of(thing)
        if source is None and not self.name:
            raise UserError(
                f"contender {who!r}: the source of {what!r} cannot be read, by which its searches are told "
                "from others: give name='...', and another one when it changes"
            )
        return source or ""


def read_operators(brought: Any) -> tuple[Brought, ...]:
    """Operators and Python files as `evonas.evolve` takes them, each file read now.

    Raises:
        UserError: A file cannot be read, or something is neither.
    """
    single = isinstance(brought, str | Path | FileText | Operator) or not isinstance(brought, Iterable)
    items = [brought] if single else list(brought)
    for item in items:
        if not isinstance(item, str | Path | FileText | Operator):
            operators_from([item])  # which says what it should have been
    return tuple(FileText.read(item) if isinstance(item, str | Path) else item for item in items)
