import numpy as np
import pytest

from evonas.data import images
from evonas.data.images import channel_statistics, checked_images
from evonas.errors import UserError


def test_uint8_passes_without_a_copy():
    x = np.zeros((2, 4, 5, 3), np.uint8)
    assert checked_images(x, "x") is x


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f8"])
def test_floats_become_float32_with_a_channel_axis(dtype):
    x = checked_images(np.full((2, 4, 5), 0.5, dtype), "x")
    assert x.shape == (2, 4, 5, 1) and x.dtype == np.float32 and (x == 0.5).all()


def test_bytes_in_a_wider_type_become_uint8():
    x = checked_images(np.full((2, 4, 5), 255, np.int64), "x")
    assert x.dtype == np.uint8 and (x == 255).all()


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 4), np.uint8), r"pets: x: expected shape \(N, H, W\) or \(N, H, W, C\), got \(2, 4\)"),
        (np.zeros((2, 1, 4, 4, 3), np.uint8), r"got \(2, 1, 4, 4, 3\)"),
        (
            np.zeros((0, 4, 4), np.uint8),
            r"expected at least one image of at least one pixel, got shape \(0, 4, 4\)",
        ),
        (np.zeros((2, 3, 8, 8), np.uint8), r"looks like \(N, C, H, W\); use x.transpose\(0, 2, 3, 1\)"),
        (np.zeros((2, 4, 8, 8), np.uint8), r"looks like \(N, C, H, W\)"),
        (np.full((2, 4, 4), 256), "expected uint8 or float images, got int64 with values from 256 to 256"),
        (np.full((2, 4, 4), -1, np.int16), "got int16 with values from -1 to -1; convert them to float32"),
        (np.full((2, 4, 4), "a"), "expected uint8 or float images, got type <U1"),
        (np.full((2, 4, 4), 1j), "expected uint8 or float images, got type complex128"),
        (np.array([[[0.0, np.nan, -np.inf]]]), "expected finite numbers, got 2 NaN or infinite values"),
        (np.array([[[0.0, 1e300]]]), r"got 1 NaN or infinite values \(as float32\)"),
    ],
)
def test_what_is_no_image_is_refused(x, message):
    with pytest.raises(UserError, match=message):
        checked_images(x, "pets: x")


def test_a_series_with_channels_is_not_taken_for_channels_first():
    assert checked_images(np.zeros((2, 1, 128, 6), np.float32), "x").shape == (2, 1, 128, 6)


@pytest.mark.parametrize("block", [1, 100, 1 << 22])
def test_statistics_agree_with_numpy_in_any_block_size(block, monkeypatch):
    monkeypatch.setattr(images, "_BLOCK", block)
    for dtype in (np.uint8, np.float32):
        x = np.random.default_rng(0).integers(0, 256, (7, 5, 4, 3)).astype(dtype)
        statistics = channel_statistics(x)
        np.testing.assert_allclose(statistics.mean, x.mean(axis=(0, 1, 2), dtype=np.float64), rtol=1e-12)
        np.testing.assert_allclose(statistics.std, x.std(axis=(0, 1, 2), dtype=np.float64), rtol=1e-12)


def test_statistics_of_values_far_from_zero_do_not_cancel():
    x = np.random.default_rng(0).normal(1e5, 1.0, (50, 8, 8, 1)).astype(np.float32)
    assert channel_statistics(x).std[0] == pytest.approx(x.astype(np.float64).std(), rel=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, 0.3, 123.456, -1e6, 3e-20])
def test_a_constant_channel_has_standard_deviation_one(value, monkeypatch):
    monkeypatch.setattr(images, "_BLOCK", 150)  # several blocks, so that the mean is rounded
    x = np.full((97, 11, 13, 1), value, np.float32)
    assert channel_statistics(x).std == (1.0,)


def test_statistics_of_nothing_are_refused():
    with pytest.raises(
        UserError, match=r"statistics: expected images of shape \(N, H, W, C\), got \(0, 2, 2, 1\)"
    ):
        channel_statistics(np.zeros((0, 2, 2, 1), np.uint8))
