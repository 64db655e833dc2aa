"""Units of pixels."""

import numpy as np
import pytest

from evonas.data import channel_statistics
from evonas.estimator.units import Units


def test_bytes_stay_bytes() -> None:
    images = np.random.default_rng(0).integers(0, 255, (5, 4, 4, 2), np.uint8)
    units = Units.of(images)
    stored = units.stored(images.transpose(0, 2, 1, 3))
    assert stored.dtype == np.uint8 and stored.flags.c_contiguous
    assert units.raw(channel_statistics(images)) == channel_statistics(images)


@pytest.mark.parametrize("unit", [1e-300, 1e-9, 1.0, 1e9, 1e300])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_any_units_come_out_alike(unit: float, offset: float) -> None:
    """Also those whose squares float64 has not, and a deviation that float32 would lose beside the mean."""
    alike = np.random.default_rng(0).normal(size=(1500, 4, 4, 2))  # more than are changed at a time
    images = unit * (alike + offset)
    units = Units.of(images)
    stored = units.stored(images)
    expected = Units.of(alike).stored(alike)
    assert stored.dtype == np.float32
    np.testing.assert_allclose(stored, expected, atol=1e-5)
    raw = units.raw(channel_statistics(stored))
    np.testing.assert_allclose(raw.mean, unit * (alike.mean((0, 1, 2)) + offset), rtol=1e-6, atol=1e-6 * unit)
    np.testing.assert_allclose(raw.std, unit * alike.std((0, 1, 2)), rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 5.0, 1e200])
def test_a_constant_channel_becomes_0(value: float) -> None:
    images = np.full((3, 4, 4, 1), value)
    units = Units.of(images)
    assert (units.stored(images) == 0).all()
    assert min(units.raw(channel_statistics(units.stored(images))).std) > 0
