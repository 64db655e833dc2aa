"""What morphisms have in common: refusing, drawing among places, and moving readers from node to node."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import networkx as nx

from ...architecture import Architecture
from ...architecture.layers import BatchNorm2d, Conv2d, Layer, Reuse
from ...errors import NotApplicable
from ...evolution import Morphism

if TYPE_CHECKING:
    import torch

    Weights = Mapping[str, torch.Tensor]

New = tuple[str, Layer, tuple[str, ...]]
"""A node to add: its name, its layer and what it reads."""


@dataclass(frozen=True)
class _Checked(Morphism):
    """A morphism that knows whether it applies before it changes anything."""

    def check(self, architecture: Architecture) -> None:
        """Passes where it applies.

        Raises:
            NotApplicable: It does not; the message names node and reason.
        """
        raise NotImplementedError


_Kind = TypeVar("_Kind", bound=_Checked)


def refusal(node: str, reason: str) -> NotApplicable:
    """The error that says why a morphism does not apply to a node."""
    return NotApplicable(f"node {node!r}: {reason}")


def layer_of(architecture: Architecture, node: str) -> Layer:
    """The layer of a node.

    Raises:
        NotApplicable: There is no such node.
    """
    if node not in architecture:
        raise refusal(node, "not in this architecture")
    return architecture.layer(node)


def convolution(architecture: Architecture, node: str) -> Conv2d:
    """The convolution that a node holds.

    Raises:
        NotApplicable: It holds none.
    """
    layer = layer_of(architecture, node)
    if isinstance(layer, Reuse):
        raise refusal(node, f"it has no filters of its own, but computes with those of {layer.of!r}")
    if not isinstance(layer, Conv2d):
        raise refusal(node, f"expected a convolution, got {layer.kind}")
    return layer


def convolutions(architecture: Architecture) -> list[str]:
    """The nodes that hold one, in an order that is always the same."""
    return [node for node in in_order(architecture) if isinstance(architecture.layer(node), Conv2d)]


def check_alone(architecture: Architecture, node: str) -> None:
    """Checks that a node's tensors serve no other node, for a change that would not suit that one.

    Raises:
        NotApplicable: They do, or are another node's.
    """
    owner = architecture.owner(node)
    others = [user for user in (owner, *architecture.reuses(owner)) if user != node]
    if others:
        also = ", ".join(map(repr, others))
        raise refusal(node, f"it shares its tensors with {also}, and cannot be changed alone")


def check_free(architecture: Architecture, name: str, parts: Sequence[str]) -> None:
    """Checks that the names of new nodes, ``name.part``, are free.

    Raises:
        NotApplicable: One is used, or begins another or is begun by one.
    """
    for part in parts:
        new = f"{name}.{part}"
        for node in architecture:
            if node == new or node.startswith(f"{new}.") or new.startswith(f"{node}."):
                raise refusal(new, f"the name is not free, since {node!r} is there")


def drawn(places: Iterable[_Kind], architecture: Architecture, rng: random.Random, where: str) -> _Kind:
    """One of several morphisms, each as likely, among those that apply.

    Args:
        places: One morphism for each place that may do, in an order that is always the same.
        architecture: Where.
        rng: Draws the order in which they are tried.
        where: What was looked for, for the message.

    Raises:
        NotApplicable: None applies; the message ends with the last reason.
    """
    found = list(places)
    rng.shuffle(found)
    reason = "there is none"
    for morphism in found:
        try:
            morphism.check(architecture)
        except NotApplicable as error:
            reason = str(error)
        else:
            return morphism
    raise NotApplicable(f"no {where} to apply to: {reason}")


def in_order(architecture: Architecture) -> list[str]:
    """The nodes, each after those it reads, in an order that depends on nothing but the graph."""
    return list(nx.lexicographical_topological_sort(architecture.graph))


def insert_behind(architecture: Architecture, node: str, new: Sequence[New]) -> None:
    """Adds nodes, and lets all that read `node` until now read the last of them, in place."""
    readers, output = architecture.readers(node), architecture.output
    for name, layer, inputs in new:
        architecture.add(name, layer, *inputs)
    last = new[-1][0]
    hand_over(architecture, node, last, readers)
    architecture.output = last if output == node else output


def replace_node(architecture: Architecture, node: str, new: Sequence[New]) -> None:
    """Adds nodes, the last of which takes the place of `node`, which goes, in place."""
    insert_behind(architecture, node, new)
    architecture.remove(node)


def hand_over(architecture: Architecture, node: str, other: str, readers: Iterable[str]) -> None:
    """Lets readers of one node read another, in place."""
    for reader in readers:
        inputs = (other if source == node else source for source in architecture.inputs(reader))
        architecture.rewire(reader, *inputs)


def norm_like(architecture: Architecture) -> BatchNorm2d:
    """A normalisation as the architecture has them: the first one's ε and momentum, else the defaults."""
    for node in in_order(architecture):
        layer = architecture.layer(node)
        if isinstance(layer, BatchNorm2d):
            return layer
    return BatchNorm2d()


def blank(weights: Weights) -> torch.Tensor:
    """An empty tensor of the type and on the device of the weights, to make others from."""
    import torch

    for tensor in weights.values():
        if tensor.is_floating_point():
            return tensor.new_empty(0)
    return torch.empty(0)


def fresh(architecture: Architecture, node: str, like: torch.Tensor) -> dict[str, torch.Tensor]:
    """A node's tensors as its layer initialises them, by ``node.tensor``.

    They are drawn from the node's name alone, which is never used twice, so nobody needs to hand on a seed.

    Args:
        architecture: One that holds the node.
        node: Its name.
        like: Of the type and on the device that the tensors are wanted in.
    """
    from ...inheritance import initialised

    return {name: tensor.to(like) for name, tensor in initialised(architecture, node, 0).items()}


def kept(architecture: Architecture, weights: Weights) -> dict[str, torch.Tensor]:
    """The tensors whose nodes are in the architecture, without a copy."""
    return {name: tensor for name, tensor in weights.items() if name.rpartition(".")[0] in architecture}
