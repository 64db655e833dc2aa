"""What determined a run and what it ran on, as names and values for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..results import duration, number_of, speed

if TYPE_CHECKING:
    from ..results import SearchResult

Pairs = list[tuple[str, str]]

SECTIONS = (
    ("best", "The best"),
    ("progress", "Progress"),
    ("cost", "Accuracy and cost"),
    ("genealogy", "Genealogy"),
    ("operators", "Operators"),
    ("curves", "Learning curves"),
    ("inherited", "Inheritance"),
    ("individuals", "Individuals"),
    ("failures", "Failures"),
    ("configuration", "Cost and configuration"),
)
"""Of the page, in their order."""

_LISTED = ("space", "tactics", "training", "final", "operators")


def headline(result: SearchResult) -> str:
    """A run in one line."""
    settings = result.settings
    where = f" on {Path(settings.dataset).name}" if settings.dataset else ""
    return (
        f"{settings.genome}{where}: {number_of(settings.budget, 'candidate')} by {settings.strategy}, "
        f"seed {settings.seed}"
    )


def fitness_name(meta: Mapping[str, Any]) -> str:
    """What fitness is in this run."""
    return "validation accuracy" if meta.get("fitness", "training") == "training" else "fitness"


def configuration(result: SearchResult, meta: Mapping[str, Any]) -> list[tuple[str, Pairs]]:
    """Headings, each with names and values."""
    settings = result.settings.to_dict()
    search = [(key, _text(value)) for key, value in settings.items() if key not in _LISTED]
    found = [
        ("Search", search),
        ("Search space", _pairs(settings["space"])),
        ("Strategy", _pairs(settings["tactics"])),
        ("Training of a candidate", _pairs(settings["training"])),
        ("Final training, where it differs", _pairs(settings["final"])),
        ("Operators' weights, where they differ", _pairs(settings["operators"])),
        ("Images", _images(result, meta)),
        ("Use of the machines", _usage(meta.get("usage", ()))),
        ("Versions", _pairs(meta.get("environment", {}))),
    ]
    return [(name, pairs) for name, pairs in found if pairs]


def _images(result: SearchResult, meta: Mapping[str, Any]) -> Pairs:
    from ..settings import said_of_validation

    if "task" not in meta:
        return []
    task = result.known_task()
    shape = f"{task.channels}×{task.height}×{task.width}"
    pairs = [("shape", shape), ("classes", str(task.classes)), ("fingerprint", str(meta.get("dataset", "")))]
    if "images" in meta:
        pairs.append(("what became of them", meta["images"]))
    if careful := said_of_validation(meta):
        pairs.append(("seen before", careful))
    if result.classes:
        pairs.append(("names of classes", ", ".join(result.classes[:20])))
    return pairs


def _usage(usage: Iterable[dict[str, Any]]) -> Pairs:
    """What executors noted of each session, in words; what cannot be read as that, as it stands."""
    return [(f"session {number}", _session(noted)) for number, noted in enumerate(usage, start=1)]


def _session(noted: dict[str, Any]) -> str:
    from ..search import Pace

    try:
        pace = Pace.from_dict(noted)
        done = f"{number_of(pace.candidates, 'candidate')} in {duration(pace.seconds)}"
        workers = [
            f"{slot.name}: {number_of(slot.candidates, 'candidate')}, busy for {duration(slot.busy)}"
            for slot in pace.usage.slots
        ]
        return "; ".join([", ".join([done, *speed(pace)]), *workers])
    except UserError:
        return _text(noted)


def _pairs(values: Mapping[str, Any]) -> Pairs:
    return [(str(key), _text(value)) for key, value in values.items()]


def _text(value: Any) -> str:
    """A value as a person writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value) if value != "" else "none"
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(_text(item) for item in value) or "none"
    return json.dumps(value, separators=(", ", ": "))


def cards(evaluated: int, budget: int, best: float | None, failed: int, seconds: float) -> Pairs:
    """The four figures at the top."""
    return [
        ("evaluated", f"{evaluated:,} of {budget:,}"),
        ("best fitness", "–" if best is None else f"{best:.4f}" if abs(best) < 1000 else f"{best:.6g}"),
        ("failed", f"{failed:,}"),
        ("time of evaluation", duration(seconds)),
    ]
