"""Who is alive: what a run's strategy says when it has heard the run's history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UserError
from ..evolution import Result
from ..search import hearing
from ..settings import OperatorChoice, make_strategy

if TYPE_CHECKING:
    from ..evolution import Genome
    from ..results import SearchResult


def living(result: SearchResult) -> set[int]:
    """Numbers of the candidates that may still become parents.

    The history is replayed into the strategy, as a resume does, without asking it or any operator. Where
    that cannot be done (the strategy or an operator came from a file), it is those whose weights are kept.
    """
    try:
        return _replayed(result)
    except UserError:
        return set(result.journal.kept())


def _replayed(result: SearchResult) -> set[int]:
    strategy = make_strategy(result.settings, OperatorChoice((), None))
    untold: dict[int, Genome] = {}
    for number, event in result.journal.events():
        with hearing(result.journal, strategy, number):
            if isinstance(event, Result):
                genome = untold.pop(number)
                if event.fitness is not None:
                    genome.fitness.values = (event.fitness,)
                strategy.tell(genome)
            else:
                untold[number] = event
                strategy.asked(event)
    return strategy.living()
