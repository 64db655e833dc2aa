"""The command line: `evonas evolve`, `resume`, `show`, `draw`, `train`, `export`, `predict` and the others.

`app` names the commands; each has a file of its own that reads its options and calls the library. Everything
heavy is imported inside functions, so that ``evonas --help`` starts at once. Results go to standard output,
progress and errors to standard error. Exit status: 0, or 2 for bad input, 1 for what the system refuses (a
full disk) or a training that fails, 130 after Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: The words after ``evonas``; by default those of the process.

    Returns:
        The exit status.
    """
    from .errors import reported

    def run() -> int:
        from .app import call

        return call(arguments)

    return reported(run)
