"""Runs by their folders: which are searches of one contender, and what their winners came to."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evonas.genomes.genet import GenetGenome, GenetSpace

import evonas
from evonas.comparison.folders import Runs, read_runs
from evonas.errors import UserError


def ones(genome: Any, rng: random.Random) -> float:
    """A fitness that takes no time."""
    return str(genome).count("1") / 100


def run(folder: Path, seed: int = 0, **choices: Any) -> Path:
    given = {"genome": "genet", "strategy": "random", "budget": 4, **choices}
    evonas.evolve(evaluate=ones, needs="genome", seed=seed, run=folder, **given).journal.close()
    return folder


def names(runs: Runs) -> list[tuple[str, int]]:
    return [(record.contender, record.seed) for record in runs.records]


def test_runs_that_differ_in_the_seed_are_one_contender(tmp_path: Path) -> None:
    runs = read_runs(
        [run(tmp_path / "a", 0), run(tmp_path / "b", 1), run(tmp_path / "c", 0, strategy="genetic")]
    )
    assert names(runs) == [("random", 0), ("random", 1), ("genetic", 0)]
    assert not runs.accuracies and runs.figures is None and not runs.remarks


def test_runs_of_other_budgets_and_starts_are_others(tmp_path: Path) -> None:
    start = GenetGenome.random(GenetSpace(), random.Random(0)).to_dict()
    folders = [
        run(tmp_path / "short"),
        run(tmp_path / "long", budget=6),
        run(tmp_path / "given", start=start),
    ]
    found = names(read_runs(folders))
    assert len({name for name, _ in found}) == 3
    assert "budget=4" in found[0][0] and "budget=6" in found[1][0]
    assert "start=None" in found[0][0] and len(found[2][0]) < 50


def test_a_run_counts_once(tmp_path: Path) -> None:
    """Neither by another path, nor as a copy, nor begun again elsewhere."""
    one = run(tmp_path / "one")
    (tmp_path / "link").symlink_to(one)
    for again in (one, tmp_path / "link", tmp_path / "one" / ".." / "one"):
        with pytest.raises(UserError, match="expected every run once, got .*one already"):
            read_runs([one, again])
    shutil.copytree(one, tmp_path / "copy")
    for again in (tmp_path / "copy", run(tmp_path / "other")):
        with pytest.raises(UserError, match=r"one holds the same search \(seed 0\); give one of them"):
            read_runs([one, again])


def trained(folder: Path, **report: Any) -> Path:
    """A run with what `evonas train` notes of a final training."""
    (folder / "final").mkdir(exist_ok=True)
    space = {"filters": report.pop("filters", [8, 16, 32])}
    known = {"test_accuracy": 0.75, "test_images": 9, "dataset": "digits", "parameters": 1}
    said = {**known, "began": "from scratch", "protocol": "final", **report}
    text = json.dumps({"format": 1, "report": said, "genome": {"space": space}})
    (folder / "final" / "final.json").write_text(text, encoding="utf-8")
    return folder


def test_a_final_training_of_the_winner(tmp_path: Path) -> None:
    one = run(tmp_path / "one")
    best = evonas.load(one).best.id
    for report, accuracy, protocol in [
        ({}, 0.75, "final"),
        ({"candidate": best}, 0.75, "final"),
        ({"candidate": best, "protocol": "search"}, 0.75, "search"),
        ({"plan": {"epochs": 1}}, 0.75, "final, epochs 1"),
        ({"filters": [16, 32, 64]}, 0.75, "final, filters [16, 32, 64]"),
        ({"began": "with the weights of the search"}, None, ""),
    ]:
        (record,) = read_runs([trained(one, **report)]).records
        assert (record.retrained, record.protocol) == (accuracy, protocol)


def test_a_final_training_of_another_candidate_is_left_aside(tmp_path: Path) -> None:
    one = run(tmp_path / "one")
    best = evonas.load(one).best.id
    runs = read_runs([trained(one, candidate=best + 1)])
    assert runs.records[0].retrained is None
    assert [remark.removeprefix(str(one)) for remark in runs.remarks] == [
        f"/final/final.json is of candidate {best + 1}, and the winner is {best}: it is left aside"
    ]


def test_a_final_training_that_was_tested_on_a_part_is_left_aside(tmp_path: Path) -> None:
    one = run(tmp_path / "one")
    runs = read_runs([trained(one, test_images_seen=3, test_images_left_out=3)])
    assert runs.records[0].retrained is None
    assert runs.remarks[0].endswith("was tested on a part of its test images alone: it is left aside")


# -- images ------------------------------------------------------------------------------------------


def on_images(folder: Path, dataset: Path, seed: int = 0, **choices: Any) -> Path:
    """A run whose fitness is of networks for images, and takes no time."""
    given = {"genome": "genet", "strategy": "random", "budget": 2, **choices}
    evonas.evolve(
        evaluate=parameters, needs="architecture", seed=seed, run=folder, dataset=str(dataset), **given
    ).journal.close()
    return folder


def parameters(architecture: Any, rng: random.Random) -> float:
    return float(architecture.parameter_count())


def images(path: Path, seed: int = 0, count: int = 30) -> Path:
    path.parent.mkdir(exist_ok=True)
    y = np.arange(count) % 2
    x = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 1)).astype(np.uint8)
    np.savez(path, x_train=x, y_train=y)
    return path


def test_runs_on_the_same_images_are_compared_wherever_these_lay(tmp_path: Path) -> None:
    one = on_images(tmp_path / "one", images(tmp_path / "here" / "images.npz"))
    two = on_images(tmp_path / "two", images(tmp_path / "there" / "images.npz"), 1)
    assert names(read_runs([one, two])) == [("random", 0), ("random", 1)]
    less = on_images(tmp_path / "less", images(tmp_path / "there" / "images.npz"), train_limit=10)
    assert [name for name, _ in names(read_runs([one, less]))] == [
        "random train_limit=None",
        "random train_limit=10",
    ]


@pytest.mark.parametrize("choices", [{}, {"train_limit": 10}])
def test_runs_on_others_are_not_though_these_lay_in_one_place(
    tmp_path: Path, choices: dict[str, Any]
) -> None:
    """Made anew between two searches; with other limits it shows where there are more or fewer."""
    path = images(tmp_path / "images.npz")
    one = on_images(tmp_path / "one", path)
    images(path, seed=1, count=32 if choices else 30)
    two = on_images(tmp_path / "two", path, seed=1, **choices)
    with pytest.raises(UserError, match=r"two: expected the images of .*one, got others"):
        read_runs([one, two])


def test_runs_on_images_that_differ_in_place_and_content(tmp_path: Path) -> None:
    one = on_images(tmp_path / "one", images(tmp_path / "one.npz"))
    two = on_images(tmp_path / "two", images(tmp_path / "two.npz", seed=1))
    with pytest.raises(UserError, match=r"expected dataset '.*one.npz' as of .*one, got '.*two.npz'"):
        read_runs([one, two])
