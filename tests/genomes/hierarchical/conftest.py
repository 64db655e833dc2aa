"""Small hierarchical spaces, and a decoded network as a graph to compare with others."""

import random
from collections.abc import Callable

import networkx as nx
import pytest
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Concat

TINY = HierarchicalSpace(
    motifs=(2, 1),
    nodes=(3, 3),
    primitives=("identity", "conv1x1", "max3x3"),
    groups=1,
    filters=2,
    mutations=60,
)
"""So small that two random genomes are often the same network."""


@pytest.fixture(scope="session")
def narrow() -> HierarchicalSpace:
    """The paper's motifs in a small network."""
    return HierarchicalSpace(groups=1, filters=2, mutations=300)


@pytest.fixture(scope="session")
def tiny() -> HierarchicalSpace:
    return TINY


@pytest.fixture
def genome(narrow: HierarchicalSpace, rng: random.Random) -> HierarchicalGenome:
    return HierarchicalGenome.random(narrow, rng)


@pytest.fixture(scope="session")
def as_graph() -> Callable[[Architecture], nx.DiGraph]:
    """A network as networkx compares it: layers, and how often one reads another."""

    def convert(net: Architecture) -> nx.DiGraph:
        graph = nx.DiGraph()
        for name in net:
            graph.add_node(name, layer=repr(net.layer(name)))
            for source in net.inputs(name):
                ordered = net.inputs(name).count(source)
                graph.add_edge(source, name, count=ordered)
                # Of a concatenation the order is left open; no other layer here reads several.
                assert isinstance(net.layer(name), Concat) or len(net.inputs(name)) == 1
        return graph

    return convert


@pytest.fixture(scope="session")
def isomorphic(
    as_graph: Callable[[Architecture], nx.DiGraph],
) -> Callable[[Architecture, Architecture], bool]:
    def compare(one: Architecture, other: Architecture) -> bool:
        return bool(
            nx.is_isomorphic(
                as_graph(one),
                as_graph(other),
                node_match=lambda a, b: a["layer"] == b["layer"],
                edge_match=lambda a, b: a["count"] == b["count"],
            )
        )

    return compare
