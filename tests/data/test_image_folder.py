from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evonas.data import load_dataset
from evonas.errors import UserError
from evonas.task import Task

BROKEN = b"\x89PNG\r\n\x1a\n and then nothing"


def shade(value: int, height: int = 6, width: int = 5) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def classes(values: range, under: str = "", names: tuple[str, ...] = ("cat", "dog")) -> dict[str, np.ndarray]:
    """Files whose colour says which one it is, class by class in turn."""
    return {f"{under}{names[v % len(names)]}/{v:03}.png": shade(v) for v in values}


def test_a_folder_with_train_and_test(folder):
    root = folder(classes(range(20), "train/") | classes(range(100, 106), "test/"))
    data = load_dataset(str(root))
    assert data.task == Task(channels=3, height=6, width=5, classes=2)
    assert data.classes == ("cat", "dog") and data.mirror
    training, test = data.full_training(), data.test()
    assert sorted(training.x[:, 0, 0, 0].tolist()) == list(range(20))
    assert sorted(test.x[:, 0, 0, 0].tolist()) == list(range(100, 106))
    for images in (training, test):
        assert (images.x[:, 0, 0, 0] % 2 == images.y).all() and images.x.dtype == np.uint8


def test_a_folder_of_classes_has_a_test_part_split_off(folder):
    data = load_dataset(str(folder(classes(range(30), names=("ant", "bee", "cow")))), train_limit=12)
    training, test = data.full_training(), data.test()
    assert len(training) == 12 and np.bincount(test.y).tolist() == [2, 2, 2]
    assert not set(training.x[:, 0, 0, 0].tolist()) & set(test.x[:, 0, 0, 0].tolist())
    assert (test.x[:, 0, 0, 0] % 3 == test.y).all()


def test_a_search_takes_nothing_from_a_test_image(folder):
    """They are opened to see that they are whole: what they show, their size and colours change nothing."""
    grey = np.random.default_rng(0).integers(0, 256, (40, 30), np.uint8)
    found = [
        load_dataset(str(folder(classes(range(20), "train/") | tests, root)))
        for root, tests in (
            ("as they were", classes(range(4), "test/")),
            ("others", {f"test/cat/{n}.png": grey for n in range(40)}),
        )
    ]
    before, after = found
    assert after.identity().same_as(before.identity())
    assert after.search_split().fingerprint == before.search_split().fingerprint
    assert after.statistics() == before.statistics() and after.task == before.task
    assert after.account(after.search_split()) == before.account(before.search_split())


def test_nor_one_that_was_split_off(folder):
    """The test part is taken off by name: other images in exactly its files change nothing before `test`."""
    files = classes(range(40))
    root = folder(files)
    before = load_dataset(str(root))
    in_test = set(before.test().x[:, 0, 0, 0].tolist())
    assert len(in_test) == 8
    for name in files:
        if int(Path(name).stem) in in_test:
            Image.fromarray(shade(255, 50, 60)).save(root / name)
    data = load_dataset(str(root))
    assert data.identity().same_as(before.identity())
    assert data.search_split().fingerprint == before.search_split().fingerprint
    assert set(data.test().x[:, 0, 0, 0].tolist()) == {255}


def test_split_off_test_images_are_brought_to_the_shape_of_the_training_images(folder):
    files = classes(range(40))
    root = folder(files)
    in_test = set(load_dataset(str(root)).test().x[:, 0, 0, 0].tolist())
    for name in files:
        number = int(Path(name).stem)
        image = shade(number, 9, 8) if number in in_test else Image.new("L", (5, 6), number)
        folder({name: image})
    data = load_dataset(str(root))
    assert data.task.input_shape == (1, 6, 5)
    assert data.test().x.shape == (8, 6, 5, 1) and set(data.test().x[:, 0, 0, 0].tolist()) == in_test


def test_images_are_brought_to_the_most_common_size(folder):
    files = classes(range(20), "train/") | {f"test/cat/{n}.png": shade(n, 9, 9) for n in range(3)}
    files |= {"train/cat/large.png": shade(50, 12, 10), "train/dog/flat.png": shade(51, 2, 30)}
    data = load_dataset(str(folder(files)))
    assert data.task.input_shape == (3, 6, 5) and data.test().x.shape == (3, 6, 5, 3)
    assert {50, 51} < set(data.full_training().x[:, 3, 3, 0].tolist())


def test_on_a_tie_the_larger_size_counts(folder):
    files = {f"{c}/{n}.png": shade(n, 6 if n % 2 else 4, 4) for c in ("cat", "dog") for n in range(4)}
    files = {f"train/{name}": image for name, image in files.items()} | {"test/cat/0.png": shade(0, 4, 4)}
    data = load_dataset(str(folder(files)))
    assert data.training_size == 8 and data.task.height == 6 and data.test().x.shape == (1, 6, 4, 3)


