"""Validation images of a dataset's own: in its identity, and looked at where files are damaged."""

import json

import numpy as np
import pytest
from PIL import Image

from evonas import UserError
from evonas.data import ArraySource, Identity, build_dataset, differences, load_dataset
from evonas.data.marks import marks_of


def images(count, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 6, 6, 1)).astype(np.uint8), np.arange(count) % 3


def dataset(training, validation, limit=None):
    source = ArraySource(*training, images(9, 9), ("ant", "bee", "cat"), validation=validation)
    return build_dataset("pets", source, train_limit=limit)


def said(before, after):
    return "; ".join(differences(before.identity(), after.identity(), after.others))


TRAINING, VALIDATION = images(30, 0), images(12, 1)


def test_they_are_in_it_and_are_what_is_validated_on():
    data = dataset(TRAINING, VALIDATION)
    marks = np.concatenate([marks_of(TRAINING[0]), marks_of(VALIDATION[0])])
    assert np.array_equal(data.identity().marks, marks) and data.identity().total == 42
    assert np.array_equal(data.validated_on(), marks[30:])
    assert np.array_equal(data.full_training().marks(), marks)
    again = Identity.from_dict(json.loads(json.dumps(data.identity().to_dict())))
    assert again.same_as(data.identity()) and said(data, dataset(TRAINING, VALIDATION)) == ""
    limited = dataset(TRAINING, VALIDATION, 12)
    assert len(limited.identity()) == 24 and len(limited.others()) == 18


def test_what_differs_in_them_is_said():
    x, y = VALIDATION
    before = dataset(TRAINING, VALIDATION)
    assert said(before, dataset(TRAINING, (x[:9], y[:9]))).startswith("42 images then, 39 now")
    assert "12 of the 42 images" in said(before, dataset(TRAINING, (255 - x, y)))
    assert "only labels: 12 images" in said(before, dataset(TRAINING, (x, (y + 1) % 3)))
    joined = np.concatenate([TRAINING[0], x]), np.concatenate([TRAINING[1], y])
    divided = dataset((joined[0][:33], joined[1][:33]), (joined[0][33:], joined[1][33:]))
    assert "how they are divided" in said(before, divided)


def test_damaged_files_of_a_validation_part(folder):
    def picture(seed):
        return Image.fromarray(images(1, seed)[0][0, ..., 0])

    files = {
        f"{part}/{'ab'[n % 2]}/{n}.png": picture(100 * seed + n)
        for seed, part in enumerate(("train", "dev", "test"))
        for n in range(8)
    }
    root = folder(files | {"dev/a/x.png": b"nothing", "test/b/x.png": b"nothing"})
    with pytest.raises(UserError, match=r"^2 damaged files, .*dev/a/x\.png .*test/b/x\.png "):
        load_dataset(str(root))
    found = load_dataset(str(root), without_damaged=True)
    assert len(found.search_split().y_val) == 8 and len(found.test()) == 8
    assert found.identity().same_as(load_dataset(str(folder(files, "whole"))).identity())


def test_marks_of_16_bits_do_not_depend_on_the_order_of_bytes(folder):
    deep = np.random.default_rng(0).integers(0, 2**16, (16, 8, 8)).astype(np.uint16)

    def files(kind, suffix):
        return {
            f"{'ab'[n % 2]}/{n:02}.{suffix}": Image.fromarray(one.astype(kind)) for n, one in enumerate(deep)
        }

    png, tiff = (
        load_dataset(str(folder(files(kind, suffix), suffix)))
        for kind, suffix in (("<u2", "png"), (">u2", "tif"))
    )
    assert png.identity().same_as(tiff.identity())
