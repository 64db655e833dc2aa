import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from evonas.data import load_dataset
from evonas.errors import UserError
from evonas.task import Task


def replace_member(path: str, member: str, content: bytes) -> None:
    """Writes the zip file again with one member replaced by raw bytes."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, old in members.items():
            archive.writestr(name, content if name == member else old)


def header(shape: tuple[int, ...], dtype: str = "|u1") -> bytes:
    """The start of a .npy file that promises such an array."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def test_a_file_with_a_test_part(npz, arrays):
    data = load_dataset(npz())
    assert data.task == Task(channels=3, height=4, width=4, classes=3)
    assert data.classes == ("0", "1", "2") and data.mirror
    training, test = data.full_training(), data.test()
    assert (training.x == arrays["x_train"]).all() and (training.y == arrays["y_train"]).all()
    assert (test.x == arrays["x_test"]).all() and (test.y == arrays["y_test"]).all()
    assert training.x.dtype == np.uint8


def test_a_file_without_a_test_part_has_one_split_off(npz, arrays):
    data = load_dataset(npz(x_test=None, y_test=None))
    test, training = data.test(), data.full_training()
    assert np.bincount(test.y).tolist() == [2, 2, 2] and len(training) == 24
    everything = sorted([*test.x[:, 0, 0, 0], *training.x[:, 0, 0, 0]])
    assert everything == list(range(30))
    assert (test.x[:, 0, 0, 0] % 3 == test.y).all()


def test_grey_floats_in_fortran_order_with_labels_from_1_in_a_column(npz, arrays):
    x = np.asfortranarray(arrays["x_train"][..., 0] / 255)
    data = load_dataset(npz(x_train=x, y_train=arrays["y_train"][:, None] + 1, x_test=None, y_test=None))
    assert data.task.input_shape == (1, 4, 4) and data.classes == ("1", "2", "3") and not data.mirror
    training = data.full_training()
    assert training.x.dtype == np.float32 and training.x.shape == (24, 4, 4, 1)
    assert (np.rint(training.x[:, 0, 0, 0] * 255).astype(int) % 3 == training.y).all()


def test_compressed_files_and_class_names(tmp_path, arrays):
    path = tmp_path / "named.npz"
    np.savez_compressed(path, **arrays, classes=np.array(["ant", "bee", "cow"]))
    assert load_dataset(str(path)).classes == ("ant", "bee", "cow")


def test_the_suffix_does_not_matter_and_home_is_found(npz, tmp_path, monkeypatch):
    (tmp_path / "pets.data").write_bytes(Path(npz()).read_bytes())
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_dataset("~/pets.data").training_size == 30


@pytest.mark.parametrize(
    "garbage", [b"no numpy array", header((12, 4, 4, 3), "<U7"), header((10**9, 10**9)), b""]
)
def test_a_search_never_reads_the_test_arrays(npz, garbage):
    path = npz()
    for member in ("x_test.npy", "y_test.npy"):
        replace_member(path, member, garbage)
    data = load_dataset(path, train_limit=20)
    assert len(data.search_split().y_train) == 16 and len(data.full_training()) == 20
    data.statistics()
    with pytest.raises(UserError, match=r"pets\.npz"):
        data.test()


