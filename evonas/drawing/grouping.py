"""Grouping: nodes of a large architecture are gathered by the leading parts of their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

import networkx as nx

from ..architecture import Architecture
from ..architecture.layers import computed
from .folding import Fold, fold_chains

B = TypeVar("B", bound=Hashable)

MOST_BOXES = 60
"""From this many boxes on, they are gathered into groups."""
MOST_GROUPS = 40
"""So many groups at most: whoever cannot see every layer wants an overview."""


@dataclass(frozen=True)
class Group:
    """What becomes one box.

    Attributes:
        name: The leading parts that its nodes' names share; empty for a chain of layers.
        nodes: Each after those it reads.
        repeats: How many alike and consecutive groups it stands for.
    """

    name: str
    nodes: Fold
    repeats: int = 1


def gather(architecture: Architecture) -> list[Group]:
    """What the boxes are: chains of layers; of a large architecture groups by name, or runs of chains."""
    chains = fold_chains(architecture)
    if len(chains) < MOST_BOXES:
        return [Group("", chain) for chain in chains]
    order = list(architecture)
    deepest = max(name.count(".") for name in order)
    for level in range(deepest, 0, -1):
        groups = fold_repeats(architecture, group_by_name(architecture, order, level))
        if len(groups) <= MOST_GROUPS:
            return groups
    return runs(architecture, chains)


def group_by_name(architecture: Architecture, order: list[str], level: int) -> list[Group]:
    """Nodes that share the first `level` parts of their names (a name's last part left out).

    Where gathering would close a cycle between groups, the groups of that cycle are cut into parts
    that can be drawn from top to bottom.
    """
    folder = {name: leading(name, level) for name in order}
    pieces = cut(architecture, order, folder)
    parts = Counter(folder[piece[0]] for piece in pieces)
    seen: Counter[str] = Counter()
    groups = []
    for piece in pieces:
        group = folder[piece[0]]
        seen[group] += 1
        title = group if parts[group] == 1 else f"{group} (part {seen[group]} of {parts[group]})"
        groups.append(Group(title, piece))
    return groups


def leading(name: str, level: int) -> str:
    """The first parts of a node's name; its last part is left out.

    >>> leading("stage1.cell2.left.conv", 2), leading("head", 2)
    ('stage1.cell2', 'head')
    """
    return ".".join(name.split(".")[: max(1, min(level, name.count(".")))])


def cut(architecture: Architecture, order: list[str], folder: Mapping[str, Hashable]) -> list[Fold]:
    """The nodes of each folder, in parts where a folder would close a cycle with others.

    Args:
        architecture: The graph.
        order: Its nodes, each after those it reads.
        folder: Of each node.

    Returns:
        The parts, in the order of their first nodes.
    """
    depth = _depths(architecture, order, folder)
    members: dict[tuple[Hashable, int], list[str]] = {}
    for name in order:
        members.setdefault((folder[name], depth[name]), []).append(name)
    return [tuple(names) for names in members.values()]


def _depths(architecture: Architecture, order: list[str], folder: Mapping[str, Hashable]) -> dict[str, int]:
    """For groups on a cycle: how often a path to the node changes between groups of that cycle.

    Within one cycle the number never falls along an edge and rises with each change of group, so
    (group, number) classes have no cycle; everywhere else it is 0.
    """
    between = nx.DiGraph()
    between.add_nodes_from(folder.values())
    between.add_edges_from(quotient(architecture, order, folder.__getitem__))
    cycle: dict[Hashable, int] = {}
    for number, component in enumerate(nx.strongly_connected_components(between)):
        cycle.update(dict.fromkeys(component, number))
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 0
        for source in architecture.inputs(name):
            if cycle[folder[source]] == cycle[folder[name]]:
                depth[name] = max(depth[name], depth[source] + (folder[source] != folder[name]))
    return depth


def quotient(
    architecture: Architecture, order: Iterable[str], box: Callable[[str], B]
) -> dict[tuple[B, B], list[tuple[str, str]]]:
    """The edges between boxes, each with the pairs of nodes behind it."""
    between: dict[tuple[B, B], list[tuple[str, str]]] = {}
    for name in order:
        for source in dict.fromkeys(architecture.inputs(name)):
            if box(source) != box(name):
                between.setdefault((box(source), box(name)), []).append((source, name))
    return between


def fold_repeats(architecture: Architecture, groups: list[Group]) -> list[Group]:
    """Alike groups that follow each other in a line, three or more, become one that says how often.

    Alike: the same layers, wired in the same way, with outputs of the same shapes.
    """
    place = {name: index for index, group in enumerate(groups) for name in group.nodes}
    readers: dict[int, set[int]] = {}
    sources: dict[int, set[int]] = {}
    for target, source in ((place[n], place[s]) for n in place for s in architecture.inputs(n)):
        if source != target:
            readers.setdefault(source, set()).add(target)
            sources.setdefault(target, set()).add(source)
    shapes = architecture.shapes()
    alike = [_signature(architecture, shapes, group) for group in groups]
    after: dict[int, int] = {}
    for index, group in enumerate(groups):
        follower = next(iter(readers.get(index, ())), None)
        alone = len(readers.get(index, ())) == 1 and follower is not None and sources[follower] == {index}
        if alone and follower is not None and alike[follower] == alike[index] and len(group.nodes) > 1:
            after[index] = follower
    return _merged(groups, after)


def _merged(groups: list[Group], after: dict[int, int]) -> list[Group]:
    started = set(after.values())
    result = []
    gone: set[int] = set()
    for index, group in enumerate(groups):
        run = [index]
        while index not in started and run[-1] in after:
            run.append(after[run[-1]])
        if len(run) >= 3:
            last = groups[run[-1]].name
            nodes = tuple(node for member in run for node in groups[member].nodes)
            group = Group(f"{group.name} … {last.rpartition('.')[2]}", nodes, len(run))
            gone.update(run[1:])
        if index not in gone:
            result.append(group)
    return result


def _signature(architecture: Architecture, shapes: dict[str, tuple[int, ...]], group: Group) -> Hashable:
    """Equal for groups that do the same, node by node; inputs from outside count by their shape."""
    number = {name: index for index, name in enumerate(group.nodes)}
    signature: list[Hashable] = []
    for name in group.nodes:
        sources = tuple(number.get(source, shapes[source]) for source in architecture.inputs(name))
        owner = architecture.owner(name)
        layer = repr(computed(architecture.layer(name)))
        signature.append((layer, number.get(owner, owner) if owner != name else "", shapes[name], sources))
    return tuple(signature)


def runs(architecture: Architecture, chains: list[Fold]) -> list[Group]:
    """Consecutive chains gathered where names say nothing, cut where few edges cross the cut."""
    place = {name: index for index, chain in enumerate(chains) for name in chain}
    steps = [0] * (len(chains) + 2)  # an edge from chain s to chain t crosses the cuts s + 1 to t
    for target, source in ((place[n], place[s]) for n in place for s in architecture.inputs(n)):
        steps[source + 1] += 1
        steps[target + 1] -= 1
    crossing = list(accumulate(steps))
    longest = -(-2 * len(chains) // MOST_GROUPS)  # a run has at least half of that
    groups = []
    start = 0
    while start < len(chains):
        cuts = range(start + (longest + 1) // 2, min(start + longest, len(chains)) + 1)
        end = min(cuts, key=lambda cut: (crossing[cut], -cut)) if cuts else len(chains)
        if len(chains) - end < (longest + 1) // 2:
            end = len(chains)
        nodes = tuple(name for chain in chains[start:end] for name in chain)
        groups.append(Group(f"{nodes[0]} … {nodes[-1]}" if len(nodes) > 1 else "", nodes))
        start = end
    return groups
