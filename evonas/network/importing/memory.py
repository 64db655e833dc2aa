"""A graph without changes in place, noted while a model runs.

A tensor is a view of a piece of memory. `Memory` knows for each piece which node holds what it shows now,
through each view: where a call changes it in place, whoever reads it afterwards reads the call, or the view
taken anew from the call. What cannot be followed, such as an image of which a slice was changed, is a node
that is `lost`: whoever needs it says why.

Changes are seen, not guessed by names: a tensor's version counts them.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable
from typing import Any

import torch
from torch import fx

from .functions import name_of
from .part import Value
from .views import Form, form_of, mapped, overlap, piece


@dataclasses.dataclass(eq=False)
class Held:
    """What is seen of a piece of memory through one tensor.

    Attributes:
        node: What holds it now.
        storage: The piece of memory.
        form: How the tensor lies in it.
        made: The call that made the tensor.
        source: The tensor that it is a view of, if that call did nothing but look at it.
        read: The node that the call read as its source.
    """

    node: fx.Node
    storage: Any
    form: Form
    made: fx.Node
    source: Held | None = None
    read: fx.Node | None = None


@dataclasses.dataclass(frozen=True)
class Call:
    """What was called: in arguments, `Held` stands for what depends on the images.

    Attributes:
        kind: As in `torch.fx.Node.op`.
        target: Likewise.
        positional: The arguments.
        keywords: Likewise.
        changed: Which of them it has changed in place.
        meta: Where it was called; see `torch.fx.Node.meta`.
    """

    kind: str
    target: Any
    positional: tuple[Any, ...]
    keywords: dict[str, Any]
    changed: tuple[Held, ...] = ()
    meta: dict[str, Any] = dataclasses.field(default_factory=dict)


class Memory:
    """The graph, what each of its nodes gave, and which of them each piece of memory holds."""

    def __init__(self) -> None:
        self.graph = fx.Graph()
        self.results: dict[fx.Node, Any] = {}
        self._held: dict[Any, list[Held]] = {}
        self._overwritten: dict[Any, str] = {}  # pieces of memory that were written into unseen, and by what

    def image(self, tensor: torch.Tensor) -> Held:
        """The tensor that the model reads."""
        node = self.graph.placeholder("images")
        return self._hold(node, tensor, node, ())

    def find(self, tensor: torch.Tensor) -> Held | None:
        """What is known of a tensor that came by another way; None if it does not depend on images."""
        views = self._held.get(piece(tensor))
        if not views:
            return None
        form = form_of(tensor)
        for held in reversed(views):
            if held.form == form:
                return held
        unseen = "it reads a view of a tensor that was made where a trace does not see it"
        node = self._lose(self._overwritten.get(piece(tensor), unseen))
        return self._hold(node, tensor, node, ())

    def lost(self, reason: str, tensor: torch.Tensor) -> Held:
        """A tensor that depends on the images in a way that is not followed."""
        node = self._lose(reason)
        return self._hold(node, tensor, node, ())

    def knows(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor lies in memory that depends on the images."""
        return piece(tensor) in self._held

    def overwritten(self, reason: str, tensor: torch.Tensor) -> Held:
        """A tensor that got what depends on the images by a call that is not followed, with all its views."""
        held = self.lost(reason, tensor)
        self._overwritten[held.storage] = reason
        for view in self._held[held.storage]:
            if overlap(view.form, held.form):
                view.node = held.node
        return held

    def call(self, call: Call, result: Any) -> tuple[fx.Node, list[Held]]:
        """Notes a call.

        Returns:
            Its node, and what is known of each tensor that it gave: one, or those of a tuple.
        """
        read: list[Held] = []

        def node_of(argument: Any) -> Any:
            if not isinstance(argument, Held):
                return argument
            read.append(argument)
            return argument.node

        positional = tuple(mapped(argument, node_of) for argument in call.positional)
        keywords = {key: mapped(argument, node_of) for key, argument in call.keywords.items()}
        node = self.graph.create_node(call.kind, call.target, positional, keywords)
        node.meta = dict(call.meta)
        self.results[node] = result
        for held in call.changed:
            self._change(held, node, result)
        if isinstance(result, torch.Tensor):
            return node, [self._hold(node, result, node, read)]
        held_parts = []
        for index, part in enumerate(result if isinstance(result, (tuple, list)) else ()):
            if isinstance(part, torch.Tensor):
                item = self.graph.call_function(operator.getitem, (node, index))
                item.meta = dict(call.meta)
                held_parts.append(self._hold(item, part, item, ()))
        return node, held_parts

    def _hold(self, node: fx.Node, tensor: torch.Tensor, made: fx.Node, read: Iterable[Held]) -> Held:
        self.results.setdefault(node, Value(node, tuple(tensor.shape), tensor.dtype))
        if isinstance(self.results[node], torch.Tensor):
            self.results[node] = Value(node, tuple(tensor.shape), tensor.dtype)
        storage = piece(tensor)
        source = next((held for held in read if held.storage == storage), None)
        held = Held(node, storage, form_of(tensor), made, source, source.node if source else None)
        self._held.setdefault(storage, []).append(held)
        return held

    def _change(self, changed: Held, node: fx.Node, result: Any) -> None:
        """Whoever reads the changed memory afterwards reads what changed it."""
        whole = isinstance(result, torch.Tensor) and _lies(result, changed)
        anew: set[Held] = set()
        for held in self._held[changed.storage]:
            if not overlap(held.form, changed.form):
                continue
            if whole and held.form == changed.form:
                held.node = node
                anew.add(held)
            elif whole and held.source in anew and held.read is not None:
                held.node = self._again(held, held.source)
                anew.add(held)
            else:
                held.node = self._lose(_unfollowed(node))

    def _again(self, held: Held, source: Held) -> fx.Node:
        """The view that made a tensor, taken of what its source is now."""
        before = held.read
        node = self.graph.node_copy(held.made, lambda read: source.node if read is before else read)
        result: Value = self.results[held.made]
        self.results[node] = Value(node, result.shape, result.dtype)
        held.made, held.read = node, source.node
        return node

    def _lose(self, reason: str) -> fx.Node:
        node = self.graph.call_function(_lost, ())
        node.meta = {"lost": reason}
        return node


def _lost() -> None:
    """Stands in a graph for what could not be followed."""


def _lies(tensor: torch.Tensor, held: Held) -> bool:
    return piece(tensor) == held.storage and form_of(tensor) == held.form


def _unfollowed(node: fx.Node) -> str:
    name = str(node.target) if node.op == "call_module" else name_of(node)
    where = f" ({node.meta['line']})" if node.meta.get("line") else ""
    return (
        f"{name!r}{where} changes in place a part or a view of a tensor that is read afterwards, which "
        "cannot be followed; it can where the change makes a new tensor"
    )
