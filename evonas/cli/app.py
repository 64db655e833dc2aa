"""The commands by name, and how the words after ``evonas`` reach them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .. import __version__
from ..errors import UserError, nearest
from . import (
    compare,
    doctor,
    draw,
    evolve,
    export,
    listing,
    predict,
    refine,
    report,
    resume,
    serve,
    show,
    table,
    train,
)
from .fresh import remove_unused
from .panels import grouped_command

COMMANDS: dict[str, Callable[..., None]] = {
    "evolve": evolve.evolve,
    "resume": resume.resume,
    "refine": refine.refine,
    "show": show.show,
    "report": report.report,
    "serve": serve.serve,
    "draw": draw.draw,
    "train": train.train,
    "compare": compare.compare,
    "table": table.table,
    "export": export.export,
    "predict": predict.predict,
    "list": listing.list_names,
    "doctor": doctor.doctor,
}

OFTEN: dict[str, Sequence[str]] = {
    "evolve": evolve.OFTEN,
    "resume": resume.OFTEN,
    "refine": refine.OFTEN,
    "train": train.OFTEN,
    "compare": compare.OFTEN,
}
"""Commands with so many options that help shows them in groups, and what stands first."""


class _Commands(TyperGroup):
    """The group of all commands; a misspelt one is answered with the nearest."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            raise UserError(f"command {args[0]!r} is unknown; {nearest(args[0], list(self.commands))}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"evonas {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def evonas(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Search for neural networks by evolution, train the best, and take it along.

    To begin: evonas evolve --genome amoeba
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


for _name, _function in COMMANDS.items():
    app.command(_name, cls=grouped_command(OFTEN[_name]) if _name in OFTEN else None)(_function)


def call(arguments: Sequence[str] | None = None) -> int:
    """Runs the command that the arguments name; raises what goes wrong."""
    command = typer.main.get_command(app)
    try:
        status = command.main(
            args=None if arguments is None else list(arguments), prog_name="evonas", standalone_mode=False
        )
    finally:
        remove_unused()
    return status if isinstance(status, int) else 0
