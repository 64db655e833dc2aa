"""Weights that follow their channels, where channels are copied, dropped or added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ..architecture import Architecture, Copies
from ..architecture.layers import Axes
from ..errors import NotApplicable, UserError
from ..network import Weights, undrawn_module
from ..seeds import named_seed


@dataclass(frozen=True)
class _Change:
    """One tensor whose channels change.

    Attributes:
        node: Whose it is.
        name: ``node.tensor``.
        tensor: The parent's.
        axes: Which of its axes go by channels.
        rows: For each of the child's entries along the output axis, the parent's; None where they stay.
        columns: Likewise along the input axis.
    """

    node: str
    name: str
    tensor: torch.Tensor
    axes: Axes
    rows: torch.Tensor | None
    columns: torch.Tensor | None

    def shape(self, *, rows: bool = True) -> tuple[int, ...]:
        """The child's, or that with the parent's rows."""
        shape = list(self.tensor.shape)
        if rows and self.rows is not None and self.axes.output is not None:
            shape[self.axes.output] = len(self.rows)
        if self.columns is not None and self.axes.input is not None:
            shape[self.axes.input] = len(self.columns)
        return tuple(shape)


def replicated(copies: Copies, weights: Weights, seed: int, equal: bool = False) -> dict[str, torch.Tensor]:
    """The weights where every new channel is a copy of an old one, or old ones are dropped.

    What makes, normalises or filters a channel is copied with it. What weighs it in a sum is divided among
    its copies, in shares that sum to one: random and unequal ones, drawn for each reader and each of its
    outputs, so that the copies get different gradients; or equal ones as in Net2Net (Chen et al. 2016), with
    which copies stay copies for ever.

    Args:
        copies: What becomes of the parent's channels.
        weights: The parent's tensors; handed on without a copy where nothing changes.
        seed: Of the shares.
        equal: Whether the shares are equal.

    Raises:
        UserError: A tensor is missing.
        NotApplicable: A layer does not say which of its entries belong to which channels.
    """
    carried = dict(weights)
    for change in _changes(copies, copies.architecture(), weights):
        axes, tensor = change.axes, change.tensor
        if change.rows is not None and axes.output is not None:
            tensor = tensor.index_select(axes.output, change.rows)
        if change.columns is not None and axes.input is not None:
            tensor = tensor.index_select(axes.input, change.columns)
            times = torch.bincount(change.columns)
            if int(times.max()) > 1:
                shares = (
                    _along(axes.input, (1 / times.to(tensor))[change.columns], tensor)
                    if equal
                    else _random_shares(change, tensor, len(times), named_seed(seed, change.name))
                )
                tensor.mul_(shares)
        carried[change.name] = tensor
    return carried


def _random_shares(change: _Change, tensor: torch.Tensor, inputs: int, seed: int) -> torch.Tensor:
    """For each output, shares of each parent's input's copies that sum to one, in a shape to multiply with.

    None is so small that its copy would hardly count.
    """
    axes, columns = change.axes, change.columns
    if columns is None or axes.input is None:
        raise ValueError(f"{change.name}: no inputs change")
    outputs = 1 if axes.output is None else tensor.shape[axes.output]
    generator = torch.Generator().manual_seed(seed)
    shares = torch.empty(outputs, len(columns), dtype=tensor.dtype).uniform_(0.5, 1.5, generator=generator)
    shares = shares.to(tensor.device)
    totals = shares.new_zeros(outputs, inputs).index_add_(1, columns, shares)
    shares.div_(totals.index_select(1, columns))
    if axes.output is None:
        return _along(axes.input, shares[0], tensor)
    view = [1] * tensor.dim()
    view[axes.output], view[axes.input] = shares.shape
    return (shares if axes.output < axes.input else shares.t()).reshape(view)


def _along(axis: int, values: torch.Tensor, tensor: torch.Tensor) -> torch.Tensor:
    """Values in a shape that multiplies a tensor along one axis."""
    return values.reshape([-1 if axis == other else 1 for other in range(tensor.dim())])


def extended(copies: Copies, weights: Weights, seed: int) -> dict[str, torch.Tensor]:
    """The weights where every new channel is a fresh one that nothing listens to yet.

    What makes, normalises or filters it is initialised; what weighs it in a sum starts at zero (Elsken et al.
    2018, type II).

    Args:
        copies: What becomes of the parent's channels; none is dropped.
        weights: The parent's tensors; handed on without a copy where nothing changes.
        seed: Of what is initialised.

    Raises:
        UserError: A tensor is missing.
        NotApplicable: A layer does not say which of its entries belong to which channels.
    """
    carried, child = dict(weights), copies.architecture()
    initial: dict[str, torch.Tensor] = {}
    for change in _changes(copies, child, weights):
        axes, tensor = change.axes, change.tensor
        if change.columns is not None and axes.input is not None:
            blank = tensor.new_zeros(change.shape(rows=False))
            tensor = blank.index_copy_(axes.input, _originals(change.columns), tensor)
        if change.rows is not None and axes.output is not None:
            if change.name not in initial:
                initial = initialised(child, change.node, seed)
            fresh = initial[change.name].to(tensor)
            tensor = fresh.index_copy_(axes.output, _originals(change.rows), tensor)
        carried[change.name] = tensor
    return carried


def _originals(sources: torch.Tensor) -> torch.Tensor:
    """Where each of the parent's entries stands first in the child."""
    here = torch.arange(len(sources), device=sources.device)
    last = here.new_full((int(sources.max()) + 1,), len(sources))
    return last.scatter_reduce_(0, sources, here, "amin")


