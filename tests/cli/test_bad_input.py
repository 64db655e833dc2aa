"""What a search refuses: each time one line that says why, status 2, and no folder left behind."""

import resource
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import evonas as library


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--genome", "ameba"], ["genome 'ameba' is unknown", "did you mean 'amoeba'?"]),
        (["--strategy", "agin"], ["strategy 'agin' is unknown", "did you mean 'aging'?"]),
        (["--dataset", "digit"], ["'digit', which is none of them", "did you mean 'digits'?"]),
        (["--dataset", "nothing.npz"], ["'nothing.npz'", "got nothing"]),
        (["--budget", "0"], ["budget: expected a whole number of at least 1, got 0"]),
        (["--budget", "-3"], ["budget", "got -3"]),
        (["--epochs", "0"], ["epochs: expected a whole number of at least 1, got 0"]),
        (["--seed", "-1"], ["seed: expected a whole number of at least 0, got -1"]),
        (["--threads", "0"], ["threads", "got 0"]),
        (["--look-ahead", "0"], ["look_ahead", "got 0"]),
        (["--sample", "0"], ["sample", "got 0"]),
        (["--population", "50"], ["population: expected at most the budget of 4, got 50"]),
        (["--train-limit", "5"], ["train_limit", "20 in all, got 5"]),
        (["--inherit", "mach"], ["inherit 'mach' is unknown", "did you mean 'match'?"]),
        (["--start", "amoebanet-z"], ["genotype 'amoebanet-z' is unknown", "amoebanet-a"]),
        (["--start", "nothing.json"], ["nothing.json", "No such file"]),
        (["--device", "tpu"], ["device: expected auto, cpu, cuda or cuda:N, got 'tpu'"]),
        (["--max-parameters", "few"], ["max-parameters: expected a number such as 500k", "got 'few'"]),
        (["--max-flops", "1.2.3"], ["max-flops: expected a number such as 500k", "got '1.2.3'"]),
        (["--max-memory", "much"], ["max_memory: expected an amount of memory", "got 'much'"]),
        (["--devices", "cpu", "--per-device", "0"], ["per_device: expected a whole number of at least 1"]),
        (["--devices", "cpu", "--device-memory", "1GB"], ["device_memory: expected only with devices"]),
        (["--max-time", "0"], ["max-time: expected a positive time", "got '0'"]),
        (["--max-time", "soon"], ["max-time", "got 'soon'"]),
        (["--config", "nothing.toml"], ["config nothing.toml", "No such file"]),
    ],
)
def test_an_option(evonas: Callable[..., Any], tmp_path: Path, words: list[str], expected: list[str]) -> None:
    folder = tmp_path / "r"
    assert evonas("evolve", "--budget", 4, "--run", folder, *words).failed_with(*expected)
    assert not folder.exists()


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}", "foo://x"])
def test_an_mlflow_that_is_not_there(evonas: Callable[..., Any], tmp_path: Path, address: str) -> None:
    pytest.importorskip("mlflow", reason="needs evonas[mlflow]")
    with socket.socket() as closed:  # bound, and nobody listens
        closed.bind(("127.0.0.1", 0))
        uri = address.format(port=closed.getsockname()[1])
        ended = evonas("evolve", "--budget", 4, "--run", tmp_path / "r", "--mlflow", uri)
    assert ended.failed_with(f"mlflow {uri}: MLflow cannot log there")
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("content", [b"a,b\n", b"\x89PNG\xff\xfe"])
def test_a_csv_that_is_something_else(
    evonas: Callable[..., Any], tmp_path: Path, finished: Path, content: bytes
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    words = ["--csv", tmp_path / "a.csv"]
    for ended in (
        evonas("evolve", "--budget", 4, "--run", tmp_path / "r", *words),
        evonas("resume", finished, "--budget", 99, *words),
    ):
        assert ended.failed_with("a.csv: expected a new file or a log that evonas wrote, got another file")
    assert (tmp_path / "a.csv").read_bytes() == content and not (tmp_path / "r").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_no_cuda_where_asked_for(evonas: Callable[..., Any], tmp_path: Path, device: str) -> None:
    ended = evonas("evolve", "--device", device, "--run", tmp_path / "r")
    assert ended.failed_with(f"device: '{device}' was asked for", "0 CUDA device(s)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[serach]\nbudget = 3", ["'serach' is unknown", "did you mean 'search'?"]),
        ("[search]\nbugdet = 3", ["'bugdet' is unknown", "did you mean 'budget'?"]),
        ("[genome]\ncell = 3", ["'cell' is unknown", "did you mean 'cells'?"]),
        ("[training]\nepoch = 3", ["'epoch' is unknown", "did you mean 'epochs'?"]),
        ("[strategy]\npopulaton = 3", ["'populaton' is unknown", "did you mean 'population'?"]),
        ("[final]\nlearning_rates = 3", ["did you mean 'learning_rate'?"]),
        ("[search]\ndevice = 3", ["device: expected a text, got 3"]),
        ("[search]\ngenome = ['amoeba']", ["genome ['amoeba'] is unknown"]),
        ("[search]\nseed = '3'", ["seed", "got '3'"]),
        ("[training]\nepochs = 1.5", ["epochs", "got 1.5"]),
        ("[strategy]\npopulation = true", ["population", "got True"]),
        ("recipe = 5", ["expected 'recipe' to be a text", "got 5"]),
        ("search = 3", ["expected 'search' to be a table"]),
        ("budget =", ["no valid TOML"]),
    ],
)
def test_a_config(evonas: Callable[..., Any], tmp_path: Path, text: str, expected: list[str]) -> None:
    config = tmp_path / "c.toml"
    config.write_text(text)
    assert evonas("evolve", "--config", config, "--run", tmp_path / "r").failed_with(*expected)
    assert not (tmp_path / "r").exists()


