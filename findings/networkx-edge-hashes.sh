#!/usr/bin/env bash
# weisfeiler_lehman_graph_hash of a directed graph with edge_attr (networkx 3.6.1).
# Since 3.5 it tells edges that come in from edges that go out, but not where edge_attr is given: the edge's label then
# takes the place of the mark that does it. So a fan-out hashes like a fan-in, and 729 cells with one of three
# operations on each of six edges, no two of which are the same graph, have 623 hashes. More rounds do not cure it.
# What it means: in a search space with operations on edges, a set of such hashes drops networks that were never
# evaluated. Operations as nodes (one between both ends of an edge) are told apart.
# evonas has a canonical hash of its own, with labels on nodes and edges and both directions (architecture/canonical.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check networkx==3.6.1
cd "$folder"
cat > check.py <<'PYTHON'
import itertools
import sys
import warnings
from collections import defaultdict

import networkx as nx


def expect(what, seen, known):
    print(f"{what}: {seen}")
    if seen != known:
        sys.exit(f"CHANGED: {what}: it was {known}, now it is {seen}")


warnings.simplefilter("ignore")  # that hashes have changed in 3.5
print("networkx", nx.__version__)


def by_edges(graph, rounds=3):
    return nx.weisfeiler_lehman_graph_hash(graph, edge_attr="op", iterations=rounds)


out, into = nx.DiGraph([(0, 1), (0, 2)]), nx.DiGraph([(1, 0), (2, 0)])
plain = nx.weisfeiler_lehman_graph_hash
expect("without labels, a fan-out hashes like a fan-in", plain(out) == plain(into), False)
for graph in (out, into):
    nx.set_edge_attributes(graph, "conv", "op")
expect("with labels on edges it does", by_edges(out) == by_edges(into), True)
expect("though they are one graph", nx.is_isomorphic(out, into), False)

EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]


def cell(operations):
    """Operations on the edges between four states."""
    graph = nx.DiGraph()
    for (start, end), operation in zip(EDGES, operations):
        graph.add_edge(start, end, op=operation)
    return graph


def with_nodes(operations):
    """The same cell, operations as nodes."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(4), op="state")
    for edge, operation in zip(EDGES, operations):
        graph.add_node(edge, op=operation)
        graph.add_edges_from([(edge[0], edge), (edge, edge[1])])
    return graph


cells = list(itertools.product(("conv", "pool", "skip"), repeat=6))
alike = defaultdict(list)
for operations in cells:
    alike[by_edges(cell(operations))].append(operations)
shared = next(group for group in alike.values() if len(group) > 1)
print("one hash for:", *shared, sep="\n  ")
match = nx.algorithms.isomorphism.categorical_edge_match("op", None)
one, other = cell(shared[0]), cell(shared[1])
expect("the first two are one graph", nx.is_isomorphic(one, other, edge_match=match), False)
expect("cells", len(cells), 729)
expect("hashes, operations on edges", len(alike), 623)
longer = len({by_edges(cell(operations), 20) for operations in cells})
expect("hashes, operations on edges, after 20 rounds: fewer than cells", longer < 729, True)
nodes = {nx.weisfeiler_lehman_graph_hash(with_nodes(operations), node_attr="op") for operations in cells}
expect("hashes, operations as nodes", len(nodes), 729)
PYTHON
"$folder/venv/bin/python" check.py
echo "As described."
