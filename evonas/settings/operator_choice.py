"""Which operators a search draws from, and that a run goes on with those that it began with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import UserError, nearest
from ..evolution import Operator, Toolbox, brought_files, find, make_toolbox, names, operators_for
from .settings import Settings


def drawn_from(variation: Mapping[str, Any]) -> dict[str, str]:
    """The operators that a run draws from, as it noted them, by name: ``mutation`` or ``crossover``.

    Empty stands for one of a file, which is not run to look at a run.
    """
    kinds: dict[str, str] = {}
    for name, weight, source in variation.get("operators") or ():
        if weight > 0:
            try:
                kinds[name] = "" if source else getattr(find("operators", name), "kind", "")
            except UserError:  # of a package that is gone
                kinds[name] = ""
    return kinds


def check_genomes(operators: Iterable[Operator]) -> None:
    """Checks that there are the genomes that operators vary, in a package or a file.

    Raises:
        UserError: One varies a genome that is unknown.
    """
    known = names("genomes")
    for operator in operators:
        if operator.genome not in known:
            raise UserError(
                f"operator {operator.name!r}: genome {operator.genome!r} is unknown; "
                f"{nearest(operator.genome, known)}"
            )


@dataclass(frozen=True)
class OperatorChoice:
    """What a caller brings to vary individuals with.

    Attributes:
        operators: Beside the installed ones.
        toolbox: The caller's own, whose registered functions are used; None for a fresh one.
    """

    operators: tuple[Operator, ...] = ()
    toolbox: Toolbox | None = None

    def toolbox_for(self, settings: Settings) -> Toolbox:
        """The toolbox of a search, in which a strategy may register its own selection."""
        if self.toolbox is not None:
            toolbox = self.toolbox.copy()
        else:
            toolbox = make_toolbox(settings.genome_type, settings.make_space(), self.weighted(settings))
        toolbox.operator_seconds = settings.operator_seconds
        return toolbox

    def check_use(self, genome: str) -> None:
        """Checks that what the caller brought can be used for a genome.

        Raises:
            UserError: An operator varies no genome that there is, or all that a file or a caller brought are
                for others than the search's.
        """
        check_genomes(self.operators)
        by_source: dict[str, list[Operator]] = {}
        for operator in self.operators:
            by_source.setdefault(operator.source, []).append(operator)
        for source, found in by_source.items():
            if source not in brought_files() and all(operator.genome != genome for operator in found):
                others = sorted({operator.genome for operator in found})
                given = ", ".join(operator.name for operator in found)
                raise UserError(
                    f"{f'operators {source}'.strip()}: expected some for genome {genome!r}, which is what "
                    f"evolves, got {given} for {' and '.join(others)}"
                )

    def weighted(self, settings: Settings) -> list[Operator]:
        """The genome's operators, with the weights that the settings give them.

        Raises:
            UserError: The settings name one that is not here.
        """
        found = operators_for(settings.genome, self.operators)
        known = [operator.name for operator in found]
        for name in settings.operators:
            if name not in known:
                raise UserError(
                    f"[operators]: {name!r} is unknown for {settings.genome}; {nearest(name, known)}"
                )
        return [
            replace(operator, weight=settings.operators.get(operator.name, operator.weight))
            for operator in found
        ]

    def files(self) -> list[str]:
        """The Python files that the caller brought, for another process to run."""
        return sorted(
            {*brought_files(), *(one.source for one in self.operators if one.source.endswith(".py"))}
        )

    def described(self, settings: Settings) -> dict[str, Any]:
        """What was used, for the journal: operators with weight and origin, and registered functions."""
        if self.toolbox is not None:
            return {"registered": self.toolbox.users()}
        found = self.weighted(settings)
        return {"operators": [[operator.name, operator.weight, operator.source] for operator in found]}

    def check(self, settings: Settings, noted: Mapping[str, Any]) -> None:
        """Checks that a run goes on with what it began with.

        Raises:
            UserError: An operator or a function of its toolbox is not here.
        """
        registered = noted.get("registered")
        mine = self.toolbox.users() if self.toolbox is not None else None
        if registered != mine:
            began = (
                "none" if registered is None else f"one with {', '.join(registered) or 'nothing'} registered"
            )
            raise UserError(f"toolbox: the run began with {began}: give the same again")
        here = {operator.name for operator in operators_for(settings.genome, self.operators)}
        for name, _, source in noted.get("operators", ()):
            if name not in here:
                where = f" of {source}" if source else ""
                raise UserError(
                    f"operators: the run began with {name!r}{where}, which is not here: "
                    "name its file again (operators=..., or --operators), or install its package"
                )

    def as_noted(self, settings: Settings, noted: Mapping[str, Any]) -> OperatorChoice:
        """The operators that a run began with, and with the weights that they had then."""
        if self.toolbox is not None or "operators" not in noted:
            return self
        here = {operator.name: operator for operator in operators_for(settings.genome, self.operators)}
        then = {name: weight for name, weight, _ in noted["operators"]}
        return OperatorChoice(  # the settings' weights are in what was noted
            tuple(replace(operator, weight=then.get(name, 0.0)) for name, operator in here.items())
        )
