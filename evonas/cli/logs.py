"""The options that say what a search is logged to, as callbacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..callbacks import Callback


def read_logs(folder: Path, csv: Path | None, tensorboard: bool, mlflow: str | None) -> list[Callback]:
    """The callbacks that the options name.

    Args:
        folder: The run folder.
        csv: A file.
        tensorboard: Whether curves are written into the run folder.
        mlflow: MLflow's address.

    Raises:
        UserError: A file cannot be written, or an extra is not installed.
    """
    from ..callbacks import CsvLog, MlflowLog, TensorBoardLog

    logs: list[Callback] = []
    if csv is not None:
        logs.append(CsvLog(csv))
    if tensorboard:
        logs.append(TensorBoardLog(folder / "tensorboard"))
    if mlflow is not None:
        logs.append(MlflowLog(mlflow, name=folder.name))
    return logs
