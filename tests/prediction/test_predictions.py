"""What predictions say of themselves."""

import csv
from pathlib import Path

import numpy as np
import pytest

from evonas.errors import UserError
from evonas.prediction import Predictions

SHARES = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.5, 0.3], [0.4, 0.4, 0.2]], np.float32)
NAMES = ("a", "b", "c", "d")
CLASSES = ("cat", "dog", "emu")


@pytest.fixture
def labelled() -> Predictions:
    return Predictions(CLASSES, NAMES, SHARES, np.array([0, 1, 0, 2]))


def test_the_likeliest_class_of_equal_ones_is_the_first(labelled: Predictions) -> None:
    assert labelled.predicted == ["cat", "dog", "dog", "cat"]
    assert [name for name, _ in labelled.top(2, 2)] == ["dog", "emu"]
    assert [name for name, _ in labelled.top(3, 9)] == ["cat", "dog", "emu"]
    assert labelled.top(0, 1) == [("cat", pytest.approx(0.7))]


def test_scores(labelled: Predictions) -> None:
    assert labelled.accuracy == 0.5 and labelled.wrong.tolist() == [2, 3]
    assert labelled.confusion.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    found = [(one.name, one.images, one.predicted, one.right) for one in labelled.by_class()]
    assert found == [("cat", 2, 2, 1), ("dog", 1, 2, 1), ("emu", 1, 0, 0)]
    assert [(one.recall, one.precision) for one in labelled.by_class()] == [(0.5, 0.5), (1, 0.5), (0, None)]
    assert labelled.confused(5) == [("cat", "dog", 1), ("emu", "cat", 1)]
    assert labelled.confused(1) == [("cat", "dog", 1)]


def test_without_labels_there_are_no_scores() -> None:
    found = Predictions(CLASSES, NAMES, SHARES)
    assert found.accuracy is None and len(found) == 4
    with pytest.raises(UserError, match="expected images whose classes are known"):
        found.by_class()


def test_a_sheet_has_all_probabilities(labelled: Predictions, tmp_path: Path) -> None:
    rows = list(csv.reader(labelled.write_csv(tmp_path / "a.csv").open(encoding="utf-8")))
    assert rows[0] == ["image", "class", "predicted", "p(cat)", "p(dog)", "p(emu)"]
    assert rows[3] == ["c", "cat", "dog", "0.2", "0.5", "0.3"] and len(rows) == 5
    unlabelled = Predictions(CLASSES, NAMES, SHARES).write_csv(tmp_path / "b.csv")
    assert unlabelled.read_text(encoding="utf-8").splitlines()[1] == "a,cat,0.7,0.2,0.1"
    with pytest.raises(UserError, match="nowhere.*cannot be written: No such file"):
        labelled.write_csv(tmp_path / "nowhere" / "a.csv")


def test_a_name_that_is_no_utf_8_is_written_out(tmp_path: Path) -> None:
    found = Predictions(CLASSES, ("a\udcff.png",), SHARES[:1])
    written = found.write_csv(tmp_path / "a.csv").read_text(encoding="utf-8")
    assert written.splitlines()[1].startswith("a\\udcff.png,cat,")
