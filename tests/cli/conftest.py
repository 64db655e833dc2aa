"""The command line, called in this process or as a process of its own, and runs to use it on."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from evonas.cli import main

COMMAND = Path(sys.executable).with_name("evonas")
SMALL = "[genome]\ncells = 1\nfilters = 4\ncombinations = 1\nstages = 1\n"


class Ended(NamedTuple):
    """What a command has left."""

    status: int
    out: str
    err: str

    def failed_with(self, *words: str, status: int = 2) -> bool:
        """Whether it ended with one line that says all of that, and nothing else."""
        lines = self.err.splitlines()
        assert self.status == status, self
        assert len(lines) == 1 and lines[0].startswith("error: "), self
        assert not self.out, self
        for word in words:
            assert word in lines[0], self
        return True


@pytest.fixture(scope="session")
def evonas() -> Callable[..., Ended]:
    """Calls the command in this process."""

    def call(*arguments: Any) -> Ended:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([str(argument) for argument in arguments])
        return Ended(status, out.getvalue(), err.getvalue())

    return call


@pytest.fixture
def start_process() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the installed command, which is on the path and does not outlive its test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: Any) -> subprocess.Popen[str]:
        path = os.pathsep.join((str(Path(COMMAND).parent), os.environ["PATH"]))
        variables = {**os.environ, "OMP_NUM_THREADS": "1", "PATH": path}
        words = [str(word) for word in (COMMAND, *arguments)]
        process = subprocess.Popen(
            words, text=True, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that make a search quick, with nothing to compile; the last says how many workers."""
    config = tmp_path_factory.mktemp("config") / "tiny.toml"
    config.write_text(f'{SMALL}[search]\nkernels = "eager"\n', encoding="utf-8")
    words = ["--epochs", "1", "--train-limit", "100", "--device", "cpu", "--workers", "0"]
    return ["--config", str(config), *words]


@pytest.fixture(scope="session")
def eager(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of any genome's with which nothing is compiled."""
    config = tmp_path_factory.mktemp("config") / "eager.toml"
    config.write_text('[search]\nkernels = "eager"\n', encoding="utf-8")
    return config


@pytest.fixture(scope="session")
def finished(evonas: Callable[..., Ended], tiny: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three candidates that has ended, trained by compiled kernels; not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    config = tmp_path_factory.mktemp("config") / "small.toml"
    config.write_text(SMALL, encoding="utf-8")
    words = ["--genome", "amoeba", "--budget", 3, *tiny, "--config", config]
    ended = evonas("evolve", *words, "--run", folder)
    assert ended.status == 0, ended
    return folder


@pytest.fixture(scope="session")
def trained(finished: Path, evonas: Callable[..., Ended], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run, its best finally trained; not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "trained"
    shutil.copytree(finished, folder)
    ended = evonas("train", folder, "--epochs", 1, "--train-limit", 100)
    assert ended.status == 0, ended
    return folder


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run, to be changed."""
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    return folder


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., Path]:
    """Writes a dataset of two classes."""

    def write(images: int = 40, labels: int = 40, size: int = 8, classes: int = 2) -> Path:
        x = np.random.default_rng(0).integers(0, 256, (images, size, size, 3), dtype=np.uint8)
        path = tmp_path / "pets.npz"
        np.savez(path, x_train=x, y_train=np.arange(labels) % classes)
        return path

    return write


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Thirty images that only their alpha channel shows, and two damaged files."""
    rng = np.random.default_rng(0)
    for number in range(30):
        pixels = np.zeros((8, 8, 4), np.uint8)
        pixels[..., 3] = rng.integers(0, 2, (8, 8)) * 255 if number % 2 else 255 * np.eye(8)
        pixels[number % 8, 0, 3] = number  # no two are the same
        path = tmp_path / "photos" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels, "RGBA").save(path)
    (tmp_path / "photos" / "a" / "broken.png").write_bytes(b"nothing")
    (tmp_path / "photos" / "b" / "empty.jpg").write_bytes(b"")
    return tmp_path / "photos"
