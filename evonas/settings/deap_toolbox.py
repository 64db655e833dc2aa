"""`evonas.toolbox`: everything that DEAP's own algorithms need, with real training behind `evaluate`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..evolution import Brought, Genome, Toolbox, genome_name, operators_from
from ..search import Needs, UserFunction
from ..seeds import guarded
from .assembly import workbench
from .composition import resolve
from .deap_loop import LoopEvaluation
from .operator_choice import OperatorChoice
from .order import read_order, said


def toolbox(
    genome: str | type[Genome],
    dataset: str | None = None,
    *,
    operators: Brought | Iterable[Brought] = (),
    evaluate: UserFunction | None = None,
    needs: Needs | None = None,
    config: str | Path | Mapping[str, Any] | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
    **choices: Any,
) -> Toolbox:
    """A toolbox for DEAP's own algorithms, or for a search of evonas that you change.

    It has `individual`, `population`, `clone`, `evaluate`, `mutate`, `mate` and `select`. `evaluate` trains:
    an individual whose ancestor was evaluated starts with its weights, as the recipe's ``inherit`` says.
    `mate` refuses every pair, with a `UserError` that says so, where the genome has no crossover
    (``evonas list operators --genome NAME``). Everything but `evaluate` draws from the global `random`; that
    draws from the toolbox's seed.

    Args:
        genome: Its name, or its class.
        dataset: As of `evonas.evolve`.
        operators: Of your own, beside the installed ones.
        evaluate: A fitness of your own, as of `evonas.evolve`.
        needs: What it is given.
        config: A recipe file, or its tables.
        data_dir: Where named datasets are kept.
        download: Fetch a named dataset that is not there.
        choices: As of `evonas.evolve`, such as ``recipe``, ``epochs``, ``seed``, ``train_limit``.

    Raises:
        UserError: A choice is unknown or refused, or the data cannot be used.
    """
    asked = said(
        genome=genome_name(genome),
        dataset=dataset,
        evaluate=evaluate,
        needs=needs,
        config=config,
        data_dir=data_dir,
        **choices,
    )
    with guarded(0):  # what is imported may draw from the generator that the caller has seeded
        order = read_order(asked, download)
        settings = resolve(order.recipe, order.fitness.uses_images)
        bench = workbench(settings, order.fitness, order.data)
        if bench.task is not None:
            settings = settings.for_task(bench.task)
    made = OperatorChoice(tuple(operators_from(operators))).toolbox_for(settings)
    made.ship("evaluate", LoopEvaluation(bench.evaluator, settings.seed))
    made.asked = asked
    return made
