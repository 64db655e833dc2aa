"""Reading tables: lengths of training, datasets, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from evonas.errors import UserError
from evonas.tables import read_table

HEADER = "cell,toy_valid3,toy_valid12,toy_test12,toy_seconds3,other\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_lengths_and_figures(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, HEADER + "a,10,20,30,5,x\nb,11,22,33.5,6,y\n"))
    assert table.datasets == ["toy"]
    assert (table.lengths("toy"), table.lengths("toy", "test")) == ([3, 12], [12])
    figures = table.figures("toy")
    assert (figures.epochs, figures.valid, figures.seconds) == (3, {"a": 0.1, "b": 0.11}, {"a": 5, "b": 6})
    assert (figures.test, figures.test_epochs, figures.best_test) == ({"a": 0.3, "b": 0.335}, 12, 0.335)
    later = table.figures("toy", 12)
    assert (later.valid, later.seconds, later.best_valid) == ({"a": 0.2, "b": 0.22}, {}, 0.22)


def test_an_empty_field_is_no_accuracy(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "genotype,toy_valid3\na,10\nb,\n"))
    assert table.figures("toy").valid == {"a": 0.1}
    assert table.figures("toy").test == {}


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    before = read_table(written(tmp_path, "cell,toy_valid3\na,10\n"))
    after = read_table(written(tmp_path, "cell,toy_valid3\na,10\nb,20\n"))
    assert (len(before.genotypes), len(after.genotypes)) == (1, 2)
    assert before.fingerprint != after.fingerprint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cell,toy_valid3\n", "expected a header and a row for each genotype, got 1 lines"),
        ("name,toy_valid3\na,1\n", "expected a column cell or genotype, got name, toy_valid3"),
        ("cell,accuracy\na,1\n", "expected columns such as cifar10_valid12, got cell, accuracy"),
        ("cell,toy_valid3\na,high\n", "line 2: toy_valid3: expected a number, got 'high'"),
        ("cell,toy_valid3\na,inf\n", "line 2: toy_valid3: expected a number, got 'inf'"),
        ("cell,toy_valid3\na,1\na,2\n", "expected every genotype once, got a again"),
        ("cell,toy_valid3\na,1,2\n", "line 2: expected 2 values, got 3"),
        ("cell,toy_valid3\na,-1\nb,50\n", "toy_valid3: expected accuracies in percent, got -1"),
        ("cell,toy_valid3,toy_test12\na,50,150\n", "toy_test12: expected accuracies in percent, got 150"),
        (
            "cell,toy_valid3,toy_test12,other_valid3\na,0.93,0.9,93\nb,0.5,,12\n",
            r"toy: expected accuracies in percent, got shares \(at most 0.93\)",
        ),
        (f"cell,toy_valid{'9' * 5000}\na,1\n", "expected columns such as cifar10_valid12"),
    ],
)
def test_what_is_no_table(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_table(written(tmp_path, text))


@pytest.mark.parametrize("values", ["0.5,1.5", "0,0", "0.2,90", "1,1"])
def test_low_percentages_are_percentages(tmp_path: Path, values: str) -> None:
    """Refused are only datasets of which nothing is above 1 %, and something between 0 and that."""
    assert read_table(written(tmp_path, f"cell,toy_valid3,toy_valid12\na,{values}\n")).datasets == ["toy"]


def test_the_last_of_many_genotypes_comes_twice(tmp_path: Path) -> None:
    """Counted once for all: for each by itself it would take minutes."""
    rows = "".join(f"cell {number},50\n" for number in range(100_000))
    with pytest.raises(UserError, match="expected every genotype once, got cell 99999 again"):
        read_table(written(tmp_path, f"cell,toy_valid3\n{rows}cell 99999,50\n"))


@pytest.mark.parametrize("name", ["a\0b", "~nobody-has-this-name/x.csv"])
def test_a_name_of_no_file(name: str) -> None:
    with pytest.raises(UserError, match=r"table .*: cannot be read"):
        read_table(name)


def test_what_a_table_has_not(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "a,10,20,30,5,x\n")
    with pytest.raises(UserError, match=r"dataset 'toi' is not in table .*; did you mean 'toy'\?"):
        read_table(path).figures("toi")
    with pytest.raises(UserError, match="has toy validated after 3 or 12 epochs, got 200"):
        read_table(path).figures("toy", 200)
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_table(tmp_path / "none.csv")
