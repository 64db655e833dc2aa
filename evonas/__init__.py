"""evonas: evolutionary and morphism-based neural architecture search.

    import evonas

    result = evonas.evolve(genome="amoeba", dataset="digits", budget=40, seed=0)
    network = result.best.network()

`evolve` searches, `resume` continues a run folder, `load` reads one, `refine` climbs on from
a trained network, `compare` runs several ways to search over many seeds, `toolbox` makes a DEAP toolbox
for a loop of your own, and `EvolvedClassifier` is a search as a scikit-learn classifier. The parts are in
`evonas.genomes`, `evonas.operators`, `evonas.strategies`, `evonas.architecture` and `evonas.training`.

The package's rooms and what is in each: ``docs/architecture.md``, and the first lines of each room.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .errors import NotApplicable, UserError
from .files import later

if TYPE_CHECKING:
    from .api import evolve, load, resume
    from .comparison import compare
    from .estimator import EvolvedClassifier
    from .refinement import refine
    from .settings import toolbox

__version__ = "0.1.0"

__all__ = [
    "EvolvedClassifier",
    "NotApplicable",
    "UserError",
    "__version__",
    "compare",
    "evolve",
    "load",
    "refine",
    "resume",
    "toolbox",
]

MOVED: Mapping[str, str] = {
    "assembly": "settings.assembly",
    "calibration": "network.calibration",
    "candidate": "evolution.candidate",
    "canonical": "architecture.canonical",
    "carrying": "inheritance.carrying",
    "ceilings": "architecture.ceilings",
    "channels": "architecture.channels",
    "composition": "settings.composition",
    "conduct": "settings.conduct",
    "correspondence": "inheritance.correspondence",
    "deap_loop": "settings.deap_loop",
    "deap_toolbox": "settings.deap_toolbox",
    "deploy": "network.deploy",
    "description": "results.description",
    "environment": "run.environment",
    "evaluation": "search.evaluation",
    "executors": "search.executors",
    "export": "network.export",
    "failpoints": "files.failpoints",
    "final": "results.final",
    "genome": "evolution.genome",
    "heritage": "inheritance.child",
    "importing": "network.importing",
    "inheritance_modes": "inheritance.modes",
    "journal": "run.journal",
    "layers": "architecture.layers",
    "lineage": "inheritance.lineage",
    "morphing": "inheritance.by_morphisms",
    "morphism": "evolution.morphism",
    "names": "architecture.names",
    "operator": "evolution.operator",
    "operator_choice": "settings.operator_choice",
    "order": "settings.order",
    "origins": "architecture.origins",
    "pace": "search.pace",
    "plugins": "evolution.plugins",
    "printable": "files.printing",
    "protocols": "settings.protocols",
    "reading": "files.reading",
    "recipe": "settings.recipe",
    "registry": "evolution.registry",
    "remapping": "inheritance.by_slices",
    "replay": "search.replay",
    "result": "results.result",
    "retention": "search.retention",
    "run_folder": "run.folder",
    "signs": "architecture.signs",
    "sizes": "files.sizes",
    "strategies": "evolution.strategies",
    "time_limit": "evolution.time_limit",
    "toolboxes": "evolution.toolboxes",
    "undrawn": "network.undrawn",
    "variables": "files.variables",
    "variation": "evolution.variation",
    "verification": "inheritance.verification",
    "weights": "run.weights",
    "wiring": "architecture.wiring",
}
"""Modules by the names that pages, files of users and installed packages call them: where each lies."""


class _ByOtherNames:  # not of importlib.abc, whose import costs more than all else here
    """Imports a module of `MOVED`, and what is in it, from where it lies: it is one object by two names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, _, below = fullname.partition(".")
        head, _, rest = below.partition(".")
        if top != __name__ or head not in MOVED:
            return None
        from importlib.util import find_spec

        there = ".".join(filter(None, (__name__, MOVED[head], rest)))
        if rest and find_spec(there) is None:
            return None
        return ModuleSpec(fullname, self, loader_state=there)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself, so that no other thread ever sees anything else under its name."""
        module = import_module(str(spec.loader_state))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Gives it back its own description, in whose place the import system has put another."""
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state


sys.meta_path.insert(0, _ByOtherNames())  # before the path of a package that has another name, too


_LATER = later(
    __name__,
    {
        "api": "evolve load resume",
        "comparison": "compare",
        "estimator": "EvolvedClassifier",
        "refinement": "refine",
        "settings.deap_toolbox": "toolbox",
    },
)


def __getattr__(name: str) -> Any:
    """Imports the search only when it is used; modules that have moved are found by their names."""
    return import_module(f"{__name__}.{name}") if name in MOVED else _LATER(name)
