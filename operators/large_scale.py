"""The eleven mutations of Large-scale Evolution (Real et al. 2017, Section 3.2 and Supplement S1).

One is drawn uniformly for each reproduction; one that is impossible gives way to another. A number x becomes
uniform in [x/2, 2x], also where it counts something: it is kept as a float, so that small changes add up.
Each builds another DNA and gives it to the genome whole, so one that does not apply has changed nothing.
"""

from __future__ import annotations

import random
from operator import itemgetter

from ..errors import NotApplicable
from ..evolution import mutation
from ..genomes.large_scale import Activation, Convolution, Dna, Edge, LargeScaleGenome
from ..genomes.large_scale.parts import SKIP

FLOOR = 0.5
"""A count below this mutates as if it were this: zero (a stride of 1, a filter of one pixel) would stay."""


def _around(value: float, rng: random.Random) -> float:
    return rng.uniform(value / 2, 2 * value)


def _convolution(dna: Dna, rng: random.Random) -> tuple[str, Edge, Convolution]:
    """A random edge that convolves."""
    names = dna.convolutions()
    if not names:
        raise NotApplicable("no convolution")
    name = rng.choice(names)
    edge = dna.edges[name]
    return name, edge, edge.convolution or Convolution()


def _insert(
    genome: LargeScaleGenome, convolution: Convolution | None, rng: random.Random
) -> LargeScaleGenome:
    """Puts an edge and a vertex, with BN+ReLU or linear at random, before a random edge of the backbone."""
    dna = genome.dna.copy()
    after = rng.choice(dna.backbone())
    activation = rng.choice((Activation.LINEAR, Activation.BN_RELU))
    vertex = dna.fresh_id(rng)
    dna.vertices[vertex] = activation
    source = dna.edges[after].source
    dna.edges[after] = dna.edges[after].joining(vertex, dna.edges[after].target)
    dna.edges[dna.fresh_id(rng)] = Edge(source, vertex, convolution)
    genome.take(dna)
    return genome


def _reshaped(genome: LargeScaleGenome, dna: Dna, name: str, edge: Edge) -> LargeScaleGenome:
    """Puts an edge with another filter or stride into a DNA, and that into the genome."""
    old, new = dna.edges[name].convolution, edge.convolution
    dna.edges[name] = edge
    if old and new and old.stride == new.stride and old.kernel == new.kernel:
        genome.dna = dna  # rounded, the number is what it was: the network is the same, and so is its cost
    else:
        genome.take(dna)
    return genome


@mutation("large-scale")
def alter_learning_rate(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Multiplies the learning rate by 2^u, u uniform in [-1, 1]."""
    dna = genome.dna.copy()
    dna.learning_rate *= 2 ** rng.uniform(-1, 1)
    genome.dna = dna
    return genome


@mutation("large-scale")
def identity(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Changes nothing: with its parent's weights, the child goes on training."""
    return genome


@mutation("large-scale")
def reset_weights(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Gives every vertex and every edge a new id, so that no weight is inherited."""
    old = genome.dna
    vertices = {name: old.fresh_id(rng) for name in old.order()}
    genome.dna = Dna(
        old.learning_rate,
        {new: old.vertices[name] for name, new in vertices.items()},
        {
            old.fresh_id(rng): edge.joining(vertices[edge.source], vertices[edge.target])
            for _, edge in sorted(old.edges.items(), key=itemgetter(0))
        },
    )
    return genome


@mutation("large-scale")
def insert_convolution(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Inserts a 3×3 convolution into the backbone: stride 1 or 2, as many channels as it reads."""
    return _insert(genome, Convolution(stride_scale=rng.choice((0.0, 1.0))), rng)


@mutation("large-scale")
def remove_convolution(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Removes a convolution of the backbone with the vertex that it leads to.

    What read that vertex reads the one before; skips into it go with it.
    """
    dna = genome.dna.copy()
    backbone = dna.backbone()
    names = [name for name in backbone[:-1] if dna.edges[name].convolution is not None]
    if not names:
        raise NotApplicable("no convolution before the output")
    name = rng.choice(names)
    source, gone = dna.edges[name].source, dna.edges[name].target
    del dna.vertices[gone]
    after = backbone[backbone.index(name) + 1]
    readers = {dna.edges[after].target: after}  # where both led to one vertex, the backbone's edge stays
    for other, edge in sorted(dna.edges.items()):
        if edge.target == gone:
            del dna.edges[other]
        elif edge.source in (source, gone) and readers.setdefault(edge.target, other) != other:
            del dna.edges[other]
        elif edge.source == gone:
            dna.edges[other] = edge.joining(source, edge.target)
    genome.take(dna)
    return genome


@mutation("large-scale")
def alter_stride(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Mutates the logarithm of a random convolution's stride, which stays a power of two."""
    dna = genome.dna.copy()
    name, edge, found = _convolution(dna, rng)
    scale = _around(max(found.stride_scale, FLOOR), rng)
    changed = Convolution(found.depth_factor, found.filter_half_height, found.filter_half_width, scale)
    return _reshaped(genome, dna, name, edge.convolving(changed))


@mutation("large-scale")
def alter_number_of_channels(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Mutates the number of output channels of a random convolution: half to twice as many."""
    dna = genome.dna.copy()
    name, edge, found = _convolution(dna, rng)
    factor = _around(found.depth_factor, rng)
    changed = Convolution(factor, found.filter_half_height, found.filter_half_width, found.stride_scale)
    dna.edges[name] = edge.convolving(changed)
    genome.take(dna)
    return genome


@mutation("large-scale")
def filter_size(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Mutates the height or the width of a random convolution's filter, which stays odd."""
    dna = genome.dna.copy()
    name, edge, found = _convolution(dna, rng)
    height, width = found.filter_half_height, found.filter_half_width
    if rng.random() < 0.5:
        height = _around(max(height, FLOOR), rng)
    else:
        width = _around(max(width, FLOOR), rng)
    changed = Convolution(found.depth_factor, height, width, found.stride_scale)
    return _reshaped(genome, dna, name, edge.convolving(changed))


@mutation("large-scale")
def insert_one_to_one(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Inserts an identity connection and a vertex into the backbone."""
    return _insert(genome, None, rng)


@mutation("large-scale")
def add_skip(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Adds an identity connection between two random vertices that no edge joins; never a cycle."""
    dna = genome.dna.copy()
    order = dna.order()
    place = {vertex: position for position, vertex in enumerate(order)}
    joined = {(edge.source, edge.target) for edge in dna.edges.values()}
    # As in S1: targets in random order, and for each the sources in random order; the first pair that fits.
    sources, targets = rng.sample(order, len(order)), rng.sample(order, len(order))
    for target in targets:
        for source in sources:
            if place[source] < place[target] and (source, target) not in joined:
                skip = Edge(source, target, None, depth_precedence=SKIP, scale_precedence=SKIP)
                dna.edges[dna.fresh_id(rng)] = skip
                genome.take(dna)
                return genome
    raise NotApplicable("every two vertices are joined")


@mutation("large-scale")
def remove_skip(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Removes a random skip."""
    dna = genome.dna.copy()
    skips = dna.skips()
    if not skips:
        raise NotApplicable("no skip")
    del dna.edges[rng.choice(skips)]
    genome.take(dna)
    return genome
