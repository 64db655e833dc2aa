"""The groups of options that `--help` shows, the ones that most people want first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from typer.core import TyperCommand

OFTEN = "Most used"
SEARCHED = "What is searched"
IMAGES = "On which images"
LONG = "How long"
HOW = "How it searches"
TRAINING = "Training"
WHERE = "Where it runs"
OUTPUT = "Output"
RARE = "Rarely needed"
PANELS = (OFTEN, SEARCHED, IMAGES, LONG, HOW, TRAINING, WHERE, OUTPUT, RARE)
"""In this order; what belongs to none, such as ``--help`` itself, stands in a group "Options" behind them."""

MOST = 10
"""How many options stand first at most."""

WIDEST = 30
"""Columns of an option's name and value; the help of a longer one begins on the next line."""


class GroupedCommand(TyperCommand):
    """A command whose help shows its options in groups.

    It is plain text, as wide as the terminal and at most 80 columns. Typer's own groups are boxes of rich's,
    which cut what does not fit.

    Attributes:
        often: Parameters that stand first, in that order, whatever group they belong to.
    """

    often: ClassVar[Sequence[str]] = ()

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes arguments, then the options of each group, all aligned."""
        place = {name: number for number, name in enumerate(self.often)}
        parameters = sorted(self.get_params(ctx), key=lambda one: place.get(one.name, len(place)))
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in parameters:  # the sort is stable: others stay as they are declared
            record = parameter.get_help_record(ctx)
            if record is not None:
                groups.setdefault(self.panel_of(parameter), []).append(record)
        width = min(WIDEST, max(len(words) for rows in groups.values() for words, _ in rows))
        for title in ("Arguments", *PANELS, "Options"):
            if title in groups:
                with formatter.section(title):
                    formatter.write_dl([(words.ljust(width), text) for words, text in groups[title]], WIDEST)

    def panel_of(self, parameter: Any) -> str:
        """The group that an option or argument is shown in."""
        if parameter.param_type_name == "argument":
            return "Arguments"
        if parameter.name in self.often:
            return OFTEN
        return getattr(parameter, "rich_help_panel", None) or "Options"


def grouped_command(often: Sequence[str]) -> type[GroupedCommand]:
    """The class of a command whose help begins with some of its options."""
    return type("GroupedCommand", (GroupedCommand,), {"often": tuple(often)})
