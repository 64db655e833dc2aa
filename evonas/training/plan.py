"""The training plan: how a network is trained, as a recipe says it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

from ..errors import UserError, nearest

SCHEDULES = ("cosine", "steps", "constant")


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

    epochs: int = 3
    first_epochs: int | None = None
    batch_size: int = 64
    learning_rate: float = 0.05
    final_learning_rate: float = 0.0
    schedule: str = "cosine"
    milestones: tuple[float, ...] = ()
    decay: float = 0.1
    rates: tuple[tuple[float, float], ...] = ()
    momentum: float = 0.9
    carry_momentum: bool = False
    weight_decay: float = 5e-4
    label_smoothing: float = 0.0
    gradient_clip: float = 5.0
    crop: int | None = None
    mirror: bool | None = None
    cutout: int = 0
    drop_path: float = 0.0
    auxiliary: float = 0.0
    norm_momentum: float | None = None
    repeats: int = 1
    distill_epochs: int = 0

    def __post_init__(self) -> None:
        for name, least in (
            ("epochs", 1),
            ("first_epochs", 1),
            ("batch_size", 1),
            ("crop", 0),
            ("cutout", 0),
            ("repeats", 1),
            ("distill_epochs", 0),
        ):
            value = getattr(self, name)
            if name in ("crop", "first_epochs") and value is None:
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise UserError(
                    f"training {name}: expected a whole number of at least {least}, got {value!r}"
                )
        for name in (
            "learning_rate",
            "final_learning_rate",
            "weight_decay",
            "gradient_clip",
            "decay",
            "auxiliary",
        ):
            if not _number(getattr(self, name)) or getattr(self, name) < 0:
                raise UserError(
                    f"training {name}: expected a number of at least 0, got {getattr(self, name)!r}"
                )
        for name in ("momentum", "label_smoothing", "drop_path"):
            if not _number(getattr(self, name)) or not 0 <= getattr(self, name) < 1:
                raise UserError(
                    f"training {name}: expected at least 0 and below 1, got {getattr(self, name)!r}"
                )
        if self.learning_rate <= 0:
            raise UserError(f"training learning_rate: expected a positive number, got {self.learning_rate!r}")
        self._check_schedule()
        norm = self.norm_momentum
        if norm is not None and (not _number(norm) or not 0 < norm <= 1):
            raise UserError(f"training norm_momentum: expected above 0 and at most 1, got {norm!r}")
        if self.mirror not in (None, True, False):
            raise UserError(f"training mirror: expected true or false, got {self.mirror!r}")
        if not isinstance(self.carry_momentum, bool):
            raise UserError(f"training carry_momentum: expected true or false, got {self.carry_momentum!r}")

    def _check_schedule(self) -> None:
        if self.schedule not in SCHEDULES:
            raise UserError(
                f"training schedule {self.schedule!r} is unknown; {nearest(str(self.schedule), SCHEDULES)}"
            )
        if not isinstance(self.milestones, list | tuple) or not all(
            _number(m) and 0 < m < 1 for m in self.milestones
        ):
            raise UserError(f"training milestones: expected shares between 0 and 1, got {self.milestones!r}")
        object.__setattr__(self, "milestones", tuple(sorted(self.milestones)))
        pairs = self.rates if isinstance(self.rates, list | tuple) else [self.rates]
        for pair in pairs:
            if (
                not isinstance(pair, list | tuple)
                or len(pair) != 2
                or not all(_number(v) and v > 0 for v in pair)
            ):
                raise UserError(
                    f"training rates: expected pairs of a length and a learning rate, got {pair!r}"
                )
        object.__setattr__(self, "rates", tuple((length, rate) for length, rate in pairs))

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
        known = [field.name for field in dataclasses.fields(self)]
        for key in choices:
            if key not in known:
                raise UserError(f"training setting {key!r} is unknown; {nearest(key, known)}")
        return dataclasses.replace(self, **choices)

    def to_dict(self) -> dict[str, Any]:
        """All choices, for JSON."""
        choices = dataclasses.asdict(self)
        return choices | {"milestones": list(self.milestones), "rates": [list(pair) for pair in self.rates]}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
