"""Run folders as records: runs that differ in nothing but their seed are searches of one contender."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..run import FINAL
from ..settings import Settings
from ..tables import Figures, read_table
from .record import Record, record_of

APART = ("seed", "budget", "device", "precision", "threads", "recipe", "start")
"""Settings that make no other contender."""


def read_runs(folders: Sequence[Path]) -> tuple[list[Record], Figures | None, Settings]:
    """The records of run folders.

    Args:
        folders: Each holds a run, finished or not.

    Returns:
        The records; the table that they share, where fitness came from one; the settings of the first.

    Raises:
        UserError: A folder holds no run, or one of other images.
    """
    from ..api import load

    found: list[tuple[Path, Settings, Record]] = []
    for folder in folders:
        result = load(folder)
        with closing(result.journal):
            settings = result.settings
            record = record_of(result.journal.candidates(), "", settings.seed, _figures(settings))
        if not record.evaluations:
            raise UserError(f"run {folder}: nothing was evaluated yet")
        found.append((folder, settings, _with_final(record, folder)))
    first = found[0][1]
    for folder, settings, _ in found:
        for name in ("dataset", "table"):
            own, expected = getattr(settings, name), getattr(first, name)
            if own != expected:
                raise UserError(
                    f"run {folder}: expected {name} {expected!r} as of {found[0][0]}, got {own!r}"
                )
    names = _names([settings for _, settings, _ in found])
    records = [replace(record, contender=name) for name, (_, _, record) in zip(names, found, strict=True)]
    return records, _figures(first), first


def _figures(settings: Settings) -> Figures | None:
    if not settings.table:
        return None
    return read_table(settings.table).figures(settings.dataset, settings.plan.epochs)


def _with_final(record: Record, folder: Path) -> Record:
    """With the test accuracy of the run's final training, where there was one from scratch."""
    path = folder / FINAL / "final.json"
    if not path.exists():
        return record
    report = json.loads(path.read_text(encoding="utf-8")).get("report", {})
    if report.get("began", "from scratch") != "from scratch":
        return record
    return replace(record, retrained=report["test_accuracy"], protocol=report.get("protocol", ""))


def _names(all_settings: Sequence[Settings]) -> list[str]:
    """What tells runs apart: the strategy, and every other setting in which some differ."""
    flat = [_flat(settings.to_dict()) for settings in all_settings]
    keys = {key for one in flat for key in one if key != "strategy"}
    differing = sorted(key for key in keys if len({json.dumps(one.get(key)) for one in flat}) > 1)
    # A setting that only one strategy has tells nothing that the strategy does not.
    telling = [
        key
        for key in differing
        if any(a["strategy"] == b["strategy"] and a.get(key) != b.get(key) for a in flat for b in flat)
    ]
    return [
        " ".join([one["strategy"], *(f"{key}={one[key]}" for key in telling if key in one)]) for one in flat
    ]


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """All settings by dotted names, those left aside that make no difference."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if not prefix and key in APART:
            continue
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found