def initialised(architecture: Architecture, node: str, seed: int) -> dict[str, torch.Tensor]:
    """A node's tensors as its layer initialises them, by ``node.tensor``."""
    layer = architecture.layer(node)
    inputs = architecture.input_shapes(node)
    if not layer.parameters(inputs) and not layer.buffers(inputs):
        return {}
    module = undrawn_module(architecture, node)
    with torch.no_grad():
        layer.initialise(module, torch.Generator().manual_seed(named_seed(seed, node)))
    return {f"{node}.{key}": tensor.detach() for key, tensor in module.state_dict().items()}


def _changes(copies: Copies, child: Architecture, weights: Weights) -> Iterator[_Change]:
    """The tensors whose channels change."""
    for node in copies.affected():
        layer, shapes = copies.parent.layer(node), copies.parent.input_shapes(node)
        tensors = {**layer.parameters(shapes), **layer.buffers(shapes)}
        if not tensors:
            continue
        now, inputs = child.layer(node), child.input_shapes(node)
        wanted = {**now.parameters(inputs), **now.buffers(inputs)}
        for key in tensors:
            name = f"{node}.{key}"
            if name not in weights:
                raise UserError(f"weights: expected all tensors of the architecture, got no {name!r}")
            change = _change(copies, node, name, weights[name])
            if change.shape() != wanted[key]:
                raise NotApplicable(
                    f"node {node!r} ({layer.kind}): does not say how its {key!r} goes by channels"
                )
            if change.rows is not None or change.columns is not None:
                yield change


def _change(copies: Copies, node: str, name: str, tensor: torch.Tensor) -> _Change:
    axes = copies.parent.layer(node).axes(name.rpartition(".")[2])
    source = copies.parent.inputs(node)[0]
    rows = columns = None
    if axes.output is not None and copies.changed(node):
        rows = torch.from_numpy(copies.sources(node)).to(tensor.device)
    if axes.input is not None and copies.changed(source):
        # Groups are tied, so what holds for the first of them holds for all.
        groups = len(copies.of(source)) // tensor.shape[axes.input]
        sources = copies.sources(source)
        columns = torch.from_numpy(sources[: len(sources) // groups]).to(tensor.device)
    return _Change(node, name, tensor, axes, rows, columns)
