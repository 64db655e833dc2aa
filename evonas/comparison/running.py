"""Running contenders times seeds, on several processes, with every finished search kept at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired, ProcessPool

from ..errors import UserError
from ..evolution import Operator
from ..search.executors import HiddenMainContext, check_may_start, cores, pack, unpack
from .contender import Contender
from .identity import check_run, run_folder
from .kept import Records
from .record import Record, record_of

if TYPE_CHECKING:
    from ..results import SearchResult

SECONDS_A_TASK = 5.0
"""Searches are handed out in bundles that take about so long, so that handing out costs nothing."""


@dataclass(frozen=True)
class Terms:
    """What all searches of a comparison share.

    Attributes:
        choices: Arguments of `evonas.evolve`, such as ``genome``, ``dataset``, ``table`` and ``budget``.
        protocol: By which every winner is trained from scratch, ``search`` or ``final``; empty for none.
        folder: Where runs are kept that train; None to keep them in memory.
    """

    choices: Mapping[str, Any]
    protocol: str = ""
    folder: Path | None = None


Task = tuple[Contender, int]


def run_all(
    tasks: Sequence[Task], terms: Terms, jobs: int, kept: Records, ended: Callable[[Record], None]
) -> None:
    """Runs searches, and keeps each record as it comes.

    Args:
        tasks: Contenders and seeds.
        terms: What all share.
        jobs: Processes; 1 for this one.
        kept: Gets every record.
        ended: Called with each.

    Raises:
        UserError: A search was refused.
    """
    for record in _run(tasks, terms, jobs):
        kept.add(record)
        ended(record)


def _run(tasks: Sequence[Task], terms: Terms, jobs: int) -> Iterator[Record]:
    if jobs == 1 or len(tasks) < 2:
        for task in tasks:
            yield run_one(*task, terms)
        return
    check_may_start()
    # The first search here: what is wrong with the terms shows before processes are started.
    first, *rest = tasks
    began = time.perf_counter()
    yield run_one(*first, terms)
    bundle = 1 + int(SECONDS_A_TASK / max(time.perf_counter() - began, 1e-3))
    bundle = min(bundle, 1 + len(rest) // (4 * jobs))
    waiting: set[Future[list[Record]]] = set()
    with ProcessPool(max_workers=jobs, context=HiddenMainContext()) as pool:
        try:
            for start in range(0, len(rest), bundle):
                packed = pack((rest[start : start + bundle], terms), "contenders", Path(), mapped=False)
                waiting.add(pool.schedule(_run_bundle, args=[packed]))
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        except ProcessExpired:
            raise UserError("jobs: a process that ran searches has died; what had ended is kept") from None
        finally:
            if waiting:  # interrupted or failed: nobody waits for a training to end
                pool.stop()  # type: ignore[no-untyped-call]


def _run_bundle(packed: bytes) -> list[Record]:
    tasks: Sequence[Task]
    try:
        tasks, terms = unpack(packed)
    except Exception as error:  # whatever the loading of a caller's own things raises
        raise UserError(
            f"jobs: what the contenders bring cannot be loaded in another process: {type(error).__name__}: "
            f"{error}; with 1 job it runs in this one"
        ) from None
    return [run_one(contender, seed, terms) for contender, seed in tasks]


def run_one(contender: Contender, seed: int, terms: Terms) -> Record:
    """One search.

    Raises:
        UserError: It was refused.
    """
    began = time.perf_counter()
    try:
        with contender.own.brought() as operators:
            result = _found(contender, operators, seed, terms)
            with closing(result.journal):
                record = _record(contender, result, seed, terms)
    except UserError as error:
        raise UserError(f"{contender.title}: {error}") from None
    return replace(record, seconds=time.perf_counter() - began, digest=contender.digest)


def _found(contender: Contender, operators: Sequence[Operator], seed: int, terms: Terms) -> SearchResult:
    """The search itself, gone on with where it is there already."""
    from ..api import evolve, resume
    from ..run.journal import FILE

    folder = None if terms.folder is None else run_folder(terms.folder, contender, seed)
    own: dict[str, Any] = {"operators": operators, **contender.own.fitness}
    if folder is not None and (folder / FILE).exists():
        check_run(folder, contender, seed, terms.choices)
        return resume(folder, **own)
    return evolve(config=contender.config, seed=seed, run=folder, **own, **terms.choices)


def _record(contender: Contender, result: SearchResult, seed: int, terms: Terms) -> Record:
    """What came of a search, its winner trained again where the terms say so."""
    from ..tables import read_table

    settings = result.settings
    figures = None
    if settings.table:
        figures = read_table(settings.table).figures(settings.dataset, settings.plan.epochs)
    record = record_of(result.journal.candidates(), contender.title, seed, figures)
    if terms.protocol and record.steps:  # one that found nothing has no winner
        record = replace(record, retrained=_retrained(result, terms, seed), protocol=terms.protocol)
    return record


def _retrained(result: SearchResult, terms: Terms, seed: int) -> float | None:
    """Test accuracy of a search's winner after a training from scratch; None where that diverged."""
    from ..results import train_finally
    from ..settings import protocol_plan
    from ..training import DivergenceError

    settings = result.settings
    data_dir, images = terms.choices.get("data_dir"), result.images
    data = images.choice(None if data_dir is None else Path(data_dir))
    # Images that have changed since would be tested on after they were trained on.
    dataset = images.find(data) if images.any else images.open(data, settings.dataset)
    plan = protocol_plan(settings, terms.protocol)
    try:
        trained = train_finally(result.best.genome, dataset, plan, settings.compute, seed)
    except DivergenceError:
        return None
    return float(trained.report["test_accuracy"])


def processes(jobs: int | None) -> int:
    """How many processes to use: what was asked for, or one on each core.

    Raises:
        UserError: It is not positive.
    """
    if jobs is not None and (not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1):
        raise UserError(f"jobs: expected a whole number of at least 1, got {jobs!r:.60}")
    return jobs or cores()
