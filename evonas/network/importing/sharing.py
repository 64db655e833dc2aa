"""A model's own tensors, and which of its layers compute with the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import torch
from torch import nn

from ...architecture import Architecture
from ...architecture.layers import Reuse
from .part import NoLayerError, Part
from .views import Form, form_of, overlap, piece


@dataclass(eq=False)
class User:
    """A layer, in one or several calls, that computes with tensors of the model's.

    Attributes:
        described: The first of the calls, in words.
        part: What it became.
        nodes: The nodes of all calls.
        reads: Where its tensors lie, by their names, and those that they were computed from, by a number.
    """

    described: str
    part: Part
    reads: dict[str, tuple[Any, Form]]
    nodes: list[str] = field(default_factory=list)


class OwnTensors:
    """Who computes with which of a model's own tensors.

    Args:
        model: Whose they are.
        unsteady: The addresses of those that it changes while it computes.
    """

    def __init__(self, model: nn.Module, unsteady: frozenset[int]) -> None:
        self._unsteady = unsteady
        self._trained = {piece(tensor) for tensor in model.parameters()}
        self._own = self._trained | {piece(tensor) for tensor in model.buffers()}
        self._users: list[User] = []
        self._by_piece: dict[Any, list[tuple[User, str]]] = {}

    def user_of(self, part: Part, described: str) -> User:
        """The user of a part's tensors: one that is known already if the part is that layer, called again.

        Args:
            part: A call as a layer.
            described: The call in words.

        Raises:
            NoLayerError: Another layer has some of the tensors, or the model changes them.
        """
        user = User(described, part, self._reads(part))
        _check_apart(user)
        for key, (where, form) in user.reads.items():
            for other, name in self._by_piece.get(where, ()):
                if overlap(form, other.reads[name][1]):
                    _check_same(user, key, other)
                    return other
        for key, (where, _) in user.reads.items():
            self._by_piece.setdefault(where, []).append((user, key))
        self._users.append(user)
        return user

    def _reads(self, part: Part) -> dict[str, tuple[Any, Form]]:
        """Where those of a part's tensors lie that are the model's, and parameters that others come from."""
        found: dict[str, tuple[Any, Form]] = {}
        for key, tensor in part.tensors.items():
            if tensor.data_ptr() in self._unsteady:
                raise NoLayerError(
                    "the model changes its tensors while it computes, which are constants here"
                )
            if (where := piece(tensor)) in self._own:
                found[key] = where, form_of(tensor)
        for number, tensor in enumerate(part.made_of):
            if (where := piece(tensor)) in self._trained:
                found[f"constant {number}"] = where, form_of(tensor)
        return found

    def share(self, net: Architecture, weights: dict[str, torch.Tensor]) -> set[str]:
        """Lets the calls of one layer compute with the tensors of the first, in place.

        Args:
            net: Each call has tensors of its own there.
            weights: Likewise; those of the other calls are dropped.

        Returns:
            The nodes that share tensors.
        """
        found: set[str] = set()
        for user in self._users:
            nodes = [name for name in user.nodes if name in net]
            for name in nodes[1:]:
                net.replace(name, Reuse(nodes[0], net.layer(name)))
                for key in user.part.tensors:
                    del weights[f"{name}.{key}"]
                found.update((nodes[0], name))
        return found


def _check_apart(user: User) -> None:
    """Checks that no two tensors of one layer are the same.

    Raises:
        NoLayerError: Two are.
    """
    for (one, (where, form)), (other, (there, shape)) in combinations(user.reads.items(), 2):
        if where == there and overlap(form, shape):
            raise NoLayerError(f"its {one} and its {other} are one tensor, where a layer has two")


def _check_same(user: User, key: str, other: User) -> None:
    """Checks that two calls are of one layer, of which one tensor is known to be the same.

    Raises:
        NoLayerError: They are not.
    """
    what = f"its {key}" if key in user.part.tensors else "a constant"
    shares = f"it shares {what} with {other.described}"
    if user.part.layer != other.part.layer:
        raise NoLayerError(
            f"{shares}, which is another layer: {other.part.layer!r} there, {user.part.layer!r} here; layers "
            "share all of their tensors or none"
        )
    for name, tensor in user.part.tensors.items():
        mine, theirs = user.reads.get(name), other.reads.get(name)
        if mine != theirs:
            how = "reads it in another form" if name == key else f"has another {name}"
            raise NoLayerError(f"{shares}, but {how}: layers share all of their tensors or none")
        if mine is None and not torch.equal(tensor, other.part.tensors[name]):
            raise NoLayerError(f"{shares}, but computes another {name} from it")
