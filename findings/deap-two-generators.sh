#!/usr/bin/env bash
# DEAP draws from two global generators (DEAP 1.4.4, NumPy 2.4.6).
# Mutations, crossovers and tournaments draw from Python's random. selNSGA3 and the CMA strategies draw from
# numpy.random instead, and never from random: after random.seed(1) selNSGA3 may keep other individuals each time.
# Neither takes a generator.
# What it means: seed both, and save both states in a checkpoint; the usual random.getstate() alone does not bring an
# NSGA-III run back.
# evonas seeds and restores Python's random around each step (seeds.py), and its own selections draw from that alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check deap==1.4.4 numpy==2.4.6
cd "$folder"
cat > check.py <<'PYTHON'
import random
import sys
from importlib.metadata import version

import numpy
from deap import base, cma, creator, tools


def expect(what, seen, known):
    print(f"{what}: {seen}")
    if seen != known:
        sys.exit(f"CHANGED: {what}: it was {known}, now it is {seen}")


print("deap", version("deap"), "numpy", numpy.__version__)
creator.create("Costs", base.Fitness, weights=(-1.0, -1.0, -1.0))
creator.create("Individual", list, fitness=creator.Costs)
points = tools.uniform_reference_points(3, 6)


def population():
    """60 individuals, none of which dominates another."""
    own = random.Random(3)
    individuals = []
    for number in range(60):
        costs = [own.random() for _ in range(3)]
        individual = creator.Individual([number])
        individual.fitness.values = tuple(cost / sum(costs) for cost in costs)
        individuals.append(individual)
    return individuals


def selected(python_seed, numpy_seed):
    random.seed(python_seed)
    numpy.random.seed(numpy_seed)
    return sorted(individual[0] for individual in tools.selNSGA3(population(), 20, points))


expect("selNSGA3: other seeds of random change it", selected(1, 1) != selected(2, 1), False)
expect("selNSGA3: other seeds of numpy.random change it", selected(1, 1) != selected(1, 2), True)


def draws_from(function):
    random.seed(0)
    numpy.random.seed(0)
    python, arrays = random.getstate(), numpy.random.get_state()
    function()
    after = numpy.random.get_state()
    moved = [("random", random.getstate() != python)]
    moved.append(("numpy.random", after[2:] != arrays[2:] or bool((after[1] != arrays[1]).any())))
    return [name for name, has_moved in moved if has_moved]


parents = population()
expect("selTournament", draws_from(lambda: tools.selTournament(parents, 5, 3)), ["random"])
expect("mutGaussian", draws_from(lambda: tools.mutGaussian([0.0] * 9, 0.0, 1.0, 0.9)), ["random"])
expect("selNSGA3", draws_from(lambda: tools.selNSGA3(parents, 20, points)), ["numpy.random"])
strategy = cma.Strategy([0.0] * 5, 1.0)
expect("cma.Strategy", draws_from(lambda: strategy.generate(creator.Individual)), ["numpy.random"])
PYTHON
"$folder/venv/bin/python" check.py
echo "As described."
