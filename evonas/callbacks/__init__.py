"""What is told of a search while it runs, and to whom.

A `Callback` hears of the beginning, of each candidate, of each generation and of the end; where a run goes
on, also of what was done before. Give some to `evonas.evolve(..., callbacks=[...])`; on the command line,
``--csv``, ``--tensorboard`` and ``--mlflow`` do.

- `CsvLog`: a line for each candidate in a file.
- `TensorBoardLog` (``evonas[tensorboard]``): curves for TensorBoard.
- `MlflowLog` (``evonas[mlflow]``): parameters, metrics and the best for MLflow.

A callback only listens: what it does changes nothing in the search. One that raises ends the search, since to
lose a night's log unnoticed would be worse; what was evaluated is kept, and the run can be resumed. All hear
of the end, even where one of them raises then.
"""

from __future__ import annotations

from .base import Callback, Callbacks, Generation
from .csv_log import CsvLog
from .mlflow_log import MlflowLog
from .past import Past
from .tensorboard_log import TensorBoardLog

__all__ = [
    "Callback",
    "Callbacks",
    "CsvLog",
    "Generation",
    "MlflowLog",
    "Past",
    "TensorBoardLog",
]
