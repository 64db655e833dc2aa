import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evonas.data.split import default_validation_fraction, limit_images, take_test, take_validation
from evonas.errors import UserError

COUNTS = st.lists(st.integers(3, 40), min_size=2, max_size=8)


def labels_of(counts: list[int], order: int = 0) -> np.ndarray:
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(order).permutation(labels)


def names(labels: np.ndarray) -> list[str]:
    return [f"c{k}" for k in range(labels.max() + 1)]


@given(COUNTS, st.floats(0.01, 0.99), st.integers(0, 5))
def test_every_image_is_in_one_part_and_every_class_in_both(counts, fraction, seed):
    labels = labels_of(counts)
    taken, rest = take_validation(labels, fraction, seed, names(labels), "pets")
    assert sorted([*taken, *rest]) == list(range(len(labels)))
    assert set(labels[taken]) == set(labels[rest]) == set(range(len(counts)))
    assert taken.tolist() == sorted(taken.tolist())


@given(st.lists(st.integers(20, 60), min_size=2, max_size=6), st.sampled_from([0.1, 0.2, 0.5]))
def test_classes_are_taken_in_proportion(counts, fraction):
    labels = labels_of(counts)
    taken, _ = take_test(labels, fraction, names(labels), "pets")
    assert len(taken) == round(fraction * len(labels))
    for number, count in enumerate(counts):
        assert abs((labels[taken] == number).sum() - fraction * count) < 1


@given(COUNTS, st.integers(0, 100))
def test_a_limit_is_met_exactly_with_two_of_each_class(counts, extra):
    labels = labels_of(counts)
    limit = min(2 * len(counts) + extra, len(labels))
    kept = limit_images(labels, limit, 3, names(labels), "pets")
    assert len(set(kept.tolist())) == limit
    assert np.bincount(labels[kept]).min() >= 2


def test_a_limit_above_the_number_of_images_keeps_all():
    labels = labels_of([5, 5])
    assert limit_images(labels, 11, 0, names(labels), "pets").tolist() == list(range(10))


@given(st.lists(st.integers(1, 6), min_size=2, max_size=8), st.floats(0.01, 0.99))
def test_a_class_of_one_image_is_trained_on_where_that_is_let_pass(counts, fraction):
    labels = labels_of(counts)
    taken, rest = take_validation(labels, fraction, 0, names(labels), "pets", lone=True)
    assert sorted([*taken, *rest]) == list(range(len(labels)))
    assert set(labels[rest]) == set(range(len(counts)))
    assert set(labels[taken]) == {number for number, count in enumerate(counts) if count > 1}


def test_seeds_and_purposes_give_different_splits():
    labels = labels_of([50, 50])
    first, again, other = (take_validation(labels, 0.2, seed, names(labels), "pets")[0] for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()
    assert limit_images(labels, 20, 1, names(labels), "pets").tolist() != first.tolist()


def test_the_split_is_pinned():
    """A new version of numpy or of evonas must not move an image from training to test."""
    labels = np.arange(20) % 2
    assert take_test(labels, 0.3, names(labels), "pets")[0].tolist() == [9, 11, 12, 14, 15, 18]
    assert take_validation(labels, 0.3, 5, names(labels), "pets")[0].tolist() == [0, 5, 6, 8, 11, 19]


def test_the_default_validation_fraction():
    assert [default_validation_fraction(n) for n in (100, 9_999, 10_000, 50_000)] == [0.2, 0.2, 0.1, 0.1]


def test_a_class_with_too_few_images_is_named():
    labels = np.array([0, 0, 0, 0, 1, 1, 2])
    classes = ["ant", "bee", "cow"]
    with pytest.raises(
        UserError, match=r"pets: has no test part, so each class needs 3 .*; class 'bee' has 2"
    ):
        take_test(labels, 0.2, classes, "pets")
    with pytest.raises(UserError, match=r"pets: to split off validation .* needs 2 .*; class 'cow' has 1"):
        take_validation(labels, 0.2, 0, classes, "pets")
    with pytest.raises(UserError, match=r"pets: with train_limit, each class needs 2 .*; class 'cow' has 1"):
        limit_images(labels, 6, 0, classes, "pets")


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan"), True, "0.2", None])
def test_a_fraction_outside_0_to_1_is_refused(fraction):
    labels = labels_of([5, 5])
    message = re.escape(f"expected a number between 0 and 1, both excluded, got {fraction!r}")
    with pytest.raises(UserError, match="validation_fraction: " + message):
        take_validation(labels, fraction, 0, names(labels), "pets")
    with pytest.raises(UserError, match="test_fraction: " + message):
        take_test(labels, fraction, names(labels), "pets")


def test_limits_and_seeds_that_are_none_are_refused():
    labels = labels_of([5, 5])
    with pytest.raises(
        UserError, match=r"train_limit: .* at least 2 images .* 2 classes of pets, 4 in all, got 3"
    ):
        limit_images(labels, 3, 0, names(labels), "pets")
    for limit in (0, -1, 2.5, True):
        with pytest.raises(UserError, match="train_limit: expected an integer of at least 1, got"):
            limit_images(labels, limit, 0, names(labels), "pets")
    with pytest.raises(UserError, match="seed: expected an integer of at least 0, got -1"):
        take_validation(labels, 0.5, -1, names(labels), "pets")
