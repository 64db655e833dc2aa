"""A run of a genome from a user's file: every command that reads it takes the file, and says so where not."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evonas.evolution import offers

MINE = """
from evonas.genomes.genet import GenetGenome
from evonas.operators import mutation

class Bits(GenetGenome):
    '''Bits of my own.'''
    name = "bits"
    recipe = ""

@mutation("bits")
def flip(genome, rng):
    genome[rng.randrange(len(genome))] ^= 1
    return genome
"""
CONFIG = "[genome]\nnodes = [3]\nfilters = [4]\nhidden = 8\n"


@pytest.fixture(autouse=True)
def nothing_brought(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(offers, "_brought", {})
    yield


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, evonas: Callable[..., Any]) -> tuple[Path, Path, str]:
    """A run, the file of its genome, and what the search printed."""
    folder = tmp_path_factory.mktemp("own")
    file, config = folder / "mine.py", folder / "small.toml"
    file.write_text(MINE, encoding="utf-8")
    config.write_text(CONFIG, encoding="utf-8")
    words = ["--genome", "bits", "--operators", file, "--config", config, "--run", folder / "run"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offers, "_brought", {})
        ended = evonas("evolve", *words, "--budget", 2, "--epochs", 1, "--train-limit", 60, "--workers", 0)
    assert ended.status == 0, ended.err
    return folder / "run", file, ended.out


def test_commands_that_are_named_next_work(
    searched: tuple[Path, Path, str], evonas: Callable[..., Any]
) -> None:
    run, file, out = searched
    lines = [line.strip() for line in out.partition("Next")[2].splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line and not line.startswith("#")]
    assert [words[0] for words in commands] == ["show", "report", "draw", "train", "export", "resume"]
    for words in commands:
        offers._brought.clear()
        words = [str(run.parent / word) if word.startswith("best.") else word for word in words]
        if words[0] == "train":
            words += ["--epochs", "1", "--train-limit", "60"]
        if words[0] == "resume":
            words += ["--budget", "3", "--workers", "0"]
        ended = evonas(*words)
        assert ended.status == 0, (words, ended.err)
    offers._brought.clear()
    shown = json.loads(evonas("show", run, "--json", "--operators", file).out)
    assert shown["evaluated"] == 3


@pytest.mark.parametrize("words", [["show"], ["report"], ["draw", "-o", "x.svg"], ["train"]])
def test_without_the_file_it_is_named(
    searched: tuple[Path, Path, str], evonas: Callable[..., Any], words: list[str]
) -> None:
    run, file, _ = searched
    command, *rest = words
    assert evonas(command, run, *rest).failed_with("'bits' is unknown", f"--operators {file}")
