"""Exported files: older ones, others, damaged ones."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from evonas.errors import UserError
from evonas.prediction import open_exported

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)


def copied(path: Path, folder: Path) -> Path:
    """The exported Python file and its weights in another folder."""
    shutil.copy(path.with_suffix(".safetensors"), folder)
    return Path(shutil.copy(path, folder))


def test_a_file_from_before_images_were_described(exported: Callable[[str], Path], tmp_path: Path) -> None:
    path = copied(exported("py"), tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "IMAGES = {" in text
    start = text.index("IMAGES = {")
    path.write_text(text[:start] + text[text.index("\nclass Network") :], encoding="utf-8")
    predictor = open_exported(path)
    assert predictor.wanted.pixels is None and predictor.statistics is None
    found, known = predictor.predict(IMAGES), open_exported(exported("py")).predict(IMAGES)
    np.testing.assert_array_equal(found.probabilities, known.probabilities)
    assert not (tmp_path / "__pycache__").exists()


def test_no_other_python_file_is_run(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("open('ran', 'w')\nCLASSES = ()\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"mine\.py: expected a network that evonas export has written"):
        open_exported(path)
    assert not Path("ran").exists()


def test_no_other_program_is_unpickled(tmp_path: Path) -> None:
    torch.save({"a": 1}, tmp_path / "a.pt2")
    with pytest.raises(UserError, match=r"a\.pt2: expected a network that evonas export has written"):
        open_exported(tmp_path / "a.pt2")


@pytest.mark.parametrize("ending", ["py", "pt2", "onnx"])
def test_damaged_files(ending: str, exported: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / f"cut.{ending}"
    path.write_bytes(exported(ending).read_bytes()[:-150])
    with pytest.raises(UserError, match=f"cut.{ending}") as caught:
        open_exported(path)
    assert "\n" not in str(caught.value)


def test_weights_that_are_gone(exported: Callable[[str], Path], tmp_path: Path) -> None:
    path = copied(exported("py"), tmp_path)
    path.with_suffix(".safetensors").unlink()
    with pytest.raises(
        UserError, match=r"net\.py: cannot be read as an exported network: .*net\.safetensors"
    ):
        open_exported(path)


def test_other_files(tmp_path: Path, exported: Callable[[str], Path]) -> None:
    for name, message in (("a.pth", r"\(\.pt2, \.onnx, \.py\)"), ("a.onnx", "found no such file")):
        with pytest.raises(UserError, match=message):
            open_exported(tmp_path / name)
    with pytest.raises(UserError, match="device: .*CUDA"):
        open_exported(exported("onnx"), "cuda:7")
