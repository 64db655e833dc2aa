import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import evonas as library
from evonas.results import final

QUICK = ["--epochs", 1, "--train-limit", 100]


def test_the_best_of_a_run(evonas: Callable[..., Any], copied: Path) -> None:
    ended = evonas("train", copied, *QUICK)
    assert ended.status == 0
    best = library.load(copied).best
    kept = final.load_trained(copied / "final")
    assert kept.genome.to_dict() == best.genome.to_dict() and kept.genome.space == best.genome.space
    assert f"test accuracy {kept.report['test_accuracy']:.4f} on 359 images" in ended.out
    assert f"saved in {copied / 'final'}\n" in ended.out and f"evonas export {copied} --to onnx" in ended.out
    assert ended.err.startswith(f"training candidate {best.id} of {copied} on digits: 1 epoch of 100 images")
    assert kept.report["candidate"] == best.id and kept.report["training_images"] == 100


def test_other_choices(
    evonas: Callable[..., Any], finished: Path, npz: Callable[..., Path], tmp_path: Path
) -> None:
    words = ["--dataset", npz(100, 100), "--id", 0, "--cells", 2, "--filters", 4, "--seed", 5]
    more = ["--epochs", 1, "--threads", 1, "--device", "cpu", "--output", tmp_path / "mine", "--json"]
    ended = evonas("train", finished, *words, *more)
    assert ended.status == 0, ended
    found = json.loads(ended.out)
    assert (found["output"], found["candidate"], found["seed"]) == (str(tmp_path / "mine"), 0, 5)
    assert (found["training_images"], found["test_images"]) == (80, 20)
    kept = final.load_trained(tmp_path / "mine")
    space = kept.genome.space.to_dict()
    assert (space["cells"], space["filters"], kept.task.classes) == (2, 4, 2)
    assert not (finished / "final").exists()


def test_the_recipes_final_plan_is_the_default(
    evonas: Callable[..., Any], finished: Path, tmp_path: Path
) -> None:
    for target in (finished, "amoebanet-a"):
        ended = evonas("train", target, *QUICK, "--json", "--quiet", "--output", tmp_path / "f")
        assert ended.status == 0 and not ended.err
        plan = json.loads(ended.out)["plan"]
        assert plan == library.load(finished).settings.final_plan.to_dict() | {"epochs": 1}


def test_a_published_genotype_gets_a_folder_in_runs(
    evonas: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = evonas("train", "amoebanet-a", *QUICK, "--quiet")
    assert ended.status == 0 and ended.out.startswith("runs/amoebanet-a-trained-digits-")
    folder = ended.out.strip()
    assert final.load_trained(Path(folder)).report["candidate"] is None
    assert evonas("draw", folder, "-o", "a.svg").status == 0
    exported = evonas("export", folder, "--to", "python", "-o", "a.py")
    assert exported.status == 0 and "the finally trained network, test accuracy" in exported.out


def test_other_files_are_never_swept_away(evonas: Callable[..., Any], copied: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in (copied / "weights").iterdir())
    assert evonas("train", copied, *QUICK, "--output", copied / "weights").failed_with("other files")
    assert evonas("train", copied, *QUICK, "--output", copied).failed_with("other files")
    assert sorted(path.name for path in (copied / "weights").iterdir()) == before
    (tmp_path / "file").write_text("")
    assert evonas("train", copied, *QUICK, "--output", tmp_path / "file").failed_with("got a file")
    assert evonas("train", copied, *QUICK, "--output", tmp_path / "file" / "x").failed_with(
        "Not a directory", status=1
    )


def test_an_earlier_network_is_replaced(evonas: Callable[..., Any], copied: Path) -> None:
    for seed in (1, 2):
        assert evonas("train", copied, *QUICK, "--seed", seed, "--quiet").status == 0
    assert final.load_trained(copied / "final").report["seed"] == 2
    assert len(list((copied / "final").iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--epochs", 0], "epochs: expected a whole number of at least 1, got 0"),
        (["--seed", -1], "seed: expected a whole number of at least 0, got -1"),
        (["--threads", 0], "threads: expected a whole number of at least 1, got 0"),
        (["--device", "tpu"], "expected auto, cpu, cuda or cuda:N, got 'tpu'"),
        (["--train-limit", 3], "train_limit: expected at least 2 images for each"),
        (["--dataset", "nothing"], "'nothing', which is none of them"),
        (["--filters", 0], "filters: expected a whole number of at least 1, got 0"),
        (["--id", 9], "candidate 9"),
    ],
)
def test_bad_input(evonas: Callable[..., Any], copied: Path, words: list[Any], message: str) -> None:
    assert evonas("train", copied, *words).failed_with(message)
    assert not (copied / "final").exists()


def test_a_training_that_diverges(evonas: Callable[..., Any], tiny: list[str], tmp_path: Path) -> None:
    config = tmp_path / "final.toml"
    config.write_text("[final]\nlearning_rate = 1e38\ngradient_clip = 0\n")
    folder = tmp_path / "r"
    assert evonas("evolve", "--budget", 1, *tiny, "--config", config, "--run", folder, "--quiet").status == 0
    ended = evonas("train", folder, "--epochs", 2, "--train-limit", 200, "--quiet")
    assert ended.failed_with("training: DivergenceError: the training loss was", status=1)
    assert not (folder / "final").exists()


def test_protocols(evonas: Callable[..., Any], finished: Path, tmp_path: Path) -> None:
    """Both say which they are; `search` trains as candidates were trained."""
    settings = library.load(finished).settings
    for protocol, plan in (("search", settings.plan), ("final", settings.final_plan)):
        output = tmp_path / protocol
        limits = ["--train-limit", 100, "--output", output]
        epochs = ["--epochs", 1] if protocol == "final" else []
        ended = evonas("train", finished, "--protocol", protocol, *limits, *epochs)
        assert ended.status == 0, ended
        assert f"protocol {protocol}: 1 epoch from scratch" in ended.out
        report = final.load_trained(output).report
        assert report["protocol"] == protocol
        assert report["plan"] == plan.changed({"epochs": 1}).to_dict()
    assert evonas("train", finished, "--protocol", "long").failed_with("protocol 'long' is unknown")
