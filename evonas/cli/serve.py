"""`evonas serve`: a run's page, live."""

from __future__ import annotations

from typing import Annotated

import typer

from . import grouped, options
from .options import option
from .saying import say


def serve(
    folder: options.RunFolder,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", help="0 takes any that is free.")] = 8800,
    allow_host: Annotated[
        list[str] | None,
        option("NAME", "A further name under which browsers may ask for the page. May be repeated."),
    ] = None,
    operators: options.OwnFiles = None,
) -> None:
    """Show a run in the browser while it runs.

    The page of `evonas report`, kept up to date, that draws any individual on request. Only this machine
    can open it unless --host says otherwise; it only reads.
    """
    from ..serving import LOCAL
    from ..serving import serve as run_server

    def ready(address: str) -> None:
        say(f"{folder}: open {address} (Ctrl-C stops)")
        if host not in LOCAL:
            say(f"warning: whoever reaches {host} can read this run", error=True)

    grouped.bring(operators)
    run_server(folder, host, port, allow_host or (), ready)
