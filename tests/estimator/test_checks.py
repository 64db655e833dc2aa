"""scikit-learn's own checks of an estimator, whole."""

import warnings
from collections import Counter
from typing import Any

from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from evonas import EvolvedClassifier

EXPECTED_TO_FAIL: dict[str, str] = {}
"""By check, why it cannot pass: none."""

SKIPPED = {"check_array_api_input": "for estimators that take arrays of other libraries than NumPy"}
"""By check, what scikit-learn skips it for, for every estimator."""


def test_all_checks_of_scikit_learn_pass() -> None:
    """With a search of one candidate. They are counted, for a tag can leave most of them out."""
    ran: list[dict[str, Any]] = []
    classifier = EvolvedClassifier("graph", budget=1, epochs=2, final_epochs=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the checks try on purpose
        check_estimator(
            classifier,
            on_fail=None,
            on_skip=None,
            expected_failed_checks=EXPECTED_TO_FAIL,
            callback=lambda **said: ran.append(said),
        )
    failed = {one["check_name"]: repr(one["exception"]) for one in ran if one["status"] == "failed"}
    assert failed == {}
    assert {one["check_name"] for one in ran if one["status"] == "xfail"} == set(EXPECTED_TO_FAIL)
    assert {one["check_name"] for one in ran if one["status"] == "skipped"} <= set(SKIPPED)
    assert Counter(one["status"] for one in ran)["passed"] >= 50


def test_no_tag_leaves_checks_out() -> None:
    tags = get_tags(EvolvedClassifier())
    assert tags.estimator_type == "classifier" and tags.input_tags.two_d_array
    assert not (tags.no_validation or tags.non_deterministic or tags._skip_test)
    assert not (tags.input_tags.three_d_array or tags.classifier_tags.poor_score)
    assert tags.classifier_tags.multi_class
