"""Genomes, morphisms and operators: how individuals vary and are chosen, on DEAP.

- `genome`: the contract of a genome, a DEAP individual, and where it came from. `candidate`: a genome with
  its number in a run and what its evaluation gave.
- `drawn`: a genome's picture for a task.
- `operator`: how a mutation or crossover is declared. `morphism`: the contract of a rewrite that carries
  weights.
- `variation`: drawing and applying operators; `time_limit`: what becomes of one that does not end.
- `toolboxes`: the DEAP toolbox of a search.
- `registry`: everything that is found by name. `plugins`: what a caller brings in a file or as an object;
  `contracts`: whether a class of it lacks a method.
- `strategies`: the algorithms, one a file; a room of its own inside, and where a new one goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .candidate import DONE, FAILED, NO_MEMORY, PENDING, Candidate, Leader, Result
    from .contracts import check_whole
    from .drawn import draw_genotype
    from .genome import GIVEN, Fitness, Genome, Heritage, Origin, Space
    from .morphism import Morphism, apply, new_name, read_morphisms
    from .offers import brought_apart, brought_files, dashed, entries, find, names, provider
    from .operator import Operator, crossover, mutation
    from .plugins import Brought, FileText, genome_name, named_strategy, operators_from
    from .registry import genome_type, operators_for
    from .time_limit import TimeLimitReached, limited
    from .toolboxes import Toolbox, make_toolbox
    from .variation import SECONDS, left_space, mutate, offspring

__all__ = [
    "Brought",
    "Candidate",
    "DONE",
    "FAILED",
    "FileText",
    "Fitness",
    "GIVEN",
    "Genome",
    "Heritage",
    "Leader",
    "Morphism",
    "NO_MEMORY",
    "Operator",
    "Origin",
    "PENDING",
    "Result",
    "SECONDS",
    "Space",
    "TimeLimitReached",
    "Toolbox",
    "apply",
    "brought_apart",
    "brought_files",
    "check_whole",
    "crossover",
    "dashed",
    "draw_genotype",
    "entries",
    "find",
    "genome_name",
    "genome_type",
    "left_space",
    "limited",
    "make_toolbox",
    "mutate",
    "mutation",
    "named_strategy",
    "names",
    "new_name",
    "offspring",
    "operators_for",
    "operators_from",
    "provider",
    "read_morphisms",
]

__getattr__ = later(
    __name__,
    {
        "candidate": "Candidate DONE FAILED Leader NO_MEMORY PENDING Result",
        "contracts": "check_whole",
        "drawn": "draw_genotype",
        "genome": "Fitness GIVEN Genome Heritage Origin Space",
        "morphism": "Morphism apply new_name read_morphisms",
        "offers": "brought_apart brought_files dashed entries find names provider",
        "operator": "Operator crossover mutation",
        "plugins": "Brought FileText genome_name named_strategy operators_from",
        "registry": "genome_type operators_for",
        "time_limit": "TimeLimitReached limited",
        "toolboxes": "Toolbox make_toolbox",
        "variation": "SECONDS left_space mutate offspring",
    },
)
