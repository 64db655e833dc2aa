"""Wrote run-before-the-move and run-before-the-move.json: runs that were stopped, and their whole histories.

    python tests/compatibility/make_runs.py

They were made by the commit before the modules had rooms (evonas/run.py was not yet evonas/run/run.py), and
are never made anew.
"""

import json
import os
import shutil
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path

import evonas

FOLDER = Path(__file__).with_name("run-before-the-move")
TABLE = "genet-table.csv"

STOP, BUDGET = 6, 12


def ratio(architecture, rng):
    """A ratio of whole numbers, the same on every machine."""
    whole = 7 * architecture.parameter_count() + 11 * architecture.flops() + 13 * len(architecture)
    return whole % 9973 / 9973


RUNS = {
    "function": {
        "genome": "amoeba",
        "population": 4,
        "sample": 2,
        "evaluate": ratio,
        "needs": "architecture",
        "config": {"genome": {"cells": 1, "filters": 4, "combinations": 2, "stages": 2}},
    },
    "table": {
        "genome": "genet",
        "table": TABLE,
        "population": 4,
        "config": {"genome": {"nodes": [4], "filters": [8], "hidden": 32}},
    },
    "training": {
        "genome": "graph",
        "strategy": "aging",
        "population": 3,
        "sample": 2,
        "train_limit": 160,
        "epochs": 1,
        "device": "cpu",
        "config": {"genome": {"filters": [2, 2, 4]}, "training": {"batch_size": 32}},
    },
}


def stop(candidate):
    if candidate.number + 1 == STOP:
        raise KeyboardInterrupt


def search(name, **more):
    return evonas.evolve(dataset="digits", budget=BUDGET, seed=4, **RUNS[name], **more)


def rows(result):
    """The history, without what it took."""
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]


def resumed(name, folder):
    """Goes on with one of the runs."""
    fitness = {key: value for key, value in RUNS[name].items() if key in ("evaluate", "needs")}
    return evonas.resume(folder, **fitness)


def make(name):
    """Stops a run and keeps it; gives what becomes of it where it goes on."""
    folder = FOLDER / name
    with suppress(KeyboardInterrupt):
        search(name, run=folder, watch=stop)
    connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
    connection.execute("VACUUM")
    connection.close()
    (folder / "run.lock").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as other:
        shutil.copytree(folder, Path(other) / name)
        whole = rows(resumed(name, Path(other) / name))
    assert whole == rows(search(name))  # as it would have gone without the stop
    return whole


def main():
    os.chdir(FOLDER.parent)  # so that the journal names the table without a path
    found = {name: make(name) for name in RUNS}
    FOLDER.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
