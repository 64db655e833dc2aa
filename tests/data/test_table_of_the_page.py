"""Every row of the table in docs/images-of-your-own.md has its case here, and says what the case shows."""

import re
from pathlib import Path

import numpy as np
import pytest
from image_makers import FLOAT, SIGNED, deep_colours, deep_planes, pages, tiff

from evonas.data import load_dataset
from evonas.errors import UserError

PAGE = Path(__file__).parents[2] / "docs" / "images-of-your-own.md"
CASES = {}


def rows() -> list[str]:
    """The first column of the table."""
    text = (
        PAGE.read_text(encoding="utf-8")
        .partition("## What becomes of what you bring")[2]
        .partition("\n## ")[0]
    )
    return [line[2:].split(" | ")[0] for line in text.splitlines() if line.startswith("| ")][2:]


def case(row: str):
    """Notes the case of a row, which is called with `folder`, a function that writes files, and `npz`."""

    def note(check):
        CASES[row] = check
        return check

    return note


def shade(value: float, dtype=np.uint8) -> np.ndarray:
    return np.full((4, 4), value, dtype)


def images(*parts: str, names=("cat", "dog"), first: int = 0) -> dict[str, np.ndarray]:
    """Ten images of each class in each part, each of another shade."""
    places = [f"{part}{name}/" for part in parts or ("",) for name in names]
    return {f"{place}{n}.png": shade(first + 10 * k + n) for k, place in enumerate(places) for n in range(10)}


def shades(x: np.ndarray) -> set[float]:
    return set(x[:, 0, 0, 0].tolist())


def told(root, **choices) -> str:
    data = load_dataset(str(root), **choices)
    return data.account(data.search_split())


def refused(root, message: str, **choices) -> None:
    with pytest.raises(UserError, match=message):
        load_dataset(str(root), **choices)


@pytest.mark.parametrize("row", rows())
def test_a_row_says_what_is_done(row, folder, npz):
    assert row in CASES, "a row without a case"
    CASES[row](folder, npz)


def test_every_case_is_of_a_row():
    assert sorted(CASES) == sorted(rows())


@case("`CLASS/`")
def _(folder, npz):
    root = folder(images())
    assert load_dataset(str(root)).classes == ("cat", "dog")
    assert told(root).endswith("13 to train on, 3 to validate, 4 kept for the test")


@case("`train/CLASS/`")
def _(folder, npz):
    data = load_dataset(str(folder(images("train/"))))
    split = data.search_split()
    assert (len(split.y_train), len(split.y_val), len(data.test())) == (13, 3, 4)


@case("`train/CLASS/`, `test/CLASS/`")
def _(folder, npz):
    root = folder(images("train/", "test/"))
    data = load_dataset(str(root))
    assert data.account(data.search_split()).endswith(
        "16 to train on, 4 to validate, a test part of their own (test/)"
    )
    assert shades(data.test().x) == set(range(20, 40))
    (root / "test/cat/0.png").write_bytes((root / "train/dog/1.png").read_bytes())
    assert load_dataset(str(root)).fingerprint == data.fingerprint


