"""What is said of a run both at its end and by `evonas show`: its best, and the time that it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results import duration, number_of
from .page import Page, best_table

if TYPE_CHECKING:
    from ..results import SearchResult
    from ..search import Pace
    from .survey import Survey

ALIKE = 0.1
"""Two times that differ by less, as a share of the longer, are told as one."""


def show_best(page: Page, result: SearchResult, found: Survey) -> None:
    """The best candidates, what the columns mean, and whether the best is any good."""
    parts = (meanings(result), hardly_better_than_chance(result, found))
    page.section("Best", best_table(found.best), *(part for part in parts if part))


def meanings(result: SearchResult) -> str:
    """What three columns are that do not say it."""
    trained = result.journal.meta().get("fitness", "training") == "training"
    fitness = "fitness: accuracy on the validation images; " if trained else ""
    return (
        f"{fitness}inherited: share of its weights that came from its parent; "
        "epochs: with those of the ancestors whose weights it inherited"
    )


def hardly_better_than_chance(result: SearchResult, found: Survey) -> str:
    """That the best may as well name one class always, and what to do; empty where it does more."""
    from ..data import guessing, share_of_commonest

    counts = result.journal.meta().get("counts", {})
    if not found.best or found.best[0].fitness is None or not counts:
        return ""
    if found.best[0].fitness > guessing(counts):
        return ""
    return (
        f"hardly better than chance: naming the most frequent class always is right on "
        f"{share_of_commonest(counts):.4f} of the {number_of(counts['validation'], 'validation image')}; "
        "search anew with more --epochs, or with more images"
    )


def time_taken(result: SearchResult, found: Survey) -> str:
    """How long a run took, and how long its evaluations did where that is another time."""
    sessions = sessions_of(result)
    whole, added_up = sum(pace.seconds for pace in sessions), found.seconds
    if not sessions or abs(whole - added_up) <= ALIKE * max(whole, added_up):
        return f"{duration(added_up)} of evaluation"
    workers = sorted({len(pace.usage.slots) for pace in sessions})
    several = f"{'up to ' * (len(workers) > 1)}{workers[-1]} workers"
    on = f" on {several}" if workers[-1] > 1 else ""
    return f"{duration(whole)} ({duration(added_up)} of evaluation{on})"


def sessions_of(result: SearchResult) -> list[Pace]:
    """What each session of a run did, as far as it was noted.

    Raises:
        UserError: The note is damaged.
    """
    from ..errors import UserError
    from ..search import NOTED, Pace

    try:
        return [Pace.from_dict(noted) for noted in result.journal.meta().get(NOTED, [])]
    except UserError as error:
        raise UserError(f"run {result.folder}: what is noted of its workers is damaged: {error}") from None
