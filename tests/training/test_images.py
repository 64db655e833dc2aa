"""Batches against one image at a time: every crop, flip and hole is found by trying all of them."""

from functools import cache
from itertools import product

import numpy as np
import pytest
import torch

from evonas.training.images import DeviceImages, Normalisation, steps_per_epoch
from evonas.training.plan import Plan

COUNT, HEIGHT, WIDTH = 12, 5, 6


def made(channels=3, dtype=np.uint8, padding=0, count=COUNT):
    """Random images, their labels, and how they are normalised (no value becomes zero)."""
    rng = np.random.default_rng(channels)
    x = rng.integers(0, 256, (count, HEIGHT, WIDTH, channels)).astype(dtype)
    y = np.arange(count) % 5
    normalisation = Normalisation(
        tuple(100.3 + k for k in range(channels)), tuple(50.7 + k for k in range(channels))
    )
    return x, y, DeviceImages(x, y, normalisation, "cpu", padding), normalisation


def normalised(image, normalisation):
    """One image (H, W, C) as a network reads it, (C, H, W)."""
    result = np.empty((image.shape[2], *image.shape[:2]))
    for channel, (mean, std) in enumerate(zip(normalisation.mean, normalisation.std, strict=True)):
        result[channel] = (image[:, :, channel].astype(float) - mean) / std
    return result


def augmented(image, top, left, flip, padding):
    """One image, padded with zeros, cropped and flipped, pixel by pixel."""
    result = np.zeros_like(image)
    for row, column in product(range(HEIGHT), range(WIDTH)):
        from_row, from_column = row + top - padding, (WIDTH - 1 - column if flip else column) + left - padding
        if 0 <= from_row < HEIGHT and 0 <= from_column < WIDTH:
            result[row, column] = image[from_row, from_column]
    return result


@cache
def all_ways(padding):
    """Every (number, top, left, flip), and what it makes of the images."""
    x, _, _, normalisation = made()
    offsets = range(2 * padding + 1)
    ways = list(product(range(len(x)), offsets, offsets, (False, True)))
    return ways, np.stack([normalised(augmented(x[n], *how, padding), normalisation) for n, *how in ways])


def explain(batch, padding):
    """For each image of a batch, the one way to make it, and its hole."""
    ways, results = all_ways(padding)
    found = []
    for image in batch.numpy():
        hole = (image == 0).all(0)
        (fits,) = np.nonzero(((abs(results - image) < 1e-5) | hole).all((1, 2, 3)))
        assert len(fits) == 1, "no way or several to make this image"
        found.append((ways[fits[0]], hole))
    return found


def epochs(images, plan, mirror=True, count=20, seed=0):
    """Batches of several epochs in a row."""
    generator = torch.Generator().manual_seed(seed)
    return [list(images.epoch(plan, mirror, generator)) for _ in range(count)]


# -- unchanged images ------------------------------------------------------------------------------


@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_batches_are_the_images_in_order(channels, padding):
    x, y, images, normalisation = made(channels, padding=padding)
    batches = list(images.batches(5))
    assert [len(batch) for batch, _ in batches] == [5, 5, 2]
    expected = np.stack([normalised(image, normalisation) for image in x])
    found = torch.cat([batch for batch, _ in batches])
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
    assert torch.cat([labels for _, labels in batches]).tolist() == y.tolist()
    assert found.dtype == torch.float32
    assert len(images) == COUNT


@pytest.mark.parametrize("padding", [0, 1])
def test_bytes_and_floats_are_the_same_images(padding):
    of_bytes, of_floats = (made(dtype=dtype, padding=padding)[2] for dtype in (np.uint8, np.float32))
    assert of_bytes.images.dtype == torch.uint8
    plan = Plan(batch_size=4, cutout=2)
    pairs = [(list(one.batches(7)), epochs(one, plan, count=2)) for one in (of_bytes, of_floats)]
    for (a, labels), (b, others) in zip(pairs[0][0], pairs[1][0], strict=True):
        assert torch.equal(a, b)
        assert torch.equal(labels, others)
    for one, other in zip(*(sum(many, []) for _, many in pairs), strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])