def test_after_the_load_a_search_does_not_need_the_file(npz):
    path = npz()
    data = load_dataset(path)
    Path(path).unlink()
    assert len(data.search_split().y_val) == 6
    with pytest.raises(
        UserError, match=r"pets\.npz: expected an \.npz file that can be read, got No such file"
    ):
        data.test()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"y_train": None},
            r"expected the keys x_train, y_train, x_test, y_test, got .* \(missing: y_train\)",
        ),
        (
            {"x_train": None, "x_test": None, "y_test": None},
            r"expected the keys x_train, y_train, got y_train ",
        ),
        ({"y_test": None}, r"\(missing: y_test\)"),
        ({"x_test": None}, r"\(missing: x_test\)"),
        (
            {"y_train": np.arange(29) % 3},
            r"x_train and y_train: .* images of shape \(30, 4, 4, 3\), .* \(29,\)",
        ),
        ({"y_train": np.zeros(30, int)}, "y_train: expected at least two classes, got only label 0"),
        (
            {"y_train": np.eye(3)[np.arange(30) % 3]},
            r"y_train: expected one integer .* got shape \(30, 3\); .*one-hot",
        ),
        ({"y_train": np.arange(30) / 2}, "y_train: expected integers, got float64 with the value 0.5"),
        (
            {"y_train": np.array([None] * 30)},
            "y_train: expected an array of plain numbers, got type object; pickled",
        ),
        ({"x_train": np.array([None] * 30)}, r"x_train: expected shape \(N, H, W\) or .*, got \(30,\)"),
        (
            {"x_train": np.full((30, 4, 4), None)},
            "x_train: expected an array of plain numbers, got type object",
        ),
        (
            {"x_train": np.zeros((30, 16), np.uint8)},
            r"x_train: expected shape \(N, H, W\) .*, got \(30, 16\)",
        ),
        ({"x_train": np.zeros(30, "u1,u1")}, r"x_train: expected shape"),
        (
            {"x_train": np.zeros((30, 4, 4), "u1,u1")},
            "plain numbers, got type .* pickled objects and records",
        ),
        ({"x_train": np.zeros((30, 3, 8, 8), np.uint8)}, r"looks like \(N, C, H, W\)"),
        (
            {"x_train": np.zeros((0, 4, 4)), "y_train": np.zeros(0, int)},
            r"x_train: expected at least one image",
        ),
        (
            {"x_train": np.full((30, 4, 4), np.inf)},
            "x_train: expected finite numbers, got 480 NaN or infinite",
        ),
        ({"classes": np.array([1, 2, 3])}, r"classes: expected strings, shape \(K,\), got type int64"),
        (
            {"classes": np.array(["ant", "bee"])},
            "y_train: expected labels from 0 to 1, for 2 class names, got 2",
        ),
    ],
)
def test_a_file_that_is_no_dataset_is_refused(npz, changes, message):
    with pytest.raises(UserError, match=rf"pets\.npz: .*{message}|pets\.npz: {message}"):
        load_dataset(npz(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"x_test": np.zeros((12, 5, 5, 3), np.uint8)},
            r"x_test: expected images like x_train, .*\(4, 4, 3\) of uint8, ",
        ),
        ({"x_test": np.zeros((12, 4, 4), np.uint8)}, r"got \(4, 4, 1\) of uint8"),
        ({"x_test": np.zeros((12, 4, 4, 3))}, r"got \(4, 4, 3\) of float32"),
        (
            {"x_test": np.zeros((11, 4, 4, 3), np.uint8)},
            r"x_test and y_test: expected as many labels as images",
        ),
        (
            {"y_test": np.arange(12) % 4},
            "y_test: expected only classes that the training images have, got label 3",
        ),
    ],
)
def test_a_test_part_that_does_not_fit_is_found_when_it_is_read(npz, changes, message):
    data = load_dataset(npz(**changes))
    data.search_split()
    with pytest.raises(UserError, match=rf"pets\.npz: .*{message}|pets\.npz: {message}"):
        data.test()


def test_other_files_are_refused(tmp_path, npz):
    whole = Path(npz()).read_bytes()
    damaged = bytearray(whole)
    damaged[whole.index(b"x_train.npy") + 400] ^= 0xFF  # a pixel, so that only the checksum tells
    single = io.BytesIO()
    np.save(single, np.zeros(3))
    for name, content, message in (
        ("text.npz", b"not a zip file", "expected a whole .npz file .*not a zip file"),
        ("empty.npz", b"", "expected a whole .npz file"),
        ("single.npz", single.getvalue(), "expected a whole .npz file"),
        ("half.npz", whole[: len(whole) // 2], "damaged or cut short"),
        ("damaged.npz", bytes(damaged), "damaged or cut short: Bad CRC-32"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UserError, match=rf"{name}: .*{message}"):
            load_dataset(str(path))
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UserError, match=r"other\.npz: expected the keys x_train, y_train, got none"):
        load_dataset(str(tmp_path / "other.npz"))


def test_a_bomb_is_refused_before_memory_is_asked_for(npz, arrays, tmp_path):
    path = tmp_path / "zeros.npz"
    np.savez_compressed(path, x_train=np.zeros((30, 1024, 1024), np.uint8), y_train=arrays["y_train"])
    assert path.stat().st_size < 100_000
    promise = npz()
    replace_member(promise, "x_train.npy", header((30, 10**6, 10**6)))
    tracemalloc.start()
    with pytest.raises(
        UserError, match=r"zeros\.npz: x_train: expected at most max_bytes = 1,000,000 bytes, got 31,457,280"
    ):
        load_dataset(str(path), max_bytes=10**6)
    with pytest.raises(
        UserError, match=r"x_train: expected at most max_bytes = 17,179,869,184 bytes, got 30,000,0"
    ):
        load_dataset(promise)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000
    assert load_dataset(str(path)).training_size == 24


@pytest.mark.parametrize("promised", [(30, 4, 4, 3), (30, 4, 4, 1)])
def test_a_header_that_the_file_contradicts_is_refused(npz, promised):
    path = npz()
    replace_member(path, "x_train.npy", header(promised) + bytes(30 * 4 * 4 * 2))
    with pytest.raises(
        UserError, match=r"x_train: expected [\d,]+ bytes for shape .*, got 960: the file is damaged"
    ):
        load_dataset(path)
