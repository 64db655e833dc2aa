"""Equal keys mean isomorphic networks, and the other way round."""

import itertools
import random

import networkx as nx
import pytest
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace, Motif
from evonas.genomes.hierarchical.motif import place

from evonas.task import Task

TASK = Task(1, 4, 4, 2)


def renumbered(motif: Motif, new: dict[int, int], rng: random.Random) -> Motif:
    """A motif with its inner nodes in another order that its edges allow, and its operations renumbered."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(1, motif.nodes + 1))
    graph.add_edges_from((edge.predecessor, edge.successor) for edge in motif.edges())
    order = []
    waiting = set(range(2, motif.nodes))
    while waiting:
        free = [node for node in waiting if not waiting & set(graph.pred[node])]
        order.append(rng.choice(free))
        waiting.remove(order[-1])
    number = {node: position for position, node in enumerate([1, *order, motif.nodes], 1)}
    twin = Motif(motif.nodes, [0] * len(motif.operations))
    for edge in motif.edges():
        where = place(number[edge.successor], number[edge.predecessor])
        twin.operations[where] = new[edge.operation]
    return twin


def relabelled(genome: HierarchicalGenome, rng: random.Random) -> HierarchicalGenome:
    """The same network, written differently: other orders of motifs, and of nodes within them."""
    new = {number: number for number in range(1, len(genome.space.primitives) + 1)}
    levels = []
    for motifs in genome.levels:
        order = rng.sample(range(len(motifs)), len(motifs))  # the place of each in the new order
        moved = [Motif(2, [0])] * len(motifs)
        for motif, position in zip(motifs, order, strict=True):
            moved[position] = renumbered(motif, new, rng)
        new = {number: position + 1 for number, position in enumerate(order, 1)}
        levels.append(moved)
    return HierarchicalGenome(levels, genome.space)


SPACES = {
    "paper": HierarchicalSpace(groups=1, filters=2),
    "motif": HierarchicalSpace(groups=1, filters=2, projection="motif"),
    "flat": HierarchicalSpace(motifs=(1,), nodes=(7,), groups=1, filters=2),
    "four levels": HierarchicalSpace(motifs=(3, 2, 1), nodes=(3, 3, 3), groups=1, filters=2, mutations=400),
}
"""Networks of the first ones are too large to compare by trying all ways to match their nodes."""


@pytest.mark.parametrize("kind", SPACES)
def test_relabelling_changes_no_key(kind):
    rng = random.Random(kind)
    changed = 0
    for _ in range(50):
        genome = HierarchicalGenome.random(SPACES[kind], rng)
        for _ in range(5):
            other = relabelled(genome, rng)
            changed += other != genome
            assert other.key() == genome.key()
    assert changed > 40


def test_relabelling_changes_no_network(tiny, isomorphic, rng):
    changed = 0
    for _ in range(200):
        genome = HierarchicalGenome.random(tiny, rng)
        other = relabelled(genome, rng)
        changed += other != genome
        assert isomorphic(genome.decode(TASK), other.decode(TASK))
        assert other.key() == genome.key()
    assert changed > 100


@pytest.mark.parametrize("projection", ["cell", "motif"])
@pytest.mark.parametrize(
    ("genomes", "cells"),
    [
        (300, 1),
        (60, 2),
        pytest.param(3000, 1, marks=pytest.mark.slow),
        pytest.param(500, 2, marks=pytest.mark.slow),
    ],
)
def test_keys_are_equal_exactly_for_isomorphic_networks(genomes, cells, projection, tiny, isomorphic):
    rng = random.Random(cells)
    space = HierarchicalSpace.from_dict({**tiny.to_dict(), "projection": projection, "cells": cells})
    groups: dict[str, list[HierarchicalGenome]] = {}
    for _ in range(genomes):
        genome = HierarchicalGenome.random(space, rng)
        groups.setdefault(genome.key(), []).append(genome)
    networks = {key: members[0].decode(TASK) for key, members in groups.items()}
    alike = 0
    for key, members in groups.items():
        for other in members[1:4]:
            assert isomorphic(networks[key], other.decode(TASK))
            alike += 1
    assert alike > genomes // 20  # else the space is too large to tell
    of_the_same_layers: dict[str, list[str]] = {}  # others cannot be isomorphic
    for key, net in networks.items():
        layers = sorted(repr(net.layer(name)) for name in net)
        of_the_same_layers.setdefault(repr(layers), []).append(key)
    pairs = [pair for keys in of_the_same_layers.values() for pair in itertools.combinations(keys, 2)]
    assert len(pairs) > genomes // 10
    for one, other in rng.sample(pairs, min(len(pairs), genomes)):
        assert not isomorphic(networks[one], networks[other])


def test_mutants_that_differ_in_the_network_differ_in_the_key(tiny, isomorphic, rng):
    changed = 0
    for _ in range(300):
        genome = HierarchicalGenome.random(tiny, rng)
        mutant = genome.clone()
        mutant.apply(mutant.draw_change(rng))
        same = isomorphic(genome.decode(TASK), mutant.decode(TASK))
        assert (genome.key() == mutant.key()) == same
        changed += not same
    assert 50 < changed < 250


def test_what_unused_motifs_hold_does_not_count(rng):
    space = HierarchicalSpace(groups=1, filters=2)
    best = HierarchicalGenome.from_dict(HierarchicalGenome.published()["hierarchical-best"], space)
    key = best.key()
    for unused in (2, 6):  # "only motifs 1, 3, 4, 5 are used" (Appendix A)
        other = best.clone()
        other.levels[0][unused - 1] = Motif(4, [rng.randrange(7) for _ in range(6)])
        assert other != best
        assert other.key() == key
    for used in (1, 3, 4, 5):
        other = best.clone()
        other.levels[0][used - 1] = Motif.chain(4, 4)
        assert other.key() != key


def test_the_same_in_other_words():
    space = HierarchicalSpace(motifs=(2, 1), nodes=(3, 3), groups=1, filters=2)

    def key(text: str) -> str:
        return HierarchicalGenome.from_text(text, space).key()

    # A separable convolution is a depthwise one and a 1×1 one; a motif ends with a 1×1 convolution.
    assert key("3-06 6-00 | 1-02") == key("2-01 6-00 | 1-02")
    assert key("1-06 6-00 | 1-00") != key("6-06 6-00 | 1-01")
    assert key("1-06 6-06 | 1-02") == key("6-01 6-06 | 1-02") == key("6-06 1-06 | 1-02")
    # A motif that nothing gets through is no edge.
    assert key("4-04 0-04 | 1-21") == key("4-04 0-04 | 1-01") == key("4-04 5-60 | 1-01")
    assert key("4-04 0-04 | 1-21") != key("4-04 0-40 | 1-21")
    # Without a way through the cell hands on its input, whatever else there is.
    assert key("4-04 5-05 | 1-00") == key("1-11 2-22 | 0-00") == key("0-00 0-00 | 1-12")
    assert key("4-04 5-05 | 1-01") != key("4-04 5-05 | 0-00")
    # Both ways: the same tensor twice is not the same as once.
    assert key("6-66 4-04 | 1-01") != key("6-06 4-04 | 1-01")
