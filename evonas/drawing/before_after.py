"""A parent and its child side by side: what is new, changed and gone is marked, the rest muted and folded."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from os.path import commonprefix
from typing import TYPE_CHECKING

import networkx as nx

from ..architecture import Architecture
from . import text
from .describing import Describer
from .folding import Fold, fold_chains
from .grouping import MOST_GROUPS, Group, cut, leading, quotient
from .marking import Marked, compare
from .palette import Kind, Mark
from .picture import Box, Link, Panel

if TYPE_CHECKING:
    from ..evolution import Candidate

SHORTEST = 3
"""From so many boxes on, a stretch of what is unchanged becomes one."""
MOST_BOXES = 45
"""With more boxes, fewer of the unchanged ones are shown, and then groups."""


def change_caption(child: Candidate, parent: Candidate) -> list[str]:
    """What is written above the two: who they are, and what made the one of the other."""
    origin = child.genome.origin
    steps = [morphism.describe() for morphism in origin.morphisms] or [origin.operator]
    heading = f"Candidate {child.number}, a child of candidate {parent.number}"
    if len(steps) == 1:
        return [f"{heading}: {steps[0]}"]
    return [heading, *(f"{number}. {step}" for number, step in enumerate(steps, 1))]


def change_panels(parent: Architecture, child: Architecture) -> list[Panel]:
    """The two panels.

    Raises:
        UserError: One of them has no output, or its shapes disagree.
    """
    before, after = compare(parent, child)
    return [_panel("Before", before), _panel("After", after)]


def _panel(heading: str, marked: Marked) -> Panel:
    net = marked.architecture
    writer = Describer(net)
    groups = _gathered(marked)
    boxes = [_box(writer, marked, group) for group in groups]
    place = {name: index for index, group in enumerate(groups) for name in group.nodes}
    links = [
        replace(
            writer.link(*ends, pairs, skip=False),
            mark=marked.missing if marked.edges.intersection(pairs) else Mark.SAME,
        )
        for ends, pairs in quotient(net, net, place.__getitem__).items()
    ]
    shape = text.size(net.shape(net.output))
    links.append(Link(place[net.output], len(boxes), 1, f"{net.output} → output\n{shape}", mark=Mark.SAME))
    boxes.append(Box("output", (shape,), Kind.TERMINAL, f"output of {net.output}\n{shape}", mark=Mark.SAME))
    return Panel(heading, writer.heading(), boxes, links)


def _box(writer: Describer, marked: Marked, group: Group) -> Box:
    mark = marked.marks[group.nodes[0]]
    box = writer.box(group)
    if box.kind is Kind.GROUP:
        layers = text.plural(len(group.nodes), "layer")
        words = {Mark.SAME: "unchanged", Mark.CHANGED: "changed"}.get(mark, mark.value)
        ends = [_shortened(name) for name in (group.nodes[0], group.nodes[-1])]
        lines = (group.name,) if group.name else (f"{ends[0]} …", f"… {ends[1]}")
        return replace(box, title=f"{layers} {words}", lines=(*lines, box.lines[-1]), strip=(), mark=mark)
    if box.circle:
        return replace(box, mark=mark)
    name = _named(group.nodes)
    return replace(box, lines=(name, *box.lines) if name else box.lines, mark=mark)


def _named(nodes: Fold) -> str:
    """A node's name, or what the names of several begin with."""
    return _shortened(".".join(commonprefix([node.split(".") for node in nodes])))


def _shortened(name: str) -> str:
    """A long name, its end kept: that is where names differ."""
    return name if len(name) <= text.LONGEST else "…" + name[1 - text.LONGEST :]


# -- what is one box --------------------------------------------------------------------------------


def _gathered(marked: Marked) -> list[Group]:
    """Chains of layers near to what has changed; stretches that are unchanged; of very many boxes, groups."""
    chains = _chains(marked)
    ends = {marked.architecture.input, marked.architecture.output}
    touched = {name for name, mark in marked.marks.items() if mark is not Mark.SAME}
    for shown in (marked.near | ends, touched | ends):
        groups = _stretches(marked.architecture, chains, shown)
        if len(groups) <= MOST_BOXES:
            return groups
    return _by_name(marked)


def _chains(marked: Marked) -> list[Fold]:
    """The chains of any drawing, cut where what is unchanged meets what is not."""
    chains: list[Fold] = []
    for fold in fold_chains(marked.architecture):
        start = 0
        for end in range(1, len(fold) + 1):
            if end == len(fold) or marked.marks[fold[end]] is not marked.marks[fold[end - 1]]:
                chains.append(fold[start:end])
                start = end
    return chains


def _stretches(net: Architecture, chains: list[Fold], shown: frozenset[str] | set[str]) -> list[Group]:
    """The chains that hold a node to be shown as they are, the others gathered where they are connected."""
    chain_of = {name: index for index, chain in enumerate(chains) for name in chain}
    alone = {index for index, chain in enumerate(chains) if shown.intersection(chain)}
    folder: dict[str, Hashable] = {name: index for name, index in chain_of.items() if index in alone}
    rest = [name for name in net if name not in folder]
    for number, part in enumerate(nx.weakly_connected_components(net.graph.subgraph(rest))):
        folder |= dict.fromkeys(part, ("stretch", number))
    groups: list[Group] = []
    order = {name: place for place, name in enumerate(net)}
    for piece in cut(net, list(net), folder):
        if chain_of[piece[0]] in alone:
            groups.append(Group("", chains[chain_of[piece[0]]]))
            continue
        for part in nx.weakly_connected_components(net.graph.subgraph(piece)):
            held = list(dict.fromkeys(chain_of[name] for name in sorted(part, key=order.__getitem__)))
            if len(held) < SHORTEST:
                groups += [Group("", chains[index]) for index in held]
            else:
                groups.append(Group("", tuple(sorted(part, key=order.__getitem__))))
    return sorted(groups, key=lambda group: order[group.nodes[0]])


def _by_name(marked: Marked) -> list[Group]:
    """Nodes of one mark whose names begin alike, so that there are few boxes."""
    order = list(marked.architecture)
    groups: list[Group] = []
    for level in range(max(name.count(".") for name in order), 0, -1):
        folder = {name: (leading(name, level), marked.marks[name]) for name in order}
        groups = [Group(folder[piece[0]][0], piece) for piece in cut(marked.architecture, order, folder)]
        if len(groups) <= MOST_GROUPS:
            break
    return groups
