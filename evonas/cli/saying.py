"""Plain lines of the command line. Whatever prints here says it by `say` or on a `Page`."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ..files import printable


def say(text: object = "", *, error: bool = False) -> None:
    """Prints a line at once; nothing in it steers the terminal.

    Args:
        text: What to print.
        error: Whether to standard error.
    """
    print(printable(str(text)), file=sys.stderr if error else sys.stdout, flush=True)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Warnings as lines for people, without the line of code that gave them."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: say(
            f"warning: {' '.join(str(message).split())}", error=True
        )
        yield
