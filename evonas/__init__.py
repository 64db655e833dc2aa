"""evonas: evolutionary and morphism-based neural architecture search.

    import evonas

    result = evonas.evolve(genome="amoeba", dataset="digits", budget=40, seed=0)
    network = result.best.network()

`evolve` searches, `resume` continues a run folder, `load` reads one. The parts are in `evonas.genomes`,
`evonas.operators`, `evonas.strategies`, `evonas.architecture` and `evonas.training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import NotApplicable, UserError

if TYPE_CHECKING:
    from .api import evolve, load, resume

__version__ = "0.1.0"

__all__ = ["NotApplicable", "UserError", "__version__", "evolve", "load", "resume"]


def __getattr__(name: str) -> Any:
    """Imports the search only when it is used: torch takes over a second."""
    if name in ("evolve", "load", "resume"):
        from . import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