def test_images_of_another_layout_in_memory():
    x, y, images, normalisation = made()
    strided = DeviceImages(np.asfortranarray(x), y.astype(np.uint8), normalisation, "cpu")
    assert torch.equal(next(strided.batches(99))[0], next(images.batches(99))[0])
    assert next(strided.batches(99))[1].dtype == torch.int64


def test_batches_lie_channels_last():
    _, _, images, _ = made(padding=1)
    for batch in (next(images.batches(4))[0], epochs(images, Plan(batch_size=4), count=1)[0][0][0]):
        assert batch.is_contiguous(memory_format=torch.channels_last)


# -- augmentation ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("padding", "mirror"), [(0, False), (0, True), (1, False), (2, True)])
def test_crops_and_flips(padding, mirror):
    _, y, images, _ = made(padding=padding)
    used = set()
    for epoch in epochs(images, Plan(batch_size=5), mirror):
        assert [len(batch) for batch, _ in epoch] == [5, 5], "the last, smaller batch is left out"
        numbers = []
        for batch, labels in epoch:
            for (way, hole), label in zip(explain(batch, padding), labels, strict=True):
                assert not hole.any()
                assert y[way[0]] == label
                numbers.append(way[0])
                used.add(way[1:])
        assert len(set(numbers)) == 10, "an image twice in an epoch"
    offsets = range(2 * padding + 1)
    assert used == set(product(offsets, offsets, (False, True) if mirror else (False,)))


def test_half_of_the_images_are_flipped():
    _, _, images, _ = made()
    batches = [batch for epoch in epochs(images, Plan(batch_size=12), count=60) for batch, _ in epoch]
    flips = [way[3] for batch in batches for way, _ in explain(batch, 0)]
    assert 0.4 < np.mean(flips) < 0.6  # of 720: five standard deviations


@pytest.mark.parametrize("side", [1, 2, 3, 99])
def test_cutout(side):
    _, _, images, _ = made(padding=1)
    holes = set()
    for epoch in epochs(images, Plan(batch_size=12, cutout=side), count=25):
        for batch, _ in epoch:
            if side == 99:
                assert (batch == 0).all()
                continue
            for _, hole in explain(batch, 1):
                holes.add(hole.tobytes())
    centres = product(range(HEIGHT), range(WIDTH))
    assert side == 99 or holes == {square(*centre, side).tobytes() for centre in centres}


def square(row, column, side):
    """The pixels of a square around a centre, as far as they are in the image."""
    hole = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for down, across in product(range(side), range(side)):
        at = row - side // 2 + down, column - side // 2 + across
        if 0 <= at[0] < HEIGHT and 0 <= at[1] < WIDTH:
            hole[at] = True
    return hole


def test_a_seed_means_the_same_images():
    _, _, images, _ = made(padding=1)
    plan = Plan(batch_size=4, cutout=2)
    torch.manual_seed(1)
    first = epochs(images, plan, seed=5, count=3)
    torch.manual_seed(2)
    second, other = (epochs(images, plan, seed=seed, count=3) for seed in (5, 6))
    flat = [torch.cat([batch for epoch in many for batch, _ in epoch]) for many in (first, second, other)]
    assert torch.equal(flat[0], flat[1])
    assert not torch.equal(flat[0], flat[2])
    assert not torch.equal(first[0][0][0], first[1][0][0])


@pytest.mark.parametrize(
    ("images", "batch_size", "steps"), [(12, 5, 2), (12, 12, 1), (12, 100, 1), (1, 1, 1), (1000, 64, 15)]
)
def test_steps_of_an_epoch(images, batch_size, steps):
    assert steps_per_epoch(images, batch_size) == steps


def test_fewer_images_than_a_batch_are_one_batch():
    _, _, images, _ = made()
    (((batch, _),),) = epochs(images, Plan(batch_size=100), count=1)
    assert sorted(way[0] for way, _ in explain(batch, 0)) == list(range(COUNT))


@pytest.mark.gpu
def test_a_gpu_makes_the_same_batches():
    x, y, images, normalisation = made(padding=2)
    there = DeviceImages(x, y, normalisation, "cuda", 2)
    plan = Plan(batch_size=4, cutout=3)
    for one, other in zip(sum(epochs(images, plan), []), sum(epochs(there, plan), []), strict=True):
        torch.testing.assert_close(one[0], other[0].cpu(), rtol=0, atol=1e-6)
        assert torch.equal(one[1], other[1].cpu())
