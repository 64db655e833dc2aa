import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evonas.data import ArraySource, build_dataset, load_dataset
from evonas.errors import UserError
from evonas.task import Task


def numbered(images: int, classes: int = 3) -> ArraySource:
    """Images whose only value is their number; their class is its remainder."""
    numbers = np.arange(images)
    return ArraySource(numbers.reshape(-1, 1, 1).astype(np.float32), numbers % classes)


def numbers(x: np.ndarray) -> set[int]:
    return set(x[:, 0, 0, 0].astype(int).tolist())


def test_digits():
    digits = load_dataset("digits")
    assert digits.name == "digits" and digits.task == Task(channels=1, height=8, width=8, classes=10)
    assert digits.classes == tuple("0123456789") and digits.mirror is False
    training, test = digits.full_training(), digits.test()
    assert (len(training), len(test), digits.training_size) == (1438, 359, 1438)
    assert training.x.dtype == np.uint8 and training.x.max() == 16 and training.y.dtype == np.int64
    assert np.bincount(test.y).min() >= 34
    split = digits.search_split()
    assert split.x_val.shape == (288, 8, 8, 1) and split.x_train.shape == (1150, 8, 8, 1)


def test_the_parts_are_disjoint_complete_and_keep_their_labels():
    data = build_dataset("numbers", numbered(100))
    split, test, full = data.search_split(0.25, seed=4), data.test(), data.full_training()
    parts = [numbers(split.x_train), numbers(split.x_val), numbers(test.x)]
    assert sorted(n for part in parts for n in part) == list(range(100))
    assert numbers(full.x) == parts[0] | parts[1] and len(test) == 20 and len(split.y_val) == 20
    for x, y in (
        (split.x_train, split.y_train),
        (split.x_val, split.y_val),
        (test.x, test.y),
        (full.x, full.y),
    ):
        assert (x[:, 0, 0, 0].astype(int) % 3).tolist() == y.tolist()
        assert y.dtype == np.int64


def test_neither_seed_moves_a_test_image():
    tests = [
        numbers(build_dataset("numbers", numbered(100), train_limit=limit, seed=seed).test().x)
        for limit, seed in ((None, 0), (30, 1), (60, 2))
    ]
    assert tests[0] == tests[1] == tests[2]


def test_a_limit_reduces_training_alone_and_depends_on_its_seed():
    whole, first, again, other = (
        build_dataset("numbers", numbered(100), train_limit=limit, seed=seed)
        for limit, seed in ((None, 0), (30, 1), (30, 1), (30, 2))
    )
    kept = [numbers(data.full_training().x) for data in (first, again, other)]
    assert kept[0] == kept[1] != kept[2] and kept[0] < numbers(whole.full_training().x)
    assert first.training_size == 30 and len(first.test()) == 20
    split = first.search_split()
    assert numbers(split.x_train) | numbers(split.x_val) == kept[0] and len(split.y_val) == 6


def test_a_test_part_of_its_own_is_kept_whole():
    source = numbered(50)
    own = numbered(7)
    source = ArraySource(source.images, source.labels, test=(own.images, own.labels))
    data = build_dataset("numbers", source)
    assert data.training_size == 50 and numbers(data.test().x) == set(range(7))
    with pytest.raises(
        UserError, match="test_fraction: expected none, for numbers has its own test part, got 0.5"
    ):
        build_dataset("numbers", source, test_fraction=0.5)


def test_the_test_fraction_is_heeded():
    assert len(build_dataset("numbers", numbered(100), test_fraction=0.5).test()) == 50


def test_what_is_handed_out_is_a_copy():
    source = numbered(30)
    source = ArraySource(source.images, source.labels, test=(source.images.copy(), source.labels))
    data = build_dataset("numbers", source)
    source.images[:] = -1
    data.full_training().x[:] = -1
    data.search_split().x_train[:] = -1
    assert -1 not in numbers(data.full_training().x)


def test_the_fingerprint_tells_datasets_and_splits_apart():
    data = build_dataset("numbers", numbered(100))
    assert data.fingerprint == build_dataset("renamed", numbered(100)).fingerprint
    source = numbered(100)
    moved, relabelled = source.images.copy(), source.labels.copy()
    kept = int(data.full_training().x[0, 0, 0, 0])
    moved[kept] += 0.5
    relabelled[kept] = (relabelled[kept] + 1) % 3
    others = [
        build_dataset("numbers", ArraySource(moved, source.labels)),
        build_dataset("numbers", ArraySource(source.images, relabelled)),
        build_dataset("numbers", ArraySource(source.images, source.labels, classes=("a", "b", "c"))),
        build_dataset("numbers", source, train_limit=50),
        build_dataset("numbers", source, train_limit=50, seed=1),
        build_dataset("numbers", source, test_fraction=0.3),
        build_dataset(
            "numbers", ArraySource(source.images.reshape(100, 1, 1, 1).repeat(2, 1), source.labels)
        ),
    ]
    assert len({data.fingerprint, *(other.fingerprint for other in others)}) == len(others) + 1
    splits = [data.search_split(), data.search_split(seed=1), data.search_split(0.3)]
    assert len({split.fingerprint for split in splits}) == 3
    assert splits[0].fingerprint == data.search_split(0.2, 0).fingerprint


