"""What a classifier is asked to do, and what of `evonas.evolve` has a place there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..files import expanded

if TYPE_CHECKING:
    from ..evolution import Genome

PARAMETERS = {
    "seed": "random_state",
    **{name: name for name in ("genome", "strategy", "budget", "max_seconds", "epochs", "max_parameters")},
    **{name: name for name in ("workers", "run")},
}
"""Arguments of `evonas.evolve` that are parameters of the classifier, under these names."""

OF_DATA = (
    "dataset",
    "data_dir",
    "download",
    "train_limit",
    "layout",
    "without_damaged",
    "background",
    "table",
)
"""Arguments that say where images come from: here they are X."""

OF_FITNESS = ("evaluate", "needs", "toolbox")
"""Arguments that put something else in the place of training, or bring images of their own."""


@dataclass(frozen=True)
class Wishes:
    """What a classifier is asked to do.

    Attributes:
        genome: A name or a class.
        choices: Other arguments of `evonas.evolve`; None for its default.
        final_epochs: Of the final training: None for the recipe's, 0 for none.
        run: Where runs are kept; None to keep them in memory.
        settings: More arguments of `evonas.evolve`.
        say: Hears of each candidate, in words; None for nobody.
        say_epochs: Likewise, of each epoch of the final training.
    """

    genome: str | type[Genome] | None
    choices: Mapping[str, Any]
    final_epochs: int | None
    run: str | Path | None
    settings: Mapping[str, Any] | None
    say: Callable[[str], None] | None = None
    say_epochs: Callable[[str], None] | None = None

    def checked_settings(self) -> dict[str, Any]:
        """The further arguments.

        Raises:
            UserError: They are no mapping, or one has no place here.
        """
        if self.settings is None:
            return {}
        if not isinstance(self.settings, Mapping):
            raise UserError(f"settings: expected a mapping by argument's name, got {self.settings!r:.60}")
        for name in self.settings:
            if not isinstance(name, str):
                raise UserError(f"settings: expected names of arguments, got {name!r:.60}")
            if name in PARAMETERS:
                raise UserError(
                    f"settings: {name!r} is a parameter of the classifier itself, {PARAMETERS[name]}"
                )
            if name in OF_DATA:
                raise UserError(f"settings: {name!r} has no place here, for the images are X")
            if name in OF_FITNESS:
                raise UserError(f"settings: {name!r} has no place here, for fitness comes from training on X")
        return dict(self.settings)

    def checked_run(self) -> Path | None:
        """Where runs are kept, wherever the process goes from here; None for nowhere.

        Raises:
            UserError: It is no path.
        """
        if self.run is None:
            return None
        if not isinstance(self.run, str | Path):
            raise UserError(f"run: expected a folder, got {self.run!r:.60}")
        return expanded(self.run).absolute()

    def checked_epochs(self) -> int | None:
        """The epochs of the final training.

        Raises:
            UserError: They are no whole number of at least 0.
        """
        epochs = self.final_epochs
        if epochs is not None and (isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0):
            raise UserError(f"final_epochs: expected a whole number of at least 0, got {epochs!r:.60}")
        return epochs
