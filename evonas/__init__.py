"""evonas: evolutionary and morphism-based neural architecture search.

    import evonas

    result = evonas.evolve(genome="amoeba", dataset="digits", budget=40, seed=0)
    network = result.best.network()

`evolve` searches, `resume` continues a run folder, `load` reads one, `refine` climbs on from
a trained network, and `toolbox` makes a DEAP toolbox for a loop of your own. The parts are in
`evonas.genomes`, `evonas.operators`, `evonas.strategies`, `evonas.architecture` and `evonas.training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import NotApplicable, UserError

if TYPE_CHECKING:
    from .api import evolve, load, resume
    from .deap_toolbox import toolbox
    from .refinement import refine

__version__ = "0.1.0"

__all__ = ["NotApplicable", "UserError", "__version__", "evolve", "load", "refine", "resume", "toolbox"]


def __getattr__(name: str) -> Any:
    """Imports the search only when it is used: torch takes over a second."""
    if name in ("evolve", "load", "resume"):
        from . import api

        return getattr(api, name)
    if name == "toolbox":
        from .deap_toolbox import toolbox

        return toolbox
    if name == "refine":
        from .refinement import refine

        return refine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
