"""Image files that cannot be read: all named at once, or gone on without."""

import numpy as np
import pytest
from PIL import Image

from evonas.data import load_dataset
from evonas.errors import UserError


def picture(number, kind="PNG"):
    from io import BytesIO

    out = BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (12, 12, 3), np.uint8)
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def files(count=24, under=""):
    return {f"{under}{'ab'[n % 2]}/{n:03}.png": picture(n) for n in range(count)}


DAMAGES = {
    "no image": b"\x89PNG\r\n\x1a\n and then nothing",
    "empty": b"",
    "cut short": picture(1)[:-200],
    "a page": b"<html><body>404 not found</body></html>",
    "half a photograph": picture(1, "JPEG")[:300],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("limit", [None, 6])
def test_all_are_named_at_once(folder, damage, limit):
    """Also those that a limit leaves out, or that are kept for the test."""
    broken = [f"a/x{n}.png" for n in range(5)] + ["b/x.png"]
    root = folder(files() | dict.fromkeys(broken, DAMAGES[damage]))
    with pytest.raises(UserError) as raised:
        load_dataset(str(root), train_limit=limit)
    message = str(raised.value)
    assert message.startswith("6 damaged files, expected images that Pillow can read: ")
    assert all(str(root / name) in message for name in broken)
    assert message.endswith("or go on without them (--without-damaged)")


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_goes_on_without_them_as_if_they_were_not_there(folder, damage):
    whole = load_dataset(str(folder(files(), "whole")))
    root = folder(files() | {"a/0000.png": DAMAGES[damage], "b/zz.jpg": DAMAGES[damage]}, "broken")
    found = load_dataset(str(root), without_damaged=True)
    assert found.identity().same_as(whole.identity())
    assert np.array_equal(found.test().x, whole.test().x)
    assert found.account(found.search_split()).endswith("; without 2 damaged files")


def test_a_single_one_is_named_with_its_reason(folder):
    root = folder(files() | {"a/x.png": b"nothing"})
    with pytest.raises(
        UserError, match=r"a/x\.png: expected an image that Pillow can read, got: cannot ident"
    ):
        load_dataset(str(root))


def test_of_many_the_number_is_said(folder):
    root = folder(files() | {f"a/x{n:02}.png": b"nothing" for n in range(70)})
    with pytest.raises(UserError, match=r"^70 damaged files, .*x49\.png .*; and 20 more: remove them"):
        load_dataset(str(root))


def test_those_of_a_test_part_are_found_before_the_search(folder):
    root = folder(files(24, "train/") | files(6, "test/") | {"test/a/x.png": b"nothing"})
    with pytest.raises(UserError, match=r"test/a/x\.png: expected an image"):
        load_dataset(str(root))
    found = load_dataset(str(root), without_damaged=True)
    assert len(found.test()) == 6


def test_a_class_of_damaged_ones_alone_is_refused(folder):
    root = folder(files() | {f"c/{n}.png": b"nothing" for n in range(4)})
    with pytest.raises(UserError, match="class 'c': expected an image that is whole, got damaged ones alone"):
        load_dataset(str(root), without_damaged=True)


@pytest.mark.parametrize("choice", [{"without_damaged": True}, {"background": "white"}])
def test_what_only_files_have(npz, choice):
    for name in ("digits", npz()):
        with pytest.raises(UserError, match=f"{next(iter(choice))}: expected only with a folder of images"):
            load_dataset(name, **choice)
