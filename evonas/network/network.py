"""Network: an architecture built as a ``torch.fx.GraphModule``, its tensors named by node."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Mapping
from contextlib import nullcontext

import torch
from torch import fx, nn
from torch.fx import graph_module

from ..architecture import Architecture
from ..architecture.layers import Input
from ..errors import UserError
from ..seeds import named_seed
from .undrawn import Undrawn

Weights = Mapping[str, torch.Tensor]
"""Tensors by ``node.tensor``: parameters, and buffers such as normalisation statistics."""


MOST_PARAMETERS = 2**31
"""A network of more, 8 GiB in float32, is not even begun: a few bytes of a genotype can ask for it."""


def build(
    architecture: Architecture,
    seed: int = 0,
    weights: Weights | None = None,
    *,
    steered: bool = False,
    dtype: torch.dtype = torch.float32,
    consume: bool = False,
) -> fx.GraphModule:
    """Builds a network of straight-line generated code.

    Each node's tensors are drawn from a generator seeded by the node's name, so the same node starts
    alike whatever else changes, and nothing global is drawn from. Given weights are copied, never aliased.

    Args:
        architecture: What to build.
        seed: Of the initial weights.
        weights: Tensors that replace initial ones, by ``node.tensor``; others stay as drawn.
        steered: Include layers that act only where a trainer steers them (`DropPath`).
        dtype: Precision of all tensors; given weights are converted to it.
        consume: Empty the given dict at once and let each tensor go as soon as it is copied: weights that
            nobody else holds then take no memory beside the network.

    Returns:
        A module that maps a batch of normalised images ``(n, channels, height, width)`` to logits.

    Raises:
        UserError: The architecture is invalid, or a weight does not fit its node.
    """
    architecture.validate()
    if (count := architecture.parameter_count()) > MOST_PARAMETERS:
        raise UserError(f"network: expected at most {MOST_PARAMETERS:,} parameters, got {count:,}")
    graph = fx.Graph()
    modules: dict[str, nn.Module] = {}
    values: dict[str, fx.Node] = {}
    given = _by_node(architecture, weights or {})
    if consume and isinstance(weights, dict):
        weights.clear()
    for name in architecture:
        layer = architecture.layer(name)
        if layer.steered and not steered:
            values[name] = values[architecture.inputs(name)[0]]
            continue
        values[name] = layer.emit(graph, name, [values[source] for source in architecture.inputs(name)])
        if _calls(values[name], name):
            modules[name] = _module(architecture, name, seed, given.pop(name, {}), dtype)
        elif name in given:
            raise UserError(f"weights: {name}.{next(iter(given[name]))}: {layer.kind} has no tensors")
    graph.output(values[architecture.output])
    network = fx.GraphModule(modules, graph, class_name="Network")
    network.meta["nodes"] = {name: value.name for name, value in values.items()}
    _forget_code_with(network)
    return network


def _calls(value: fx.Node, name: str) -> bool:
    """Whether a value is what the module of that name gives, as it is or turned; not what a sum hands on."""
    made = value.args[0] if value.target is torch.permute else value
    return isinstance(made, fx.Node) and made.op == "call_module" and made.target == name


def _by_node(architecture: Architecture, weights: Weights) -> dict[str, dict[str, torch.Tensor]]:
    found: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in weights.items():
        node, _, name = key.rpartition(".")
        if node not in architecture:
            raise UserError(f"weights: {key!r} belongs to no node of the architecture")
        found.setdefault(node, {})[name] = tensor
    return found


def _module(
    architecture: Architecture, name: str, seed: int, given: dict[str, torch.Tensor], dtype: torch.dtype
) -> nn.Module:
    """One node's module, made without drawing the random numbers that would be overwritten."""
    layer = architecture.layer(name)
    module = undrawn_module(architecture, name)
    if dtype != torch.float32:
        module.to(dtype)
    tensors: dict[str, torch.Tensor] = {}
    if given:
        tensors = dict(module.named_parameters()) | dict(module.named_buffers())
    with torch.no_grad():
        if not given or set(given) != set(tensors):
            layer.initialise(module, torch.Generator().manual_seed(named_seed(seed, name)))
        for key, tensor in given.items():
            if key not in tensors or tensors[key].shape != tensor.shape:
                wanted = tuple(tensors[key].shape) if key in tensors else "no such tensor"
                raise UserError(f"weights: {name}.{key} expected {wanted}, got {tuple(tensor.shape)}")
            tensors[key].copy_(tensor)
    return module


def undrawn_module(architecture: Architecture, name: str) -> nn.Module:
    """One node's module, its tensors not initialised yet."""
    layer = architecture.layer(name)
    with Undrawn() if layer.draws else nullcontext():
        return layer.module(architecture.input_shapes(name))


def weights_of(network: nn.Module) -> dict[str, torch.Tensor]:
    """Copies of a network's parameters and buffers, on the CPU in plain layout, by ``node.tensor``."""
    return {
        name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, tensor in network.state_dict().items()
    }


def _forget_code_with(network: fx.GraphModule) -> None:
    """Lets go of the generated source when the network is dropped: torch.fx keeps it for ever."""
    loader = getattr(graph_module, "_loader", None)
    cache = getattr(loader, "eval_cache", None)
    if isinstance(cache, dict):
        source = type(network).forward.__code__.co_filename
        weakref.finalize(network, _forget, cache, source)


def _forget(cache: dict[str, str], source: str) -> None:
    cache.pop(source, None)
    linecache.cache.pop(source, None)


def input_shape(architecture: Architecture) -> tuple[int, ...]:
    """The shape of one image that the architecture reads."""
    layer = architecture.layer(architecture.input)
    if not isinstance(layer, Input):
        raise UserError("architecture: its input node is no Input layer")
    return layer.size
