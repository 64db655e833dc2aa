"""From rows and images to images (N, H, W, C)."""

import numpy as np
import pytest

from evonas.errors import UserError
from evonas.estimator.layout import Layout


def test_a_square_number_of_features_is_a_picture() -> None:
    rows = np.arange(2 * 64.0).reshape(2, 64)
    layout = Layout.of(rows, None)
    assert layout.shape == (8, 8, 1) and not layout.padded
    assert (layout.images(rows)[1, :, :, 0] == rows[1].reshape(8, 8)).all()


@pytest.mark.parametrize(
    ("features", "side"), [(1, 8), (9, 8), (16, 4), (49, 7), (65, 12), (100, 10), (145, 16)]
)
def test_the_side_of_the_square(features: int, side: int) -> None:
    layout = Layout.of(np.zeros((3, features)), None)
    assert layout.shape == (side, side, 1)
    assert layout.padded == (side * side > features)


@pytest.mark.parametrize(("dtype", "fill"), [(np.float64, 2.5), (np.uint8, 2)])
def test_a_row_that_does_not_fill_it_is_padded_with_the_median(dtype: type, fill: float) -> None:
    rows = np.array([[1, 2, 3], [0, 9, 9]], dtype)
    layout = Layout.of(rows, None)
    image = layout.images(rows)[0].ravel()
    assert image.dtype == dtype and image[:3].tolist() == [1, 2, 3]
    assert set(image[3:].tolist()) == {fill}


def test_rows_of_a_said_shape_are_as_numpy_reshapes_them() -> None:
    images = np.random.default_rng(0).random((4, 5, 6, 3))
    layout = Layout.of(images.reshape(4, -1), [5, 6, 3])
    assert layout.shape == (5, 6, 3) and layout.values == 90
    assert (layout.images(images.reshape(4, -1)) == images).all()


@pytest.mark.parametrize(
    ("shape", "said", "found"),
    [
        ((9, 7, 5), None, (7, 5, 1)),
        ((9, 7, 5, 3), None, (7, 5, 3)),
        ((9, 3, 7, 5), None, (7, 5, 3)),
        ((9, 3, 32, 3), None, (3, 32, 3)),
        ((9, 3, 32, 3), (32, 3, 3), (32, 3, 3)),
        ((9, 7, 8, 9), None, (7, 8, 9)),
        ((9, 16, 8, 7), (8, 7, 16), (8, 7, 16)),
        ((9, 7, 5, 1), (7, 5), (7, 5, 1)),
    ],
)
def test_the_axis_of_channels(
    shape: tuple[int, ...], said: tuple[int, ...] | None, found: tuple[int, int, int]
) -> None:
    samples = np.random.default_rng(0).random(shape)
    layout = Layout.of(samples, said)
    images = layout.images(samples)
    assert layout.shape == found == images.shape[1:] and not layout.padded
    as_they_came = samples.reshape(len(samples), -1) if images.shape == shape else None
    if len(shape) == 4 and as_they_came is None:
        assert (images == np.moveaxis(samples, 1, -1)).all()


@pytest.mark.parametrize(
    "said", [(8,), (8, 8, 1, 1), (8, 0), (8.0, 8), "8x8", 8, (True, 64), [[8, 8]], np.array([4.0, 16.0])]
)
def test_what_is_no_shape_is_refused(said: object) -> None:
    with pytest.raises(UserError, match=r"^image_shape: expected None, \(height, width\) or .*, got "):
        Layout.of(np.zeros((2, 64)), said)


def test_a_shape_of_other_samples_is_refused() -> None:
    with pytest.raises(
        UserError, match=r"^image_shape: expected as many pixels as X has features, 64, got \(8, 9\)"
    ):
        Layout.of(np.zeros((2, 64)), (8, 9))
    with pytest.raises(
        UserError, match=r"^X: expected images of 8×9 pixels and 1 channels .*got shape \(1, 8, 8, 1\)"
    ):
        Layout.of(np.zeros((2, 8, 8)), (8, 9))
    layout = Layout.of(np.zeros((2, 8, 8)), None)
    with pytest.raises(UserError, match=r"or rows of 64 features, got shape \(2, 8, 8, 2\)"):
        layout.images(np.zeros((2, 8, 8, 2)))
