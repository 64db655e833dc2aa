"""Images to be predicted come in the form of those that a network was trained on, or are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from evonas.data import Access, Batch, Pixels, Wanted, load_dataset, open_own
from evonas.errors import UserError

RNG = np.random.default_rng(0)
PETS = ("cat", "dog")


def read(images: Any, wanted: Wanted, labels: Any = None, **access: Any) -> list[Batch]:
    """All batches of three."""
    return list(open_own(images, wanted, labels, Access(**access)).batches(3))


def arrays_of(batches: list[Batch]) -> np.ndarray:
    return np.concatenate([batch.x for batch in batches])


def labels_of(batches: list[Batch]) -> list[int]:
    return [int(label) for batch in batches if batch.labels is not None for label in batch.labels]


def names_of(batches: list[Batch]) -> list[str]:
    return [name for batch in batches for name in batch.names]


def colour(size: tuple[int, int] = (5, 4)) -> Image.Image:
    return Image.fromarray(RNG.integers(0, 256, (*size, 3), np.uint8))


def transparent() -> Image.Image:
    return Image.fromarray(RNG.integers(0, 256, (5, 4, 4), np.uint8), "RGBA")


def deep() -> Image.Image:
    return Image.fromarray(RNG.integers(0, 65536, (5, 4), np.uint16))


def grey() -> Image.Image:
    return Image.fromarray(RNG.integers(0, 256, (5, 4), np.uint8))


SETS: dict[str, tuple[Callable[[int], Image.Image], dict[str, str], str]] = {
    "colours of several sizes": (lambda n: colour((5, 4) if n % 3 else (9, 7)), {}, "8 bits"),
    "a background": (lambda n: transparent() if n % 2 else colour(), {"background": "#ff8000"}, "8 bits"),
    "without transparency": (lambda n: transparent(), {}, "8 bits"),
    "16 bits, some of 8": (lambda n: grey() if n % 4 == 0 else deep(), {}, "16 bits"),
    "floats": (lambda n: Image.fromarray(RNG.random((5, 4)).astype(np.float32)), {}, "floats"),
}


@pytest.mark.parametrize("kind", SETS)
def test_files_are_read_as_those_of_a_dataset_are(kind: str, folder: Callable[..., Path]) -> None:
    make, reading, depth = SETS[kind]
    root = folder({f"{PETS[n % 2]}/{n:02}.tif": make(n) for n in range(24)})
    dataset = load_dataset(str(root), **reading)  # type: ignore[arg-type]
    assert dataset.pixels == Pixels(depth, reading.get("background", ""))
    height, width, channels = dataset.full_training().x.shape[1:]
    batches = read(root, Wanted((height, width, channels), dataset.classes, dataset.pixels))
    read_here = {
        (pixels.tobytes(), label)
        for pixels, label in zip(arrays_of(batches), labels_of(batches), strict=True)
    }
    for images in (dataset.full_training(), dataset.test()):
        for pixels, label in zip(images.x, images.y.tolist(), strict=True):
            assert (pixels.tobytes(), label) in read_here
    marks = np.concatenate([batch.marks for batch in batches])
    assert set(dataset.identity().marks) | set(dataset.test().marks()) == set(marks)


BYTES = Wanted((5, 4, 3), PETS, Pixels())


def test_a_file_a_flat_folder_and_folders_of_classes(folder: Callable[..., Path]) -> None:
    root = folder(
        {"dog/b.png": colour(), "cat/a.png": colour(), "cat/c.png": grey(), "top.png": colour((9, 9))}
    )
    batches = read(root, BYTES)
    assert (names_of(batches), labels_of(batches)) == (["cat/a.png", "cat/c.png", "dog/b.png"], [0, 0, 1])
    opened = open_own(root, BYTES)
    list(opened.batches(2))
    assert opened.said() == ["1 beside the class folders passed over", "1 grey made colour"]
    flat = read(root / "cat", BYTES)
    assert (names_of(flat), labels_of(flat)) == (["a.png", "c.png"], [])
    alone = open_own(root / "top.png", BYTES)
    (batch,) = alone.batches(3)
    assert (batch.names, batch.labels, alone.said()) == (("top.png",), None, ["1 resized to 5×4"])


def test_parts_of_a_dataset_mean_its_test_part(folder: Callable[..., Path]) -> None:
    files = {
        f"{part}/{pet}/{n}.png": colour() for part in ("train", "Test") for pet in PETS for n in range(3)
    }
    root = folder(files)
    opened = open_own(root, BYTES)
    assert names_of(list(opened.batches(9))) == [f"{pet}/{n}.png" for pet in PETS for n in range(3)]
    assert opened.said() == [f"of {root} the test part, Test/"]
    # A class of the network that is called so is a class.
    assert (
        names_of(read(root / "Test", Wanted((5, 4, 3), ("cat", "dog", "Test"), Pixels())))[0] == "cat/0.png"
    )


def test_a_network_of_bytes_reads_deeper_files_at_8_bits(folder: Callable[..., Path]) -> None:
    pixels = RNG.integers(0, 65536, (5, 4), np.uint16)
    root = folder({"a.png": Image.fromarray(pixels)})
    opened = open_own(root, Wanted((5, 4, 1), PETS, Pixels()))
    (batch,) = opened.batches(3)
    assert np.array_equal(batch.x[0, ..., 0], np.rint(pixels / 257).astype(np.uint8))
    assert opened.said() == ["1 of 16 bits scaled to 8"]


def test_colour_for_a_grey_network_is_said(folder: Callable[..., Path]) -> None:
    opened = open_own(folder({"a.png": colour()}), Wanted((5, 4, 1), PETS, Pixels()))
    (batch,) = opened.batches(3)
    assert batch.x.shape == (1, 5, 4, 1) and opened.said() == ["1 colour made grey"]


def test_damaged_files_are_all_named_or_left_out(folder: Callable[..., Path]) -> None:
    files = {f"{n}.png": colour() for n in range(7)}
    root = folder({**files, "1.png": b"nothing", "6.png": b""})
    with pytest.raises(UserError, match=r"2 damaged files.*1\.png.*6\.png.*--without-damaged"):
        read(root, BYTES)
    opened = open_own(root, BYTES, None, Access(without_damaged=True))
    assert names_of(list(opened.batches(3))) == ["0.png", "2.png", "3.png", "4.png", "5.png"]
    assert opened.said() == ["without 2 damaged files"]
    only = folder({"bad/1.png": b"nothing", "bad/2.png": b""}, "only")
    with pytest.raises(UserError, match="expected an image that is whole, got damaged ones alone"):
        read(only / "bad", BYTES, without_damaged=True)


X = RNG.integers(0, 256, (6, 5, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("members", "classes", "expected"),
    [
        ({"x": X}, PETS, []),
        ({"images": X, "labels": np.array(["dog", "cat"] * 3)}, PETS, [1, 0] * 3),
        ({"x_test": X, "y_test": np.arange(6) % 2, "x_train": X, "y_train": np.arange(6)}, PETS, [0, 1] * 3),
        ({"x": X, "y": np.arange(6) % 2, "classes": np.array(["dog", "cat"])}, PETS, [1, 0] * 3),
        ({"x": X, "y": np.array([7, 3] * 3)}, ("3", "7"), [1, 0] * 3),
    ],
    ids=["unlabelled", "text", "test part", "names of its own", "integers are names"],
)
def test_arrays_in_a_file(
    members: dict[str, Any], classes: tuple[str, ...], expected: list[int], tmp_path: Path
) -> None:
    np.savez(tmp_path / "own.npz", **members)
    batches = read(str(tmp_path / "own.npz"), Wanted((5, 4, 3), classes, Pixels()))
    assert np.array_equal(arrays_of(batches), X) and labels_of(batches) == expected
    assert names_of(batches) == list("012345")


def test_arrays_in_memory() -> None:
    assert labels_of(read(X, BYTES, ["dog"] * 6)) == [1] * 6
    assert labels_of(read(X, BYTES, [0, 1] * 3)) == [0, 1] * 3
    assert np.array_equal(arrays_of(read(X[0], BYTES)), X[:1])
    grey_one = read(X[0, ..., 0].astype(np.float32), Wanted((5, 4, 1), PETS, Pixels("")))
    assert arrays_of(grey_one).dtype == np.float32


def test_the_test_part_is_that_of_a_search(folder: Callable[..., Path], npz: Callable[..., str]) -> None:
    root = folder({f"{PETS[n % 2]}/{n:02}.png": colour() for n in range(20)})
    test = load_dataset(str(root)).test()
    batches = read(root, BYTES, test_part=True)
    assert np.array_equal(arrays_of(batches), test.x) and labels_of(batches) == test.y.tolist()
    digits = load_dataset("digits")
    found = read("digits", Wanted((8, 8, 1), digits.classes, digits.pixels))
    assert np.array_equal(arrays_of(found), digits.test().x) and labels_of(found) == digits.test().y.tolist()
    split_off = npz(x_test=None, y_test=None)
    with pytest.raises(UserError, match="x_train, y_train; of a dataset, --test-part takes"):
        read(split_off, Wanted((4, 4, 3), ("0", "1", "2"), Pixels()))
    batches = read(split_off, Wanted((4, 4, 3), ("0", "1", "2"), Pixels()), test_part=True)
    assert np.array_equal(arrays_of(batches), load_dataset(split_off).test().x)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ("nowhere.png", None, "'nowhere.png': expected an image file, a folder of them"),
        (X[:, :4], None, r"\(height, width, channels\) \(5, 4, 3\) of uint8, got \(4, 4, 3\) of uint8"),
        (X / 255, None, "of uint8, got .* of float32"),
        (X, [0, 1], "expected as many labels as images"),
        (X, [0, 5] * 3, r"classes that the network knows \(cat, dog\), got 5"),
        (X, ["cat", "bee"] * 3, r"classes that the network knows \(cat, dog\), got bee"),
        ("digits", [1], "labels: expected only with an array"),
    ],
)
def test_refusals(images: Any, labels: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(images, BYTES, labels)


def test_refusals_of_folders(folder: Callable[..., Path], tmp_path: Path) -> None:
    strangers = folder({"cat/a.png": colour(), "bee/b.png": colour(), "ant/c.png": colour()})
    with pytest.raises(
        UserError, match=r"the network knows \(cat, dog\), got ant, bee; images without labels"
    ):
        read(strangers, BYTES)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty: expected image files"):
        read(tmp_path / "empty", BYTES)
    with pytest.raises(UserError, match="in the units of the arrays that the network was trained on"):
        read(strangers / "cat", Wanted((5, 4, 3), PETS, Pixels("")))
    with pytest.raises(UserError, match="an array of images with 4 channels"):
        read(strangers / "cat", Wanted((5, 4, 4), PETS, Pixels()))
    with pytest.raises(UserError, match=r"expected values of floats, .* got 8 bits"):
        read(strangers / "cat", Wanted((5, 4, 1), PETS, Pixels("floats")))


def test_images_deeper_in_a_class_are_passed_over_and_that_is_said(folder: Callable[..., Path]) -> None:
    opened = open_own(folder({"dog/b.png": colour(), "cat/a.png": colour(), "cat/x/c.png": colour()}), BYTES)
    assert len(list(opened.batches(9))[0].names) == 2
    assert opened.said() == ["1 in folders within the class folders passed over"]
