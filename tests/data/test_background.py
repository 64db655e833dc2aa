"""Images whose shape is in the alpha channel alone, and what lies below."""

import numpy as np
import pytest
from PIL import Image

from evonas.data import load_dataset
from evonas.errors import UserError


def shapes(kind, colour, count=20):
    """Discs and squares that only their transparency shows; `colour(n)` lies below everywhere."""
    found = {}
    for n in range(count):
        rows, columns = np.mgrid[:10, :10] - 4.5
        reach = 2 + n % 3
        inside = (rows**2 + columns**2 < reach**2) if n % 2 else (np.maximum(abs(rows), abs(columns)) < reach)
        alpha = np.where(inside, 255, 0).astype(np.uint8)
        if kind == "LA":
            image = Image.fromarray(np.stack([np.full_like(alpha, colour(n)), alpha], -1), "LA")
        elif kind == "P":
            image = Image.fromarray(inside.astype(np.uint8), "P")
            image.putpalette([0, 0, 0, 0, 0, 0])
            image.info["transparency"] = 0
        else:
            grey = np.full_like(alpha, colour(n))
            image = Image.fromarray(np.stack([grey, grey, grey, alpha], -1), "RGBA")
        found[f"{'ab'[n % 2]}/{n:02}.png"] = image
    return found


KINDS = [
    ("RGBA", lambda n: 0),
    ("RGBA", lambda n: 200),
    ("RGBA", lambda n: 10 * n),
    ("LA", lambda n: 0),
    ("P", lambda n: 0),
]


@pytest.mark.parametrize(("kind", "colour"), KINDS)
def test_images_that_show_nothing_are_said_and_a_background_helps(folder, kind, colour):
    root = folder(shapes(kind, colour))
    with pytest.raises(
        UserError, match=r"what they show is in the alpha channel alone, as in .*--background"
    ):
        load_dataset(str(root))
    images = load_dataset(str(root), background="red")
    x = images.full_training().x
    assert not (x == x[:, :1, :1]).all()
    assert "put on red" in images.account(images.search_split())


def test_a_background_on_which_they_do_not_show_either(folder):
    root = folder(shapes("RGBA", lambda n: 0))
    with pytest.raises(UserError, match="the images are all the same on the background black"):
        load_dataset(str(root), background="black")


def test_an_image_is_the_same_on_any_background(folder):
    root = str(folder(shapes("RGBA", lambda n: 0)))
    white, red = load_dataset(root, background="white"), load_dataset(root, background="#ff0000")
    assert white.identity().same_as(red.identity())
    assert white.search_split().fingerprint != red.search_split().fingerprint
    assert white.full_training().x[0, 0, 0].tolist() == [255, 255, 255]


def test_opaque_images_and_such_that_show_something_stay_as_they_are(folder):
    opaque = {f"{'ab'[n % 2]}/{n}.png": Image.new("RGBA", (6, 6), (9 * n, 0, 0, 255)) for n in range(10)}
    assert load_dataset(str(folder(opaque, "opaque"))).training_size == 8
    rng = np.random.default_rng(0)
    seen = {
        f"{'ab'[n % 2]}/{n}.png": Image.fromarray(rng.integers(0, 256, (6, 6, 4), np.uint8), "RGBA")
        for n in range(10)
    }
    root = str(folder(seen, "seen"))
    assert "without their transparency" in (data := load_dataset(root)).account(data.search_split())


@pytest.mark.parametrize("colour", ["whitish", "#12", "1, 2, 3", "rgb(1)", " "])
def test_what_is_no_colour(folder, colour):
    root = folder(shapes("RGBA", lambda n: 0))
    with pytest.raises(
        UserError, match=r"background: expected a colour such as white, black or #ff8000, got"
    ):
        load_dataset(str(root), background=colour)
