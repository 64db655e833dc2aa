import json
import re

import pytest

from evonas.errors import UserError
from evonas.training.plan import Plan


def test_a_plan_survives_json():
    plan = Plan(epochs=7, crop=None, mirror=False, cutout=4, label_smoothing=0.1)
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


def test_changes_leave_the_rest():
    plan = Plan(epochs=7, batch_size=12)
    changed = plan.changed({"epochs": 9, "learning_rate": 1})
    assert (changed.epochs, changed.batch_size, changed.learning_rate) == (9, 12, 1)
    assert plan.epochs == 7
    assert plan.changed({}) == plan


@pytest.mark.parametrize(
    ("crop", "height", "width", "padding"),
    [(None, 32, 32, 4), (None, 8, 8, 1), (None, 8, 64, 1), (None, 7, 7, 0), (0, 32, 32, 0), (3, 8, 8, 3)],
)
def test_padding_is_an_eighth_unless_said_otherwise(crop, height, width, padding):
    assert Plan(crop=crop).padding(height, width) == padding


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"epoch": 3}, "training setting 'epoch' is unknown; did you mean 'epochs'?"),
        ({"epochs": 0}, "training epochs: expected a whole number of at least 1, got 0"),
        ({"epochs": 2.0}, "training epochs: expected a whole number of at least 1, got 2.0"),
        ({"batch_size": True}, "training batch_size: expected a whole number of at least 1, got True"),
        ({"crop": -1}, "training crop: expected a whole number of at least 0, got -1"),
        ({"cutout": "big"}, "training cutout: expected a whole number of at least 0, got 'big'"),
        ({"learning_rate": 0}, "training learning_rate: expected a positive number, got 0"),
        ({"learning_rate": float("nan")}, "training learning_rate: expected a number of at least 0, got nan"),
        ({"weight_decay": -0.1}, "training weight_decay: expected a number of at least 0, got -0.1"),
        ({"gradient_clip": float("inf")}, "training gradient_clip: expected a number of at least 0, got inf"),
        ({"momentum": 1}, "training momentum: expected at least 0 and below 1, got 1"),
        ({"label_smoothing": None}, "training label_smoothing: expected at least 0 and below 1, got None"),
        ({"mirror": "yes"}, "training mirror: expected true or false, got 'yes'"),
        ({"carry_momentum": 1}, "training carry_momentum: expected true or false, got 1"),
    ],
)
def test_what_is_refused(choices, message):
    with pytest.raises(UserError, match=re.escape(message)):
        Plan.from_dict(choices)
