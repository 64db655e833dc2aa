"""What a search says of its images before it begins."""

import numpy as np
import pytest

from evonas.data import load_dataset
from evonas.errors import UserError


def told(name, **choices):
    data = load_dataset(str(name), **choices)
    return data.account(data.search_split())


def test_the_division_of_a_folder(folder):
    shade = np.zeros((6, 5, 3), np.uint8)
    root = folder({f"{name}/{n}.png": shade for name in ("ant", "bee", "cow") for n in range(10)})
    words = "30 images 3×6×5 in 3 classes: 19 to train on, 5 to validate, 6 kept for the test"
    assert told(root) == words
    words = "30 images 3×6×5 in 3 classes: 10 to train on, 3 to validate, 6 kept for the test, "
    assert told(root, train_limit=13) == words + "11 left out (train_limit)"


def test_images_beside_the_class_folders_are_counted(folder):
    shade = np.zeros((6, 5, 3), np.uint8)
    files = {f"{name}/{n}.png": shade for name in ("ant", "bee") for n in range(10)}
    one = folder({**files, "stray.png": shade, "notes.txt": b"", ".hidden.png": shade})
    assert told(one).endswith("4 kept for the test; 1 image beside the class folders passed over")


def test_images_in_folders_within_those_of_classes_are_counted(folder):
    shade = np.zeros((6, 5, 3), np.uint8)
    files = {f"{name}/{n}.png": shade for name in ("ant", "bee") for n in range(10)}
    below = {"ant/small/1.png": shade, "ant/small/more/1.png": shade, "bee/small/notes.txt": b""}
    words = "; 2 images in folders within those of classes passed over"
    assert told(folder(files | below)).endswith(words)
    own = {
        f"{part}/{name}": content for part in ("train", "val") for name, content in (files | below).items()
    }
    assert told(folder(own, "own")).endswith(words.replace("2", "4"))


def test_what_was_done_to_images_of_several_kinds(folder):
    def image(n):
        return np.zeros((6, 5, 4) if n == 0 else (7, 5, 3) if n < 3 else (6, 5), np.uint8)

    files = {f"train/{name}/{n}.png": image(n) for name in ("ant", "bee") for n in range(10)}
    root = folder(files | {"test/ant/1.png": image(0)})
    assert told(root) == (
        "20 images 3×6×5 in 2 classes: 16 to train on, 4 to validate (of these 20: 4 resized to 6×5, "
        "14 grey made colour, 2 without their transparency), a test part of their own (test/)"
    )


def test_the_division_of_arrays(npz):
    start = "30 images 3×4×4 in 3 classes: "
    assert told(npz()) == start + "24 to train on, 6 to validate, a test part of their own (x_test)"
    told_without = told(npz(x_test=None, y_test=None))
    assert told_without == start + "19 to train on, 5 to validate, 6 kept for the test"


def test_one_class_is_refused_by_the_names_of_the_folders(folder):
    root = folder({"ant/1.png": np.zeros((6, 5, 3), np.uint8)})
    message = rf"{root}: expected a sub-folder with images for each class, two at least, got 'ant' alone$"
    with pytest.raises(UserError, match=message):
        load_dataset(str(root))
    with pytest.raises(UserError, match=f"got '{root.name}' alone: if those are in it, give {root}$"):
        load_dataset(str(root.parent))
