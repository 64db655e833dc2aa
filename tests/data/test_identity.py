"""What a dataset is, wherever it lies, and what is said of one that has changed."""

import json

import numpy as np
import pytest
from PIL import Image

from evonas import UserError
from evonas.data import ArraySource, Identity, build_dataset, differences, load_dataset
from evonas.data.marks import mark_of_file, marks_of


def images(count=60, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 6, 6, 1)).astype(np.uint8), np.arange(count) % 3


def dataset(x, y, classes=("ant", "bee", "cat"), test=None, limit=None):
    return build_dataset("pets", ArraySource(x, y, test, classes), train_limit=limit)


def said(before, after):
    return differences(before.identity(), after.identity(), after.others)


def reordered(x, y):
    order = np.random.default_rng(3).permutation(len(y))
    return x[order], y[order]


def extended(x, y):
    return np.concatenate([x, x[:6] + 1]), np.concatenate([y, y[:6]])


def shortened(x, y):
    return x[:-6], y[:-6]


def relabelled(x, y):
    y = y.copy()
    y[:4] = (y[:4] + 1) % 3
    return x, y


def redrawn(x, y):
    x = x.copy()
    x[:30] = 255 - x[:30]
    return x, y


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (reordered, "only their order"),
        (extended, "60 images then, 66 now"),
        (shortened, "60 images then, 54 now"),
        (relabelled, "only labels: "),
        (redrawn, "of the 48 images that the search had are gone or have other content"),
    ],
)
def test_what_differs_is_said(change, words):
    x, y = images()
    found = said(dataset(x, y), dataset(*change(x, y)))
    assert words in "; ".join(found)


def test_counts_are_exact():
    """With a test part of its own, every labelled image is one that the search has."""
    x, y = images()
    test = images(9, seed=1)
    before = dataset(x, y, test=test)
    found = said(before, dataset(*redrawn(x, y), test=test))
    assert found == ["30 of the 60 images that the search had are gone or have other content"]
    assert said(before, dataset(*relabelled(x, y), test=test)) == [
        "only labels: 4 images of those have another label"
    ]


def test_nothing_differs():
    x, y = images()
    assert said(dataset(x, y), dataset(x.copy(), y + 0)) == []
    assert said(dataset(x, y, limit=30), dataset(x, y, limit=30)) == []


def test_names_of_classes_and_the_form_are_said():
    x, y = images()
    assert said(dataset(x, y), dataset(x, y, classes=("ant", "bee", "cow")))[0] == (
        "classes then ant, bee, cat, now ant, bee, cow"
    )
    assert "images brought to 1×6×6 uint8 then, 1×6×6 float32 now" in said(
        dataset(x, y), dataset(x.astype(np.float32), y)
    )


def test_labels_of_test_images_alone():
    """They decide which images are kept for the test, so they count, though no test image is read."""
    x, y = images()
    before = dataset(x, y)
    held_out = np.flatnonzero(~np.isin(marks_of(x), before.identity().marks))
    y = y.copy()
    y[held_out[:2]] = y[held_out[:2]][::-1]
    if y[held_out[0]] == y[held_out[1]]:
        y[held_out[0]] = (y[held_out[0]] + 1) % 3
    assert said(before, dataset(x, y))


def test_no_test_image_is_read():
    class Source(ArraySource):
        def read_training(self, index, shape):
            assert shape is None, "a second read"
            return super().read_training(index, shape)

        def read_test(self, shape):
            raise AssertionError("the test part was read")

    x, y = images()
    build_dataset("pets", Source(x, y)).identity()
    build_dataset("pets", Source(x, y, images(9))).identity()


def test_it_is_noted_and_read_back():
    x, y = images()
    before = dataset(x, y).identity()
    again = Identity.from_dict(json.loads(json.dumps(before.to_dict())))
    assert again.same_as(before) and len(again) == 48


@pytest.mark.parametrize(
    "change",
    [
        {"marks": "no base64!"},
        {"marks": "AAAA"},
        {"labels": "AAAA"},
        {"form": [1, 2, "uint8"]},
        {"form": [1, 2, 0, "uint8"]},
        {"classes": ["ant"]},
        {"total": -1},
        {"all_labels": None},
        {"marks": ""},
        {"classes": "ant"},
    ],
)
def test_a_damaged_note_is_refused(change):
    noted = dataset(*images()).identity().to_dict()
    with pytest.raises(UserError, match="identity"):
        Identity.from_dict(noted | change)
    with pytest.raises(UserError, match="identity"):
        Identity.from_dict([])


# -- marks: of files and of arrays --------------------------------------------------------------------


def test_a_folder_and_its_array_are_the_same_images(tmp_path):
    x, y = images()
    for number, (image, label) in enumerate(zip(x, y, strict=True)):
        (tmp_path / "photos" / "abc"[label]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(tmp_path / "photos" / "abc"[label] / f"{number:03}.png")
    order = np.argsort(y, kind="stable")
    array = dataset(x[order], y[order], classes=("a", "b", "c"))
    assert said(array, load_dataset(str(tmp_path / "photos"))) == []


@pytest.mark.parametrize("kind", ["png", "bmp", "tiff", "gif", "webp"])
def test_a_file_has_the_mark_of_its_pixels(tmp_path, kind):
    x, _ = images(1)
    path = tmp_path / f"image.{kind}"
    Image.fromarray(x[0, ..., 0]).save(path, **({"lossless": True} if kind == "webp" else {}))
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("L" if image.mode in ("L", "P") else "RGB"))
        expected = pixels.reshape(1, 6, 6, -1)
        if image.mode == "P":
            expected = np.asarray(image.convert("RGB"))[np.newaxis]
        assert mark_of_file(image) == marks_of(expected).astype("<u8").tobytes()


def test_a_mark_does_not_depend_on_what_images_are_brought_to(tmp_path):
    """So an image is known again in a dataset whose most common size is another, or that has colour."""
    rng = np.random.default_rng(0)
    for root, size, mode in (("small", 8, "L"), ("large", 12, "RGB")):
        for label in "ab":
            folder = tmp_path / root / label
            folder.mkdir(parents=True)
            for number in range(6):
                pixels = rng.integers(0, 256, (size, size) if mode == "L" else (size, size, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    before = load_dataset(str(tmp_path / "small")).identity()
    for label in "ab":
        for path in (tmp_path / "small" / label).iterdir():
            path.rename(tmp_path / "large" / label / f"x{path.name}")
            Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8)).save(
                tmp_path / "large" / label / f"y{path.name}"
            )
    mixed = load_dataset(str(tmp_path / "large"))
    assert mixed.identity().form[:3] == (12, 12, 3)
    known = np.concatenate([mixed.identity().marks, mixed.others().marks])
    assert np.isin(before.marks, known).all()
    assert len(mixed.test().marks()) == len(mixed.test())
