"""Run folders as records: runs that differ in nothing but their seed are searches of one contender."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import expanded
from ..results import SearchResult, read_description, whole_report
from ..run import DESCRIPTION, FINAL
from ..settings import Settings, protocol_plan
from ..tables import Figures, read_table
from .record import Record, record_of
from .same_images import Began, check_same_images

APART = ("seed", "device", "threads", "recipe", "keep", "dataset")
"""Settings that make no other contender: which search of it this is, where it ran, what it was called, and
where its images lay, which are the same."""


@dataclass(frozen=True)
class Runs:
    """What run folders hold.

    Attributes:
        records: Of the folders, in their order.
        figures: The table that they share, where fitness came from one.
        settings: Of the first.
        accuracies: Whether fitness is an accuracy, and no function of somebody's own.
        remarks: What was left aside, in words.
        fitness: By contender, who gave its fitness, in a word.
    """

    records: list[Record]
    figures: Figures | None
    settings: Settings
    accuracies: bool
    remarks: list[str]
    fitness: dict[str, str]


@dataclass(frozen=True)
class _Found:
    """A run: where it is, what it noted when it began, and what came of it."""

    folder: Path
    settings: Settings
    meta: Mapping[str, Any]
    record: Record
    remark: str

    @property
    def began(self) -> Began:
        """How it began."""
        return Began(self.folder, self.settings, self.meta)


def read_runs(folders: Sequence[Path]) -> Runs:
    """The records of run folders.

    Args:
        folders: Each holds a run, finished or not.

    Raises:
        UserError: A folder holds no run, or one of other images, or a search that another one holds, too.
    """
    _check_once(folders)
    found = [_read(folder) for folder in folders]
    first = found[0]
    for one in found:
        check_same_images(first.began, one.began)
    searches: dict[tuple[str, int], Path] = {}
    records, fitness = [], {}
    for name, one in zip(_names(found), found, strict=True):
        place = name, one.settings.seed
        if place in searches:
            raise UserError(
                f"run {one.folder}: {searches[place]} holds the same search (seed {place[1]}); "
                "give one of them"
            )
        searches[place] = one.folder
        records.append(replace(one.record, contender=name))
        fitness[name] = str(one.meta.get("fitness"))
    accuracies = all(one.meta.get("fitness") in ("training", "table") for one in found)
    remarks = [one.remark for one in found if one.remark]
    return Runs(records, _figures(first.settings), first.settings, accuracies, remarks, fitness)


def _check_once(folders: Sequence[Path]) -> None:
    """Refuses a folder that is given twice, by whatever path: it would count as two searches."""
    known: dict[Path, Path] = {}
    for folder in folders:
        place = expanded(folder).resolve()
        if place in known:
            raise UserError(f"run {folder}: expected every run once, got {known[place]} already")
        known[place] = folder


def _read(folder: Path) -> _Found:
    from ..api import load

    result = load(folder)
    with closing(result.journal):
        settings = result.settings
        record = record_of(result.journal.candidates(), "", settings.seed, _figures(settings))
        if not record.evaluations:
            raise UserError(f"run {folder}: nothing was evaluated yet")
        record, remark = _with_final(record, result, folder)
        return _Found(folder, settings, result.journal.meta(), record, remark)


def _figures(settings: Settings) -> Figures | None:
    if not settings.table:
        return None
    return read_table(settings.table).figures(settings.dataset, settings.plan.epochs)


def _with_final(record: Record, result: SearchResult, folder: Path) -> tuple[Record, str]:
    """With the test accuracy of its winner, trained from scratch; or why there is none, in words."""
    path = folder / FINAL / DESCRIPTION
    if not path.is_file() or not record.steps:
        return record, ""
    data = read_description(path)
    report = whole_report(path, data)
    if report.get("began", "from scratch") != "from scratch":
        return record, ""
    if report.get("images_differ"):
        return record, f"{path} was trained on other images than its search: it is left aside"
    if report.get("test_images_left_out"):
        return record, f"{path} was tested on a part of its test images alone: it is left aside"
    winner = result.best.id
    if report.get("candidate", winner) != winner:
        return record, (
            f"{path} is of candidate {report['candidate']}, and the winner is {winner}: it is left aside"
        )
    protocol = _protocol(data, report, result.settings)
    return replace(record, retrained=report["test_accuracy"], protocol=protocol), ""


def _protocol(data: Mapping[str, Any], report: Mapping[str, Any], settings: Settings) -> str:
    """The protocol, with what was chosen otherwise than it says."""
    protocol = report.get("protocol", "")
    told = [protocol] if protocol else []
    epochs = report.get("plan", {}).get("epochs")
    if protocol and epochs not in (None, protocol_plan(settings, protocol).epochs):
        told.append(f"epochs {epochs}")
    space = data.get("genome", {}).get("space", {})
    told += [f"{key} {value}" for key, value in space.items() if settings.space.get(key, value) != value]
    return ", ".join(told)


def _names(found: Sequence[_Found]) -> list[str]:
    """What tells runs apart: the strategy, and every other thing in which some differ."""
    flat = [_known(one) for one in found]
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


def _known(found: _Found) -> dict[str, Any]:
    """All that makes a run another contender, by dotted names."""
    settings = {key: value for key, value in found.settings.to_dict().items() if key not in APART}
    if isinstance(settings["start"], Mapping):
        settings["start"] = _mark(settings["start"])
    variation = found.meta.get("variation", {})
    used = [[name, weight] for name, weight, _ in variation.get("operators", ())]
    given = found.meta.get("given")
    return _flat(settings) | {
        "fitness": found.meta.get("fitness"),
        "operators used": _mark([used, variation.get("registered")]),
        "weights": None if given is None else given["digest"][:8],
    }


def _mark(thing: Any) -> str:
    """Something long, in a few letters."""
    return blake2b(json.dumps(thing, sort_keys=True).encode(), digest_size=4).hexdigest()


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by dotted names."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found