def test_another_process_gets_the_same_split():
    code = (
        "from evonas.data import load_dataset\n"
        "print(load_dataset(train_limit=200).search_split().fingerprint)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{load_dataset(train_limit=200).search_split().fingerprint}\n".encode()}


def test_digits_are_pinned():
    """What an older version of evonas called this split is still this split."""
    assert load_dataset("digits").fingerprint == "4b8074b41ffb1e76e9681fb340bbb934"
    assert load_dataset("digits").search_split().fingerprint == "83df6732ec8760084bece06095cf63cd"


def test_statistics_come_from_the_training_images_of_the_part_asked_for():
    data = build_dataset("numbers", numbered(100))
    split = data.search_split()
    assert data.statistics(split).mean[0] == pytest.approx(split.x_train.mean(), rel=1e-6)
    assert data.statistics().mean[0] == pytest.approx(data.full_training().x.mean(), rel=1e-6)
    assert data.statistics(split).mean != data.statistics().mean


def test_colour_may_be_mirrored_and_grey_not_unless_the_source_says_so():
    labels = np.arange(12) % 2
    grey, colour = np.zeros((12, 4, 4), np.uint8), np.zeros((12, 4, 4, 3), np.uint8)
    assert build_dataset("grey", ArraySource(grey, labels)).mirror is False
    assert build_dataset("colour", ArraySource(colour, labels)).mirror is True
    assert build_dataset("signs", ArraySource(colour, labels, mirror=False)).mirror is False


def test_images_and_labels_of_different_number_are_refused():
    with pytest.raises(
        UserError, match=r"x_train and y_train: expected as many .* \(9, 2, 2\), labels of shape \(8,\)"
    ):
        build_dataset("numbers", ArraySource(np.zeros((9, 2, 2), np.uint8), np.arange(8) % 2))


def test_importing_the_data_room_imports_no_heavy_package():
    code = "import sys, evonas.data; print({'torch', 'torchvision', 'sklearn', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_real_photographs(tmp_path):
    unpack = Path(__file__).parents[3] / "shared" / "data" / "unpack_cifar10.py"
    if not unpack.exists():
        pytest.skip(f"needs CIFAR-10 in {unpack.parent}")
    out = tmp_path / "cifar.npz"
    subprocess.run([sys.executable, unpack, out, "--train", "300", "--test", "100"], check=True)
    data = load_dataset(str(out), train_limit=200)
    assert data.task == Task(channels=3, height=32, width=32, classes=10) and data.mirror
    assert set(data.classes) >= {"airplane", "cat", "ship"}
    split = data.search_split()
    assert np.bincount(split.y_val, minlength=10).min() >= 1 and len(data.test()) == 100
    assert all(90 < mean < 150 for mean in data.statistics(split).mean)
    assert all(45 < std < 80 for std in data.statistics(split).std)


def test_validation_images_of_its_own_are_not_split_and_enter_the_fingerprint():
    source, own = numbered(50), numbered(9)

    def validated(x, **choices):
        given = ArraySource(source.images, source.labels, validation=(x, own.labels))
        return build_dataset("numbers", given, **choices)

    data, limited = validated(own.images), validated(own.images, train_limit=20)
    assert numbers(data.search_split().x_val) == numbers(limited.search_split().x_val) == set(range(9))
    assert (len(limited.search_split().y_train), limited.training_size, len(limited.test())) == (20, 29, 10)
    without = build_dataset("numbers", source)
    assert len({d.fingerprint for d in (data, limited, without, validated(own.images + 1))}) == 4
    assert data.search_split().fingerprint == validated(own.images.copy()).search_split().fingerprint
    with pytest.raises(UserError, match="validation_fraction: expected none, for numbers has its own valid"):
        data.search_split(0.2)
    with pytest.raises(
        UserError, match=r"x_val: expected images like x_train, .* of float32, got .* of uint8"
    ):
        validated(own.images.astype(np.uint8))
