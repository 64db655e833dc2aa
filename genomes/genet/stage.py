"""A stage's bits, and the graph that they stand for (Xie and Yuille 2017, Section 3.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import networkx as nx

from ...architecture import canonical_hash
from ...errors import UserError

_STAGE = "[01](?:-[01]+)*"
_CODE = re.compile(rf"\s*{_STAGE}(?:\s*\|\s*{_STAGE})*\s*", re.ASCII)
LONGEST = 10_000
"""Characters of a code; the paper's take 28."""

INPUT = 0
"""The default node v_0; the ordered nodes are 1 to K, and the default node K + 1 is the output."""


def is_text(text: str) -> bool:
    """Whether a text is meant as a code, right or wrong."""
    return len(text) <= LONGEST and ("-" in text or "|" in text) and _CODE.fullmatch(text) is not None


def nodes_of(code: str) -> tuple[int, ...]:
    """The nodes of each stage of a code: one more than it has groups of bits.

    >>> nodes_of("1-01|0-01-100")
    (3, 4)
    """
    return tuple(stage.count("-") + 2 for stage in code.split("|"))


def length(nodes: int) -> int:
    """The bits of a stage of K ordered nodes, one for each pair: K (K - 1) / 2."""
    return nodes * (nodes - 1) // 2


def pairs(nodes: int) -> list[tuple[int, int]]:
    """The pairs of nodes that bits stand for, in the order of the bits.

    >>> pairs(3)
    [(1, 2), (1, 3), (2, 3)]
    """
    return [(source, target) for target in range(2, nodes + 1) for source in range(1, target)]


def edges(bits: Sequence[int], nodes: int) -> list[tuple[int, int]]:
    """The edges whose bit is set. Bits go by target: (1,2), (1,3), (2,3), (1,4), ...

    >>> edges([1, 0, 1], 3)
    [(1, 2), (2, 3)]
    """
    return [pair for pair, bit in zip(pairs(nodes), bits, strict=True) if bit]


def stage_graph(bits: Sequence[int], nodes: int) -> nx.DiGraph:
    """The convolutions of a stage, and who reads whom.

    Isolated nodes are left out. The input (Section 3.1.1) feeds every node that no other feeds, and the
    output reads every node that no other reads. Where no bit is set the stage is one convolution: the input
    alone.

    Returns:
        Nodes 0 (the input), those of 1 to K that are not isolated, and K + 1 (the output); node attribute
        ``role``: ``input``, ``node`` or ``output``.
    """
    graph = nx.DiGraph()
    graph.add_node(INPUT, role="input")
    linked = edges(bits, nodes)
    if not linked:
        return graph
    sources, targets = ({edge[end] for edge in linked} for end in (0, 1))
    graph.add_nodes_from(sorted(sources | targets), role="node")
    graph.add_edges_from(linked)
    graph.add_edges_from((INPUT, node) for node in sorted(sources - targets))
    graph.add_node(nodes + 1, role="output")
    graph.add_edges_from((node, nodes + 1) for node in sorted(targets - sources))
    return graph


def stage_key(graph: nx.DiGraph) -> str:
    """Equal exactly for isomorphic stage graphs: which number a node has does not count."""
    return canonical_hash(graph, lambda node: str(graph.nodes[node]["role"]))


def write(bits: Sequence[int], nodes: int) -> str:
    """The paper's notation: the bits of each target node, dashes between.

    >>> write([1, 0, 0, 1, 1, 1], 4)
    '1-00-111'
    """
    groups = [bits[length(target - 1) : length(target)] for target in range(2, nodes + 1)]
    return "-".join("".join(str(int(bit)) for bit in group) for group in groups)


def read(text: str, nodes: int) -> list[int]:
    """The reverse of `write`.

    Raises:
        UserError: It is no such text for so many nodes.
    """
    pattern = "-".join(f"[01]{{{target - 1}}}" for target in range(2, nodes + 1))
    if not re.fullmatch(pattern, text):
        example = write([1] * length(nodes), nodes)
        raise UserError(f"genet stage of {nodes} nodes: expected bits such as {example}, got {text!r:.80}")
    return [int(bit) for bit in text if bit != "-"]
