"""`evonas predict`: images of one's own, for people and for machines."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from evonas.results import read_report


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twenty-five images of no class, in the units of digits."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(25):
        Image.fromarray(rng.integers(0, 17, (8, 8), np.uint8)).save(folder / f"{number:02}.png")
    return folder


def test_the_test_part_has_the_accuracy_that_train_said(evonas: Callable[..., Any], trained: Path) -> None:
    report = read_report(trained / "final" / "final.json")
    ended = evonas("predict", trained, "digits", "--json", "--top", 2)
    found = json.loads(ended.out)
    assert ended.status == 0 and found["accuracy"] == report["test_accuracy"]
    assert found["network"].startswith("the finally trained network of candidate ")
    assert len(found["images"]) == report["test_images"] == np.sum(found["confusion"])
    assert found["wrong"] == sum(row["class"] != row["predicted"] for row in found["images"])
    assert sum(one["right"] for one in found["by_class"]) == np.trace(found["confusion"])
    assert [len(row["top"]) for row in found["images"][:3]] == [2, 2, 2]
    people = evonas("predict", trained, "digits").out
    assert f"accuracy {report['test_accuracy']:.4f} on 359 images, {found['wrong']} wrong\n" in people
    assert people.splitlines()[0].startswith("the finally trained network of candidate ")
    for heading in ("Classes\n", "recall", "Most often taken for another\n", "Wrong\n"):
        assert heading in people


def test_an_export_has_it_too(evonas: Callable[..., Any], trained: Path, tmp_path: Path) -> None:
    report = read_report(trained / "final" / "final.json")
    assert evonas("export", trained, "--to", "python", "-o", tmp_path / "net.py").status == 0
    found = json.loads(evonas("predict", tmp_path / "net.py", "digits", "--json").out)
    assert found["accuracy"] == report["test_accuracy"] and found["classes"] == list("0123456789")
    alone = json.loads(evonas("predict", trained / "final", "digits", "--json").out)
    assert alone["images"] == json.loads(evonas("predict", trained, "digits", "--json").out)["images"]
    assert evonas("predict", tmp_path / "net.py", "digits", "--id", 1).failed_with(
        "an exported network alone"
    )


def test_images_without_labels(evonas: Callable[..., Any], finished: Path, photos: Path) -> None:
    ended = evonas("predict", finished, photos, "--top", 2)
    assert ended.status == 0 and "as the search left it" in ended.out.splitlines()[0]
    lines = ended.out.splitlines()
    assert lines[1] == f"25 images of {photos}" and "accuracy" not in ended.out
    shown = [line for line in lines if ".png" in line]
    assert len(shown) == 20 and "  and 5 more (--out FILE.csv has all)" in lines
    one = json.loads(evonas("predict", finished, photos / "03.png", "--json", "--id", 1).out)
    assert one["network"].startswith("candidate 1 ") and [row["image"] for row in one["images"]] == ["03.png"]
    assert "accuracy" not in one and "class" not in one["images"][0]


def test_all_probabilities_in_a_sheet(
    evonas: Callable[..., Any], finished: Path, photos: Path, tmp_path: Path
) -> None:
    ended = evonas("predict", finished, photos, "--out", tmp_path / "all.csv")
    assert ended.out.splitlines()[-1] == f"{tmp_path / 'all.csv'}: all images, all probabilities"
    rows = list(csv.DictReader((tmp_path / "all.csv").open(encoding="utf-8")))
    assert len(rows) == 25 and sum(float(rows[7][f"p({digit})"]) for digit in range(10)) == pytest.approx(1)
    assert max(range(10), key=lambda digit: float(rows[7][f"p({digit})"])) == int(rows[7]["predicted"])
    for out, message in ((tmp_path, "expected a file"), (tmp_path / "no" / "a.csv", "a folder that exists")):
        assert evonas("predict", finished, photos, "--out", out).failed_with("--out", message)


def test_damaged_files(evonas: Callable[..., Any], finished: Path, photos: Path) -> None:
    (photos / "04.png").write_bytes(b"nothing")
    (photos / "20.png").write_bytes((photos / "20.png").read_bytes()[:40])
    words = ("2 damaged files", "04.png", "20.png", "--without-damaged")
    assert evonas("predict", finished, photos).failed_with(*words)
    ended = evonas("predict", finished, photos, "--without-damaged")
    assert f"23 images of {photos}: without 2 damaged files\n" in ended.out


def test_labels_and_other_units(evonas: Callable[..., Any], finished: Path, photos: Path) -> None:
    for name in ("7", "8"):
        (photos / name).mkdir()
        Image.new("L", (8, 8), 200).save(photos / name / "bright.png")
    ended = evonas("predict", finished, photos)
    assert "2 images of" in ended.out and "25 beside the class folders passed over" in ended.out
    assert "careful: the values here (mean 200, largest 200)" in ended.out
    (photos / "7").rename(photos / "seven")
    known = "knows (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), got seven"
    assert evonas("predict", finished, photos).failed_with(known)


def test_names_do_not_steer_the_terminal(evonas: Callable[..., Any], finished: Path, photos: Path) -> None:
    (photos / "03.png").rename(photos / "00\x1b[31m.png")
    out = evonas("predict", finished, photos).out
    assert "00\\x1b[31m.png" in out and "\x1b" not in out


@pytest.mark.parametrize(
    ("target", "words", "message"),
    [
        ("nowhere", [], "no run is there"),
        ("amoebanet-a", [], "got a genotype, 'amoebanet-a': it has no weights"),
        ("notes.txt", [], "expected a run folder or an exported network (.pt2, .onnx, .py)"),
        ("gone.onnx", [], "found no such file"),
        (None, ["--weights", "fin"], "did you mean 'final'?"),
        (None, ["--weights", "final"], "evonas train makes it"),
        (None, ["--id", "9"], "candidate 9"),
        (None, ["--top", "0"], "--top: expected a whole number of at least 1, got 0"),
        (None, ["--layout", "classes"], "--layout: expected only with --test-part"),
        (None, ["--device", "gpu"], "device: expected auto, cpu, cuda or cuda:N"),
    ],
)
def test_refusals(
    evonas: Callable[..., Any],
    finished: Path,
    photos: Path,
    tmp_path: Path,
    target: str | None,
    words: list[str],
    message: str,
) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    path: Any = target if target == "amoebanet-a" else tmp_path / str(target)
    assert evonas("predict", finished if target is None else path, photos, *words).failed_with(message)


def test_images_that_are_not_there(evonas: Callable[..., Any], finished: Path, photos: Path) -> None:
    assert evonas("predict", finished, photos.with_name("photo")).failed_with(f"did you mean '{photos}'?")
    assert evonas("predict", finished, photos / "nothing.png").failed_with("expected an image file, a folder")


def test_a_sheet_does_not_replace_an_image(evonas: Callable[..., Any], finished: Path, photos: Path) -> None:
    image = photos / "00.png"
    before = image.read_bytes()
    assert evonas("predict", finished, image, "--out", image).failed_with("which would be lost")
    assert image.read_bytes() == before
