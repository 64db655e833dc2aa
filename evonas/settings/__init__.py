"""From recipes, files and arguments to one resolved setting, and from that to a search.

- `order` (arguments) and `recipe` (TOML; those in the box are in ``recipes``) -> `composition` (the one laid
  over the other, every default filled in) -> `settings` (what a run is determined by) -> `assembly` (data,
  evaluator and strategy) -> `conduct` (the search, run to its end).
- `operator_choice`: which operators take part. `workforce`: where evaluations run.
- `protocols`: how winners are trained again before they are tested.
- `deap_toolbox`: `evonas.toolbox`, for loops of DEAP's own; `deap_loop` is the fitness behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later
from .assembly import DataChoice, Fitness, Watch, Workbench, make_strategy, search_for, workbench
from .composition import compose, resolve, usual_population
from .conduct import Conduct
from .operator_choice import OperatorChoice, check_genomes, drawn_from
from .order import Order, first_value, read_limit, read_order, said
from .protocols import FINAL, SEARCH, check_protocol, protocol_plan
from .recipe import ABOUT_KEYS, SEARCH_KEYS, TABLES, Recipe, load_recipe, merged, read_recipe, recipe_names
from .runs import open_run
from .settings import PRECISIONS, Settings, read_genotype, resolve_tactics, strategy_type
from .workforce import read_devices, read_workforce

if TYPE_CHECKING:
    from .deap_toolbox import toolbox

__all__ = [
    "ABOUT_KEYS",
    "Conduct",
    "DataChoice",
    "FINAL",
    "Fitness",
    "OperatorChoice",
    "Order",
    "PRECISIONS",
    "Recipe",
    "SEARCH",
    "SEARCH_KEYS",
    "Settings",
    "TABLES",
    "Watch",
    "Workbench",
    "check_genomes",
    "check_protocol",
    "compose",
    "drawn_from",
    "first_value",
    "load_recipe",
    "make_strategy",
    "merged",
    "open_run",
    "protocol_plan",
    "read_devices",
    "read_genotype",
    "read_limit",
    "read_order",
    "read_recipe",
    "read_workforce",
    "recipe_names",
    "resolve",
    "resolve_tactics",
    "said",
    "search_for",
    "strategy_type",
    "toolbox",
    "usual_population",
    "workbench",
]

__getattr__ = later(
    __name__,
    {
        "deap_toolbox": "toolbox",
    },
)
