"""The training plan: how a network is trained, as a recipe says it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Self

from msgspec import Meta

from ..errors import UserError, nearest
from ..files import AtLeastOne, AtLeastZero, BelowOne, NotNegative, Positive, check, check_names

SCHEDULES = ("cosine", "steps", "constant")

_Part = Annotated[float, Meta(gt=0, lt=1)]
_Pairs = Meta(description="pairs of a length and a learning rate")


@dataclasses.dataclass(frozen=True)
class Plan:
    """Stochastic gradient descent with Nesterov momentum, a schedule, augmentation and regularisation.

    Attributes:
        epochs: Passes over the training images.
        first_epochs: Likewise, of a candidate of a search that inherits nothing; None for as many.
        batch_size: Images in a step; a last, smaller batch is left out.
        learning_rate: At the first step.
        final_learning_rate: After the last step of a cosine schedule.
        schedule: ``cosine`` (Loshchilov and Hutter 2017), ``steps`` or ``constant``.
        milestones: Of ``steps``: shares of the training, in (0, 1), after which the rate is multiplied.
        decay: Of ``steps``: the factor at each milestone.
        rates: Pairs of a relative length and a learning rate, one after the other: ``[[120, 1e-2], [60,
            1e-3]]`` trains two thirds at the first. They replace the learning rate and the schedule.
        momentum: Of the optimiser.
        carry_momentum: Whether the optimiser's momentum travels with inherited weights, where names and
            shapes allow it: a child then starts with its parent's momentum instead of from rest.
        weight_decay: L2 penalty on the weights of convolutions and linear layers; normalisation and biases
            have none.
        label_smoothing: Share of the target spread over all classes.
        gradient_clip: Largest norm of the gradient; 0 for no limit.
        crop: Pixels of zero padding from which a random crop is taken; 0 for none, None for an eighth of
            the image's shorter side.
        mirror: Whether half of the images are flipped from left to right; None leaves it to the dataset.
        cutout: Side in pixels of a square set to the mean (DeVries and Taylor 2017); 0 for none.
        drop_path: Probability, reached linearly at the end of training, that a path into a sum is dropped for
            an example (ScheduledDropPath, Zoph et al. 2018).
        auxiliary: Weight of the loss of an auxiliary head, where the genome has a place for one; 0 for none.
        norm_momentum: Weight of the newest batch in normalisation statistics; None as the genome has it.
        repeats: Independent trainings whose mean accuracy is the fitness.
        distill_epochs: Epochs in which a child of morphisms that only approximate its parent learns from the
            parent, before it is trained; 0 for none.
    """

    epochs: AtLeastOne = 3
    first_epochs: AtLeastOne | None = None
    batch_size: AtLeastOne = 64
    learning_rate: NotNegative = 0.05
    final_learning_rate: NotNegative = 0.0
    schedule: str = "cosine"
    milestones: Annotated[tuple[_Part, ...], Meta(description="shares between 0 and 1")] = ()
    decay: NotNegative = 0.1
    rates: Annotated[tuple[Annotated[tuple[Positive, Positive], _Pairs], ...], _Pairs] = ()
    momentum: BelowOne = 0.9
    carry_momentum: bool = False
    weight_decay: NotNegative = 5e-4
    label_smoothing: BelowOne = 0.0
    gradient_clip: NotNegative = 5.0
    crop: AtLeastZero | None = None
    mirror: bool | None = None
    cutout: AtLeastZero = 0
    drop_path: BelowOne = 0.0
    auxiliary: NotNegative = 0.0
    norm_momentum: Annotated[float, Meta(gt=0, le=1, description="above 0 and at most 1")] | None = None
    repeats: AtLeastOne = 1
    distill_epochs: AtLeastZero = 0

    def __post_init__(self) -> None:
        check(self, "training ")
        if self.learning_rate == 0:  # to which a schedule may lead, but not from which
            raise UserError(f"training learning_rate: expected a positive number, got {self.learning_rate!r}")
        if self.schedule not in SCHEDULES:
            raise UserError(
                f"training schedule {self.schedule!r} is unknown; {nearest(self.schedule, SCHEDULES)}"
            )
        object.__setattr__(self, "milestones", tuple(sorted(self.milestones)))

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
        if not isinstance(choices, Mapping):
            raise UserError(f"training: expected a table, got {choices!r:.60}")
        check_names(type(self), choices, "training setting")
        return dataclasses.replace(self, **choices)

    def to_dict(self) -> dict[str, Any]:
        """All choices, for JSON."""
        choices = dataclasses.asdict(self)
        return choices | {"milestones": list(self.milestones), "rates": [list(pair) for pair in self.rates]}
