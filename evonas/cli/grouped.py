"""What the options of a command say, grouped as the library takes it, for all commands that have them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..files import expanded
from .figures import read_duration

if TYPE_CHECKING:
    from ..callbacks import Callback
    from ..settings import DataChoice, Machines


def choices(context: typer.Context, *names: str) -> dict[str, Any]:
    """Those of some options that say something; no value, or a flag that is not set, means the default."""
    said = {name: context.params[name] for name in names}
    return {name: value for name, value in said.items() if value is not None and value is not False}


def machines(context: typer.Context) -> Machines:
    """Where evaluations run; with none of the options, every core works.

    Raises:
        UserError: They do not go together, or one is none.
    """
    from ..settings import read_machines

    said = choices(context, "workers", "devices", "per_device", "device_memory", "timeout", "ray")
    if not {"workers", "devices", "ray"} & set(said):
        said["workers"] = "auto"
    if "timeout" in said:
        said["timeout"] = read_duration(said["timeout"], "timeout")
    return read_machines(**said)


def bring(files: list[Path] | None) -> None:
    """Makes genomes and strategies of a user's files known by name: a run is read by them.

    Raises:
        UserError: A file cannot be run, or has nothing of use.
    """
    if files:
        from ..evolution import operators_from

        operators_from(files)


def data(context: typer.Context) -> DataChoice:
    """How named datasets are found."""
    from ..settings import DataChoice

    folder = context.params["data_dir"]
    return DataChoice(
        None if folder is None else expanded(folder).resolve(), bool(context.params["download"])
    )


def logs(context: typer.Context, folder: Path) -> tuple[Callback, ...]:
    """What a search is logged to, as callbacks.

    Args:
        context: The command's, with ``csv``, ``tensorboard`` and ``mlflow``.
        folder: The run folder.

    Raises:
        UserError: A file cannot be written, or an extra is not installed.
    """
    from ..callbacks import CsvLog, MlflowLog, TensorBoardLog

    said = choices(context, "csv", "tensorboard", "mlflow")
    found: list[Callback] = []
    if "csv" in said:
        found.append(CsvLog(Path(said["csv"])))
    if "tensorboard" in said:
        found.append(TensorBoardLog(folder / "tensorboard"))
    if "mlflow" in said:
        found.append(MlflowLog(said["mlflow"], name=folder.name))
    return tuple(found)
