"""Which samples validate, and where those of a run that is kept lie."""

from pathlib import Path

import numpy as np
import pytest

from evonas.data import load_dataset
from evonas.errors import UserError
from evonas.estimator.samples import Samples, claimed, divided


def samples(labels: list[int], fraction: float | None = None, seed: int = 0) -> Samples:
    images = np.arange(16 * len(labels), dtype=np.float32).reshape(-1, 4, 4, 1)
    classes = tuple("abcdefgh"[: max(labels) + 1])
    return divided(images, np.array(labels), classes, fraction, seed)


def test_a_part_of_each_class_validates_and_all_are_learnt_from() -> None:
    found = samples([0] * 20 + [1] * 10 + [2] * 2)
    assert np.bincount(found.labels[found.validating]).tolist() == [3, 2, 1]
    assert sorted([*found.validating, *found.training]) == list(range(32))
    other = samples([0] * 20 + [1] * 10 + [2] * 2, seed=1)
    assert other.validating.tolist() != found.validating.tolist()
    assert len(samples([0] * 20 + [1] * 10, 0.5).validating) == 15
    dataset = found.dataset(None)
    assert len(dataset.full_training()) == 32 and not dataset.has_test


def test_a_class_of_one_sample_is_trained_on_and_not_validated_on() -> None:
    found = samples([0, 0, 0, 0, 1, 2, 2])
    assert 4 in found.training
    assert found.labels[found.validating].tolist() == [0, 2]


def test_where_every_class_has_one_sample_they_validate_what_they_trained() -> None:
    found = samples([0, 1, 2])
    assert found.training.tolist() == found.validating.tolist() == [0, 1, 2]


@pytest.mark.parametrize("fraction", [0, 1, 1.5, "a", True])
def test_what_is_no_fraction_is_refused(fraction: float) -> None:
    with pytest.raises(
        UserError, match=r"^validation_fraction: expected a number between 0 and 1, both excl"
    ):
        samples([0, 0, 1, 1], fraction)


def test_the_dataset_on_disk_is_the_one_in_memory(tmp_path: Path) -> None:
    found = samples([0] * 9 + [1] * 9 + [2])
    written, read = found.dataset(tmp_path / "x.npz"), load_dataset(str(tmp_path / "x.npz"))
    assert written.name == read.name == str(tmp_path / "x.npz")
    assert read.fingerprint == written.fingerprint == found.dataset(None).fingerprint
    assert read.search_split().fingerprint == written.search_split().fingerprint
    assert read.identity().to_dict() == written.identity().to_dict()
    assert read.classes == ("a", "b", "c") and not read.has_test


def test_every_fit_has_a_folder_of_its_own(tmp_path: Path) -> None:
    runs = tmp_path / "a" / "runs"
    assert [claimed(runs).name for _ in range(3)] == ["fit-1", "fit-2", "fit-3"]
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(UserError, match=rf"^run {file}: cannot be written: Not a directory"):
        claimed(file)
    (tmp_path / "fit-1").touch()
    with pytest.raises(UserError, match="expected a folder, got something else at .*fit-1"):
        claimed(tmp_path)


def test_a_file_beside_the_runs_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "fit-1.npz").write_bytes(b"mine")
    assert claimed(tmp_path).name == "fit-2"
