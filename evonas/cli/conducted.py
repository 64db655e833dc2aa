"""How a search goes, as the options say it that all commands that search have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from . import grouped
from .session import Output

if TYPE_CHECKING:
    from ..api import Course
    from ..callbacks import Callback
    from ..settings import Machines, OperatorChoice


@dataclass(frozen=True)
class Conduct:
    """How much is said, where evaluations run and by what genotypes vary.

    Attributes:
        output: How much is said, for how long.
        seconds: The limit of time; None for none.
        machines: Where evaluations run.
        operators: By what genotypes vary.
    """

    output: Output
    seconds: float | None
    machines: Machines
    operators: OperatorChoice

    def course(self, folder: Path, logs: Iterable[Callback] = ()) -> Course:
        """The course of a search in a folder, with what it is logged to."""
        from ..api import Course

        return Course(folder, self.machines, self.seconds, callbacks=tuple(logs))


def read_conduct(context: typer.Context) -> Conduct:
    """From ``quiet``, ``as_json``, ``max_time``, ``finish``, ``operators`` and the options of machines.

    Raises:
        UserError: One is of no use, or they do not go together.
    """
    from ..evolution import operators_from
    from ..settings import OperatorChoice

    said = context.params
    output = Output(said["quiet"], said["as_json"], said["max_time"], said["finish"])
    seconds, machines = output.seconds, grouped.machines(context)
    return Conduct(output, seconds, machines, OperatorChoice(tuple(operators_from(said["operators"] or ()))))
