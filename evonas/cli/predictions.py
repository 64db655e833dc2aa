"""What images were taken for, as `evonas predict` prints it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..results import number_of
from .page import Page, make_table

if TYPE_CHECKING:
    from ..prediction import ClassScore, Predictions

SHOWN = 20
"""So many images, and so many classes, are shown; the file of --out has all."""

CONFUSED = 5


def as_object(found: Predictions, top: int) -> dict[str, Any]:
    """All of it, for JSON."""
    rows = []
    for place, name in enumerate(found.names):
        best = found.top(place, top)
        row: dict[str, Any] = {"image": name, "predicted": best[0][0], "probability": best[0][1]}
        if top > 1:
            row["top"] = [{"class": label, "probability": share} for label, share in best]
        if found.labels is not None:
            row["class"] = found.classes[found.labels[place]]
        rows.append(row)
    said = {"classes": list(found.classes), "seen": found.seen, "said": list(found.said), "images": rows}
    if found.labels is None:
        return said
    scores = [
        {
            "class": one.name,
            "images": one.images,
            "predicted": one.predicted,
            "right": one.right,
            "recall": one.recall,
            "precision": one.precision,
        }
        for one in found.by_class()
    ]
    return {
        **said,
        "accuracy": found.accuracy,
        "wrong": len(found.wrong),
        "by_class": scores,
        "confusion": found.confusion.tolist(),
    }


def show(found: Predictions, title: str, images: str, top: int, written: Path | None) -> None:
    """Prints what matters of it, for people."""
    page = Page()
    careful = [line for line in found.said if line.startswith("careful")]
    done = [line for line in found.said if line not in careful]
    page.line(title)
    page.line(f"{number_of(len(found), 'image')} of {images}" + (f": {', '.join(done)}" if done else ""))
    for line in careful:
        page.line(line)
    if found.seen:
        page.line(
            f"careful: the search has seen {found.seen:,} of these {len(found):,}, or images equal to them"
        )
    if found.labels is None:
        _table(page, found, list(range(len(found))), top, "")
    else:
        _show_scores(page, found, top)
    if written is not None:
        page.line()
        page.line(f"{written}: all images, all probabilities")


def _show_scores(page: Page, found: Predictions, top: int) -> None:
    wrong = found.wrong.tolist()
    page.line(f"accuracy {found.accuracy:.4f} on {number_of(len(found), 'image')}, {len(wrong):,} wrong")
    scores = [one for one in found.by_class() if one.images or one.predicted]
    shown = scores
    if len(scores) > SHOWN:
        shown = sorted(scores, key=lambda one: 1.0 if one.recall is None else one.recall)[:SHOWN]
    columns = ("class", "images", "right", "recall", "taken for it", "precision")
    table = make_table(columns, map(_score, shown), right=columns[1:])
    many = f" (the {SHOWN} of {len(scores):,} with the lowest recall)" if shown is not scores else ""
    page.section(f"Classes{many}", table)
    if not wrong:
        return
    confused = found.confused(CONFUSED)
    rows = [(a, b, f"{count:,}") for a, b, count in confused]
    page.section(
        "Most often taken for another", make_table(("class", "taken for", "images"), rows, ("images",))
    )
    _table(page, found, wrong, top, "Wrong")


def _score(one: ClassScore) -> tuple[str, ...]:
    recall, precision = ("-" if share is None else f"{share:.4f}" for share in (one.recall, one.precision))
    return one.name, f"{one.images:,}", f"{one.right:,}", recall, f"{one.predicted:,}", precision


def _table(page: Page, found: Predictions, places: list[int], top: int, title: str) -> None:
    """Some images and what they were taken for, of many the first."""
    labelled = found.labels is not None
    columns = ("image", *(("class",) if labelled else ()), "taken for", "probability")
    rows = []
    for place in places[:SHOWN]:
        own = [found.classes[found.labels[place]]] if found.labels is not None else []
        for rank, (label, share) in enumerate(found.top(place, top)):
            first = [found.names[place], *own] if not rank else [""] * (1 + len(own))
            rows.append((*first, label, f"{share:.4f}"))
    table = make_table(columns, rows, right=("probability",))
    more = len(places) - SHOWN
    parts = [table, f"and {more:,} more (--out FILE.csv has all)"] if more > 0 else [table]
    page.section(title or "Images", *parts)
