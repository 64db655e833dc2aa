"""Wrote histories.json: seeded searches of every genome in the box by every strategy that can search it.

    python tests/compatibility/make_histories.py

It was made by the commit before the modules had rooms (evonas/genome.py was not yet
evonas/evolution/genome.py), and is never made anew: what a seed determined then, it determines now.
"""

import hashlib
import json
from pathlib import Path

import evonas

FILE = Path(__file__).with_name("histories.json")

SPACES = {
    "amoeba": {"cells": 1, "filters": 4, "combinations": 2, "stages": 2},
    "genet": {"nodes": [4, 3], "filters": [4, 4], "hidden": 8},
    "graph": {"filters": [4, 4, 6]},
    "hierarchical": {"motifs": [3, 1], "nodes": [3, 4], "filters": 4, "groups": 2, "mutations": 40},
    "large-scale": {},
    "nasbench201": {"cells": 1, "filters": 4},
}

TACTICS = {
    "aging": {"population": 6, "sample": 3},
    "genetic": {"population": 6},
    "hill-climbing": {"neighbours": 4, "morphisms": 2},
    "local-search": {},
    "non-aging": {"population": 6, "sample": 3},
    "random": {"mutations": 6},
    "sampled-tournament": {"population": 6, "share": 0.4},
    "tournament": {"population": 6},
}

UNCROSSED = ("amoeba", "graph", "hierarchical", "large-scale")
"""Genomes without a crossover when these histories were made."""

UNLISTED = ("amoeba", "graph", "hierarchical", "large-scale")
"""Genomes that cannot list their neighbours."""

OPERATORS = {
    "graph": {
        "graph-dilate": 1,
        "graph-enlarge-kernel": 1,
        "graph-prune-channels": 1,
        "graph-remove-layer": 1,
        "graph-remove-skip": 1,
        "graph-replicate-add": 1,
        "graph-separable": 1,
        "graph-split-concat": 1,
        "graph-undilate": 1,
        "graph-widen": 1,
    },
    "large-scale": {"large-scale-alter-learning-rate": 0},  # a power, in whose last bit machines differ
    "nasbench201": {"nasbench201-edges": 0.5},
}
"""Weights of operators, where they differ from their own, so that none has weight 0."""

SEARCHES = [
    f"{genome} {strategy}"
    for genome in SPACES
    for strategy in TACTICS
    if not (strategy == "local-search" and genome in UNLISTED)
]

COLUMNS = ("parents", "operator", "genome", "fitness", "parameters", "flops", "status")


def ratio(architecture, rng):
    """A ratio of whole numbers, the same on every machine, that neighbours differ in."""
    whole = 7 * architecture.parameter_count() + 11 * architecture.flops() + 13 * len(architecture)
    return whole % 9973 / 9973


def history(search):
    """What a search asked and heard: a line for each candidate, long genotypes shortened."""
    genome, strategy = search.split()
    tactics = TACTICS[strategy]
    if strategy == "genetic" and genome in UNCROSSED:
        tactics = {**tactics, "p_c": 0.0}
    result = evonas.evolve(
        genome,
        "digits",
        budget=24,
        seed=3,
        strategy=strategy,
        evaluate=ratio,
        needs="architecture",
        config={"genome": SPACES[genome], "operators": OPERATORS.get(genome, {})},
        **tactics,
    )
    return [[short(row[column]) for column in COLUMNS] for row in result.history]


def short(value):
    """A long text as its beginning and a hash of the whole."""
    if not isinstance(value, str) or len(value) <= 160:
        return value
    return f"{value[:60]}... {hashlib.sha256(value.encode()).hexdigest()}"


def main():
    found = []
    for search in SEARCHES:
        lines = ",\n".join(map(json.dumps, history(search)))
        found.append(f"{json.dumps(search)}: [\n{lines}\n]")
    FILE.write_text("{\n" + ",\n".join(found) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
