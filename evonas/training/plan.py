"""The training plan: how a network is trained, as a recipe says it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

from ..errors import UserError, nearest


@dataclasses.dataclass(frozen=True)
class Plan:
    """Stochastic gradient descent with Nesterov momentum and a cosine (Loshchilov and Hutter 2017).

    Attributes:
        epochs: Passes over the training images.
        batch_size: Images in a step; a last, smaller batch is left out.
        learning_rate: At the first step.
        final_learning_rate: After the last step.
        momentum: Of the optimiser.
        weight_decay: L2 penalty on the weights of convolutions and linear layers; normalisation and biases
            have none.
        label_smoothing: Share of the target spread over all classes.
        gradient_clip: Largest norm of the gradient; 0 for no limit.
        crop: Pixels of zero padding from which a random crop is taken; 0 for none, None for an eighth of
            the image's shorter side.
        mirror: Whether half of the images are flipped from left to right; None leaves it to the dataset.
        cutout: Side in pixels of a square set to the mean (DeVries and Taylor 2017); 0 for none.
    """

    epochs: int = 3
    batch_size: int = 64
    learning_rate: float = 0.05
    final_learning_rate: float = 0.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.0
    gradient_clip: float = 5.0
    crop: int | None = None
    mirror: bool | None = None
    cutout: int = 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 1), ("crop", 0), ("cutout", 0)):
            value = getattr(self, name)
            if name == "crop" and value is None:
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise UserError(
                    f"training {name}: expected a whole number of at least {least}, got {value!r}"
                )
        for name in ("learning_rate", "final_learning_rate", "weight_decay", "gradient_clip"):
            if not _number(getattr(self, name)) or getattr(self, name) < 0:
                raise UserError(
                    f"training {name}: expected a number of at least 0, got {getattr(self, name)!r}"
                )
        for name in ("momentum", "label_smoothing"):
            if not _number(getattr(self, name)) or not 0 <= getattr(self, name) < 1:
                raise UserError(
                    f"training {name}: expected at least 0 and below 1, got {getattr(self, name)!r}"
                )
        if self.learning_rate <= 0:
            raise UserError(f"training learning_rate: expected a positive number, got {self.learning_rate!r}")
        if self.mirror not in (None, True, False):
            raise UserError(f"training mirror: expected true or false, got {self.mirror!r}")

    def padding(self, height: int, width: int) -> int:
        """Pixels of padding for images of a size."""
        return min(height, width) // 8 if self.crop is None else self.crop

    @classmethod
    def from_dict(cls, choices: Mapping[str, Any]) -> Self:
        """A plan from a recipe's table.

        Raises:
            UserError: A choice is unknown or refused.
        """
        return cls().changed(choices)

    def changed(self, choices: Mapping[str, Any]) -> Self:
        """The plan with some choices changed.

        Raises:
            UserError: A choice is unknown or refused.
        """
        known = [field.name for field in dataclasses.fields(self)]
        for key in choices:
            if key not in known:
                raise UserError(f"training setting {key!r} is unknown; {nearest(key, known)}")
        return dataclasses.replace(self, **choices)

    def to_dict(self) -> dict[str, Any]:
        """All choices, for JSON."""
        return dataclasses.asdict(self)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
