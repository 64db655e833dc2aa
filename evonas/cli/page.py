"""What goes to standard output: headings, paragraphs and tables, made for 80 columns."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from ..files import printable
from ..results import amount, fitness_text, share

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ..evolution import Candidate

INDENT = 2


class Page:
    """Prints to standard output as it is now; text stands as it is, whatever brackets are in it.

    What is not seen and steers a terminal is written out, so that a run from anybody cannot do it.
    """

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(file=sys.stdout, markup=False, highlight=False, emoji=False)
        self.width = self._console.width

    def line(self, text: str = "", *, bold: bool = False) -> None:
        """One line; it is never broken, so that a command or a path on it can be copied."""
        self._console.print(printable(text), style="bold" if bold else None, soft_wrap=True)

    def paragraph(self, text: str, indent: int = 0) -> None:
        """Text broken into lines, the later ones indented further."""
        first = " " * indent
        later = " " * (indent + INDENT)
        lines = textwrap.wrap(
            printable(text),
            self.width,
            initial_indent=first,
            subsequent_indent=later,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines:
            self.line(line)

    def section(self, title: str, *parts: str | Table) -> None:
        """A heading, and what belongs to it, indented."""
        from rich.padding import Padding

        self.line()
        self.line(title, bold=True)
        for part in parts:
            if isinstance(part, str):
                self.paragraph(part, INDENT)
            else:
                self._print(Padding(part, (0, 0, 0, INDENT)))

    def table(self, part: Table) -> None:
        """A table."""
        self._print(part)

    def commands(self, rows: Sequence[tuple[str, str]]) -> None:
        """Commands to go on with, each on one line that can be copied, and what they do.

        That stands beside them, or, where one of them is too long for it, as a comment above each.
        """
        width = max((len(command) for command, _ in rows), default=0)
        beside = all(INDENT + width + 2 + len(purpose) <= self.width for _, purpose in rows)
        self.line()
        self.line("Next", bold=True)
        for command, purpose in rows:
            lines = [f"{command:<{width}}  {purpose}"] if beside else [f"# {purpose}", command]
            for line in lines:
                self.line(" " * INDENT + line)

    def _print(self, thing: RenderableType) -> None:
        """Prints something of rich's without the spaces that it puts at the ends of lines."""
        with self._console.capture() as captured:
            self._console.print(thing)
        for line in captured.get().splitlines():
            print(line.rstrip())


def genotype_parts(summary: str) -> list[str]:
    """A genotype in paragraphs, such as one a cell, which can be copied as they stand.

    >>> genotype_parts("a+b | c+d")
    ['a+b |', 'c+d']
    """
    *parts, last = summary.split(" | ")
    return [*(f"{part} |" for part in parts), last]


def make_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Sequence[str] = (),
    names: Sequence[str] = (),
) -> Table:
    """A table without lines.

    Args:
        columns: Headings; if all are empty, none are shown.
        rows: Cells, as many as there are headings.
        right: Columns of numbers.
        names: Columns of names, which are not broken into lines.
    """
    from rich.table import Table

    shown = any(columns)
    made = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold", show_header=shown)
    for name in columns:
        justify: Literal["right", "left"] = "right" if name in right else "left"
        made.add_column(printable(name), justify=justify, overflow="fold", no_wrap=name in names)
    for row in rows:
        made.add_row(*map(printable, row))
    return made


def made_by(candidate: Candidate) -> str:
    """The operators that made a candidate, without the genome's name before each."""
    return " + ".join(
        short_name(name, candidate.genome.name) for name in candidate.genome.origin.operator.split("+")
    )


def short_name(operator: str, genome: str) -> str:
    """An operator without its genome's name in front, as tables name it."""
    return operator.removeprefix(f"{genome}-")


def best_table(best: Sequence[Candidate]) -> Table:
    """The best candidates: cost, inheritance and origin of each."""
    columns = ("id", "fitness", "params", "FLOPs", "inherited", "epochs", "operator", "parents")
    rows = []
    for candidate in best:
        outcome, origin = candidate.result, candidate.genome.origin
        if outcome is None:
            continue
        cells = (
            str(candidate.number),
            fitness_text(candidate.fitness),
            amount(outcome.parameters),
            amount(outcome.flops),
            share(outcome.inherited),
            f"{outcome.lineage_epochs:g}",
            made_by(candidate),
            " ".join(str(parent) for parent in origin.parents) or "-",
        )
        rows.append(cells)
    return make_table(columns, rows, right=columns[:6])
