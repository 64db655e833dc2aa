"""Fitness from a table: the validation accuracy that somebody else's training has given."""

from __future__ import annotations

from ..errors import UserError
from ..evolution import DONE, Result
from ..search import Evaluator, Job
from .table import Figures, Table


class TableEvaluator(Evaluator):
    """Looks genotypes up. The test accuracy stays in the table: no search sees it.

    Args:
        table: The table.
        dataset: One of its datasets.
        epochs: The training that fitness comes from; by default the table's shortest.

    Raises:
        UserError: The table has no such dataset or length.
    """

    needs = "genome"

    def __init__(self, table: Table, dataset: str, epochs: int | None = None) -> None:
        self.figures: Figures = table.figures(dataset, epochs)
        self.path = table.path

    def evaluate(self, job: Job) -> Result:
        text = str(job.genome)
        fitness = self.figures.valid.get(text)
        if fitness is None:
            raise UserError(f"table {self.path}: it has no {self.figures.dataset} accuracy for {text}")
        seconds = self.figures.seconds.get(text)
        metrics = {} if seconds is None else {"training_seconds": seconds}
        return Result(DONE, fitness, metrics=metrics, lineage_epochs=float(self.figures.epochs))
