import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import evonas as package

COMMANDS = [
    "evolve",
    "resume",
    "show",
    "report",
    "serve",
    "draw",
    "train",
    "compare",
    "table",
    "export",
    "predict",
    "list",
    "doctor",
]


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_lists_the_commands(evonas: Callable[..., Any], words: list[str]) -> None:
    ended = evonas(*words)
    assert ended.status == 0 and not ended.err
    assert [command for command in COMMANDS if f"\n  {command} " not in ended.out] == []
    assert max(len(line) for line in ended.out.splitlines()) <= 80
    assert "..." not in ended.out.partition("Commands")[2], "a summary is cut short"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(evonas: Callable[..., Any], command: str) -> None:
    ended = evonas(command, "--help")
    assert ended.status == 0 and f"Usage: evonas {command}" in ended.out


def test_version(evonas: Callable[..., Any]) -> None:
    assert evonas("--version") == (0, f"evonas {package.__version__}\n", "")


def test_it_runs_as_a_module() -> None:
    words = [sys.executable, "-m", "evonas", "list", "genome"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 2 and "did you mean" in ended.stderr and "Traceback" not in ended.stderr


def test_a_misspelt_command(evonas: Callable[..., Any]) -> None:
    assert evonas("evovle").failed_with("'evovle'", "did you mean 'evolve'?", "doctor")


def test_a_misspelt_option(evonas: Callable[..., Any]) -> None:
    assert evonas("evolve", "--buget", 3).failed_with(
        "--buget is unknown", "--budget", "evonas evolve --help"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evolve", "--budget", "many"], "--budget"),
        (["evolve", "--budget"], "--budget"),
        (["evolve", "now"], "now"),
        (["show"], "DIR"),
        (["draw", "amoebanet-a"], "--output"),
        (["export", "run", "-o", "x.py"], "--to"),
        (["list"], "WHAT"),
        (["--loud"], "--loud"),
    ],
)
def test_wrong_use_is_one_line(evonas: Callable[..., Any], words: list[str], message: str) -> None:
    assert evonas(*words).failed_with(message)


def test_the_installed_command_says_what_is_wrong(
    start_process: Callable[..., subprocess.Popen[str]],
) -> None:
    process = start_process("evolve", "--genome", "ameba")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2 and not out
    assert err.startswith("error: genome 'ameba' is unknown; did you mean 'amoeba'? known: ")
    assert err.count("\n") == 1


def test_a_reader_that_goes_away_is_no_error(start_process: Callable[..., subprocess.Popen[str]]) -> None:
    process = start_process("list", "genotypes")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.wait(timeout=60)