@pytest.mark.parametrize(("size", "shape"), [(8, (3, 8, 8)), ((4, 7), (3, 4, 7))])
def test_an_image_size_goes_before(folder, size, shape):
    data = load_dataset(str(folder(classes(range(12)))), image_size=size)
    assert data.task.input_shape == shape and data.test().x.shape[1:] == (*shape[1:], 3)


def test_resizing_keeps_what_is_where(folder):
    """The left half is dark and the right half light, before and after."""
    halves = np.zeros((8, 16, 3), np.uint8)
    halves[:, 8:] = 200
    files = {f"{c}/{n}.png": halves for c in ("cat", "dog") for n in range(3)}
    x = load_dataset(str(folder(files)), image_size=(4, 8)).full_training().x
    assert (x[:, :, :3] == 0).all() and (x[:, :, 5:] == 200).all()


def test_grey_if_all_are_grey(folder):
    grey = {f"{c}/{n}.png": Image.new("L", (4, 4), 10 * n) for c in ("cat", "dog") for n in range(5)}
    data = load_dataset(str(folder(grey)))
    assert data.task.input_shape == (1, 4, 4) and not data.mirror
    bits = {f"{c}/{n}.png": Image.new("1", (4, 4), n % 2) for c in ("cat", "dog") for n in range(5)}
    assert set(np.unique(load_dataset(str(folder(bits, "bits"))).full_training().x).tolist()) == {0, 255}
    one_coloured = grey | {"cat/9.png": shade(3, 4, 4)}
    data = load_dataset(str(folder({f"train/{k}": v for k, v in one_coloured.items()}, "mixed")))
    assert data.task.channels == 3 and data.mirror


@pytest.mark.filterwarnings("error")
def test_formats_and_modes(folder):
    colour = (200, 100, 50)
    palette = Image.new("P", (4, 4), 2)
    palette.putpalette([0, 0, 0, 9, 9, 9, *colour])
    palette.info["transparency"] = bytes([0, 100, 7])
    images = {
        "a.PNG": Image.new("RGBA", (4, 4), (*colour, 0)),
        "b.bmp": Image.new("RGB", (4, 4), colour),
        "c.tif": Image.new("CMYK", (4, 4), (55, 155, 205, 0)),
        "d.ppm": Image.new("RGB", (4, 4), colour),
        "e.webp": Image.new("RGB", (4, 4), colour),
        "f.jpeg": Image.new("RGB", (4, 4), colour),
        "g.png": palette,
        ".hidden.png": b"",
        "notes.txt": b"no image",
    }
    files = {f"train/{c}/{name}": image for c in ("cat", "dog") for name, image in images.items()}
    files |= {"train/.git/x.png": b"", "train/readme.md": b"", "test/cat/1.png": images["d.ppm"]}
    x = load_dataset(str(folder(files))).full_training().x
    assert x.shape == (14, 4, 4, 3)
    assert (np.abs(x.astype(int) - colour) <= 6).all()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"1.png": shade(1)}, "photos: expected a sub-folder with images for each class, got no sub-folder"),
        (
            classes(range(8)) | {"empty/notes.txt": b""},
            r"photos/empty: expected images of this class .*, got none",
        ),
        (
            classes(range(0, 8, 2)),
            "photos: expected a sub-folder with images for each class, two at least, got 'cat' alone",
        ),
        (classes(range(5)), "has no test part, so each class needs 3 images .*; class 'dog' has 2"),
        (
            classes(range(8), "train/") | {"train/cat/x.png": BROKEN},
            r"x\.png: expected an image that Pillow can read, got: .*: remove it or mend it, or go on",
        ),
    ],
)
def test_a_folder_that_is_no_dataset_is_refused(folder, files, message):
    with pytest.raises(UserError, match=message):
        load_dataset(str(folder(files)))


@pytest.mark.parametrize(
    ("test_files", "message"),
    [
        (
            classes(range(3), "test/", ("cat", "cow")),
            r"photos/test: expected only classes .* \(cat, dog\), got cow as",
        ),
        ({"test/notes.txt": b""}, "photos/test: expected a sub-folder with images for each class"),
    ],
)
def test_a_test_part_that_does_not_fit_is_found_when_it_is_read(folder, test_files, message):
    data = load_dataset(str(folder(classes(range(8), "train/") | test_files)))
    data.search_split()
    with pytest.raises(UserError, match=message):
        data.test()


