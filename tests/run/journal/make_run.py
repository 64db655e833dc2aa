"""Writes a run folder of the current format, to be kept as a test asset when a version is released.

    python tests/run/journal/make_run.py FOLDER

A search of real trainings, with its weights; FOLDER.json beside it is what was read of it when it was
written. Folders of released formats are never written anew.
"""

import json
import os
import sqlite3
import sys
from pathlib import Path

import numpy as np

import evonas

BUDGET, MORE = 7, 10


def images(folder):
    """The images of the run, which are drawn anew for each test."""
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = rng.integers(0, 120, (90, 8, 8, 3)) + 50 * y[:, None, None, None]
    path = Path(folder) / "images.npz"
    np.savez(path, x_train=x.astype(np.uint8), y_train=y)
    return path


def main(folder):
    os.chdir(folder.parent)  # so that the journal names the images without a path
    images(Path())
    genome = {"cells": 1, "filters": 2, "combinations": 1, "stages": 1}
    result = evonas.evolve(
        "amoeba", "./images.npz", budget=BUDGET, population=3, sample=2, seed=5, epochs=1,
        device="cpu", run=folder, config={"genome": genome, "training": {"batch_size": 32}},
    )  # fmt: skip
    rows = [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]
    kept = {str(number): stored.file for number, stored in result.journal.kept().items()}
    result.journal.close()
    connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
    connection.execute("VACUUM")
    connection.close()
    (folder / "run.lock").unlink()
    (folder.parent / f"{folder.name}.json").write_text(json.dumps({"rows": rows, "kept": kept}, indent=1))
    (folder.parent / "images.npz").unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
