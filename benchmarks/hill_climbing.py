"""NASH's table at a small size: hill climbing, random networks, no annealing (Elsken et al. 2018, Table 1).

For each seed the first model is trained once; every arm begins with it and its weights.

- *hill climbing*: n_steps times, n_neigh neighbours are trained for E epochs each: n_neigh - 1 children of
  n_NM random morphisms each, and the current network, trained on. Its lineage has n_steps · E further epochs,
  the whole search n_steps · n_neigh · E.
- *no annealing*: the same with a constant learning rate in the search.
- *random network*: n_neigh = 1, so every child follows the last and nothing is selected. Its lineage has as
  many epochs as hill climbing's: the paper's comparison, **equal epochs per lineage**.
- *best of n_neigh random networks*: so many such lineages, of other random numbers, the first of which is the
  random network above; the one that is best on validation at its end counts. They have n_steps · n_neigh · E
  epochs in all: **equal total training**, spread over lineages.
- *random network, trained longer*: one such lineage whose every training has n_neigh · E epochs: equal total
  training, put into one lineage.
- *first model*: trained on for n_steps · E epochs in trainings of E, and never changed: what growth is worth.

What a search gives is the best of its last step's networks, as Algorithm 1 has it. It is tested as it is, and
once more after the final training, on training and validation images, with a learning rate that falls along
a cosine; that one is the same for all. Test images are never seen by a choice.

Run it as ``python benchmarks/hill_climbing.py --data cifar10.npz --log hill-climbing.jsonl``. Finished arms
are lines of the log and are not done again. It exits with status 1 where hill climbing does not beat random
networks at equal epochs per lineage in the mean over seeds.
"""

from __future__ import annotations

import argparse
import sys

from climbing import Log, add_options, bench_of
from hill_climbing_figure import draw
from hill_climbing_table import TITLES, Table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_options(parser, "hill-climbing.jsonl")
    parser.add_argument("--steps", type=int, default=4, help="n_steps")
    parser.add_argument("--neighbours", type=int, default=4, help="n_neigh")
    parser.add_argument("--morphisms", type=int, default=3, help="n_NM")
    parser.add_argument("--epochs", type=int, default=3, help="E, of each training")
    parser.add_argument("--first-epochs", type=int, default=5, help="of the first model")
    parser.add_argument("--final-epochs", type=int, default=8, help="of the final training; 0 for none")
    parser.add_argument("--filters", type=int, nargs=3, default=[8, 16, 32], help="of the first model")
    parser.add_argument("--max-parameters", type=int, default=500_000)
    parser.add_argument("--max-flops", type=int, default=3_000_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument(
        "--arms", nargs="+", choices=TITLES, default=list(TITLES), help="those to run and report"
    )
    options = parser.parse_args()
    bench = bench_of(options)
    kept = ("images", "size", "batch_size", "learning_rate", "steps", "neighbours", "morphisms", "epochs")
    kept += ("first_epochs", "final_epochs", "filters", "max_parameters", "max_flops")
    log = Log(options.log, {name: getattr(options, name) for name in kept})
    table = Table(bench, log, options)
    for seed in options.seeds:
        table.run(seed)
    print(f"{options.data}: {bench}; seeds {', '.join(map(str, options.seeds))}\n")
    ok = table.report()
    if options.figure:
        draw(table, options.figure)
    return int(not ok)


if __name__ == "__main__":
    sys.exit(main())
