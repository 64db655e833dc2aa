"""`evonas train` on several devices, and compiled."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evonas.errors import UserError
from evonas.results import final

QUICK = ["--epochs", 1, "--train-limit", 100]
ENDLESS = ["--epochs", 100000, "--train-limit", 100, "--devices", "cpu,cpu"]


@pytest.mark.slow  # tests/training/test_distributed.py has two processes among the quick tests
def test_two_processes_share_every_batch(evonas: Callable[..., Any], copied: Path) -> None:
    ended = evonas("train", copied, *QUICK, "--devices", "cpu,cpu", "--threads", 1)
    assert ended.status == 0, ended
    lines = ended.err.splitlines()
    assert lines[0].endswith("1 epoch of 100 images, seed 0, 2 processes on the CPU, 1 thread each (float32)")
    assert lines[1:] == ["1/1 epochs"]
    report = final.load_trained(copied / "final").report
    assert f"test accuracy {report['test_accuracy']:.4f} on 359 images" in ended.out
    assert "of training on 2 devices" in ended.out
    assert report["devices"] == ["cpu", "cpu"] and report["compile_seconds"] is None
    assert report["compute"].pop("kernels") == "eager"  # processes that share a batch take PyTorch's step
    assert report["compute"] == {"device": "cpu", "precision": "float32", "threads": 1, "capture": True}
    assert report["training_images"] == 100 and len(report["training_loss"]) == 1


def test_one_device_is_a_device(evonas: Callable[..., Any], copied: Path) -> None:
    ended = evonas("train", copied, *QUICK, "--devices", "cpu", "--threads", 1, "--json")
    assert ended.status == 0 and "seed 0, cpu, 1 thread (float32)" in ended.err
    assert json.loads(ended.out)["devices"] == ["cpu"]
    other = evonas("train", copied, *QUICK, "--device", "cpu", "--threads", 1, "--json")
    same = ("test_accuracy", "test_loss", "devices", "compile_seconds")
    first, second = json.loads(ended.out), json.loads(other.out)
    assert [first[key] for key in same] == [second[key] for key in same]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--devices", "cpu,tpu"], "device: expected auto, cpu, cuda or cuda:N, got 'tpu'"),
        (["--devices", "cpu,"], "device: expected auto, cpu, cuda or cuda:N, got ''"),
        (["--devices", "cpu,cpu", "--device", "cpu"], "device: expected none with --devices, got 'cpu'"),
        (
            ["--devices", ",".join(["cpu"] * 33)],
            "at least 2 images of each batch for each of 33, got batches of 64",
        ),
    ],
)
def test_bad_devices(evonas: Callable[..., Any], copied: Path, words: list[Any], message: str) -> None:
    assert evonas("train", copied, *QUICK, *words, "--quiet").failed_with(message)
    assert not (copied / "final").exists()


def test_a_gpu_is_named_once_and_no_cpu_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert final.training_devices("all") == ("cuda:0", "cuda:1")
    assert final.training_devices(["cuda", "cuda:1"]) == ("cuda:0", "cuda:1")
    assert final.training_devices("cpu, cpu") == ("cpu", "cpu")
    assert final.training_devices(None) == ()
    with pytest.raises(UserError, match="devices: cuda:0 is named twice; one process trains on each"):
        final.training_devices("cuda:0,cuda")
    with pytest.raises(UserError, match="devices: expected one kind"):
        final.training_devices("cuda:0,cpu")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_training(
    start_process: Callable[..., subprocess.Popen[str]],
    copied: Path,
    tmp_path: Path,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    process = start_process("train", copied, *ENDLESS)
    ranks = training_ranks(process)
    process.send_signal(number)
    process.wait(60)
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert "stopped: the training was not finished, and nothing was saved" in process.stderr.read()
        assert not (copied / "final").exists()
    while not all(gone(rank) for rank in ranks) or any(scratch.iterdir()):
        time.sleep(0.05)  # the test's time limit ends it


@pytest.mark.slow
def test_a_process_that_dies_is_one_line(
    start_process: Callable[..., subprocess.Popen[str]], copied: Path
) -> None:
    process = start_process("train", copied, *ENDLESS)
    ranks = training_ranks(process)
    os.kill(ranks[1], signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2 and not out
    lines = [line for line in err.splitlines() if "/100000 epochs" not in line]
    assert len(lines) == 1
    assert lines[0].startswith("error: devices: the process on cpu (2 of 2) was killed (SIGKILL)")
    assert not (copied / "final").exists() and all(gone(rank) for rank in ranks)


SCRIPT = """
import random
from evonas import final
from evonas.data import load_dataset
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.training.device import Compute
from evonas.training.plan import Plan

print("main", flush=True)
genome = AmoebaGenome.random(AmoebaSpace(cells=1, filters=4, stages=2), random.Random(0))
plan, data = Plan(epochs=1, batch_size=20), load_dataset("digits", train_limit=60)
print(final.train_finally(genome, data, plan, Compute(), devices=["cpu", "cpu"]).report["devices"])
"""


@pytest.mark.slow
def test_a_script_needs_no_guard(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    ended = subprocess.run(
        [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, timeout=120
    )
    assert ended.stdout.splitlines() == ["main", "['cpu', 'cpu']"], ended.stderr
    assert not ended.stderr


def training_ranks(process: subprocess.Popen[str]) -> list[int]:
    """The ranks of a training, once it has come further than an epoch."""
    assert process.stderr is not None
    process.stderr.readline()  # the headline
    assert "/100000 epochs" in process.stderr.readline()
    ranks = children(process.pid)
    assert len(ranks) == 2
    return ranks


def children(number: int) -> list[int]:
    """The ranks that a process has started, in order; multiprocessing's own helper is none."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == number and b"spawn_main" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            pass
    return sorted(found)


def gone(number: int) -> bool:
    """Whether a process has ended."""
    try:
        return (Path("/proc") / str(number) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
