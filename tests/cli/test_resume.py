import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

import evonas as library


def test_a_run_can_be_extended(evonas: Callable[..., Any], copied: Path) -> None:
    ended = evonas("resume", copied, "--budget", 4, "--workers", 0)
    assert ended.status == 0
    assert ended.out.startswith("4 of 4 evaluated")
    assert "4/4 evaluated, best " in ended.err
    assert library.load(copied).settings.budget == 4


def test_a_run_that_has_ended_says_so(evonas: Callable[..., Any], copied: Path) -> None:
    ended = evonas("resume", copied, "--workers", 0)
    assert ended.status == 0 and ended.out.startswith("3 of 3 evaluated")
    assert ended.err == f"nothing is left to evaluate; to extend the run: evonas resume {copied} --budget 6\n"
    ended = evonas("resume", copied, "--workers", 0, "--json")
    assert json.loads(ended.out)["evaluated"] == 3


def test_too_small_a_budget(evonas: Callable[..., Any], copied: Path) -> None:
    assert evonas("resume", copied, "--budget", 2).failed_with("budget", "3 candidates already", "got 2")


def test_a_run_that_another_process_writes(evonas: Callable[..., Any], copied: Path) -> None:
    with FileLock(copied / "run.lock"):
        assert evonas("resume", copied, "--budget", 4).failed_with(str(copied), "another process")
        assert evonas("show", copied).status == 0


def test_a_run_with_a_fitness_in_python(evonas: Callable[..., Any], tmp_path: Path) -> None:
    library.evolve(budget=2, evaluate=lambda genome, rng: rng.random(), needs="genome", run=tmp_path / "r")
    assert evonas("resume", tmp_path / "r", "--budget", 3).failed_with("function of genome", "evonas.resume(")
    assert evonas("train", tmp_path / "r").failed_with("dataset", "--dataset")
    assert evonas("export", tmp_path / "r", "--to", "onnx", "-o", tmp_path / "x.onnx").failed_with("no task")
    shown = evonas("show", tmp_path / "r")
    assert shown.status == 0 and "dataset none" in shown.out
