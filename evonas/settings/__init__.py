"""From recipes, files and arguments to one resolved setting, and from that to a search.

- `order` (arguments) and `recipe` (TOML; those in the box are in ``recipes``) -> `composition` (the one laid
  over the other, every default filled in) -> `settings` (what a run is determined by) -> `assembly` (data,
  evaluator and strategy) -> `conduct` (the search, run to its end).
- `resuming`: what is changed in a run that goes on. `runs`: opening one with its settings. `run_images`: its
  images, found again and proved the same; `inherited_images`: for a search that begins with its weights.
- `operator_choice`: which operators take part. `machines`: where evaluations run. `genome_sizes`: how large
  a genome's networks are.
- `protocols`: how winners are trained again before they are tested.
- `deap_toolbox`: `evonas.toolbox`, for loops of DEAP's own; `deap_loop` is the fitness behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .any_genotype import genotype_from_json, genotype_from_text, published_genotype, usual_space
    from .assembly import DataChoice, Fitness, Workbench, make_strategy, search_for, workbench
    from .composition import compose, resolve, usual_population
    from .conduct import Conduct
    from .deap_toolbox import toolbox
    from .genome_sizes import Sizes, sizes_of
    from .genotypes import kinds_reading, read_genotype
    from .inherited_images import ClimbingImages, images_to_climb_on, said_of_validation
    from .machines import HERE, Machines, read_devices, read_machines
    from .operator_choice import OperatorChoice, check_genomes, drawn_from
    from .order import Order, first_value, read_limit, read_order, said
    from .protocols import FINAL, SEARCH, check_protocol, protocol_plan
    from .recipe import (
        ABOUT_KEYS,
        SEARCH_KEYS,
        TABLES,
        Recipe,
        checked,
        load_recipe,
        merged,
        read_recipe,
        recipe_names,
    )
    from .resuming import Changes, drop_damaged_weights, fitness_of, same_workbench
    from .run_images import RunImages, noted_as_seen, place_from
    from .runs import open_run
    from .settings import PRECISIONS, Settings, resolve_tactics, strategy_type

__all__ = [
    "ABOUT_KEYS",
    "Changes",
    "ClimbingImages",
    "Conduct",
    "DataChoice",
    "FINAL",
    "Fitness",
    "HERE",
    "Machines",
    "OperatorChoice",
    "Order",
    "PRECISIONS",
    "Recipe",
    "RunImages",
    "SEARCH",
    "SEARCH_KEYS",
    "Settings",
    "Sizes",
    "TABLES",
    "Workbench",
    "check_genomes",
    "check_protocol",
    "checked",
    "compose",
    "drawn_from",
    "drop_damaged_weights",
    "first_value",
    "fitness_of",
    "genotype_from_json",
    "genotype_from_text",
    "kinds_reading",
    "images_to_climb_on",
    "load_recipe",
    "make_strategy",
    "merged",
    "noted_as_seen",
    "open_run",
    "place_from",
    "protocol_plan",
    "published_genotype",
    "read_devices",
    "read_genotype",
    "read_limit",
    "read_machines",
    "read_order",
    "read_recipe",
    "recipe_names",
    "resolve",
    "resolve_tactics",
    "said",
    "said_of_validation",
    "same_workbench",
    "search_for",
    "sizes_of",
    "strategy_type",
    "toolbox",
    "usual_population",
    "usual_space",
    "workbench",
]

__getattr__ = later(
    __name__,
    {
        "any_genotype": "genotype_from_json genotype_from_text published_genotype usual_space",
        "assembly": "DataChoice Fitness Workbench make_strategy search_for workbench",
        "composition": "compose resolve usual_population",
        "conduct": "Conduct",
        "deap_toolbox": "toolbox",
        "genome_sizes": "Sizes sizes_of",
        "genotypes": "kinds_reading read_genotype",
        "inherited_images": "ClimbingImages images_to_climb_on said_of_validation",
        "machines": "HERE Machines read_devices read_machines",
        "operator_choice": "OperatorChoice check_genomes drawn_from",
        "order": "Order first_value read_limit read_order said",
        "protocols": "FINAL SEARCH check_protocol protocol_plan",
        "recipe": "ABOUT_KEYS Recipe SEARCH_KEYS TABLES checked load_recipe merged read_recipe recipe_names",
        "resuming": "Changes drop_damaged_weights fitness_of same_workbench",
        "run_images": "RunImages noted_as_seen place_from",
        "runs": "open_run",
        "settings": "PRECISIONS Settings resolve_tactics strategy_type",
    },
)
