"""A report: one HTML file with everything in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..api import load
from ..errors import UserError
from ..evolution import FAILED
from ..run.journal import SqliteJournal
from ..settings import drawn_from
from .facts import cards, configuration, fitness_name, headline
from .living import living
from .page import render
from .pictures import KINDS, Pictures, pictures_of
from .rows import Row, field, lineage, pareto_front, ranked, row_of

if TYPE_CHECKING:
    from ..results import SearchResult

DRAWN = 60
"""Individuals that a file has drawings of, unless told otherwise."""
BYTES_OF_DRAWINGS = 12_000_000
"""Of SVG text in a file; packed, it is about a tenth of that."""
CURVES = 20
"""Learning curves of so many best are in a file, besides those of individuals that are drawn."""


def write_report(run: str | Path, output: str | Path, drawings: int = DRAWN) -> Path:
    """Writes what a run has come to into one HTML file that needs no network.

    Args:
        run: The run folder; the run may be going on.
        output: Where to; it ends in ``.html``. A file that is there is replaced.
        drawings: Individuals that are drawn, at most: the best, the Pareto fronts, the best's lineage, the
            living, in this order.

    Returns:
        The file.

    Raises:
        UserError: No readable run is there, or the file cannot be written.
    """
    with closing((result := load(run)).journal):
        path = _checked(Path(output), drawings)
        path.write_text(report_html(result, drawings), encoding="utf-8")
    return path


def _checked(path: Path, drawings: int) -> Path:
    """Checks where a report goes and what is in it, before the work."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"report: expected a file that ends in .html, got {str(path)!r}")
    if not path.parent.is_dir():
        raise UserError(f"report: expected a folder that exists, got {str(path.parent)!r}")
    if not isinstance(drawings, int) or isinstance(drawings, bool) or drawings < 0:
        raise UserError(f"drawings: expected a whole number of at least 0, got {drawings!r}")
    return path


def report_html(result: SearchResult, drawings: int = DRAWN) -> str:
    """The same as text, from a result whose journal is open."""
    rows: list[Row] = []
    curves: dict[int, Any] = {}
    for candidate in result.journal.candidates():
        rows.append(row_of(candidate))
        if candidate.result is not None and candidate.result.curve:
            curves[candidate.number] = candidate.result.curve
    order = ranked(rows)
    alive = living(result)
    chosen = list(dict.fromkeys(_worth_drawing(rows, order, alive)))[:drawings]
    pictures = _pictures(result, chosen)
    shown = {*chosen, *order[:CURVES]}
    done = sum(field(row, "status") != "pending" for row in rows)
    failed = sum(field(row, "status") == FAILED for row in rows)
    seconds = sum(field(row, "seconds") for row in rows)
    best = field(rows[order[0]], "fitness") if order else None
    data = {
        "info": info(result),
        "rows": rows,
        "living": sorted(alive),
        "curves": {number: curves[number] for number in sorted(shown & curves.keys())},
        "pictures": pictures,
    }
    return render(
        title=title(result),
        headline=headline(result),
        folder=str(result.folder),
        figures=cards(done, result.settings.budget, best, failed, seconds),
        configuration=configuration(result, meta_of(result)),
        data=data,
    )


def title(result: SearchResult) -> str:
    """What a run is called."""
    return result.folder.resolve().name if result.folder is not None else "A search in memory"


def meta_of(result: SearchResult) -> dict[str, Any]:
    """What was noted of a run when it began."""
    return result.journal.meta() if isinstance(result.journal, SqliteJournal) else {}


def info(result: SearchResult) -> dict[str, Any]:
    """What the scripts have to know besides candidates."""
    noted = meta_of(result)
    return {
        "genome": result.settings.genome,
        "budget": result.settings.budget,
        "fitness_name": fitness_name(noted),
        "folder": str(result.folder),
        "operators": drawn_from(noted.get("variation", {})),
    }


def _worth_drawing(rows: list[Row], order: list[int], alive: set[int]) -> Iterator[int]:
    """Who is drawn, those before others that a reader asks for first."""
    yield from order[:5]
    front = pareto_front(rows)
    yield from front[::-1]
    if order:
        yield from lineage(rows, order[0])[::-1]
    yield from pareto_front(rows, "flops")[::-1]
    yield from (number for number in order if number in alive)


def _pictures(result: SearchResult, numbers: list[int]) -> dict[int, Pictures]:
    """Drawings of some, the network of the best few only: it is the largest, and the change shows it too."""
    found: dict[int, Pictures] = {}
    size = 0
    for place, number in enumerate(numbers):
        if size > BYTES_OF_DRAWINGS:
            break
        kinds = KINDS if place < 5 else ("genotype", "change")
        found[number] = pictures_of(result, number, kinds)
        size += sum(map(len, found[number].values()))
    return found