@case("`train/CLASS/`, `val/CLASS/`")
def _(folder, npz):
    data = load_dataset(str(folder(images("train/", "val/"))))
    split = data.search_split()
    assert (
        shades(split.x_val) == set(range(20, 40)) and (split.y_val == split.x_val[:, 0, 0, 0] // 10 - 2).all()
    )
    assert len(data.test()) == 4 and shades(data.test().x) < set(range(20))
    words = "16 to train on, 20 to validate (a part of their own, val/), 4 kept for the test"
    assert data.account(split).endswith(words)
    assert split.counts() == {"training": 16, "validation": 20, "commonest": 10}
    assert len(data.full_training()) == data.training_size == 36


@case("`train/CLASS/`, `val/CLASS/`, `test/CLASS/`")
def _(folder, npz):
    data = load_dataset(str(folder(images("train/", "val/", "test/"))))
    split = data.search_split()
    found = [shades(x) for x in (split.x_train, split.x_val, data.test().x)]
    assert found == [set(range(start, start + 20)) for start in (0, 20, 40)]


@case("`Train/`, `training_set/`, `Val/`, `valid/`, `validate/`, `dev/`, `Test/`, `testing/`, `test2017/`")
def _(folder, npz):
    for number, (train, val, test) in enumerate(
        (("Train", "Val", "Test"), ("training_set", "valid", "testing"), ("TRAIN", "validate", "test2017"),
         ("train-images", "dev", "Test Set"), ("trainData", "Validation", "tests"))
    ):  # fmt: skip
        root = folder(images(f"{train}/", f"{val}/", f"{test}/"), str(number))
        own = f"(a part of their own, {val}/), a test part of their own ({test}/)"
        assert told(root).endswith(f"20 to train on, 20 to validate {own}")
        assert shades(load_dataset(str(root)).test().x) == set(range(40, 60))


@case("`OK/`, `NG/`, `test/`")
def _(folder, npz):
    for number, name in enumerate(("test", "Val", "testing", "dev", "validation_set")):
        root = folder(images(names=("OK", "NG", name)), str(number))
        refused(
            root, f"expected train/ beside {name}/, which says part of a dataset, got NG/, OK/: move .* into"
        )


@case("`train/*.png`")
def _(folder, npz):
    flat = {f"train/{n}.png": shade(n) for n in range(4)}
    refused(
        folder(flat), r"expected a sub-folder for each class in train/, .* got images of no class; understood"
    )
    refused(
        folder(flat | images(names=("bus",)), "bus"), "in train/, .*; for classes of such names say --layout"
    )
    flat = {f"test/{n}.png": shade(n) for n in range(4)}
    refused(folder(images("train/") | flat, "kaggle"), "for each class in test/, .* got images of no class")


@case("`test/CLASS/`, `Testing/CLASS/`")
def _(folder, npz):
    refused(
        folder(images("train/", "test/", "Testing/")), "expected one folder test/, got Testing/ and test/;"
    )


@case("`eval/`, `holdout/`, `unlabeled/`, `fold1/`")
def _(folder, npz):
    for name in ("eval", "holdout", "unlabeled", "fold1", "Evaluation"):
        root = folder(images("train/", f"{name}/"), name)
        refused(root, f"{name}/ says part of a dataset, but not whether to train, validate or test")


@case("`CLASS/test/`, `train/test/`")
def _(folder, npz):
    refused(folder(images() | {"cat/test/1.png": shade(1)}), "cat/test/ says part of a dataset within cat/")
    root = folder(images("train/", names=("cat", "dog", "test")), "within")
    refused(root, "train/test/ says part of a dataset within another; .* say --layout parts")


@case("`train/CLASS/`, `notes/`")
def _(folder, npz):
    root = folder(images("train/", "test/") | {"notes/1.png": shade(1), "old/readme.txt": b""})
    assert told(root).endswith("a test part of their own (test/); passed over: notes/, old/")


@case("`train/*.png`, `bus/*.png` with `--layout classes`")
def _(folder, npz):
    root = folder(images(names=("bus", "train")))
    assert load_dataset(str(root), layout="classes").classes == ("bus", "train")
    root = folder(images(names=("OK", "NG", "test")), "ok")
    assert load_dataset(str(root), layout="classes").classes == ("NG", "OK", "test")


@case("`train/test/` with `--layout parts`")
def _(folder, npz):
    root = folder(images("train/", "Val/", names=("cat", "test")))
    assert load_dataset(str(root), layout="parts").classes == ("cat", "test")
    refused(folder(images(), "none"), "expected train/ with a sub-folder for each class", layout="parts")


@case("`*.png` beside `CLASS/`")
def _(folder, npz):
    root = folder(
        images("train/", "val/") | {"1.png": shade(1), "train/2.png": shade(2), "val/3.png": shade(3)}
    )
    assert told(root).endswith("3 images beside the class folders passed over")


def deep(*values, dtype=np.uint16, kind=None, names=("cat", "dog"), part="train/") -> dict[str, bytes]:
    """Grey images of such values, as PNG or, where TIFF's kind of values is given, as TIFF, in each class."""
    made = [shade(value, dtype) for value in values]
    content = made if kind is None else [tiff(pixels, kind) for pixels in made]
    suffix = "png" if kind is None else "tif"
    return {f"{part}{name}/{n}.{suffix}": one for name in names for n, one in enumerate(content)}


TESTED = {"test/cat/0.png": shade(77)}


def training(root) -> np.ndarray:
    return load_dataset(str(root)).full_training().x


@case("grey images of 16 bits")
def _(folder, npz):
    png = training(folder(deep(0, 300, 65535) | TESTED, "png"))
    assert png.dtype == np.float32 and png.shape == (6, 4, 4, 1) and shades(png) == {0, 300, 65535}
    for number, dtype in enumerate(("<u2", ">u2")):
        assert shades(training(folder(deep(0, 300, 65535, dtype=dtype, kind=1), f"tif{number}"))) <= {
            0,
            300,
            65535,
        }
    pgm = {
        f"train/{name}/{n}.pgm": b"P5 2 2 65535\n" + shade(n, ">u2")[:2, :2].tobytes()
        for name in "ab"
        for n in (7, 900)
    }
    assert shades(training(folder(pgm | {"test/a/1.png": shade(77)}, "pgm"))) == {7, 900}
    large = deep(10) | {
        "train/cat/1.png": np.full((8, 8), 40000, np.uint16),
        "train/dog/2.png": shade(9, np.uint16),
    }
    assert shades(training(folder(large | TESTED, "sizes"))) == {9, 10, 40000}


@case("images of 8 bits among those of 16")
def _(folder, npz):
    root = folder(deep(300, 65535) | {"train/cat/8.png": shade(255), "train/dog/8.png": shade(1)} | TESTED)
    assert shades(training(root)) == {300, 65535, 257} and "(of these 6: 2 of 8 bits scaled to 16)" in told(
        root
    )


@case("test images of 16 bits where those to train on have 8")
def _(folder, npz):
    data = load_dataset(str(folder(images("train/") | deep(65535, 257 * 7 + 3, part="test/"))))
    assert data.full_training().x.dtype == data.test().x.dtype == np.uint8 and shades(data.test().x) == {
        255,
        7,
    }


@case("whole numbers of 32 bits, of 16 or 8 with a sign (TIFF)")
def _(folder, npz):
    for number, (dtype, kind, low, high) in enumerate(
        (("<i4", SIGNED, -70000, 90000), ("<u4", 1, 5, 2**31 + 2**10), ("<i2", SIGNED, -3000, 3000),
         ("i1", SIGNED, -30, 30), (">i4", SIGNED, -1, 2**20))
    ):  # fmt: skip
        x = training(folder(deep(low, high, dtype=dtype, kind=kind) | TESTED, f"{number}"))
        assert x.dtype == np.float32 and shades(x) == {low, high}


@case("floats (TIFF)")
def _(folder, npz):
    x = training(folder(deep(-0.5, 1e6, dtype="<f4", kind=FLOAT) | TESTED))
    assert x.dtype == np.float32 and shades(x) == {-0.5, 1e6}
    root = folder(deep(0.5, np.nan, dtype="<f4", kind=FLOAT) | TESTED, "nan")
    refused(root, r"1\.tif: expected finite numbers, got 16 NaN or infinite values")


@case("floats among images of 8 or 16 bits")
def _(folder, npz):
    root = folder(deep(0.5, 1, dtype="<f4", kind=FLOAT) | {"train/cat/9.png": shade(3)} | TESTED)
    refused(
        root,
        r"expected values on one scale, got 4 of floats \(such as .*\), 1 of 8 bits \(such as .*9\.png\)",
    )
    data = load_dataset(
        str(folder(images("train/") | deep(0.5, dtype="<f4", kind=FLOAT, part="test/"), "test"))
    )
    with pytest.raises(UserError, match=r"0\.tif: expected values of 8 bits, .* got floats: save them alike"):
        data.test()


@case("colours of 16 bits")
def _(folder, npz):
    made = {
        f"train/{name}/{n}.png": deep_colours(np.full((4, 4, 3), 256 * n)) for name in "ab" for n in (3, 200)
    }
    root = folder(made | {"test/a/1.png": shade(77)})
    assert shades(training(root)) == {3, 200} and "4 of 16 bits a colour read at 8" in told(root)


@case("16 bits a colour in planes of their own (TIFF)")
def _(folder, npz):
    found = deep_planes(np.full((4, 4, 3), 256 * 3))
    root = folder({**images("train/"), "train/cat/9.tif": found, "test/cat/9.tif": found})
    words = r"cat/9\.tif \(channels in planes of their own, which Pillow takes for other values: save it anew"
    refused(root, f"2 damaged files, .*train/{words}.*test/{words}")


@case("compressed numbers with a sign, or floats, with their larger bytes first (TIFF)")
def _(folder, npz):
    for dtype, kind in ((">i2", SIGNED), (">i4", SIGNED), (">f4", FLOAT)):
        files = {**images("train/"), "train/cat/9.tif": tiff(shade(3, dtype), kind, packed=True)}
        words = r"cat/9\.tif: .* compressed numbers with their larger bytes first, .*: save it anew"
        refused(folder(files, f"as {dtype[1:]}"), words)
    for dtype, kind in (("<i2", SIGNED), ("<f4", FLOAT)):
        made = {f"train/{c}/{n}.tif": tiff(shade(n, dtype), kind, packed=True) for c in "ab" for n in (3, 90)}
        assert shades(training(folder(made | {"test/a/1.png": shade(77)}, dtype[1:]))) == {3, 90}


@case("TIFF of several pages")
def _(folder, npz):
    made = {f"train/{name}/{n}.tif": pages(shade(n), shade(99), shade(98)) for name in "ab" for n in (3, 200)}
    root = folder(made | {"test/a/1.png": shade(77)})
    assert shades(training(root)) == {3, 200} and "4 of several pages, the first read" in told(root)


@case("white is 0 (TIFF)")
def _(folder, npz):
    for dtype, values in (("<u2", {65535, 65535 - 900}), ("u1", {255, 255 - 90})):
        low = 0, 900 if dtype == "<u2" else 90
        made = {f"train/{c}/{n}.tif": tiff(shade(n, dtype), white_is_zero=True) for c in "ab" for n in low}
        assert shades(training(folder(made | {"test/a/1.png": shade(77)}, dtype.strip("<")))) == values


@case("`x_train`, `y_train`")
def _(folder, npz):
    words = "19 to train on, 5 to validate, 6 kept for the test"
    assert told(npz(x_test=None, y_test=None)).endswith(words)


def renamed(npz, arrays: str, **names: str) -> str:
    """A file with arrays of thirty, six and twelve images under other names."""
    x, y = (
        (np.arange(48) % 48).reshape(48, 1, 1).repeat(4, 1).repeat(4, 2).astype(np.uint8),
        np.arange(48) % 3,
    )
    parts = {"train": slice(0, 30), "val": slice(30, 36), "test": slice(36, 48)}
    members = {"x_train": None, "y_train": None, "x_test": None, "y_test": None}
    for name in arrays.split():
        part = next(part for part in parts if part in names.get(name, name).lower())
        of_images = name.lower().startswith("x") or name.lower().endswith(("images", "_x"))
        members[name] = x[parts[part]] if of_images else y[parts[part], None]
    return npz(**members)


def parts_of(path: str) -> tuple[set[float], set[float], set[float]]:
    data = load_dataset(path)
    split = data.search_split()
    assert split.y_val.ndim == 1 and len(data.full_training()) == len(split.y_train) + len(split.y_val)
    return shades(split.x_train), shades(split.x_val), shades(data.test().x)


PARTS = set(range(30)), set(range(30, 36)), set(range(36, 48))


@case("`x_val`, `y_val`, `x_test`, `y_test`")
def _(folder, npz):
    path = renamed(npz, "x_train y_train x_val y_val x_test y_test")
    assert parts_of(path) == PARTS
    words = "30 to train on, 6 to validate (a part of their own, x_val), a test part of their own (x_test)"
    assert told(path).endswith(words)


@case("`x_train`, `y_train`, `without_test`")
def _(folder, npz):
    path = npz(x_test=None, y_test=None, without_test=True)
    data = load_dataset(path)
    assert not data.has_test and shades(data.full_training().x) == set(range(30))
    assert told(path).endswith("24 to train on, 6 to validate, 0 kept for the test")
    refused_test = r"pets.npz: expected test images, got a dataset that has none: name \(--dataset\) images"
    with pytest.raises(UserError, match=refused_test):
        data.test()
    with pytest.raises(UserError, match="^test_fraction: expected none, for .* has no test images, got 0.3"):
        load_dataset(path, test_fraction=0.3)
    assert load_dataset(npz(without_test=True)).has_test


@case("`train_images`, `train_labels`, `val_images`, `val_labels`, `test_images`, `test_labels`")
def _(folder, npz):
    path = renamed(npz, "train_images train_labels val_images val_labels test_images test_labels")
    assert parts_of(path) == PARTS and "val_images" in told(path)


@case("`X_train`, `Y_train`, `X_valid`, `Y_valid`, `dev_x`, `dev_y`")
def _(folder, npz):
    for spelling in (
        "X_valid Y_valid",
        "dev_x dev_y",
        "x_validation y_validation",
        "valImages valLabels",
        "x_dev y_dev",
    ):
        as_val = dict.fromkeys(spelling.split(), "val")
        path = renamed(npz, f"X_train Y_train {spelling} x_test y_test", **as_val)
        assert parts_of(path) == PARTS, spelling


@case("`x_eval`")
def _(folder, npz):
    refused(
        npz(x_eval=np.zeros((2, 4, 4))), "the key x_eval says part of a dataset, but not whether to train"
    )
    refused(npz(train_images=np.zeros((2, 4, 4))), "one array of each kind, got train_images and x_train")
    refused(npz(x_val=np.zeros((2, 4, 4))), r"\(missing: y_val\); understood are")


@case("other arrays")
def _(folder, npz):
    path = npz(train_ids=np.arange(30), mean=np.zeros(3), classes=np.array(["a", "b", "c"]))
    assert told(path).endswith("(x_test); passed over: mean, train_ids")


@case("labels that are text")
def _(folder, npz):
    names = np.array(["wolf", "ant", "bee"])
    for y, y_test in ((names[np.arange(30) % 3], names[np.arange(12) % 3]),
                      (names[np.arange(30) % 3, None], names[np.arange(12) % 3].astype("S"))):  # fmt: skip
        data = load_dataset(npz(y_train=y, y_test=y_test))
        assert data.classes == ("ant", "bee", "wolf")
        assert (data.full_training().y == np.array([2, 0, 1])[np.arange(30) % 3]).all()
        assert (data.test().y == np.array([2, 0, 1])[np.arange(12) % 3]).all()
    data = load_dataset(npz(y_train=y))
    with pytest.raises(
        UserError, match="y_test: expected labels that are text, as in training, got integers"
    ):
        data.test()
    refused(
        npz(y_train=y, classes=names[:2]),
        "y_train: expected labels that are among the class names, got 'bee'",
    )


@case("labels that are pickled objects")
def _(folder, npz):
    y = np.array(["ant", "bee", "cow"] * 10, object)
    refused(
        npz(y_train=y), r"got type object; pickled objects and records are not read .*array\.astype\(str\)"
    )


@case("several labels for each image")
def _(folder, npz):
    y = np.stack([np.arange(30) % 2, np.arange(30) % 3], 1)
    refused(
        npz(y_train=y), "y_train: expected one integer .*not one-hot, and of several labels an image none"
    )


def test_the_page_has_the_table():
    assert len(rows()) > 25 and all(re.search(r"\w", row) for row in rows())
