"""`evonas table`: tables of trained networks, made of official releases, and what is in one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UserError
from ..files import expanded
from ..results import number_of
from . import options
from .options import option
from .saying import say


def table(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|FOLDER",
            show_default=False,
            help="A release of NAS-Bench-201 (.pth) or NATS-Bench (.pickle.pbz2 or a folder); or a table.",
        ),
    ],
    output: Annotated[
        Path | None, option("FILE.csv", "The table to write of a release.", "--output", "-o")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make a table for --table, or look at one.

    Turns an official release into a table, or says what a table holds.

    A release is a pickle; it is read without running anything in it.
    """
    from ..tables import convert, read_table

    source = expanded(source)
    if source.suffix != ".csv":
        if output is None:
            raise UserError("output: expected the table to write, such as --output nasbench201.csv, got none")
        convert(source, expanded(output))
    elif output is not None:
        raise UserError(f"output: {source} is a table already")
    found = read_table(expanded(output) if output is not None else source)
    datasets = {
        name: {what: found.lengths(name, what) for what in ("valid", "test", "seconds")}
        for name in found.datasets
    }
    if as_json:
        say(json.dumps({"table": str(found.path), "genotypes": len(found.genotypes), "datasets": datasets}))
        return
    say(f"{found.path}: {number_of(len(found.genotypes), 'genotype')}")
    for name, lengths in datasets.items():
        figures = found.figures(name)
        told = [
            f"{what} after {', '.join(map(str, epochs))} epochs" for what, epochs in lengths.items() if epochs
        ]
        best = f"; best test {100 * figures.best_test:.2f} %" if figures.test else ""
        say(f"  {name}: {'; '.join(told)}{best}")
