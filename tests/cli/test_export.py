import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import evonas as library
from evonas.results import final


def outputs(path: Path, images: torch.Tensor) -> torch.Tensor:
    """What an exported Python file gives."""
    found: torch.Tensor = runpy.run_path(str(path))["load"]()(images).detach()
    return found


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 17, (4, 1, 8, 8), generator=torch.Generator().manual_seed(0)).float()


def test_the_trained_network_goes_first(
    evonas: Callable[..., Any], trained: Path, tmp_path: Path, images: torch.Tensor
) -> None:
    ended = evonas("export", trained, "--to", "python", "-o", tmp_path / "a.py")
    kept = final.load_trained(trained / "final")
    which = f"the finally trained network of candidate {kept.report['candidate']}, test accuracy 0."
    assert ended.status == 0 and ended.out.startswith(f"exported {which}") and "a.py" in ended.out
    expected = kept.deployable().network()(images).detach()
    torch.testing.assert_close(outputs(tmp_path / "a.py", images), expected)


def test_how_to_use_the_file_is_said(evonas: Callable[..., Any], finished: Path, tmp_path: Path) -> None:
    ended = evonas("export", finished, "--to", "python", "-o", tmp_path / "a.py")
    assert "(n, 1, 8, 8)" in ended.out and "0 to 255" in ended.out
    assert ended.out.splitlines()[-1] == "names of its 10 classes: CLASSES in a.py"


def test_the_searchs_network_can_be_asked_for(
    evonas: Callable[..., Any], trained: Path, tmp_path: Path, images: torch.Tensor
) -> None:
    best = library.load(trained).best
    ended = evonas("export", trained, "--to", "python", "-o", tmp_path / "a.py", "--weights", "search")
    assert ended.status == 0 and f"candidate {best.id} as the search left it" in ended.out
    expected = best.network()(images).detach()
    torch.testing.assert_close(outputs(tmp_path / "a.py", images), expected)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pt2", "onnx"])
def test_other_kinds_of_file(evonas: Callable[..., Any], trained: Path, tmp_path: Path, kind: str) -> None:
    ended = evonas("export", trained, "--to", kind, "-o", tmp_path / f"a.{kind}")
    assert ended.status == 0 and (tmp_path / f"a.{kind}").stat().st_size > 0
    assert "classes" in ended.out.splitlines()[-1] and f"a.{kind}" in ended.out.splitlines()[-1]


def test_without_a_final_training_the_search_serves(
    evonas: Callable[..., Any], finished: Path, tmp_path: Path
) -> None:
    ended = evonas("export", finished, "--to", "python", "-o", tmp_path / "a.py")
    assert ended.status == 0 and "as the search left it" in ended.out and (tmp_path / "a.py").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "onx", "-o", "x.onnx"], "--to 'onx' is unknown; did you mean 'onnx'?"),
        (["--to", "onnx", "-o", "x.onnx", "--weights", "fin"], "did you mean 'final'?"),
        (["--to", "onnx", "-o", "x.onnx", "--weights", "final"], "evonas train makes it"),
        (["--to", "onnx", "-o", "nowhere/x.onnx"], "nowhere"),
        (["--to", "onnx", "-o", "x.txt"], ".onnx"),
        (["--to", "onnx", "-o", "x.onnx", "--id", "9"], "candidate 9"),
        (
            ["--to", "onnx", "-o", "x.onnx", "--id", "0", "--weights", "final"],
            "only with weights of the search",
        ),
    ],
)
def test_bad_input(evonas: Callable[..., Any], finished: Path, words: list[str], message: str) -> None:
    assert evonas("export", finished, *words).failed_with(message)


def test_weights_that_were_not_kept(evonas: Callable[..., Any], tmp_path: Path, tiny: list[str]) -> None:
    folder = tmp_path / "r"
    words = ["--budget", 7, *tiny, "--population", 1, "--look-ahead", 1, "--run", folder, "--quiet"]
    assert evonas("evolve", *words).status == 0
    result = library.load(folder)
    gone = next(row["id"] for row in result.history if row["id"] not in result.journal.kept())
    words = ["--to", "python", "-o", tmp_path / "x.py", "--id", gone]
    assert evonas("export", folder, *words).failed_with(f"candidate {gone}", "not kept")


def test_no_run(evonas: Callable[..., Any], tmp_path: Path) -> None:
    assert evonas("export", tmp_path, "--to", "onnx", "-o", "x.onnx").failed_with("no run is there")
