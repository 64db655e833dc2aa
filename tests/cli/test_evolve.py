import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import evonas as library
from evonas.cli.onwards import program


def test_the_end_shows_the_best_and_what_comes_next(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "my run"
    ended = evonas("evolve", "--genome", "amoeba", "--budget", 2, *tiny, "--run", folder)
    assert ended.status == 0
    assert ended.out.startswith("2 of 2 evaluated, ")
    assert "id  fitness  params  FLOPs  inherited  epochs  operator" in ended.out
    quoted = shlex.quote(str(folder))
    for command in (
        f"evonas show {quoted}",
        f"evonas report {quoted}",
        f"evonas draw {quoted} -o best.svg",
        f"evonas train {quoted}",
        f"evonas export {quoted} --to onnx -o best.onnx",
        f"evonas resume {quoted} --budget 4",
    ):
        assert f"\n  {command}" in ended.out
    assert "amoeba on digits: 2 candidates by aging, 1 epoch each, seed 0, " in ended.err
    assert "2/2 evaluated, best " in ended.err and "\x1b" not in ended.err + ended.out
    assert len(list(library.load(folder).history)) == 2


def test_the_next_commands_name_operators_and_what_can_be_written_here(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evonas.cli.onwards.find_spec", lambda name: None)  # as where onnx is not installed
    mine, folder = tmp_path / "mine.py", tmp_path / "run"
    mine.write_text(
        "from evonas.operators import mutation\n"
        "@mutation('amoeba', weight=1e9)\n"
        "def never(genome, rng): raise ValueError('no')\n",
        encoding="utf-8",
    )
    words = [*tiny, "--population", 2, "--sample", 1, "--operators", mine, "--run", folder]
    ended = evonas("evolve", "--genome", "amoeba", "--budget", 4, *words)
    assert ended.status == 0
    flat = " ".join(ended.out.split())
    assert "2 of 2 failed with: operator 'amoeba-never': ValueError: no (mine.py, line 3)" in flat
    assert f"\n  evonas export {folder} --to python -o best.py" in ended.out
    assert f"\n  # search on\n  evonas resume {folder} --budget 8 --operators {mine}\n" in ended.out
    shown = evonas("show", folder).out
    assert f"\n  evonas resume {folder} --budget 8 --operators {mine}\n" in shown


@pytest.mark.parametrize(
    ("called", "found", "name"),
    [
        ("/usr/bin/evonas", "/usr/bin/evonas", "evonas"),
        (".venv/bin/evonas", None, ".venv/bin/evonas"),
        ("a b/evonas", None, "'a b/evonas'"),
        ("/lib/evonas/__main__.py", None, "python -m evonas"),
        ("pytest", None, "evonas"),
    ],
)
def test_commands_are_called_as_this_one_was(
    called: str, found: str | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [called])
    monkeypatch.setattr("shutil.which", lambda program: found)
    assert program() == name


def test_json_is_one_object(evonas: Callable[..., Any], tiny: list[str], tmp_path: Path) -> None:
    ended = evonas("evolve", "--budget", 2, *tiny, "--run", tmp_path / "r", "--json", "--quiet")
    assert ended.status == 0 and not ended.err
    found = json.loads(ended.out)
    assert set(found) == {"run", "evaluated", "failed", "budget", "best"}
    assert (found["run"], found["evaluated"], found["failed"]) == (str(tmp_path / "r"), 2, 0)
    best = library.load(tmp_path / "r").best
    assert found["best"] == {
        "id": best.id,
        "fitness": best.fitness,
        "genome": best.genome.to_dict(),
        "parameters": best.architecture.parameter_count(),
        "flops": best.architecture.flops(),
    }


def test_it_begins_with_what_became_of_the_images(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path
) -> None:
    line = (
        "1,797 images 1×8×8 in 10 classes: 80 to train on, 20 to validate, 359 kept for the test, "
        "1,338 left out (train_limit)"
    )
    started = evonas("evolve", "--budget", 1, *tiny, "--run", tmp_path / "r").err.splitlines()
    assert started[1] == line and started[2].startswith("run ")
    assert evonas("resume", tmp_path / "r", "--budget", 2, "--workers", 0).err.splitlines()[1] == line
    ended = evonas("resume", tmp_path / "r", "--budget", 3, "--workers", 0, "--json")
    assert ended.status == 0 and line not in ended.err


def test_without_a_folder_one_is_made_in_runs(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = evonas("evolve", "--budget", 1, *tiny, "--quiet")
    assert ended.status == 0 and not ended.err
    (folder,) = (tmp_path / "runs").iterdir()
    assert ended.out == f"runs/{folder.name}\n" and folder.name.startswith("amoeba-digits-")


def test_options_reach_the_settings(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path, npz: Callable[..., Path]
) -> None:
    config = tmp_path / "mine.toml"
    config.write_text(
        "[search]\nseed = 7\nbudget = 9\n[genome]\nfilters = 4\ncells = 1\nstages = 1\n"
        "[training]\nbatch_size = 16\n"
    )
    words = ["--config", config, "--budget", 2, "--epochs", 2, "--inherit", "none", "--threads", 1]
    more = ["--workers", 0, "--look-ahead", 1, "--population", 2, "--sample", 1, "--start", "amoebanet-a"]
    folder = tmp_path / "run"
    ended = evonas("evolve", *words, *more, "--device", "cpu", "--dataset", npz(), "--run", folder, "--quiet")
    assert ended.status == 0, ended
    settings = library.load(folder).settings
    assert (settings.seed, settings.budget, settings.inherit, settings.look_ahead) == (7, 2, "none", 1)
    assert settings.tactics == {"population": 2, "sample": 1}
    assert (settings.space["filters"], settings.plan.epochs, settings.plan.batch_size) == (4, 2, 16)
    assert settings.start == "amoebanet-a"
    first = library.load(folder).individual(0)
    assert first.genome.origin.operator == "start"
    assert first.genome.to_dict() == type(first.genome).published()["amoebanet-a"]


def test_another_runs_best_can_be_the_start(
    evonas: Callable[..., Any], tiny: list[str], finished: Path, tmp_path: Path
) -> None:
    ended = evonas("evolve", "--start", finished, "--budget", 1, *tiny, "--run", tmp_path / "r", "--quiet")
    assert ended.status == 0, ended
    before, after = library.load(finished).best, library.load(tmp_path / "r").best
    assert after.genome.to_dict() == before.genome.to_dict()


def test_a_run_on_a_relative_path_goes_on_from_elsewhere(
    evonas: Callable[..., Any],
    tiny: list[str],
    tmp_path: Path,
    npz: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "run"
    monkeypatch.chdir(npz().parent)
    ended = evonas("evolve", "--dataset", "pets.npz", "--budget", 1, *tiny, "--run", folder)
    assert ended.status == 0, ended
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert evonas("resume", folder, "--budget", 2, "--workers", 0, "--quiet") == (0, f"{folder}\n", "")


def test_the_time_limit_ends_a_search_early(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "r"
    ended = evonas("evolve", "--budget", 50, *tiny, "--run", folder, "--max-time", "0.01s")
    assert ended.status == 0
    assert re.search("the time of 0.01s is used up, (50|49) candidates short of the budget", ended.err)
    assert f"to go on: evonas resume {folder}" in ended.err
    assert re.match("[01] of 50 evaluated", ended.out)


def test_a_search_in_which_every_evaluation_fails(evonas: Callable[..., Any], tmp_path: Path) -> None:
    config = tmp_path / "diverges.toml"
    config.write_text(
        "[genome]\ncells = 1\nfilters = 4\ncombinations = 1\nstages = 1\n"
        "[training]\nlearning_rate = 1e38\ngradient_clip = 0\nepochs = 2\n"
    )
    words = ["--config", config, "--budget", 2, "--train-limit", 200, "--workers", 0, "--run", tmp_path / "r"]
    ended = evonas("evolve", *words, "--json")
    assert ended.status == 1
    assert json.loads(ended.out) | {"run": ""} == {
        "run": "",
        "evaluated": 2,
        "failed": 2,
        "budget": 2,
        "best": None,
    }
    assert ended.err.splitlines()[-1].startswith(
        "error: every evaluation failed; candidate 1: DivergenceError"
    )
    shown = evonas("show", tmp_path / "r")
    assert shown.status == 0 and "Failures\n  " in shown.out and "2 of 2 evaluated, 2 failed" in shown.out
    assert "no candidate has been evaluated with success yet" in shown.out