def test_a_genome_that_is_named_goes_before_the_configs(evonas: Callable[..., Any], tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[search]\ngenome = 'ameba'\n")
    words = ["--config", config, "--run", tmp_path / "r"]
    assert evonas("evolve", *words).failed_with("'ameba'")
    assert evonas("evolve", "--genome", "geent", *words).failed_with("'geent'")


def test_a_file_that_is_no_dataset(evonas: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no images")
    ended = evonas("evolve", "--dataset", tmp_path / "notes.txt", "--run", tmp_path / "r")
    assert ended.failed_with("notes.txt: expected a whole .npz file")
    assert evonas("evolve", "--dataset", tmp_path, "--run", tmp_path / "r").failed_with("a sub-folder")


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"images": 40, "labels": 39}, ["40", "39"]),
        ({"classes": 1}, ["expected at least two classes, got only label 0"]),
        ({"size": 3}, ["strides of this genome need at least 4×4 pixels, got 3×3"]),
    ],
)
def test_images_that_do_not_serve(
    evonas: Callable[..., Any],
    tmp_path: Path,
    npz: Callable[..., Path],
    arrays: dict[str, int],
    expected: list[str],
) -> None:
    ended = evonas("evolve", "--dataset", npz(**arrays), "--run", tmp_path / "r")
    assert ended.failed_with(*expected)
    assert not (tmp_path / "r").exists()


def test_images_that_a_genome_cannot_halve(
    evonas: Callable[..., Any], tmp_path: Path, npz: Callable[..., Path]
) -> None:
    words = ["--genome", "nasbench201", "--dataset", npz(size=7), "--run", tmp_path / "r"]
    assert evonas("evolve", *words).failed_with("need sides of a multiple of 4 pixels, got 7×7")
    assert not (tmp_path / "r").exists()


def test_a_folder_that_holds_a_run(evonas: Callable[..., Any], finished: Path) -> None:
    ended = evonas("evolve", "--run", finished)
    assert ended.failed_with(str(finished), "a run is there already", "evonas resume")
    assert len(list(library.load(finished).history)) == 3


def test_a_folder_that_holds_something_else(evonas: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    assert evonas("evolve", "--run", tmp_path).failed_with("expected a new or empty folder")


def test_a_folder_that_cannot_be_made(evonas: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert evonas("evolve", "--run", tmp_path / "file" / "r").failed_with(
        "cannot be written: Not a directory"
    )


def test_a_full_disk(evonas: Callable[..., Any], tiny: list[str], tmp_path: Path) -> None:
    """As nearly as an ordinary user can have one: no file may grow beyond a size."""
    wide = tmp_path / "wide.toml"
    wide.write_text("[genome]\ncells = 1\nfilters = 96\ncombinations = 1\nstages = 1\n", encoding="utf-8")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
    try:
        words = ["--budget", 3, "--config", wide, *tiny[2:], "--run", tmp_path / "r"]
        ended = evonas("evolve", *words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ended.status == 2 and not ended.out
    assert "000000.safetensors: cannot be written: File too large" in ended.err.splitlines()[-1]
    assert f"what was done is kept; to go on: evonas resume {tmp_path / 'r'}" in ended.err
    assert evonas("resume", tmp_path / "r", "--workers", 0, "--quiet").status == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["export", "~nobody-here/r", "--to", "python", "-o", "net.py"], "no run is there"),
        (["refine", "~nobody-here/r"], "expected a run folder or a MODEL.pt2, found neither"),
        (["draw", "~nobody-here/r", "-o", "r.svg"], "is no run folder, no file and no genotype"),
    ],
)
def test_the_home_of_somebody_who_is_not_there(
    evonas: Callable[..., Any], words: list[str], expected: str
) -> None:
    assert evonas(*words).failed_with("~nobody-here/r", expected)
