"""From recipes, files and arguments to one resolved setting, and from that to a search.

- `order` (arguments) and `recipe` (TOML; those in the box are in ``recipes``) -> `composition` (the one laid
  over the other, every default filled in) -> `settings` (what a run is determined by) -> `assembly` (data,
  evaluator and strategy) -> `conduct` (the search, run to its end).
- `operator_choice`: which operators take part. `workforce`: where evaluations run.
- `protocols`: how winners are trained again before they are tested.
- `deap_toolbox`: `evonas.toolbox`, for loops of DEAP's own; `deap_loop` is the fitness behind it.
"""

from .settings import PRECISIONS, Settings, read_genotype, resolve_tactics, strategy_type

__all__ = ["PRECISIONS", "Settings", "read_genotype", "resolve_tactics", "strategy_type"]