def test_images_that_do_not_fit_in_memory_are_refused(folder):
    root = folder(classes(range(20)))
    message = "image_size: expected images that take at most max_bytes = 1,000 bytes, got 1,440 for 16 images"
    with pytest.raises(UserError, match=message):
        load_dataset(str(root), max_bytes=1000)
    assert load_dataset(str(root), max_bytes=1000, image_size=4).task.height == 4


def test_a_picture_bomb_is_refused(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(UserError, match=r"8 damaged files, .* \(Image size .* exceeds limit"):
        load_dataset(str(folder(classes(range(8)))))


@pytest.mark.parametrize("size", [0, -1, 2.5, True, (3,), (3, 0), "8"])
def test_an_image_size_that_is_none_is_refused(folder, size):
    with pytest.raises(
        UserError, match=r"image_size: expected a positive integer or \(height, width\), got "
    ):
        load_dataset(str(folder(classes(range(8)))), image_size=size)


def test_an_image_size_is_for_folders(npz):
    for name in ("digits", npz()):
        with pytest.raises(
            UserError, match="image_size: expected only with a folder of images, got it with "
        ):
            load_dataset(name, image_size=8)


# -- what else a folder may hold ---------------------------------------------------------------------


def test_a_link_to_an_image_that_is_gone_is_a_damaged_file(folder):
    """As a dataset has them of which only a part was fetched; it is no image less without a word."""
    root = folder(classes(range(20)))
    (root / "cat" / "gone.png").symlink_to(root / "nowhere.png")
    with pytest.raises(UserError, match=r"cat/gone\.png: expected an image that Pillow can read"):
        load_dataset(str(root))
    data = load_dataset(str(root), without_damaged=True)
    assert data.account(data.search_split()).endswith("; without 1 damaged file")


@pytest.mark.parametrize(("place", "target"), [("cow", "/nowhere"), ("test", "/nowhere"), ("loop", "loop")])
def test_a_folder_that_is_a_link_to_nowhere_is_refused(folder, place, target):
    """A class, or the test part, on a disk that is not there."""
    root = folder(classes(range(20), "train/" if place == "test" else ""))
    (root / place).symlink_to(target)
    with pytest.raises(
        UserError, match=f"{place}: expected a folder or a file, got a link that leads nowhere"
    ):
        load_dataset(str(root))


def test_linked_folders_and_files_are_read(folder, tmp_path):
    root = folder(classes(range(20)))
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "cat").symlink_to(root / "cat")
    (tmp_path / "linked" / "dog").mkdir()
    for path in (root / "dog").iterdir():
        (tmp_path / "linked" / "dog" / path.name).symlink_to(path)
    data = load_dataset(str(tmp_path / "linked"))
    assert data.identity().same_as(load_dataset(str(root)).identity())


def test_parts_name_their_classes_alike_however_letters_are_composed(folder):
    """As folders from a Mac beside others: an accented letter is one character, or two."""
    root = folder(classes(range(20), "train/", ("caf\u00e9", "dog")))
    root = folder(classes(range(4), "test/", ("cafe\u0301", "dog")))
    assert load_dataset(str(root)).test().y.tolist() == [0, 0, 1, 1]


def test_runs_among_the_classes_are_no_class(folder):
    """As where a search is begun in the images' folder."""
    root = folder(classes(range(20)))
    (root / "runs" / "genet").mkdir(parents=True)
    with pytest.raises(
        UserError, match=r"runs: expected images .* got none: say with --run where runs are to lie"
    ):
        load_dataset(root)


def test_a_path_does_for_its_text(folder):
    root = folder(classes(range(20)))
    assert load_dataset(root).identity().same_as(load_dataset(str(root)).identity())


@pytest.mark.parametrize("name", ["x" * 5000, "~nobody-of-that-name/photos", "a\0b"])
def test_what_can_be_no_path(name):
    with pytest.raises(UserError, match="dataset: expected a name, FILE.npz or an image folder, got"):
        load_dataset(name)


def test_colours_of_16_bits_are_counted_in_every_format(folder):
    deep = b"P6 4 4 65535\n" + np.full((4, 4, 3), 0x4321, ">u2").tobytes()
    plain = b"P3\n4 4\n65535\n" + b" ".join([b"%d" % 0x4321] * 48)
    bytes_alone = b"P6 4 4 255\n" + bytes(48)
    files = {f"{c}/{n}.ppm": [deep, plain, bytes_alone][n % 3] for c in ("cat", "dog") for n in range(9)}
    parts = {f"{part}/{name}": file for part in ("train", "test") for name, file in files.items()}
    data = load_dataset(str(folder(parts)))
    assert "12 of 16 bits a colour read at 8" in data.account(data.search_split())
