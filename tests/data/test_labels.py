import numpy as np
import pytest

from evonas.data.labels import Classes, checked_labels
from evonas.errors import UserError


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "uint64", ">i4", "float32", "float64"])
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_whole_numbers_of_any_type_are_accepted(dtype, shape):
    labels = checked_labels(np.array([1, 10, 1, 2]).astype(dtype).reshape(shape), "y")
    assert labels.dtype == np.int64 and labels.tolist() == [1, 10, 1, 2]


def test_booleans_and_negative_labels_are_accepted():
    assert checked_labels(np.array([True, False]), "y").tolist() == [1, 0]
    assert checked_labels(np.array([-1, 1]), "y").tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            np.eye(3),
            r"pets: y_train: expected one integer an image, .*got shape \(3, 3\); .* y.argmax\(axis=1\)",
        ),
        (np.zeros((2, 2, 2), int), r"expected one integer an image, shape \(N,\), got shape \(2, 2, 2\)"),
        (np.array(3), r"got shape \(\)"),
        (np.zeros(0, int), "expected at least one label, got none"),
        (np.array([0.0, 0.5]), "expected integers, got float64 with the value 0.5"),
        (np.array([0.0, np.nan]), "expected integers, got float64 with the value nan"),
        (np.array([0.0, 1e300]), "expected integers, got float64 with the value 1e[+]300"),
        (np.array(["cat", " "]), "expected the name of a class for each image, got an empty one at 1"),
        (np.array([b"cat", b"d\xf6g"]), r"expected text in UTF-8, got b'd\\xf6g'"),
        (np.array(["cat", None]), r"integers or text, got type object; y.astype\(str\) makes text"),
        (np.array([[0, 1, 1], [0, 0, 0]]), "not one-hot, and of several labels an image none can be told"),
        (np.array([1, 2**63], np.uint64), "at most 64 bits with sign, got 9223372036854775808"),
        (np.array([1j, 2]), "expected integers or text, got type complex128"),
    ],
)
def test_what_is_no_label_is_refused(labels, message):
    with pytest.raises(UserError, match=message):
        checked_labels(labels, "pets: y_train")


def test_classes_are_numbered_in_the_order_of_their_values():
    labels = np.array([10, 1, 5, 10])
    classes = Classes.of(labels, None, "y")
    assert classes.names == ("1", "5", "10")
    assert classes.number(labels, "y").tolist() == [2, 0, 1, 2]


def test_names_go_by_value():
    classes = Classes.of(np.array([0, 2]), ("ant", "bee", "cow"), "y")
    assert classes.names == ("ant", "cow")


def test_a_label_without_a_name_is_refused():
    with pytest.raises(UserError, match="y: expected labels from 0 to 1, for 2 class names, got 2"):
        Classes.of(np.array([0, 1, 2]), ("ant", "bee"), "y")


def test_one_class_is_refused():
    with pytest.raises(UserError, match="y: expected at least two classes, got only label 7"):
        Classes.of(np.array([7, 7]), None, "y")


@pytest.mark.parametrize("stranger", [-3, 2, 99])
def test_a_class_that_training_lacks_is_refused(stranger):
    classes = Classes.of(np.array([1, 3]), None, "y")
    with pytest.raises(
        UserError, match=f"y_test: expected only classes that the training .* got label {stranger} "
    ):
        classes.number(np.array([1, stranger, 3]), "y_test")
