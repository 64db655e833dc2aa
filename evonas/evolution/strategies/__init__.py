"""Search algorithms, one a file, each read beside its paper.

`aging.AgingEvolution` is the default for AmoebaNet cells and `non_aging.NonAgingEvolution` its control,
`genetic.GeneticAlgorithm` is the default for Genetic CNN, `sampled_tournament.SampledTournament` for
hierarchical representations; `random_search.RandomSearch` is the baseline that any other has to beat. Write
your own as a subclass of `Strategy`.
"""

from __future__ import annotations

from .aging import AgingEvolution
from .base import Start, Strategy
from .hill_climbing import TRAINED_ON

__all__ = [
    "AgingEvolution",
    "Start",
    "Strategy",
    "TRAINED_ON",
]
